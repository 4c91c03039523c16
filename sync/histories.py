"""Records as the log has them now, and everything that was ever written to them."""

from collections.abc import Iterator
from dataclasses import dataclass

from sync import behind, changes, frames
from sync.changes import Dot, Value
from sync.frames import Frame
from sync.keyring import Keyring
from sync.merge import State
from sync.sqlcipher import Connection
from sync.states import Incarnations, read_state


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the log has it now."""

    row: int
    collection: str
    id: bytes
    unit: bytes
    state: State


@dataclass(frozen=True, slots=True)
class Written:
    """One change in the history of a record.

    Args:
        dot: Its counter and incarnation.
        device: The 16-byte id of the author's device.
        time_ms: The author's clock, milliseconds since 1970.
        fields: The values written.
        replaces: The dots that each value replaced.
    """

    dot: Dot
    device: bytes
    time_ms: int
    fields: dict[str, Value]
    replaces: dict[str, tuple[Dot, ...]]


def record(connection: Connection, record_id: bytes, unit: bytes | None = None) -> Record | None:
    """Return one record, or None when no device has written it.

    Args:
        connection: A transaction to read in.
        record_id: The 16-byte id.
        unit: The unit that it lies in; by default any, where it lies in one only.
    """
    row = connection.execute(
        "SELECT r.id, r.collection, u.uuid, r.fields, r.dots, r.siblings FROM record r"
        " JOIN unit u ON u.id = r.unit WHERE r.uuid = ? AND (? IS NULL OR u.uuid = ?)",
        (record_id, unit, unit),
    ).fetchone()
    if row is None:
        return None
    number, collection, of, fields, dots, siblings = row
    state = read_state(fields, dots, siblings, Incarnations.load(connection).ids)
    return Record(number, collection, record_id, of, state)


def history(
    connection: Connection, record_id: bytes, unit: bytes | None = None, *, present: bool = False
) -> list[Written]:
    """Return every change of a record, oldest first, read from the frames that touched it.

    Args:
        connection: A transaction to read in.
        record_id: The 16-byte id.
        unit: Only what was written in that unit.
        present: Also return who wrote the values that are current and lie behind a snapshot.
    """
    rows = connection.execute(
        "SELECT f.body FROM record r JOIN touched t ON t.record = r.id JOIN frame f ON f.id = t.frame"
        " JOIN unit u ON u.id = r.unit WHERE r.uuid = ? AND (? IS NULL OR u.uuid = ?)",
        (record_id, unit, unit),
    ).fetchall()
    found: dict[Dot, Written] = {}
    keyring = Keyring.load(connection)
    for (body,) in rows:
        frame = frames.parse(body)
        for written in _changes_of(frame, changes.decode(keyring.open(frame)), record_id):
            found[written.dot] = written
    if present:
        _add_present(connection, record_id, unit, found)
    return sorted(found.values(), key=lambda written: written.dot)


def _add_present(connection: Connection, record_id: bytes, unit: bytes | None, found: dict[Dot, Written]) -> None:
    """Add the changes behind a snapshot whose values are current: it tells them, if not always when they were."""
    older = behind.of_record(connection, record_id)
    known = record(connection, record_id, unit) if older.missing else None
    if known is None:
        return
    devices = Incarnations.load(connection).devices
    held = set(found)
    for name in known.state.fields:
        for dot, value in known.state.current(name):
            if dot not in held:
                time_ms = older.times.get(dot, older.created_ms)
                found.setdefault(dot, Written(dot, devices[dot[1]], time_ms, {}, {})).fields[name] = value


def _changes_of(frame: Frame, batch: changes.Batch, record: bytes) -> Iterator[Written]:
    for group in batch.groups:
        for index, identifier in enumerate(group.records):
            if identifier != record:
                continue
            yield Written(
                (batch.counter + group.positions[index], frame.header.incarnation),
                frame.header.device,
                batch.time_ms,
                {name: column[index] for name, column in zip(group.names, group.columns, strict=True)},
                {
                    name: column[index]
                    for name, column in zip(group.names, group.replaces, strict=True)
                    if column is not None and column[index]
                },
            )
