"""An opened vault with everything a clerk does in it; the one door for screens and command line."""

import logging
import secrets
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self

from desktop_app import directory, schema, vault
from desktop_app.cases.model import COLLECTION, Unit
from desktop_app.cases.projection import CaseProjection
from desktop_app.cases.service import CaseService
from desktop_app.cases.views import CaseReader
from desktop_app.conflicts import ConflictService
from desktop_app.directory import Directory
from desktop_app.drafts import DraftService
from desktop_app.exchange import SERVER, ExchangeService, server_address
from desktop_app.kits import loader
from desktop_app.kits.model import Kit
from desktop_app.vault import KdfParameters, MarkState, Vault
from sync import digest, enrolment, ids, membership
from sync.changes import Change
from sync.enrolment import Start
from sync.errors import Failure, Refused, whereabouts
from sync.log import Log
from sync.messages import _
from sync.pins import pin_server
from sync.replica import Applied
from sync.sqlcipher import Connection

_MARK = struct.Struct(">16sQI")
_LIVES = "lives"
_UNKNOWN_LIVES = 1_000
_logger = logging.getLogger(__name__)
_MANY = 500
_EXAMPLE = "example-data"
MAX_NAME_LETTERS = 200
EXAMPLE_CASES = 300
EXAMPLE_PERIOD = timedelta(days=36)


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


