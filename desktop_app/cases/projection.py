"""The tables that lists and search read, kept in step with the log inside its own transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from desktop_app import ukrainian
from desktop_app.cases import standings
from desktop_app.cases.model import COLLECTION, DELETED, KIT, MOVED_ON, MOVED_TO, NUMBER, REGISTERED_ON, STAGE
from desktop_app.directory import NAMED
from desktop_app.kits import loader, terms
from desktop_app.kits.calendar import Calendar
from desktop_app.kits.model import FieldType, Kit
from desktop_app.kits.terms import Deadline
from sync import ids
from sync.changes import Value
from sync.errors import Refused
from sync.merging import Touched
from sync.sqlcipher import Connection

PROJECTED = ("case_row", "standing", "case_search", "named", "moved_row")
_SEARCHED = frozenset({FieldType.TEXT, FieldType.LONG_TEXT, FieldType.PHONE, FieldType.EMAIL, FieldType.IDENTIFIER})


class CaseProjection:
    """Projects cases and names; see `sync.applying.Projector`."""

    def __init__(self) -> None:
        self.calendar = terms.shipped_calendar()

    def project(self, connection: Connection, touched: Sequence[Touched]) -> None:
        """Bring lists, search and names up to date for some records."""
        cases = [entry for entry in touched if entry.collection == COLLECTION]
        old = [(entry.row,) for entry in cases if not entry.new]
        recount = standings.Recount(connection)
        recount.leave(row for (row,) in old)
        connection.executemany("DELETE FROM case_search WHERE rowid = ?", old)
        connection.executemany("DELETE FROM case_row WHERE id = ?", old)
        connection.executemany("DELETE FROM moved_row WHERE id = ?", old)
        gone = [entry for entry in cases if entry.state.fields.get(MOVED_TO)]
        connection.executemany(
            "INSERT INTO moved_row (id, uuid, unit, number, moved_to, moved_on) VALUES (?, ?, ?, ?, ?, ?)",
            [_moved_row(entry) for entry in gone],
        )
        live = [
            entry for entry in cases if not entry.state.fields.get(DELETED) and not entry.state.fields.get(MOVED_TO)
        ]
        connection.executemany(
            "INSERT INTO case_row (id, uuid, unit, kit, number, stage, final, title, title_key, person, person_key,"
            " received_on, due_on, remind_on, updated, incarnation, conflicts, standing)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''), ?, ?, ?, ?)",
            [self._row(entry, recount) for entry in live],
        )
        recount.keep()
        connection.executemany(
            "INSERT INTO case_search (rowid, words) VALUES (?, ?)",
            [(entry.row, _words(entry.state.fields)) for entry in live],
        )
        connection.executemany(
            "INSERT INTO named (uuid, collection, name) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET name = excluded.name",
            [
                (entry.record, entry.collection, _text(entry.state.fields.get("name")))
                for entry in touched
                if entry.collection in NAMED
            ],
        )

    def _row(self, entry: Touched, recount: standings.Recount) -> tuple[int | str | bytearray | None, ...]:
        """Return a row of types that the driver takes as they are, as far as can be."""
        fields = entry.state.fields
        kit_id, stage = _text(fields.get(KIT)), _text(fields.get(STAGE))
        shown = _shown_of(kit_id)
        title = person = ""
        received: Value = fields.get(REGISTERED_ON)
        due = None
        final = False
        if shown is not None:
            kit = shown.kit
            title, person = _text(fields.get(kit.title_field)), _text(fields.get(kit.person_field))
            received = fields.get(kit.date_field) or received
            final = shown.stages.get(stage, False)
            due = None if final else deadline(kit, fields, stage, self.calendar)
        return (
            entry.row,
            bytearray(entry.record),
            entry.unit,
            kit_id,
            _text(fields.get(NUMBER)),
            stage,
            int(final),
            title,
            ukrainian.sort_key(title),
            person,
            ukrainian.sort_key(person),
            received if isinstance(received, str) else None,
            due.due_on.isoformat() if due else "",
            due.remind_on.isoformat() if due else "",
            entry.time_ms,
            bytearray(entry.incarnation),
            len(entry.state.conflicts) if entry.state.siblings else 0,
            recount.enter(kit_id, stage, final=final),
        )


def latest(connection: Connection, rows: Sequence[int]) -> dict[int, tuple[int, bytes]]:
    """Return the author's clock and the incarnation of the latest change of some cases, by row number."""
    marks = ",".join("?" * len(rows))
    found = connection.execute(f"SELECT id, updated, incarnation FROM case_row WHERE id IN ({marks})", rows)  # noqa: S608 - only question marks
    return {row: (updated, bytes(incarnation)) for row, updated, incarnation in found}


def _moved_row(entry: Touched) -> tuple[object, ...]:
    fields = entry.state.fields
    target = ids.from_text(_text(fields.get(MOVED_TO))) or b""
    return entry.row, entry.record, entry.unit, _text(fields.get(NUMBER)), target, _moment(fields.get(MOVED_ON))


def _moment(value: Value) -> str:
    """Return a stored time with its zone, or the beginning of time for what another program put in its place."""
    try:
        return datetime.fromisoformat(_text(value)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC).isoformat()


def known_kit(kit_id: str) -> Kit | None:
    """Return a kit, or None when a case came from somebody who has a kit that is not here yet."""
    try:
        return loader.kit(kit_id)
    except Refused:
        return None


def day(value: Value) -> date | None:
    """Return a stored date, or None for what another program may have put in its place."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def deadline(kit: Kit, fields: dict[str, Value], stage: str, calendar: Calendar) -> Deadline | None:
    """Return when the term of a case ends, or None when it has none or none can be counted from its dates."""
    if all(stage != each.id for each in kit.stages):
        return None
    try:
        return terms.deadline(kit, fields, stage, calendar)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the lists show of the cases of a kit, looked up once.

    Args:
        kit: The kit.
        stages: Its stages, and whether each is final.
        searched: The fields whose words are found.
    """

    kit: Kit
    stages: dict[str, bool]
    searched: tuple[str, ...]


@lru_cache(maxsize=64)
def _shown_of(kit_id: str) -> _Shown | None:
    kit = known_kit(kit_id)
    if kit is None:
        return None
    return _Shown(
        kit,
        {stage.id: stage.final for stage in kit.stages},
        tuple(field.id for field in kit.fields if field.type in _SEARCHED),
    )


def _words(fields: dict[str, Value]) -> str:
    shown = _shown_of(_text(fields.get(KIT)))
    names = (NUMBER, *shown.searched) if shown else (NUMBER,)
    return ukrainian.fold(" ".join([value for name in names if isinstance(value := fields.get(name), str)]))


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
