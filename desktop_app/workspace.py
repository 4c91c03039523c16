"""An opened vault with everything a clerk does in it; the one door for screens and command line."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from desktop_app import key_past
from desktop_app.attachments import model as attachments
from desktop_app.attachments import rows as attached
from desktop_app.attachments.exchanging import FileExchange
from desktop_app.attachments.service import FileService
from desktop_app.audit import Audit, AuditService
from desktop_app.backup.service import BackupService
from desktop_app.cases.circles import CircleService
from desktop_app.cases.model import COLLECTION, Unit
from desktop_app.cases.service import CaseService
from desktop_app.cases.transfers import TransferService
from desktop_app.cases.views import CaseReader
from desktop_app.conflicts import ConflictService
from desktop_app.directory import Directory
from desktop_app.drafts import DraftService
from desktop_app.exchange import ExchangeService, server_address
from desktop_app.kits import loader
from desktop_app.kits.model import Kit
from desktop_app.lives import Lives, Past
from desktop_app.members import MemberService
from desktop_app.office.service import WaysService
from desktop_app.projection import DeskProjection
from desktop_app.recovery import RecoveryService
from desktop_app.seat import SeatKeeper
from desktop_app.snapshots import SnapshotService
from desktop_app.sticks import StickService
from desktop_app.units import require_role
from desktop_app.vault import Stick, Vault
from desktop_app.vault import failures as vault_failures
from sync import digest, enrolment, ids
from sync.errors import Failure, Refused, whereabouts
from sync.log import Log
from sync.messages import _, ngettext
from sync.replica import Applied

_logger = logging.getLogger(__name__)
_MANY = 500
_OF_CASES = frozenset({COLLECTION, attachments.COLLECTION})
EXAMPLE = "example-data"
"""The note of a vault with example data."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whose seat the vault is."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class VaultInfo:
    """What `sprava vault info` tells."""

    community: str
    community_id: str
    device: str
    person: str
    role: str
    units: list[str]
    cases: int
    conflicts: int
    frames: int
    bytes_on_disk: int
    last_exchange: datetime | None
    server: str | None
    waiting: int
    code: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation file's bytes, and the code that both people compare."""

    data: bytes
    code: str


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """What a write or an exchange changed.

    Args:
        cases: Ids of the cases; empty when `everything`.
        everything: Too much changed to name it, or names changed.
    """

    cases: frozenset[str]
    everything: bool


