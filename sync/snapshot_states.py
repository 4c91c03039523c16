"""The state of a unit as a vault's whole log gives it, now or where its chains stood before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sync import changes, crypto, frames, snapshot_blocks
from sync.changes import Batch, Dot
from sync.keyring import Keyring
from sync.merge import Current, State
from sync.snapshot_blocks import Block, Early, Entry, Place
from sync.snapshots import Chain, state_hash
from sync.sqlcipher import Connection
from sync.states import Incarnations, read_state

_AT_ONCE = 4_096


class Latest(Protocol):
    """What tells when records were changed last, as screens show it."""

    def latest(self, connection: Connection, rows: Sequence[int]) -> dict[int, tuple[int, bytes]]:
        """Return the author's clock and incarnation of the latest change of some records, by row number."""


class NotWhole(Exception):
    """The log here does not reach that far, or does not go back to the beginning."""


@dataclass(slots=True)
class _Unit:
    row: int
    uuid: bytes
    names: Incarnations
    upto: dict[int, int]
    counters: dict[int, int]

    def seen(self, dot: Dot) -> bool:
        return self.counters.get(self.names.numbers.get(dot[1], 0), 0) >= dot[0]


def chains_now(connection: Connection, unit: bytes) -> list[Chain]:
    """Return where the chains of a unit stand, sorted by incarnation.

    Args:
        connection: A transaction to read in.
        unit: The 16-byte id.
    """
    rows = connection.execute(
        "SELECT i.uuid, i.device, h.seq, h.hash, h.counter FROM head h JOIN unit u ON u.id = h.unit"
        " JOIN incarnation i ON i.id = h.incarnation WHERE u.uuid = ? ORDER BY i.uuid",
        (unit,),
    )
    return [Chain(*row) for row in rows]


def is_whole(connection: Connection, unit: bytes) -> bool:
    """Say whether this vault has the whole log of a unit, and not a snapshot in place of its beginning."""
    row = connection.execute(
        "SELECT 1 FROM floor f JOIN unit u ON u.id = f.unit WHERE u.uuid = ? LIMIT 1", (unit,)
    ).fetchone()
    return row is None


def chains_at(connection: Connection, unit: bytes, wanted: Sequence[Chain]) -> list[Chain]:
    """Return the chains of a snapshot with their counters, as the frames here say.

    Args:
        connection: A transaction to read in.
        unit: The 16-byte id.
        wanted: Where the chains stood.

    Raises:
        NotWhole: The log here has not all of that.
    """
    if not is_whole(connection, unit):
        raise NotWhole
    now = {chain.incarnation: chain for chain in chains_now(connection, unit)}
    keyring = Keyring.load(connection)
    found = []
    for chain in wanted:
        held = now.get(chain.incarnation)
        if held is None or held.device != chain.device or held.seq < chain.seq:
            raise NotWhole
        if held.seq > chain.seq:
            held = _before(connection, unit, chain, keyring)
        if held.hash != chain.hash:
            raise NotWhole
        found.append(replace(chain, counter=held.counter))
    return found


def _before(connection: Connection, unit: bytes, chain: Chain, keyring: Keyring) -> Chain:
    """Return where a chain stood at an earlier frame, which has to be opened for that."""
    row = connection.execute(
        "SELECT f.body FROM frame f JOIN unit u ON u.id = f.unit JOIN incarnation i ON i.id = f.incarnation"
        " WHERE u.uuid = ? AND i.uuid = ? AND f.seq = ?",
        (unit, chain.incarnation, chain.seq),
    ).fetchone()
    if row is None:
        raise NotWhole
    frame = frames.parse(row[0])
    batch = changes.decode(keyring.open(frame))
    return replace(chain, hash=frame.hash, counter=batch.counter + batch.count - 1)


def blocks(
    connection: Connection, unit: bytes, chains: Sequence[Chain], latest: Latest | None = None
) -> Iterator[Block]:
    """Give the state of a unit in blocks, the same ones as on every device with the same frames.

    Args:
        connection: A transaction to read in.
        unit: The 16-byte id.
        chains: Where its chains stand, or stood.
        latest: Tells when records were changed last; without it nothing says so.
    """
    (row,) = connection.execute("SELECT id FROM unit WHERE uuid = ?", (unit,)).fetchone()
    names = Incarnations.load(connection)
    upto = {names.numbers[chain.incarnation]: chain.seq for chain in chains}
    counters = {names.numbers[chain.incarnation]: chain.counter for chain in chains}
    of = _Unit(row, unit, names, upto, counters)
    later = _changed_later(connection, of)
    early = [
        (record, name, counter, incarnation)
        for record, name, counter, incarnation, number in connection.execute(
            "SELECT e.uuid, e.field, e.counter, e.incarnation, r.id FROM early e"
            " LEFT JOIN record r ON r.uuid = e.uuid AND r.unit = e.unit WHERE e.unit = ?",
            (row,),
        )
        if number not in later and not of.seen((counter, incarnation))
    ]
    yield from snapshot_blocks.divide(_entries(connection, of, later, early, latest))
    if early:
        yield Block(early=sorted(early))