class _InOneTransaction:
    """Lets a log write inside the transaction in which its vault is made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        yield self._connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        yield self._connection


class Workspace:
    """An opened vault; `create_workspace`, `join_workspace` and `open_workspace` make one.

    Args:
        opened: The vault; `close` closes it.

    Attributes:
        notices: Sentences about what was found on opening.
        mark_state: What the file of the high-water mark was then; valid from the next change on.
        set_back: Whether the database was older than the mark then, and nothing was written since.
    """

    def __init__(self, opened: Vault) -> None:
        self._vault = opened
        projector = CaseProjection()
        self.log = Log(opened, projector)
        # As it was found, until the next change: what it told of would else be forgotten as soon as it is noticed.
        self.mark_state = opened.mark.state
        self.set_back = False
        self.notices = [*opened.notices, *self._notice_old_copy()]
        self._directory = Directory(self.log)
        reader = CaseReader(self.log, self._directory, projector.calendar)
        self.drafts = DraftService(opened)
        self.cases = CaseService(opened, self.log, reader, self.drafts, self._number_suffix)
        self.conflicts = ConflictService(opened, self.log, reader)
        self.exchange = ExchangeService(self.log, self.conflicts)
        self._listeners: list[Callable[[ChangeEvent], None]] = []
        self.log.on_applied.append(self._after_applied)
        self.is_example = self.log.recall(_EXAMPLE) is not None

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
        """The unit in which new cases are registered."""
        return self.units()[0]

    def units(self) -> list[Unit]:
        """Return the units with cases that this device belongs to."""
        uuids = sorted(self.log.me.units - {self.log.membership.common_unit})
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
            bytes_on_disk=sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file()),
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

    def invite(self, role: str, unit: str, server: str | None = None) -> Invitation:
        """Make an invitation for one more device.

        Args:
            role: One of `membership.ROLES`.
            unit: The name or id of the unit that the device shall belong to.
            server: The server's address to pass on; by default the one set here, and set here when none is.

        Raises:
            Refused: The role or unit is unknown, or this device is not an administrator's.
        """
        if role not in membership.ROLES:
            raise Refused(
                "unknown_role",
                _("There is no role “{role}”. The roles are: {roles}.").format(
                    role=role, roles=", ".join(membership.ROLES)
                ),
            )
        chosen = ids.from_text(self._named_unit(unit).id) or b""
        address = server_address(server) or self.exchange.server
        try:
            contents = enrolment.invite(self.log, role, [chosen], address)
        except PermissionError as error:
            raise Refused("no_right", _("Only an administrator can invite. Nothing was changed.")) from error
        if address and not self.exchange.server:
            self.exchange.set_server(address)
        return Invitation(enrolment.write_invitation(contents), contents.code)

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

    def verify_passphrase(self, passphrase: str) -> None:
        """Check the pass phrase again, to unlock a locked desk.

        Raises:
            Refused: It is wrong.
        """
        self._vault.verify_passphrase(passphrase)

    def subscribe(self, callback: Callable[[ChangeEvent], None]) -> Callable[[], None]:
        """Be told of every change; the callback runs on the thread that wrote.

        Returns:
            A function that ends the subscription.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def close(self) -> None:
        """Close the vault and wipe its keys."""
        self._vault.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def _lives(self) -> int:
        """How many times this device's log began anew after an old copy of the database came back."""
        return int(self.log.recall(_LIVES) or 0)

    @property
    def _number_suffix(self) -> str:
        """What makes this device's registration numbers its own, in each of its lives."""
        suffix = self.log.me.entry.suffix
        return f"{suffix}.{self._lives}" if self._lives else suffix

    def _after_applied(self, applied: Applied) -> None:
        if applied.copied:
            self._leave_copy()
        position = self.log.position()
        try:
            self._vault.mark.store(_MARK.pack(position.incarnation, position.counter, self._lives))
            self.mark_state, self.set_back = MarkState.VALID, False
        except Failure as problem:
            # The change itself is saved, and an older mark is a safe one: it only notices less.
            self.notices.append(problem.message)
        cases = frozenset(ids.to_text(record) for collection, record in applied.records if collection == COLLECTION)
        many = len(cases) > _MANY or any(collection != COLLECTION for collection, _record in applied.records)
        event = ChangeEvent(frozenset() if many else cases, everything=many)
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception as bug:  # noqa: BLE001 - what is saved is saved, whatever a listener makes of it
                _logger.error("a listener failed: %s", whereabouts(bug))  # noqa: TRY400 - a traceback may hold data

    def _leave_copy(self) -> None:
        """Begin a new life of the log when another copy of this vault was in use; its numbers may be given already."""
        self._begin_life(_UNKNOWN_LIVES + secrets.randbelow(9_000))
        self.cases.number_suffix = self._number_suffix
        self.notices.append(
            _(
                "This vault's folder is a copy, or was put back from one: another copy wrote on. Everything here is "
                "safe. From now on its registration numbers carry a new mark. Use one copy only, and tell the "
                "administrator: what both wrote under the same number of the log must be compared by hand."
            )
        )

    def _notice_old_copy(self) -> list[str]:
        """Begin a new life of the log when the database is older than the mark beside it."""
        kept = self._vault.mark.load()
        if kept is None:
            return self._notice_lost_mark()
        incarnation, counter, lives = _MARK.unpack(kept)
        position = self.log.position()
        if incarnation == position.incarnation and counter <= position.counter:
            return []
        self.set_back = True
        # The mark, which did not go back in time, counts the lives: no number of an earlier life is given again.
        self._begin_life(lives + 1)
        return [
            _(
                "This vault's database is an older copy than the one last used here. Everything in it is safe; what "
                "was written after the copy comes back with the next exchange, from the server or a colleague."
            )
        ]

    def _notice_lost_mark(self) -> list[str]:
        """Begin a new life of the log when nothing tells whether the database is the one last used."""
        if self._vault.mark.state is MarkState.EMPTY:
            return []
        # How many lives there were is not known either; a number by chance will not have been one of them.
        self._begin_life(_UNKNOWN_LIVES + secrets.randbelow(9_000))
        return [
            _(
                "The file vault.mark was missing or damaged. Everything in the vault is safe; from now on its "
                "registration numbers carry a new mark, so that none can be given twice."
            )
        ]

    def _begin_life(self, lives: int) -> None:
        self.log.start_incarnation()
        self.log.remember(_LIVES, str(lives).encode())
        self._vault.mark.store(_MARK.pack(self.log.identity.incarnation, 0, lives))


def create_workspace(
    folder: Path, passphrase: str, *, community: str, unit: str, person: str, kdf: KdfParameters | None = None
) -> Workspace:
    """Found a community and make its first vault.

    Args:
        folder: Where; must not exist or be empty.
        passphrase: The pass phrase of the founding person.
        community: The name of the community.
        unit: The name of its first unit.
        person: The name of the founding person, its first administrator.
        kdf: Cost of the key derivation; by default what this machine bears.

    Raises:
        Refused: A name is empty, the pass phrase is weak, or the folder is taken; nothing was made.
    """
    for given in (community, unit, person):
        _require_name(given)
    person_id = ids.new_id()
    start = enrolment.found(person_id)
    names = [
        directory.named(directory.COMMUNITY, start.identity.community[: ids.ID_BYTES], community.strip()),
        directory.named(directory.UNIT, start.units[0], unit.strip()),
        directory.named(directory.PERSON, person_id, person.strip()),
    ]
    return _make(folder, passphrase, start, names, [], kdf)


