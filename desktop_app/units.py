"""The units of a community, and what each device may do in them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from desktop_app import directory
from desktop_app.audit import Audit
from desktop_app.cases.model import Unit
from desktop_app.directory import Directory
from sync import caretaking, ids, membership
from sync.errors import Refused
from sync.log import Log
from sync.messages import _
from sync.rights import NOBODY, Device
from sync.sqlcipher import Connection


@dataclass(frozen=True, slots=True)
class UnitInfo:
    """A unit with cases.

    Args:
        id: Its id in text form.
        name: Its name.
        role: What this device may do in it; empty when it does not belong to it.
        devices: The numbers of the devices that belong to it.
        cases: How many cases of it are here; None when this device does not read it.
    """

    id: str
    name: str
    role: str
    devices: tuple[str, ...]
    cases: int | None


class UnitService:
    """Lists, makes and names units, and says who belongs to them.

    Only administrators' devices change anything here; the community's other devices see to it by the signed links.

    Args:
        log: The vault's log.
        directory: Names of units.
        read: Gives a connection to read with.
        audit: Where decisions are recorded.
    """

    def __init__(
        self, log: Log, names: Directory, read: Callable[[], AbstractContextManager[Connection]], audit: Audit
    ) -> None:
        self._log = log
        self._directory = names
        self._read = read
        self._audit = audit

    def all(self) -> list[UnitInfo]:
        """Return the units, the oldest first: an administrator sees all of them, everybody else the own ones."""
        members = self._log.membership
        me = self._log.me
        shown = members.units - members.circles - {members.common_unit}
        if me.role != membership.ADMINISTRATOR:
            shown &= me.roles.keys()
        with self._read() as connection:
            counted = dict(
                connection.execute(
                    "SELECT u.uuid, count(*) FROM case_row c JOIN unit u ON u.id = c.unit GROUP BY u.uuid"
                ).fetchall()
            )
            return [
                UnitInfo(
                    ids.to_text(unit),
                    self._directory.name(connection, unit),
                    me.roles.get(unit, NOBODY),
                    tuple(sorted((each.entry.suffix for each in self._belonging(unit)), key=_by_number)),
                    counted.get(unit, 0) if unit in me.units else None,
                )
                for unit in sorted(shown)
            ]

    def writable(self) -> list[Unit]:
        """Return the units in which this device may register cases, circles not among them; nothing is counted."""
        members, me = self._log.membership, self._log.me
        uuids = sorted(me.roles.keys() - members.circles - {members.common_unit})
        with self._read() as connection:
            return [
                Unit(ids.to_text(unit), self._directory.name(connection, unit))
                for unit in uuids
                if me.may_write_in(unit)
            ]

    def add(self, name: str) -> UnitInfo:
        """Make a unit with a key of its own; all administrators belong to it, so that one lost computer loses no unit.

        Args:
            name: Its name.

        Raises:
            Refused: Another unit has that name, or this device is not an administrator's.
        """
        name = self._new_name(name)
        others = [each.entry.id for each in self._log.membership.administrators]
        try:
            unit = caretaking.make_unit(self._log, dict.fromkeys(others, membership.ADMINISTRATOR))
        except PermissionError as error:
            raise _no_right() from error
        self._log.write(self._log.membership.common_unit, [directory.named(directory.UNIT, unit, name)])
        self._audit.record("unit_made", unit=name)
        return self._info(unit)

    def rename(self, unit: str, name: str) -> UnitInfo:
        """Give a unit another name.

        Args:
            unit: Its name or id.
            name: The new name.

        Raises:
            Refused: There is no such unit, another one has that name, or this device is not an administrator's.
        """
        identifier = self.find(unit)
        name = self._new_name(name)
        if self._log.me.role != membership.ADMINISTRATOR:
            raise _no_right()
        with self._read() as connection:
            former = self._directory.name(connection, identifier)
            record = self._log.record(connection, identifier)
        change = directory.named(directory.UNIT, identifier, name)
        change.replaces = {"name": record.state.dots_of("name")} if record else {}
        self._log.write(self._log.membership.common_unit, [change])
        self._audit.record("unit_renamed", unit=former, name=name)
        return self._info(identifier)

    def set_role(self, device: str, role: str, unit: str | None = None) -> None:
        """Say what a device may do from now on; it comes into a unit by that, if it did not belong to it.

        What it wrote with more rights before it learned of it waits for a decision, as with a device that was put out.

        Args:
            device: The number of the device.
            role: One of `membership.ROLES`.
            unit: The unit's name or id; by default all units of the device, and the community. An administrator is
                one in the whole community.

        Raises:
            Refused: There is no such device, role or unit, this device is not an administrator's, or no administrator
                would be left.
        """
        require_role(role)
        found = self._member(device)
        if unit is None:
            self._assign(found.entry.id, dict.fromkeys(self._everywhere(found, role), role))
        elif role == membership.ADMINISTRATOR:
            raise Refused(
                "administrator_everywhere",
                _("An administrator is one for the whole community. Leave the unit out. Nothing was changed."),
            )
        else:
            self._assign(found.entry.id, {self.find(unit): role})
        self._audit.record("role_given", device=device, role=role, unit=unit or "")

    def add_member(self, unit: str, device: str, role: str | None = None) -> UnitInfo:
        """Let a device into a unit: it gets the key and reads everything, what was before too.

        Args:
            unit: The unit's name or id.
            device: The number of the device.
            role: What it may do there; by default what it may do in the community.

        Raises:
            Refused: As for `set_role`.
        """
        found = self._member(device)
        wanted = role or found.role
        if role is not None:
            require_role(role)
        identifier = self.find(unit)
        self._assign(found.entry.id, {identifier: wanted})
        self._audit.record("role_given", device=device, role=wanted, unit=unit)
        return self._info(identifier)

    def remove_member(self, unit: str, device: str) -> UnitInfo:
        """Take a device out of a unit: a new key is made that it does not get. What it has read already, it keeps.

        Args:
            unit: The unit's name or id.
            device: The number of the device.

        Raises:
            Refused: There is no such device or unit, it does not belong to it, this device is not an administrator's,
                or the unit would be left without an administrator, so that nobody could give its key.
        """
        found, identifier = self._member(device), self.find(unit)
        if identifier not in found.roles:
            raise Refused(
                "not_in_unit",
                _("Device {device} does not belong to the unit “{unit}”. Nothing was changed.").format(
                    device=device, unit=unit
                ),
            )
        keepers = {each.entry.id for each in self._log.membership.administrators if identifier in each.units}
        if keepers == {found.entry.id}:
            raise Refused(
                "last_in_unit",
                _(
                    "Device {device} is the last administrator’s in the unit “{unit}”: nobody could give its key any "
                    "more. Let another administrator into the unit first. Nothing was changed."
                ).format(device=device, unit=unit),
            )
        self._assign(found.entry.id, {identifier: NOBODY})
        self._audit.record("unit_left", device=device, unit=unit)
        return self._info(identifier)

    def find(self, unit: str) -> bytes:
        """Return the 16-byte id of a unit by its name or id.

        Raises:
            Refused: This device knows of none.
        """
        known = self.all()
        for each in known:
            if unit in {each.name, each.id}:
                return ids.from_text(each.id) or b""
        raise Refused(
            "unknown_unit",
            _("There is no unit “{unit}” that this device knows of. Units: {units}.").format(
                unit=unit, units=", ".join(each.name for each in known) or _("none")
            ),
        )

    def disputed(self) -> list[tuple[str, str]]:
        """Return device number and unit name where two administrators gave different roles at once.

        The one with fewer rights counts until an administrator says again what shall be.
        """
        members = self._log.membership
        with self._read() as connection:
            return [
                (members.devices[device].entry.suffix, self._directory.unit(connection, unit))
                for device, unit in members.clashes
                if unit not in members.circles
            ]

    def _everywhere(self, device: Device, role: str) -> set[bytes]:
        """Return the units in which a role for the whole community counts; an administrator belongs to all."""
        members = self._log.membership
        own = self._log.me.units - members.circles
        units = own if role == membership.ADMINISTRATOR else own & device.roles.keys()
        return set(units) | {members.common_unit}

    def _assign(self, device: bytes, roles: dict[bytes, str]) -> None:
        try:
            caretaking.assign(self._log, device, roles)
        except PermissionError as error:
            if str(error) == "last":
                raise Refused(
                    "last_administrator",
                    _(
                        "This is the last administrator: the community would be left without one. Make another device "
                        "an administrator’s first. Nothing was changed."
                    ),
                ) from error
            raise _no_right() from error

    def _belonging(self, unit: bytes) -> list[Device]:
        members = self._log.membership
        return [each for id_, each in members.devices.items() if unit in each.roles and id_ not in members.revocations]

    def _info(self, unit: bytes) -> UnitInfo:
        return next(each for each in self.all() if each.id == ids.to_text(unit))

    def _member(self, suffix: str) -> Device:
        return member(self._log, suffix)

    def _new_name(self, name: str) -> str:
        directory.require_name(name)
        name = name.strip()
        if any(name.casefold() == each.name.casefold() for each in self.all()):
            raise Refused("name_taken", _("There is a unit “{name}” already. Nothing was changed.").format(name=name))
        return name


def member(log: Log, suffix: str) -> Device:
    """Return a member device by the suffix of its numbers.

    Raises:
        Refused: There is none.
    """
    known = {device.entry.suffix: device for device in log.membership.devices.values()}
    if suffix not in known:
        raise Refused(
            "unknown_device",
            _("There is no device {suffix}; there are: {known}.").format(suffix=suffix, known=", ".join(sorted(known))),
        )
    return known[suffix]


def require_role(role: str) -> None:
    """Refuse a word that is no role.

    Raises:
        Refused: It is none.
    """
    if role not in membership.ROLES:
        raise Refused(
            "unknown_role",
            _("There is no role “{role}”. The roles are: {roles}.").format(
                role=role, roles=", ".join(membership.ROLES)
            ),
        )


def require_right(log: Log, unit: bytes | None = None) -> None:
    """Refuse to change cases without the right to.

    Args:
        log: The vault's log.
        unit: The unit of the case; by default, any.

    Raises:
        Refused: The role of this device does not allow it.
    """
    me = log.me
    if me.may_write if unit is None else me.may_write_in(unit):
        return
    if unit is not None and unit not in me.roles:
        raise Refused("no_right", _("This device does not belong to the case's unit any more. Nothing was changed."))
    raise Refused("no_right", _("Your role lets you read cases, not change them. Ask your administrator."))


def _no_right() -> Refused:
    return Refused(
        "no_right",
        _(
            "Only an administrator who belongs to a unit can say who else belongs to it and what they may do. Nothing "
            "was changed."
        ),
    )


def _by_number(suffix: str) -> list[int]:
    return [int(part) for part in suffix.split("-")]
