"""The log behind a snapshot: what of it is here, taking in more of it, and what to do once it is whole."""

from dataclasses import dataclass

import msgspec

from sync import changes, frames
from sync.changes import BadPayload, Batch
from sync.frames import BadFrame, Frame
from sync.ids import to_moment_ms
from sync.keyring import Keyring, NoKey
from sync.snapshots import Snapshot
from sync.sqlcipher import Connection
from sync.states import Incarnations

_behind = msgspec.msgpack.Decoder(tuple[list[int], list[tuple[int, int, int]]])


@dataclass(frozen=True, slots=True)
class Floor:
    """Where the log that is held here begins, in one chain; what is before stands in a snapshot.

    Args:
        unit: The row number of the unit.
        incarnation: The local number of the incarnation.
        seq: The last frame of the chain that the snapshot contains.
        hash: Its 32-byte hash.
    """

    unit: int
    incarnation: int
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Behind:
    """What is known of a record whose older frames are not here.

    Args:
        missing: The frames that are lacking: 16-byte incarnation and number.
        times: When values that stand side by side were written, by counter and incarnation.
        created_ms: When the record was made, by the clock of its author.
    """

    missing: list[tuple[bytes, int]]
    times: dict[changes.Dot, int]
    created_ms: int


def floors(connection: Connection) -> dict[tuple[int, int], Floor]:
    """Return where each chain begins here that does not begin with its first frame."""
    rows = connection.execute("SELECT unit, incarnation, seq, hash FROM floor")
    return {(unit, incarnation): Floor(unit, incarnation, seq, hash_) for unit, incarnation, seq, hash_ in rows}


def of_record(connection: Connection, record: bytes, of_unit: bytes | None = None) -> Behind:
    """Return what is known of a record, whose older frames may not be here.

    Args:
        connection: A transaction to read in.
        record: The 16-byte id.
        of_unit: Only what was written in this unit.
    """
    found = Behind([], {}, to_moment_ms(record))
    names: Incarnations | None = None
    rows = connection.execute(
        "SELECT b.frames, r.unit FROM record r JOIN behind b ON b.record = r.id JOIN unit u ON u.id = r.unit"
        " WHERE r.uuid = ? AND (? IS NULL OR u.uuid = ?)",
        (record, of_unit, of_unit),
    ).fetchall()
    for data, unit in rows:
        names = names or Incarnations.load(connection)
        flat, times = _behind.decode(data)
        for at in range(0, len(flat), 2):
            held = connection.execute(
                "SELECT 1 FROM frame WHERE unit = ? AND incarnation = ? AND seq = ?", (unit, flat[at], flat[at + 1])
            ).fetchone()
            if held is None:
                found.missing.append((names.ids[flat[at]], flat[at + 1]))
        found.times.update({(counter, names.ids[number]): time_ms for counter, number, time_ms in times})
    return found


def keep(connection: Connection, keyring: Keyring, frame: Frame, floor: Floor) -> str:
    """Keep a frame, signed by its author, that the state here contains already; it only adds to the history.

    Args:
        connection: Inside a write transaction that the caller commits.
        keyring: What opens it.
        frame: The frame.
        floor: Where its chain begins here.

    Returns:
        Why it was not kept, a machine word, or nothing.
    """
    place = (floor.unit, floor.incarnation, frame.header.seq)
    if not _fits(connection, frame, floor):
        return "fork"
    try:
        batch = changes.decode(keyring.open(frame))
    except NoKey:
        return "key"
    except (BadFrame, BadPayload):
        return "unreadable"
    row = connection.execute(
        "INSERT INTO frame (unit, incarnation, seq, hash, changes, body) VALUES (?, ?, ?, ?, ?, ?)",
        (*place, frame.hash, batch.count, frame.body),
    ).lastrowid
    connection.executemany(
        "INSERT OR IGNORE INTO touched (record, frame) SELECT id, ? FROM record WHERE uuid = ? AND unit = ?",
        [(row, bytearray(record), floor.unit) for record in _records(batch)],
    )
    return ""


def _records(batch: Batch) -> set[bytes]:
    return {record for group in batch.groups for record in group.records}


def _fits(connection: Connection, frame: Frame, floor: Floor) -> bool:
    """Whether a frame goes together with what is held of its chain; its place must be empty."""
    seq = frame.header.seq
    neighbours = connection.execute(
        "SELECT seq, hash, body FROM frame WHERE unit = ? AND incarnation = ? AND seq BETWEEN ? AND ?",
        (floor.unit, floor.incarnation, seq - 1, seq + 1),
    ).fetchall()
    for number, hash_, body in neighbours:
        if number == seq:
            return False
        if number == seq - 1 and hash_ != frame.header.previous:
            return False
        if number == seq + 1 and frames.parse(body).header.previous != frame.hash:
            return False
    if seq == 1 and frame.header.previous != frames.NO_PREVIOUS:
        return False
    return seq != floor.seq or frame.hash == floor.hash


def gaps(connection: Connection, unit: bytes) -> dict[bytes, tuple[int, int]]:
    """Return what is lacking behind a unit's snapshot: for each incarnation the first and the last frame.

    Args:
        connection: A transaction to read in.
        unit: The 16-byte id.
    """
    found: dict[bytes, tuple[int, int]] = {}
    rows = connection.execute(
        "SELECT i.uuid, f.unit, f.incarnation, f.seq FROM floor f JOIN unit u ON u.id = f.unit"
        " JOIN incarnation i ON i.id = f.incarnation WHERE u.uuid = ?",
        (unit,),
    ).fetchall()
    for incarnation, row, number, seq in rows:
        expected = 1
        for (held,) in connection.execute(
            "SELECT seq FROM frame WHERE unit = ? AND incarnation = ? AND seq <= ? ORDER BY seq", (row, number, seq)
        ):
            if held != expected:
                break
            expected += 1
        if expected > seq:
            continue
        (first_held,) = connection.execute(
            "SELECT min(seq) FROM frame WHERE unit = ? AND incarnation = ? AND seq > ? AND seq <= ?",
            (row, number, expected, seq),
        ).fetchone()
        found[incarnation] = (expected, (first_held or seq + 1) - 1)
    return found


def forget(connection: Connection, snapshot: Snapshot) -> None:
    """Let a unit's log begin with its first frames again, all of which are here.

    Args:
        connection: Inside a write transaction that the caller commits.
        snapshot: The snapshot that it began with.
    """
    connection.execute("DELETE FROM snapshot WHERE hash = ?", (snapshot.hash,))
    connection.execute("DELETE FROM snapshot_part WHERE snapshot = ?", (snapshot.hash,))
    unit = connection.execute("SELECT id FROM unit WHERE uuid = ?", (snapshot.manifest.unit,)).fetchone()
    if unit is not None:
        connection.execute("DELETE FROM floor WHERE unit = ?", unit)
        connection.execute("DELETE FROM behind WHERE record IN (SELECT id FROM record WHERE unit = ?)", unit)