def invitation_code(invitation: bytes) -> str:
    """Return the code that the two people compare before one joins.

    Args:
        invitation: The bytes of the invitation file.

    Raises:
        Damaged: The invitation is damaged.
    """
    return enrolment.read_invitation(invitation).code


def join_workspace(
    folder: Path, passphrase: str, *, invitation: bytes, person: str, kdf: KdfParameters | None = None
) -> Workspace:
    """Enter a community with an invitation and make a vault.

    Args:
        folder: Where; must not exist or be empty.
        passphrase: The pass phrase of the new vault.
        invitation: The bytes of the invitation file.
        person: The name of the person whose seat it is.
        kdf: Cost of the key derivation; by default what this machine bears.

    Raises:
        Damaged: The invitation is damaged.
        Refused: The pass phrase is weak, or the folder is taken; nothing was made.
    """
    _require_name(person)
    contents = enrolment.read_invitation(invitation)
    person_id = ids.new_id()
    start = enrolment.accept(contents, person_id)
    names = [directory.named(directory.PERSON, person_id, person.strip())]
    return _make(folder, passphrase, start, names, contents.frames, kdf)


def open_workspace(folder: Path, passphrase: str) -> Workspace:
    """Open a vault.

    Raises:
        Refused: The pass phrase is wrong, there is no vault, or it is open elsewhere.
        Damaged: A file of the vault is damaged; the message says which.
    """
    return _opened(vault.open_vault(folder, passphrase, schema.migrate, schema_version=schema.VERSION))


def create_example_workspace(folder: Path, passphrase: str, *, kdf: KdfParameters | None = None) -> Workspace:
    """Make a vault of its own with example data, to learn with.

    Args:
        folder: Where; must not exist or be empty.
        passphrase: Its pass phrase.
        kdf: Cost of the key derivation; by default what this machine bears.
    """
    from desktop_app.kits import examples

    workspace = create_workspace(
        folder,
        passphrase,
        community=_("Example community"),
        unit=_("Citizen service centre"),
        person=_("Example clerk"),
        kdf=kdf,
    )
    workspace.log.remember(_EXAMPLE, b"1")
    workspace.is_example = True
    today = date.today()  # noqa: DTZ011 - the clerk's calendar day
    since = (today - EXAMPLE_PERIOD).isoformat()
    for kit in workspace.kits():
        many = examples.examples(kit.id, EXAMPLE_CASES, 1, until=today)
        workspace.cases.register_many(kit.id, [case for case in many if str(case[kit.date_field]) >= since])
    return workspace


def _make(
    folder: Path,
    passphrase: str,
    start: Start,
    names: list[Change],
    received: list[bytes],
    kdf: KdfParameters | None,
) -> Workspace:
    def initialise(connection: Connection) -> None:
        enrolment.initialise(connection, start)
        schema.create(connection)
        log = Log(_InOneTransaction(connection), CaseProjection())
        log.apply(received)
        log.write(start.common_unit, names)
        if start.server:
            log.remember(SERVER, start.server.encode())
        if start.server and start.server_key:
            pin_server(log, start.server, start.server_key)

    return _opened(vault.create(folder, passphrase, initialise, kdf=kdf, schema_version=schema.VERSION))


def _opened(held: Vault) -> Workspace:
    """Return the workspace of a vault, which is closed again when its log can't be used."""
    try:
        return Workspace(held)
    except BaseException:
        held.close()
        raise


def _require_name(name: str) -> None:
    if not name.strip():
        raise Refused("empty_name", _("A name is empty. Give the names of community, unit and person."))
    if len(name) > MAX_NAME_LETTERS or not name.isprintable():
        raise Refused(
            "bad_name",
            _("The name “{name}…” can't be used: at most {limit} letters, and all of them visible.").format(
                name="".join(letter for letter in name[:20] if letter.isprintable()), limit=MAX_NAME_LETTERS
            ),
        )