def hash_of(connection: Connection, unit: bytes, chains: Sequence[Chain], community: bytes) -> bytes:
    """Return the hash of the state of a unit where its chains stand, or stood.

    Args:
        connection: A transaction to read in.
        unit: The 16-byte id.
        chains: Where its chains stand, counters included.
        community: The 32-byte id.

    Raises:
        TooLarge: It has a record that is larger than snapshots can hold.
    """
    places = {chain.incarnation: place for place, chain in enumerate(chains)}
    hashes = [crypto.sha256(snapshot_blocks.encode(block, places)) for block in blocks(connection, unit, chains)]
    return state_hash(community, unit, chains, hashes)


def _changed_later(connection: Connection, of: _Unit) -> set[int]:
    """Return the rows of the records that frames behind the given ends touched."""
    ends = connection.execute("SELECT incarnation, seq FROM head WHERE unit = ?", (of.row,)).fetchall()
    late: set[int] = set()
    for incarnation, seq in ends:
        if seq > of.upto.get(incarnation, 0):
            rows = connection.execute(
                "SELECT id FROM frame WHERE unit = ? AND incarnation = ? AND seq > ?",
                (of.row, incarnation, of.upto.get(incarnation, 0)),
            )
            late.update(number for (number,) in rows)
    if not late:
        return set()
    return {record for record, frame in connection.execute("SELECT record, frame FROM touched") if frame in late}


def _entries(
    connection: Connection, of: _Unit, later: set[int], early: list[Early], latest: Latest | None
) -> Iterator[Entry]:
    cursor = connection.execute(
        "SELECT id, collection, uuid, fields, dots, siblings FROM record WHERE unit = ? ORDER BY uuid", (of.row,)
    )
    while rows := cursor.fetchmany(_AT_ONCE):
        numbers = [row[0] for row in rows]
        touched = _touched(connection, of, numbers)
        times = latest.latest(connection, numbers) if latest else {}
        for number, collection, uuid, fields, dots, siblings in rows:
            places = touched.get(number)
            if not places:
                continue
            if number in later:
                state = _earlier(connection, of, number, uuid, early)
            else:
                state = read_state(fields, dots, siblings, of.names.ids)
            entry = Entry(collection, uuid, state, sorted(places), *times.get(number, (0, b"")))
            if latest and state.siblings:
                entry.times = _times(connection, of, number, state)
            yield entry


def _touched(connection: Connection, of: _Unit, numbers: list[int]) -> dict[int, list[Place]]:
    """Return which frames touched some records, those behind the given ends left out."""
    marks = ",".join("?" * len(numbers))
    found: dict[int, list[Place]] = {}
    ids, upto = of.names.ids, of.upto
    for record, incarnation, seq in connection.execute(
        f"SELECT t.record, f.incarnation, f.seq FROM touched t JOIN frame f ON f.id = t.frame WHERE t.record IN ({marks})",  # noqa: E501, S608 - only question marks
        numbers,
    ):
        if seq <= upto.get(incarnation, 0):
            found.setdefault(record, []).append((ids[incarnation], seq))
    return found


def _batches(connection: Connection, of: _Unit, number: int) -> Iterator[tuple[bytes, Batch]]:
    """Give the incarnation and the changes of each frame up to the given ends that touched a record."""
    keyring = Keyring.load(connection)
    rows = connection.execute(
        "SELECT f.body, f.incarnation, f.seq FROM touched t JOIN frame f ON f.id = t.frame WHERE t.record = ?",
        (number,),
    ).fetchall()
    for body, incarnation, seq in rows:
        if seq <= of.upto.get(incarnation, 0):
            frame = frames.parse(body)
            yield frame.header.incarnation, changes.decode(keyring.open(frame))


def _times(connection: Connection, of: _Unit, number: int, state: State) -> list[tuple[Dot, int]]:
    """Return when values that stand side by side were written."""
    wanted = {dot for current in state.siblings.values() for dot, _value in current}
    return sorted(
        (dot, batch.time_ms)
        for incarnation, batch in _batches(connection, of, number)
        for dot in wanted
        if dot[1] == incarnation and 0 <= dot[0] - batch.counter < batch.count
    )


def _earlier(connection: Connection, of: _Unit, number: int, record: bytes, early: list[Early]) -> State:
    """Return the state of a record before later frames changed it: what was written and not replaced until then."""
    written: dict[str, Current] = {}
    replaced: dict[str, set[Dot]] = {}
    for incarnation, batch in _batches(connection, of, number):
        for group in batch.groups:
            for at in (place for place, each in enumerate(group.records) if each == record):
                dot = (batch.counter + group.positions[at], incarnation)
                for name, column, dots in zip(group.names, group.columns, group.replaces, strict=True):
                    written.setdefault(name, []).append((dot, column[at]))
                    replaced.setdefault(name, set()).update(dots[at] if dots else ())
    state = State({}, (0, b""))
    for name, values in written.items():
        for dot, value in values:
            state.write(name, dot, value, (), lambda _dot: True)
        state.drop(name, tuple(replaced[name]))
        early.extend((record, name, *dot) for dot in replaced[name] if not of.seen(dot))
    return state
