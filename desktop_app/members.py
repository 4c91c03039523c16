"""The people and devices of a community, as administrators see and change them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from desktop_app.audit import Audit
from desktop_app.directory import Directory
from desktop_app.late_work import LateChange, LateWork
from desktop_app.ukrainian import sort_key
from desktop_app.units import UnitService, member
from sync import caretaking, membership
from sync.errors import Refused
from sync.log import Log
from sync.membership import Device
from sync.messages import _
from sync.sqlcipher import Connection


class State(StrEnum):
    """How a device stands."""

    MEMBER = "member"
    WAITING = "waiting"
    DECLINED = "declined"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Member:
    """One device of the community.

    Args:
        device: The suffix of the numbers it gives, by which people know it.
        code: The short number that its own desk shows, to compare.
        person: The name of its person.
        role: What it may do.
        units: The names of its units.
        roles: What it may do in each of them, in the same order.
        state: Whether it is a member, waits for an administrator's word, was turned away, or was put out.
        here: It is this device.
        frames_waiting: How much of what it wrote waits here.
        undecided: How much of that waits for an administrator's decision, and nobody has made one.
        last_heard: When it wrote last, by its own clock, as far as that has come here.
        claims: How its person calls themselves, while it is no member; nobody has checked that.
    """

    device: str
    code: str
    person: str
    role: str
    units: tuple[str, ...]
    roles: tuple[str, ...]
    state: State
    here: bool
    frames_waiting: int
    undecided: int = 0
    last_heard: datetime | None = None
    claims: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """What administrators have to decide on.

    Args:
        entering: How many devices wait for confirmation.
        undecided: How many frames wait that were written without the right to.
    """

    entering: int = 0
    undecided: int = 0


class MemberService:
    """Lists the devices of the community, and decides on those that wait.

    Args:
        log: The vault's log.
        directory: Names of people and units.
        read: Gives a connection to read with.
        audit: Where decisions are recorded.

    Attributes:
        units: The units, and who may do what in them.
        late: What was written without the right to.
    """

    def __init__(
        self,
        log: Log,
        directory: Directory,
        read: Callable[[], AbstractContextManager[Connection]],
        audit: Audit,
    ) -> None:
        self._log = log
        self._directory = directory
        self._read = read
        self._audit = audit
        self.units = UnitService(log, directory, read, audit)
        self.late = LateWork(log, read, audit)

    @property
    def may_decide(self) -> bool:
        """Whether this device is an administrator's."""
        own = self._log.membership.devices.get(self._log.device)
        return own is not None and own.role == membership.ADMINISTRATOR

    def due(self) -> Due:
        """Return what waits for this person's decision; nothing for whoever is no administrator."""
        if not self.may_decide:
            return Due()
        return Due(len(self._log.membership.pending), self.late.count())

    def late_work(self, device: str) -> list[LateChange]:
        """Return what a device wrote without the right to, or after it had lost it, case by case.

        Args:
            device: The suffix of its numbers.

        Raises:
            Refused: There is no such device, or this one is not an administrator's.
        """
        if not self.may_decide:
            raise _no_right()
        return self.late.of(self._device(device))

    def people(self) -> list[str]:
        """Return the names of all others who belong to the community."""
        members, own = self._log.membership, self._log.me.entry.person
        persons = {each.entry.person for each in members.active(members.common_unit)} - {own}
        with self._read() as connection:
            return sorted({self._directory.name(connection, person) for person in persons}, key=sort_key)

    def members(self) -> list[Member]:
        """Return all devices, members by the order of their numbers, and after them those that are none (yet)."""
        state = self._log.membership
        heard = self.late.last_heard()
        with self._read() as connection:
            waiting = {
                device: (count, undecided)
                for device, count, undecided in connection.execute(
                    "SELECT device, count(*), sum(reason IN ('revoked', 'right')) FROM waiting GROUP BY device"
                )
            }
            known = [
                self._member(
                    connection,
                    device,
                    State.REVOKED if device.entry.id in state.revocations else State.MEMBER,
                    waiting.get(device.entry.id, (0, 0)),
                    heard.get(device.entry.id),
                )
                for device in state.devices.values()
            ]
            entering = [
                replace(
                    self._member(connection, each.device, State.WAITING, waiting.get(each.device.entry.id, (0, 0))),
                    claims=self.late.claimed_name(connection, each.device.entry),
                )
                for each in state.pending
            ]
            declined = [
                self._member(connection, state.enrolments[link].device, State.DECLINED, (0, 0))
                for link in sorted(state.declined)
                if link in state.enrolments and state.is_turned_away(state.enrolments[link].device)
            ]
        return [*sorted(known, key=_number), *sorted(entering, key=_number), *sorted(declined, key=_number)]

    def confirm(self, code: str) -> Member:
        """Let a device that waits be a member, after two people have compared its code.

        Args:
            code: The code that its own desk shows.

        Raises:
            Refused: No device with that code waits, or this device is not an administrator's.
        """
        enrolment = self._waiting(code)
        self._decide(caretaking.confirm, enrolment)
        joined = next(member for member in self.members() if member.code == _spaced(code))
        self._audit.record("device_confirmed", device=joined.device, code=joined.code)
        return joined

    def decline(self, code: str) -> None:
        """Turn a device that waits away; what it wrote stays where it is, and waits.

        Args:
            code: The code that its own desk shows.

        Raises:
            Refused: No device with that code waits, or this device is not an administrator's.
        """
        enrolment = self._waiting(code)
        self._decide(caretaking.decline, enrolment)
        self._audit.record("device_declined", code=_spaced(code))

    def revoke(self, device: str) -> Member:
        """Put a device out of the community: lost, stolen, or of somebody who has left.

        Args:
            device: The suffix of its numbers.

        Raises:
            Refused: There is no such device, it is this one, or this one is not an administrator's.
        """
        found = self._device(device)
        if found == self._log.device:
            raise Refused(
                "own_device",
                _("A device can't put itself out. Another administrator does it. Nothing was changed."),
            )
        self._decide(caretaking.revoke, found)
        self._audit.record("device_revoked", device=device)
        return next(member for member in self.members() if member.device == device)

    def judge(self, device: str, *, accept: bool) -> Member:
        """Decide on what waits of a device: written after it was put out or lost a right, or without ever having it.

        Args:
            device: The suffix of its numbers.
            accept: Take it in; otherwise it is kept and not shown.

        Raises:
            Refused: There is no such device, nothing of it waits, or this one is not an administrator's.
        """
        found = self._device(device)
        if found not in self._log.membership.revocations and not self._waiting_of(found):
            raise Refused(
                "not_revoked",
                _("Nothing of device {device} waits, so there is nothing to decide. Nothing was changed.").format(
                    device=device
                ),
            )
        self._decide(partial(caretaking.judge, accept=accept), found)
        self._audit.record("late_work_judged", device=device, accepted=accept)
        return next(member for member in self.members() if member.device == device)

    def _device(self, suffix: str) -> bytes:
        return member(self._log, suffix).entry.id

    def _waiting_of(self, device: bytes) -> int:
        with self._read() as connection:
            (count,) = connection.execute("SELECT count(*) FROM waiting WHERE device = ?", (device,)).fetchone()
        return int(count)

    def _decide(self, decide: Callable[[Log, bytes], None], subject: bytes) -> None:
        try:
            decide(self._log, subject)
        except PermissionError as error:
            raise _no_right() from error

    def _waiting(self, code: str) -> bytes:
        state = self._log.membership
        codes = {membership.device_code(state.community, each.device.entry): each.link for each in state.pending}
        if _spaced(code) not in codes:
            raise Refused(
                "unknown_device",
                _("No device with the code {code} waits. Waiting: {codes}. Nothing was changed.").format(
                    code=code, codes=", ".join(sorted(codes)) or _("none")
                ),
            )
        return codes[_spaced(code)]

    def _member(
        self,
        connection: Connection,
        device: Device,
        state: State,
        waiting: tuple[int, int],
        heard: datetime | None = None,
    ) -> Member:
        members = self._log.membership
        units = sorted(device.roles.keys() - members.circles - {members.common_unit})
        return Member(
            device=device.entry.suffix,
            code=membership.device_code(members.community, device.entry),
            person=self._directory.name(connection, device.entry.person),
            role=device.role,
            units=tuple(self._directory.name(connection, unit) for unit in units),
            roles=tuple(device.roles[unit] for unit in units),
            state=state,
            here=device.entry.sign_key == self._log.me.entry.sign_key,
            frames_waiting=waiting[0],
            undecided=waiting[1],
            last_heard=heard,
        )


def _no_right() -> Refused:
    return Refused("no_right", _("Only an administrator can decide who is a member. Nothing was changed."))


def _number(member: Member) -> list[int]:
    return [int(part) for part in member.device.split("-")]


def _spaced(code: str) -> str:
    """Return a code as it is shown, however it was typed."""
    digits = "".join(letter for letter in code if letter.isdigit())
    return f"{digits[:4]} {digits[4:]}"
