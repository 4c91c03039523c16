"""What a device wrote without the right to, or after it had lost it: what is in it, for the one who decides."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime

from desktop_app.audit import Audit
from desktop_app.cases import model
from desktop_app.cases.projection import known_kit
from desktop_app.cases.words import field_label, field_value
from desktop_app.directory import NAMED, PERSON, moment
from desktop_app.kits.model import Kit
from sync import changes, frames, ids
from sync.changes import Batch, Value
from sync.frames import BadFrame
from sync.keyring import Keyring, NoKey
from sync.log import Log, Record
from sync.membership import DeviceEntry
from sync.messages import _
from sync.sqlcipher import Connection

REASONS = ("revoked", "right", "rejected")
"""Why frames wait for an administrator's decision, and stay out after one."""
_REJECTED = "rejected"
_OWN_FIELDS = frozenset({model.KIT, model.KIT_VERSION, model.REGISTERED_ON})


@dataclass(frozen=True, slots=True)
class LateChange:
    """What a device wrote about one case, or about something else, that waits.

    Args:
        case: The id of the case; empty when it is about something else or can't be read here.
        number: Its number, or what else it is about.
        title: What the case is called.
        is_new: The case is not known here without it.
        when: When it was written last, by the clock of its author; None when it can't be read here.
        fields: What the fields are called and the values that were written.
        rejected: An administrator has decided against it.
    """

    case: str
    number: str
    title: str
    is_new: bool
    when: datetime | None
    fields: tuple[tuple[str, str], ...]
    rejected: bool


class LateWork:
    """Reads what waits for a decision, and when each device was last heard from.

    Args:
        log: The vault's log.
        read: Gives a connection to read with.
        audit: Where it is recorded whose data was shown.
    """

    def __init__(self, log: Log, read: Callable[[], AbstractContextManager[Connection]], audit: Audit) -> None:
        self._log = log
        self._read = read
        self._audit = audit

    def count(self) -> int:
        """Return how many frames wait for a decision that nobody has made yet."""
        with self._read() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM waiting WHERE reason IN ('revoked', 'right')"
            ).fetchone()
        return int(count)

    def of(self, device: bytes) -> list[LateChange]:
        """Return what waits of a device, each case once, those that nobody has decided on first.

        Args:
            device: Its 16-byte id.
        """
        with self._read() as connection:
            found = _Cases(self._log, connection)
            for reason, batch in _waiting(connection, device):
                found.take(batch, rejected=reason == _REJECTED)
            listed = found.listed()
        self._audit.read("late_work_shown", [change.case for change in listed if change.case])
        return listed

    def claimed_name(self, connection: Connection, entry: DeviceEntry) -> str:
        """Return how the person of a device that is no member yet calls themselves; empty when it has not come.

        Args:
            connection: A transaction to read in.
            entry: The public half of the device.
        """
        unit, name = self._log.membership.common_unit, ""
        keyring = Keyring.load(connection)
        rows = connection.execute(
            "SELECT body FROM waiting WHERE device = ? AND unit = ? ORDER BY incarnation, seq", (entry.id, unit)
        ).fetchall()
        for (body,) in rows:
            frame = frames.parse(body)
            with suppress(BadFrame):  # another device may have come under the same id
                frame.verify(entry.sign_key)
                batch = _opened(keyring, body)
                name = _name_in(batch, entry.person) or name if batch else name
        return name

    def last_heard(self) -> dict[bytes, datetime]:
        """Return when each device wrote last, by its own clock, as far as that has come here."""
        with self._read() as connection:
            keyring = Keyring.load(connection)
            rows = connection.execute(
                "SELECT i.device, f.body FROM frame f JOIN incarnation i ON i.id = f.incarnation WHERE f.id IN"
                " (SELECT max(id) FROM frame GROUP BY unit, incarnation)"
            ).fetchall()
        latest: dict[bytes, int] = {}
        for device, body in rows:
            batch = _opened(keyring, body)
            if batch is not None:
                latest[device] = max(batch.time_ms, latest.get(device, 0))
        return {device: moment(time_ms) for device, time_ms in latest.items()}


class _Cases:
    """Puts together what waits about each case.

    Args:
        log: The vault's log.
        connection: A transaction to read in.
    """

    def __init__(self, log: Log, connection: Connection) -> None:
        self._log = log
        self._connection = connection
        self._written: dict[tuple[bytes, bool], tuple[int, dict[str, Value]]] = {}
        self._other: dict[tuple[str, bool], int] = {}

    def take(self, batch: Batch | None, *, rejected: bool) -> None:
        """Add what one frame holds; None for one that can't be opened here."""
        if batch is None:
            self._other.setdefault((_("Changes that this device has no key for"), rejected), 0)
            return
        for group in batch.groups:
            if group.collection != model.COLLECTION:
                self._other[_about(group.collection), rejected] = batch.time_ms
                continue
            for place, record in enumerate(group.records):
                _time, fields = self._written.get((record, rejected), (0, {}))
                fields |= {name: column[place] for name, column in zip(group.names, group.columns, strict=True)}
                self._written[record, rejected] = (batch.time_ms, fields)

    def listed(self) -> list[LateChange]:
        """Return what was taken, undecided first, then by time."""
        found = [self._case(record, rejected, *what) for (record, rejected), what in self._written.items()]
        found += [
            LateChange("", about, "", is_new=False, when=moment(time_ms) if time_ms else None, fields=(), rejected=out)
            for (about, out), time_ms in self._other.items()
        ]
        return sorted(found, key=lambda change: (change.rejected, change.when.timestamp() if change.when else 0))

    def _case(self, record: bytes, rejected: bool, time_ms: int, fields: dict[str, Value]) -> LateChange:  # noqa: FBT001
        known = self._log.record(self._connection, record)
        values = self._values(known) | fields
        kit = known_kit(str(values.get(model.KIT)))
        return LateChange(
            ids.to_text(record),
            str(values.get(model.NUMBER) or ""),
            str(values.get(kit.title_field) or "") if kit else "",
            known is None,
            moment(time_ms),
            tuple(_told(kit, fields)),
            rejected,
        )

    @staticmethod
    def _values(record: Record | None) -> dict[str, Value]:
        return dict(record.state.fields) if record else {}


def _told(kit: Kit | None, fields: dict[str, Value]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if kit is None:
            yield name, "" if value is None else str(value)
        elif name not in _OWN_FIELDS:
            yield field_label(kit, name), field_value(kit, name, value)


def _about(collection: str) -> str:
    return _("Names of the community, its units or people") if collection in NAMED else _("Attached files")


def _waiting(connection: Connection, device: bytes) -> Iterator[tuple[str, Batch | None]]:
    keyring = Keyring.load(connection)
    marks = ",".join("?" * len(REASONS))
    rows = connection.execute(
        f"SELECT reason, body FROM waiting WHERE device = ? AND reason IN ({marks})"  # noqa: S608 - only marks
        " ORDER BY unit, incarnation, seq",
        (device, *REASONS),
    ).fetchall()
    for reason, body in rows:
        yield reason, _opened(keyring, body)


def _opened(keyring: Keyring, body: bytes) -> Batch | None:
    try:
        return changes.decode(keyring.open(frames.parse(body)))
    except (NoKey, BadFrame, changes.BadPayload):
        return None


def _name_in(batch: Batch, person: bytes) -> str:
    """Return the name that a batch gives a person, or nothing."""
    for group in batch.groups:
        if group.collection == PERSON and person in group.records and "name" in group.names:
            return str(group.columns[group.names.index("name")][group.records.index(person)] or "")
    return ""
