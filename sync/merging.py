"""Merging decoded changes into the rows of their records, many at a time."""

from dataclasses import dataclass, field
from functools import partial

from sync.changes import Batch, Dot, Value
from sync.merge import State
from sync.sqlcipher import Connection
from sync.states import Incarnations, dots_blob, fields_json, read_state, siblings_blob


@dataclass(slots=True)
class Touched:
    """A record that a batch changed, as the projection needs it.

    Args:
        row: Its row number, the same in every table about it.
        collection: What kind of record.
        record: Its 16-byte id.
        unit: The row number of its unit.
        state: Its merged state.
        new: Whether no row about it exists yet.
        time_ms: The author's clock at its latest change, milliseconds since 1970.
        incarnation: The 16-byte id of the incarnation that made the latest change.
    """

    row: int
    collection: str
    record: bytes
    unit: int
    state: State
    new: bool
    time_ms: int
    incarnation: bytes = b""
    frames: list[int] = field(default_factory=list)


class Merger:
    """Merges the changes of some frames in memory and writes each touched record once.

    Args:
        connection: Inside the caller's write transaction.
        incarnations: The local numbers of incarnations.
        merged: The largest counter merged of each chain, by unit and incarnation number; kept up to date here.
        early: Whether the table of dots that were replaced before they arrived has rows.
    """

    def __init__(
        self,
        connection: Connection,
        incarnations: Incarnations,
        merged: dict[tuple[int, int], int],
        *,
        early: bool,
    ) -> None:
        self._connection = connection
        self._incarnations = incarnations
        self._merged = merged
        self._early = early
        self.early_added = 0
        self._records: dict[tuple[int, bytes], Touched] = {}
        self._absent: set[tuple[int, bytes]] = set()
        (self._last_row,) = connection.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()

    def load(self, unit: int, batch: Batch) -> None:
        """Read the records that a batch touches and that are not in memory yet."""
        wanted = {
            record
            for group in batch.groups
            for record in group.records
            if (unit, record) not in self._records and (unit, record) not in self._absent
        }
        if not wanted:
            return
        marks = ",".join("?" * len(wanted))
        rows = self._connection.execute(
            f"SELECT id, collection, uuid, fields, dots, siblings FROM record WHERE unit = ? AND uuid IN ({marks})",  # noqa: S608 - only question marks
            (unit, *wanted),
        ).fetchall()
        for row, collection, uuid, fields, dots, siblings in rows:
            state = read_state(fields, dots, siblings, self._incarnations.ids)
            self._records[unit, uuid] = Touched(row, collection, uuid, unit, state, new=False, time_ms=0)
        self._absent.update((unit, uuid) for uuid in wanted if (unit, uuid) not in self._records)

    def merge(self, unit: int, frame: int, batch: Batch, incarnation: bytes) -> None:
        """Merge one batch, change by change in the order of its author."""
        for group in batch.groups:
            plain = not self._early and not any(group.replaces)
            for index, record in enumerate(group.records):
                dot = (batch.counter + group.positions[index], incarnation)
                entry = self._records.get((unit, record))
                values = [column[index] for column in group.columns]
                if entry is None:
                    entry = self._add(unit, group.collection, record, dot)
                    if plain:
                        entry.state.fields = dict(zip(group.names, values, strict=True))
                        self._note(entry, frame, batch.time_ms, incarnation)
                        continue
                replaces = [() if column is None else column[index] for column in group.replaces]
                self._write_values(entry, group.names, values, dot, replaces)
                self._note(entry, frame, batch.time_ms, incarnation)
        self._merged[unit, self._incarnations.numbers[incarnation]] = batch.counter + batch.count - 1

    def _write_values(
        self,
        entry: Touched,
        names: list[str],
        values: list[Value],
        dot: Dot,
        replaces: list[tuple[Dot, ...]],
    ) -> None:
        for name, value, replaced in zip(names, values, replaces, strict=True):
            early = entry.state.write(name, dot, value, replaced, partial(self._seen, entry.unit))
            for missing in early:
                self._connection.execute(
                    "INSERT OR IGNORE INTO early (unit, uuid, field, counter, incarnation) VALUES (?, ?, ?, ?, ?)",
                    (entry.unit, entry.record, name, *missing),
                )
                self._early = True
                self.early_added += 1
            if self._early and self._was_replaced(entry, name, dot):
                entry.state.drop(name, (dot,))

    def _seen(self, unit: int, dot: Dot) -> bool:
        """Whether the value with some dot has been merged: chains have no gaps and counters only grow."""
        counter, incarnation = dot
        return self._merged.get((unit, self._incarnations.numbers.get(incarnation, 0)), 0) >= counter

    def _was_replaced(self, entry: Touched, name: str, dot: Dot) -> bool:
        return bool(
            self._connection.execute(
                "DELETE FROM early WHERE unit = ? AND uuid = ? AND field = ? AND counter = ? AND incarnation = ?",
                (entry.unit, entry.record, name, *dot),
            ).rowcount
            > 0
        )

    def _add(self, unit: int, collection: str, record: bytes, dot: Dot) -> Touched:
        self._last_row += 1
        entry = Touched(self._last_row, collection, record, unit, State({}, dot), new=True, time_ms=0)
        self._records[unit, record] = entry
        return entry

    @staticmethod
    def _note(entry: Touched, frame: int, time_ms: int, incarnation: bytes) -> None:
        if time_ms >= entry.time_ms:
            entry.time_ms, entry.incarnation = time_ms, incarnation
        if not entry.frames or entry.frames[-1] != frame:
            entry.frames.append(frame)

    def write(self) -> list[Touched]:
        """Write the rows of all touched records and return them."""
        numbers = self._incarnations.numbers
        touched = [entry for entry in self._records.values() if entry.frames]
        insert(self._connection, [entry for entry in touched if entry.new], numbers)
        self._connection.executemany(
            "UPDATE record SET fields = ?, dots = ?, siblings = nullif(?, x'') WHERE id = ?",
            [
                (
                    fields_json(entry.state),
                    dots_blob(entry.state, numbers),
                    siblings_blob(entry.state, numbers),
                    entry.row,
                )
                for entry in touched
                if not entry.new
            ],
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO touched (record, frame) VALUES (?, ?)",
            [(entry.row, frame) for entry in touched for frame in entry.frames],
        )
        return touched


def insert(connection: Connection, entries: list[Touched], numbers: dict[bytes, int]) -> None:
    """Write the rows of records that have none yet.

    Args:
        connection: Inside the caller's write transaction.
        entries: The records.
        numbers: The local numbers of incarnations.
    """
    connection.executemany(
        "INSERT INTO record (id, collection, unit, uuid, fields, dots, siblings)"
        " VALUES (?, ?, ?, ?, ?, ?, nullif(?, x''))",
        [  # only types that the driver takes as they are
            (
                entry.row,
                entry.collection,
                entry.unit,
                bytearray(entry.record),
                fields_json(entry.state),
                dots_blob(entry.state, numbers),
                siblings_blob(entry.state, numbers),
            )
            for entry in entries
        ],
    )