class Workspace:
    """An opened vault; the functions of `desktop_app.opening` make one.

    Args:
        opened: The vault; `close` closes it.

    Attributes:
        lives: The lives of this device's log, and the high-water mark.
        audit: Where reading and administration are recorded; never inside a write of the vault.
        audit_log: What a person may see of that.
        transfers: Cases that go from unit to unit.
        circles: Cases that only named people read.
        notices: Sentences about what was found on opening.
    """

    def __init__(self, opened: Vault) -> None:
        self._vault = opened
        projector = DeskProjection()
        self.log = Log(opened, projector)
        self.lives = Lives(opened, self.log)
        self.notices = [*opened.notices, *self.lives.notices]
        self._seat = SeatKeeper(opened)
        self._keep_seat()
        self._directory = Directory(self.log)
        self.audit = Audit(opened, self.lives.highwater, self.log.device, self.log.me.entry.person)
        self._known_devices = set(self.log.membership.devices)
        self.log.tend()
        self._record_new_devices()
        self.members = MemberService(self.log, self._directory, opened.read, self.audit)
        self.audit_log = AuditService(self.audit, opened, self.log, self._directory)
        reader = CaseReader(self.log, self._directory, projector.calendar)
        self.drafts = DraftService(opened)
        self.files = FileService(opened, self.log, reader, self._directory, self.audit)
        self.cases = CaseService(opened, self.log, reader, self.drafts, self.audit, self.lives.number_suffix)
        self.transfers = TransferService(
            opened, self.log, reader, self._directory, self.audit, self._own_unit, self.cases.peek
        )
        self.circles = CircleService(opened, self.log, self.cases, self.transfers, self._directory, self.audit)
        self.conflicts = ConflictService(opened, self.log, reader, self.audit)
        carrier = FileExchange(opened, self.log, self.files.chunks, self.files.get)
        carrier.arrived.append(self._files_arrived)
        self.snapshots = SnapshotService(self.log, self._directory, lambda: self.exchange.server)
        self.notices += self.snapshots.warnings()
        self.exchange = ExchangeService(self.log, self.conflicts, self.audit, opened.folder, carrier, self.snapshots)
        self.ways = WaysService(self.log, self.exchange, opened, self._directory)
        carrier.hubs = lambda: [(way.url, way.key) for way in self.ways.ways() if way.key is not None]
        self.sticks = StickService(self.log, opened, self._directory, self.conflicts, self.files)
        if self.lives.notices:
            self.files.distrust_past()
        self._listeners: list[Callable[[ChangeEvent], None]] = []
        self.log.on_applied.append(self._after_applied)
        self.is_example = self.log.recall(EXAMPLE) is not None
        self.recovery = RecoveryService(opened, self.log, self._names, self.audit)
        self.backups = BackupService(self)
        if self.audit.cut is not None and self.lives.past is not Past.SET_BACK:
            self.notices.append(
                _(
                    "Entries are missing at the end of the audit: somebody has changed the vault's database outside "
                    "the program. This was written into the audit. The cases are safe; tell the head of the unit."
                )
            )
        if undecided := self.log.undecided():
            self.notices.append(_undecided(undecided))
        of_keys = key_past.examine(opened, self.log)
        if key_past.PUT_BACK in of_keys:
            self.notices.append(key_past.put_back())
        of_past = {Past.LOST: ["mark_lost"], Past.COPIED: ["vault_copied"]}.get(self.lives.past, [])
        self.audit.begin([*of_past, *of_keys])
        self.transfers.carry_over()
        key_past.keep(opened, self.log)

    @property
    def folder(self) -> Path:
        """The vault's folder."""
        return self._vault.folder

    @property
    def store(self) -> Vault:
        """The vault's database, to read from."""
        return self._vault

    @property
    def community(self) -> str:
        """The name of the community."""
        with self._vault.read() as connection:
            return self._directory.community(connection)

    @property
    def person(self) -> Person:
        """Whose seat this is."""
        me = self.log.me
        with self._vault.read() as connection:
            name = self._directory.name(connection, me.entry.person)
        return Person(ids.to_text(me.entry.person), name, me.role)

    @property
    def unit(self) -> Unit:
        """The unit in which new cases are registered.

        Raises:
            Refused: This device belongs to no unit.
        """
        units = self.units()
        if not units:
            raise Refused("no_unit", _("This device belongs to no unit. Ask your administrator to let it into one."))
        return next((unit for unit in units if self.log.me.may_write_in(ids.from_text(unit.id) or b"")), units[0])

    def units(self) -> list[Unit]:
        """Return the units with cases that this device belongs to, circles not among them."""
        members = self.log.membership
        uuids = sorted(self.log.me.roles.keys() - members.circles - {members.common_unit})
        with self._vault.read() as connection:
            return [Unit(ids.to_text(uuid), self._directory.name(connection, uuid)) for uuid in uuids]

    def kits(self) -> list[Kit]:
        """Return the kits that cases can be registered with."""
        return list(loader.shipped().values())

    def info(self) -> VaultInfo:
        """Return counts, sizes and names of this vault."""
        status = self.exchange.status()
        with self._vault.read() as connection:
            (cases,) = connection.execute("SELECT count(*) FROM case_row").fetchone()
            (frames,) = connection.execute("SELECT count(*) FROM frame").fetchone()
        person = self.person
        return VaultInfo(
            community=self.community,
            community_id=self.log.community.hex(),
            device=self.log.me.entry.suffix,
            person=person.name,
            role=person.role,
            units=[unit.name for unit in self.units()],
            cases=cases,
            conflicts=status.conflicts,
            frames=frames,
            bytes_on_disk=sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()),
            last_exchange=status.last_exchange,
            server=status.server,
            waiting=status.waiting,
            code=self.log.device_code,
        )

    def digest(self, unit: str | None = None) -> str:
        """Return one hash over everything visible, or over one unit.

        Args:
            unit: The name or id of a unit.

        Raises:
            Refused: This device belongs to no such unit.
        """
        units = list(self.log.me.units) if unit is None else [ids.from_text(self._named_unit(unit).id) or b""]
        with self._vault.read() as connection:
            return digest.of_units(connection, units)

    def invite(self, role: str, unit: str | Sequence[str], server: str | None = None) -> Invitation:
        """Make an invitation for one more device.

        Args:
            role: One of `membership.ROLES`; it counts in all the units.
            unit: The name or id of the unit that the device shall belong to, or several.
            server: The server's address to pass on; by default the one set here, and set here when none is.

        Raises:
            Refused: The role or unit is unknown, or this device is not an administrator's.
        """
        require_role(role)
        if not self.log.is_confirmed:
            raise Refused(
                "not_confirmed",
                _(
                    "The administrator’s device that invited this one has not confirmed it yet, so it can't invite. "
                    "Exchange with it, and try again. Nothing was changed."
                ),
            )
        named = [self._named_unit(each) for each in ([unit] if isinstance(unit, str) else unit)]
        chosen = sorted({ids.from_text(each.id) or b"" for each in named})
        address = server_address(server) or self.exchange.server
        try:
            contents = enrolment.invite(self.log, role, chosen, address)
        except PermissionError as error:
            raise Refused("no_right", _("Only an administrator can invite. Nothing was changed.")) from error
        if address and not self.exchange.server:
            self.exchange.set_server(address)
        self.audit.record("invitation_made", role=role, unit=", ".join(each.name for each in named))
        return Invitation(enrolment.write_invitation(contents), contents.code)

    def _own_unit(self, name: str) -> bytes:
        return ids.from_text(self._named_unit(name).id) or b""

    def _named_unit(self, name: str) -> Unit:
        units = self.units()
        for unit in units:
            if name in {unit.name, unit.id}:
                return unit
        raise Refused(
            "unknown_unit",
            _("This device does not belong to a unit “{unit}”. Its units: {units}.").format(
                unit=name, units=", ".join(unit.name for unit in units)
            ),
        )

    def verify_passphrase(self, passphrase: str, stick: Stick | None = None) -> None:
        """Check the pass phrase again, before what only its owner may do.

        Args:
            passphrase: The pass phrase.
            stick: The second secret, where the vault needs one; else it is looked for on what is plugged in.

        Raises:
            Refused: It is wrong, it is too early to try again, or the stick is missing.
        """
        self._vault.verify_passphrase(passphrase, stick)

    def change_passphrase(
        self,
        old: str,
        new: str,
        *,
        stick: Stick | None = None,
        new_stick: Stick | None = None,
        drop_stick: bool = False,
    ) -> None:
        """Put another pass phrase in the place of the present one; nothing is encrypted anew.

        Args:
            old: The present pass phrase.
            new: The one to use from now on.
            stick: The present second secret, where there is one; else it is looked for on what is plugged in.
            new_stick: The second secret from now on, in the place of the present one.
            drop_stick: Let the pass phrase alone open the vault from now on.

        Raises:
            Refused: The present one is wrong, the new one is weak, or the disk refuses; the present one still opens.
        """
        self._vault.change_passphrase(old, new, stick=stick, new_stick=new_stick, drop_stick=drop_stick)
        key_past.keep(self._vault, self.log)
        self.audit.record("passphrase_changed")

    def require_outside(self, path: Path) -> None:
        """Refuse to write what a person asked for in the place of the vault's own files.

        Raises:
            Refused: It lies inside the vault's folder ("inside_vault").
        """
        vault_failures.require_outside(self.folder, path)

    def subscribe(self, callback: Callable[[ChangeEvent], None]) -> Callable[[], None]:
        """Be told of every change; the callback runs on the thread that wrote.

        Returns:
            A function that ends the subscription.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def close(self) -> None:
        """Close the vault and wipe its keys."""
        key_past.keep(self._vault, self.log)
        self._keep_seat(closing=True)
        try:
            self.audit.close()
        finally:
            self._vault.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _keep_seat(self, *, closing: bool = False) -> None:
        # It is only wanted when the database is lost; whatever the disk says about it now, the work goes on.
        with suppress(Failure):
            self._seat.keep(closing=closing)

    def _event(self, applied: Applied) -> ChangeEvent:
        if len(applied.records) > _MANY or {name for name, _record in applied.records} - _OF_CASES:
            return ChangeEvent(frozenset(), everything=True)
        cases = {record for collection, record in applied.records if collection == COLLECTION}
        files = frozenset(record for collection, record in applied.records if collection == attachments.COLLECTION)
        if files:
            with self._vault.read() as connection:
                cases |= attached.cases_of(connection, files)
        return ChangeEvent(frozenset(map(ids.to_text, cases)), everything=False)

    def _names(self) -> tuple[str, str, str]:
        return self.community, ", ".join(unit.name for unit in self.units()), self.person.name

    def _after_applied(self, applied: Applied) -> None:
        if applied.copied:
            self.notices.append(self.lives.leave_copy())
            self.cases.number_suffix = self.lives.number_suffix
            self.files.distrust_past()
        self._keep_position()
        self.audit.cut = None  # it stands in the audit itself from the beginning
        self._record_new_devices()
        self._keep_seat()
        self.transfers.carry_over()
        self._publish(self._event(applied))

    def _files_arrived(self, cases: frozenset[bytes]) -> None:
        self._publish(ChangeEvent(frozenset(map(ids.to_text, cases)), everything=False))

    def _publish(self, event: ChangeEvent) -> None:
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception as bug:  # noqa: BLE001 - what is saved is saved, whatever a listener makes of it
                _logger.error("a listener failed: %s", whereabouts(bug))  # noqa: TRY400 - a traceback may hold data

    def _keep_position(self) -> None:
        try:
            self.lives.keep_position()
        except Failure as problem:
            # The change itself is saved, and an older mark is a safe one: it only notices less.
            self.notices.append(problem.message)

    def _record_new_devices(self) -> None:
        members = self.log.membership.devices
        for device in [members[known] for known in members if known not in self._known_devices]:
            self._known_devices.add(device.entry.id)
            self.audit.record("device_joined", device=device.entry.suffix, role=device.role)


def _undecided(count: int) -> str:
    return ngettext(
        "{count} change that you wrote here after an administrator had taken the right from this device waits for an "
        "administrator’s decision. It is kept here and there; colleagues do not see it yet.",
        "{count} changes that you wrote here after an administrator had taken the right from this device wait for an "
        "administrator’s decision. They are kept here and there; colleagues do not see them yet.",
        count,
    ).format(count=count)
