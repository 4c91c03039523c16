"""Lists of cases: SQL filters, sorts and counts, and only the rows asked for are read."""

from datetime import date

from desktop_app import ukrainian
from desktop_app.cases.model import CaseQuery, CaseRow
from sync import ids
from sync.errors import Refused
from sync.messages import _
from sync.sqlcipher import Connection

SORT_COLUMNS = {
    "number": "number",
    "kit": "kit",
    "stage": "stage",
    "title": "title_key",
    "person": "person_key",
    "received_on": "received_on",
    "due_on": "due_on",
    "updated": "updated",
}
EXACT_MATCHES = 20_000
"""Up to how many search results are sorted by the column asked for; more come newest first."""

_COLUMNS = "c.uuid, c.number, c.kit, c.stage, c.title, c.person, c.received_on, c.due_on, c.final, c.conflicts, u.uuid"


class _Where:
    """The conditions of a query and their values."""

    def __init__(self, query: CaseQuery, today: date) -> None:
        self.conditions: list[str] = []
        self.values: list[object] = []
        if query.kit is not None:
            self._add("c.kit = ?", query.kit)
        if query.stage is not None:
            self._add("c.stage = ?", query.stage)
        if query.overdue:
            self._add("c.due_on < ?", today.isoformat())
        if query.only_open or query.overdue:
            self.conditions.append("NOT c.final")
        for field, value in query.where.items():
            self._equal(field, value)
        self.words = search_expression(query.text)
        if self.words is not None:
            self._add("c.id IN (SELECT rowid FROM case_search WHERE case_search MATCH ?)", self.words)

    def _equal(self, field: str, value: str) -> None:
        """A value from a command line is text; numbers and yes/no are compared as what they are stored as."""
        if field in {"number", "kit", "stage", "title", "person", "received_on", "due_on"}:
            self._add(f"c.{field} = ?", value)
            return
        path = json_path(field)
        self.conditions.append(
            "EXISTS (SELECT 1 FROM record r, json_each(r.fields, ?) j WHERE r.id = c.id"
            " AND CASE j.type WHEN 'true' THEN 'yes' WHEN 'false' THEN 'no' ELSE CAST(j.value AS TEXT) END = ?)"
        )
        self.values += (path, value)

    def _add(self, condition: str, value: object) -> None:
        self.conditions.append(condition)
        self.values.append(value)

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


def json_path(field: str) -> str:
    """Return the JSON path of a field of a record.

    Raises:
        Refused: The name can't be one of a field.
    """
    if not field.replace("_", "").isalnum():
        raise Refused("unknown_field", _("“{field}” is not the name of a field.").format(field=field))
    return f'$."{field}"'


def search_expression(text: str) -> str | None:
    """Return the full-text query for what somebody typed: every word, each from its beginning; None for nothing."""
    words = ukrainian.search_terms(text)
    return " AND ".join(f'"{word}"*' for word in words) if words else None


def count(connection: Connection, query: CaseQuery, today: date) -> int:
    """Return how many cases a query finds."""
    where = _Where(query, today)
    if where.words is not None and len(where.conditions) == 1:
        sql = "SELECT count(*) FROM case_search WHERE case_search MATCH ?"
    else:
        sql = f"SELECT count(*) FROM case_row c{where}"  # noqa: S608 - conditions are constants of this module
    (total,) = connection.execute(sql, where.values).fetchone()
    return int(total)


def page(connection: Connection, query: CaseQuery, today: date, offset: int, limit: int) -> list[CaseRow]:
    """Return some of the cases that a query finds, in its order.

    Args:
        connection: A transaction to read in.
        query: Which cases.
        today: The day that decides what is overdue.
        offset: How many to pass over.
        limit: How many to return at most.
    """
    where = _Where(query, today)
    direction = "DESC" if query.descending else "ASC"
    if where.words is not None and len(where.conditions) == 1 and _is_broad(connection, where.words):
        ids_sql = f"SELECT rowid AS id FROM case_search WHERE case_search MATCH ? ORDER BY rowid {direction}"  # noqa: S608
        order = f"c.id {direction}"
    elif query.sort in SORT_COLUMNS:
        column = SORT_COLUMNS[query.sort]
        order = f"c.{column} {direction}, c.id {direction}"
        ids_sql = f"SELECT c.id FROM case_row c{where} ORDER BY {order}"  # noqa: S608 - names are from the table above
    else:
        path = json_path(query.sort)
        value = f"json_extract((SELECT fields FROM record r WHERE r.id = c.id), '{path}')"  # noqa: S608 - checked
        order = f"{value} {direction}, c.id {direction}"
        ids_sql = f"SELECT c.id FROM case_row c{where} ORDER BY {order}"  # noqa: S608 - checked above
    rows = connection.execute(
        f"WITH page AS MATERIALIZED ({ids_sql} LIMIT ? OFFSET ?) SELECT {_COLUMNS} FROM page p"  # noqa: S608
        f" JOIN case_row c ON c.id = p.id JOIN unit u ON u.id = c.unit ORDER BY {order}",
        (*where.values, limit, offset),
    ).fetchall()
    return [_row(row, today) for row in rows]


def rows_where(connection: Connection, condition: str, values: tuple[object, ...], today: date) -> list[CaseRow]:
    """Return the cases that a condition in SQL finds.

    Args:
        connection: A transaction to read in.
        condition: What follows WHERE, with ORDER BY and LIMIT; a constant of the calling module.
        values: The values of its question marks.
        today: The day that decides what is overdue.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM case_row c JOIN unit u ON u.id = c.unit WHERE {condition}",  # noqa: S608 - constants
        values,
    ).fetchall()
    return [_row(row, today) for row in rows]


def _is_broad(connection: Connection, words: str) -> bool:
    (found,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM case_search WHERE case_search MATCH ? LIMIT ?)",
        (words, EXACT_MATCHES + 1),
    ).fetchone()
    return bool(found > EXACT_MATCHES)


def _row(row: tuple[object, ...], today: date) -> CaseRow:
    uuid, number, kit, stage, title, person, received, due, final, conflicts, unit = row
    due_on = _date(due)
    return CaseRow(
        id=ids.to_text(bytes(uuid)),  # type: ignore[call-overload]
        number=str(number),
        kit=str(kit),
        stage=str(stage),
        title=str(title),
        person=str(person),
        received_on=_date(received),
        due_on=due_on,
        overdue=due_on is not None and due_on < today and not final,
        final=bool(final),
        conflicts=int(str(conflicts)),
        unit_id=ids.to_text(bytes(unit)),  # type: ignore[call-overload]
    )


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)) if text else None
    except ValueError:
        return None  # another program's kit may keep something else there; the case itself shows it as it is
