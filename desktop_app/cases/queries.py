"""Lists of cases: SQL filters, sorts and counts, and only the rows asked for are read."""

from datetime import date

from desktop_app import ukrainian
from desktop_app.cases.model import (
    DELETED,
    KIT,
    KIT_VERSION,
    NUMBER,
    REGISTERED_ON,
    STAGE,
    CaseQuery,
    CaseRow,
)
from desktop_app.kits import loader, values
from desktop_app.kits.model import Field, FieldType
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
SYSTEM_FIELDS = frozenset({KIT, KIT_VERSION, NUMBER, STAGE, REGISTERED_ON, DELETED})
_EQUAL_COLUMNS = frozenset(SORT_COLUMNS) - {"updated"}
_NUMBERS = frozenset({FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY})
_MOST_ROWS = 2**62
_MOST_WORDS = 100
EXACT_MATCHES = 20_000
"""Up to how many search results are sorted by the column asked for; more come newest first."""

_COLUMNS = "c.uuid, c.number, c.kit, c.stage, c.title, c.person, c.received_on, c.due_on, c.final, c.conflicts, u.uuid"


class _Where:
    """The conditions of a query and their values."""

    def __init__(self, query: CaseQuery, today: date) -> None:
        self.conditions: list[str] = []
        self.values: list[object] = []
        self._kit = query.kit
        if query.kit is not None:
            self._add("c.kit = ?", loader.kit(query.kit).id)
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
        """A value from a command line is text; it is compared as each kit that has the field would store it."""
        forms = sorted({value, *(_stored(known, value) for known in _fields(field, self._kit))})
        marks = ",".join("?" * len(forms))
        if field in _EQUAL_COLUMNS:
            self.conditions.append(f"c.{field} IN ({marks})")
            self.values += forms
            return
        text = "CASE j.type WHEN 'true' THEN 'yes' WHEN 'false' THEN 'no' ELSE CAST(j.value AS TEXT) END"
        self.conditions.append(
            f"EXISTS (SELECT 1 FROM record r, json_each(r.fields, ?) j WHERE r.id = c.id AND {text} IN ({marks}))"  # noqa: S608 - question marks
        )
        self.values += (json_path(field), *forms)

    def _add(self, condition: str, value: object) -> None:
        self.conditions.append(condition)
        self.values.append(value)

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


def _fields(name: str, kit_id: str | None) -> list[Field]:
    """Return the fields of a name in the kits that a query is about; none for a column of the list.

    Raises:
        Refused: There is no such field.
    """
    kits = loader.shipped().values() if kit_id is None else [loader.kit(kit_id)]
    found = [kit.field(name) for kit in kits if name in kit.field_ids]
    if not found and name not in SORT_COLUMNS and name not in SYSTEM_FIELDS:
        raise Refused(
            "unknown_field",
            _("There is no field “{field}”. “sprava kit show” names the fields of a kit.").format(field=name),
        )
    return found


def _stored(field: Field, value: str) -> str:
    """Return a value as a field stores it, in text form; as it was given when the field would refuse it."""
    try:
        stored = values.parse(field, value)
    except Refused:
        return value
    if isinstance(stored, list):
        return str(stored[0]) if len(stored) == 1 else value
    if isinstance(stored, bool):
        return "yes" if stored else "no"
    return value if stored is None else str(stored)


def _field_order(connection: Connection, field: Field | None, path: str) -> str:
    """Return the SQL by which cases are sorted by a field: numbers by size, texts as a Ukrainian expects them."""
    stored = f"json_extract((SELECT fields FROM record r WHERE r.id = c.id), '{path}')"  # noqa: S608 - checked
    if field is not None and field.type in _NUMBERS:
        return f"CAST({stored} AS REAL)"
    connection.create_function("ukrainian_key", 1, _sort_key, deterministic=True)
    return f"ukrainian_key({stored})"


def _sort_key(value: object) -> object:
    return ukrainian.sort_key(value) if isinstance(value, str) else value


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
    words = list(dict.fromkeys(ukrainian.search_terms(text)))[:_MOST_WORDS]
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
        fields = _fields(query.sort, query.kit)
        value = _field_order(connection, fields[0] if fields else None, path)
        order = f"{value} {direction}, c.id {direction}"
        ids_sql = f"SELECT c.id FROM case_row c{where} ORDER BY {order}"  # noqa: S608 - checked above
    rows = connection.execute(
        f"WITH page AS MATERIALIZED ({ids_sql} LIMIT ? OFFSET ?) SELECT {_COLUMNS} FROM page p"  # noqa: S608
        f" JOIN case_row c ON c.id = p.id JOIN unit u ON u.id = c.unit ORDER BY {order}",
        (*where.values, min(limit, _MOST_ROWS), min(offset, _MOST_ROWS)),
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
