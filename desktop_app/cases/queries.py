"""Lists of cases: SQL filters, sorts and counts, and only the rows asked for are read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from desktop_app import ukrainian
from desktop_app.cases.conditions import EXACT_MATCHES, SORT_COLUMNS, Where, fields_named, json_path
from desktop_app.cases.model import CaseQuery, CaseRow
from desktop_app.cases.standings import Standing
from desktop_app.kits.model import Field, FieldType
from desktop_app.kits.terms import Deadline
from sync import ids
from sync.sqlcipher import Connection

_NUMBERS = frozenset({FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY})
_MOST_ROWS = 2**62
_LISTS = {
    "number": "case_number",
    "title": "case_title",
    "person": "case_person",
    "received_on": "case_received",
    "due_on": "case_due",
    "updated": "case_updated",
}
"""The index that holds a list in its order."""
_STANDING_ORDERS: dict[str, Callable[[Standing], tuple[str, str, bool]]] = {
    "kit": lambda standing: (standing.kit, standing.stage, standing.final),
    "stage": lambda standing: (standing.stage, standing.kit, standing.final),
}
_ROW_COST = 25
"""About how many steps in an index take as long as finding one row somewhere in the table."""
_COLUMNS = (
    "c.uuid, c.number, c.kit, c.stage, c.title, c.person, c.received_on, c.due_on, c.remind_on, c.final,"
    " c.conflicts, u.uuid"
)


def _field_order(connection: Connection, field: Field | None, path: str) -> str:
    """Return the SQL by which cases are sorted by a field: numbers by size, texts as a Ukrainian expects them."""
    stored = f"json_extract((SELECT fields FROM record r WHERE r.id = c.id), '{path}')"  # noqa: S608 - checked
    if field is not None and field.type in _NUMBERS:
        return f"CAST({stored} AS REAL)"
    connection.create_function("ukrainian_key", 1, _sort_key, deterministic=True)
    return f"ukrainian_key({stored})"


def _sort_key(value: object) -> object:
    return ukrainian.sort_key(value) if isinstance(value, str) else value


def count(connection: Connection, query: CaseQuery, today: date) -> int:
    """Return how many cases a query finds."""
    where = Where(connection, query, today)
    if where.cases is not None:
        return where.cases
    if where.words is not None and len(where.conditions) == 1:
        sql = "SELECT count(*) FROM case_search WHERE case_search MATCH ?"
    else:
        sql = f"SELECT count(*) FROM case_row c WHERE {where.sql(where.column)}"  # noqa: S608 - constants
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
    where = Where(connection, query, today)
    part = _Part(min(offset, _MOST_ROWS), min(limit, _MOST_ROWS))
    if where.words is not None and len(where.conditions) == 1 and (where.conditions[0].matches or 0) > EXACT_MATCHES:
        found = _newest(connection, where.words, query, part)
    elif query.sort in _STANDING_ORDERS and where.words is None:
        found = _by_standing(connection, where, query, part)
    elif query.sort in _LISTS and not _few(where, query, part):
        found = _in_order(connection, where, query, part)
    else:
        found = _sorted(connection, where, query, part)
    return _rows(connection, found, today)


@dataclass(frozen=True, slots=True)
class _Part:
    """Which part of a list is wanted: how many to pass over, how many to return at most."""

    offset: int
    limit: int


def _few(where: Where, query: CaseQuery, part: _Part) -> bool:
    """Whether reading every match and sorting costs less than reading the list in order until the part is full."""
    narrowest = where.narrowest
    if narrowest is None or narrowest.matches is None or narrowest.column == f"c.{SORT_COLUMNS[query.sort]}":
        return False
    return narrowest.matches**2 * _ROW_COST < (part.offset + part.limit) * where.total


def _newest(connection: Connection, words: str, query: CaseQuery, part: _Part) -> list[int]:
    """Find a part of more matches than can be sorted: in the order in which they came."""
    sql = f"SELECT rowid FROM case_search WHERE case_search MATCH ? ORDER BY rowid {_direction(query.descending)}"  # noqa: S608
    return _ids(connection, sql, (words,), part)


def _by_standing(connection: Connection, where: Where, query: CaseQuery, part: _Part) -> list[int]:
    """Find a part of a list sorted by type or stage: cases that stand alike lie together in one index."""
    found: list[int] = []
    offset = part.offset
    condition = f"FROM case_row c WHERE c.standing = ? AND {where.sql()}"
    for standing in sorted(where.standings, key=_STANDING_ORDERS[query.sort], reverse=query.descending):
        values = (standing.id, *where.values)
        cases = standing.cases
        if offset and where.cases is None:
            (cases,) = connection.execute(f"SELECT count(*) {condition}", values).fetchone()
        if offset and offset >= cases:
            offset -= cases
            continue
        sql = f"SELECT c.id {condition} ORDER BY c.id {_direction(query.descending)}"
        found += _ids(connection, sql, values, _Part(offset, part.limit - len(found)))
        offset = 0
        if len(found) >= part.limit:
            break
    return found


def _in_order(connection: Connection, where: Where, query: CaseQuery, part: _Part) -> list[int]:
    """Find a part of a list by reading its index in order, from the end that is nearer."""
    column, index = SORT_COLUMNS[query.sort], _LISTS[query.sort]
    descending, backwards = query.descending, False
    if where.cases is not None and part.offset > where.cases // 2:
        last = min(part.offset + part.limit, where.cases)
        part = _Part(where.cases - last, max(0, last - part.offset))
        descending, backwards = not descending, True
    direction = _direction(descending)
    sql = (
        f"SELECT c.id FROM case_row c INDEXED BY {index} WHERE {where.sql(f'c.{column}')}"  # noqa: S608 - constants
        f" ORDER BY c.{column} {direction}, c.id {direction}"
    )
    found = _ids(connection, sql, where.values, part)
    return found[::-1] if backwards else found


def _sorted(connection: Connection, where: Where, query: CaseQuery, part: _Part) -> list[int]:
    """Find a part of a list by reading every match and sorting."""
    if query.sort in _STANDING_ORDERS:
        orders = ["+c.kit", "+c.stage", "+c.final"] if query.sort == "kit" else ["+c.stage", "+c.kit", "+c.final"]
    elif query.sort in SORT_COLUMNS:
        orders = [f"+c.{SORT_COLUMNS[query.sort]}"]
    else:
        path = json_path(query.sort)
        fields = fields_named(query.sort, query.kit)
        orders = [_field_order(connection, fields[0] if fields else None, path)]
    order = ", ".join(f"{value} {_direction(query.descending)}" for value in [*orders, "c.id"])
    sql = f"SELECT c.id FROM case_row c WHERE {where.sql(where.column)} ORDER BY {order}"  # noqa: S608 - checked above
    return _ids(connection, sql, where.values, part)


def _direction(descending: bool) -> str:  # noqa: FBT001 - as it stands in the query
    return "DESC" if descending else "ASC"


def _ids(connection: Connection, sql: str, values: tuple[object, ...], part: _Part) -> list[int]:
    rows = connection.execute(f"{sql} LIMIT ? OFFSET ?", (*values, part.limit, part.offset))
    return [number for (number,) in rows]


def rows_where(connection: Connection, condition: str, values: tuple[object, ...], today: date) -> list[CaseRow]:
    """Return the cases that a condition in SQL finds.

    Args:
        connection: A transaction to read in.
        condition: What follows WHERE, with ORDER BY and LIMIT; a constant of the calling module.
        values: The values of its question marks.
        today: The day that decides what is overdue.
    """
    found = connection.execute(f"SELECT c.id FROM case_row c WHERE {condition}", values)  # noqa: S608 - constants
    return _rows(connection, [number for (number,) in found], today)


def _rows(connection: Connection, numbers: list[int], today: date) -> list[CaseRow]:
    """Read the rows with some numbers, in that order; only an index was read to find them."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM json_each(?) p JOIN case_row c ON c.id = p.value JOIN unit u ON u.id = c.unit"  # noqa: S608
        " ORDER BY p.key",
        (json.dumps(numbers),),
    ).fetchall()
    return [_row(row, today) for row in rows]


def _row(row: tuple[object, ...], today: date) -> CaseRow:
    uuid, number, kit, stage, title, person, received, due, remind, final, conflicts, unit = row
    due_on, remind_on = _date(due), _date(remind)
    term = Deadline(due_on, remind_on) if due_on and remind_on else None
    return CaseRow(
        id=ids.to_text(bytes(uuid)),  # type: ignore[call-overload]
        number=str(number),
        kit=str(kit),
        stage=str(stage),
        title=str(title),
        person=str(person),
        received_on=_date(received),
        due_on=due_on,
        due_soon=term is not None and term.due_soon(today),
        overdue=term is not None and term.overdue(today),
        final=bool(final),
        conflicts=int(str(conflicts)),
        unit_id=ids.to_text(bytes(unit)),  # type: ignore[call-overload]
    )


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)) if text else None
    except ValueError:
        return None  # another program's kit may keep something else there; the case itself shows it as it is
