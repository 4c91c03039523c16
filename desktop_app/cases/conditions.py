"""The conditions of a list of cases: what of each is asked in SQL, and how many cases it lets through."""

from dataclasses import dataclass
from datetime import date

from desktop_app import ukrainian
from desktop_app.cases import standings
from desktop_app.cases.model import DELETED, KIT, KIT_VERSION, NUMBER, REGISTERED_ON, STAGE, CaseQuery
from desktop_app.cases.standings import Standing
from desktop_app.kits import loader, values
from desktop_app.kits.model import Field
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
_MOST_WORDS = 100
EXACT_MATCHES = 20_000
"""Up to how many search results are sorted by the column asked for; more come newest first."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a query.

    Args:
        column: The column that it is about; a plus before it keeps SQLite from using that column's index.
        rest: What follows it.
        values: The values of its question marks.
        matches: How many cases it lets through, at least roughly; None when finding out would cost too much.
    """

    column: str
    rest: str
    values: tuple[object, ...] = ()
    matches: int | None = None


class Where:
    """The conditions of a query; ``cases`` is how many it finds where that is known without looking, else None.

    Args:
        connection: A transaction to read in.
        query: Which cases.
        today: The day that decides what is overdue.
    """

    def __init__(self, connection: Connection, query: CaseQuery, today: date) -> None:
        self._connection = connection
        self._kit = None if query.kit is None else loader.kit(query.kit).id
        known = standings.standings(connection)
        self.total = sum(standing.cases for standing in known)
        self.standings = [standing for standing in known if _fits(standing, query)]
        self.conditions: list[Condition] = []
        if len(self.standings) < len(known):
            numbers = ",".join(str(standing.id) for standing in self.standings)
            cases = sum(standing.cases for standing in self.standings)
            self.conditions.append(Condition("c.standing", f"IN ({numbers})", (), cases))
        if query.overdue:
            before = today.isoformat()
            late = self._some("SELECT 1 FROM case_row WHERE due_on < ?", before)
            self.conditions.append(Condition("c.due_on", "< ?", (before,), late))
        if query.unit is not None:
            of_unit = "= (SELECT id FROM unit WHERE uuid = ?)"
            self.conditions.append(Condition("c.unit", of_unit, (ids.from_text(query.unit) or b"",)))
        for field, value in query.where.items():
            self.conditions.append(self._equal(field, value))
        self.words = search_expression(query.text)
        if self.words is not None:
            found = self._some("SELECT 1 FROM case_search WHERE case_search MATCH ?", self.words)
            matching = "IN (SELECT rowid FROM case_search WHERE case_search MATCH ?)"
            self.conditions.append(Condition("c.id", matching, (self.words,), found))
        self.cases: int | None = None
        if all(condition.column == "c.standing" for condition in self.conditions):
            self.cases = sum(standing.cases for standing in self.standings)

    def _some(self, sql: str, value: object) -> int:
        """Count what a SELECT finds, up to a little more than `EXACT_MATCHES`."""
        limited = f"SELECT count(*) FROM ({sql} LIMIT ?)"  # noqa: S608 - constants of this class
        (found,) = self._connection.execute(limited, (value, EXACT_MATCHES + 1)).fetchone()
        return int(found)

    def _equal(self, field: str, value: str) -> Condition:
        """A value from a command line is text; it is compared as each kit that has the field would store it."""
        forms = tuple(sorted({value, *(_stored(known, value) for known in fields_named(field, self._kit))}))
        marks = ",".join("?" * len(forms))
        if field in _EQUAL_COLUMNS:
            return Condition(f"c.{field}", f"IN ({marks})", forms, 1 if field == "number" else None)
        text = "CASE j.type WHEN 'true' THEN 'yes' WHEN 'false' THEN 'no' ELSE CAST(j.value AS TEXT) END"
        found = f"SELECT 1 FROM record r, json_each(r.fields, ?) j WHERE r.id = c.id AND {text} IN ({marks})"  # noqa: S608 - question marks
        return Condition("EXISTS", f"({found})", (json_path(field), *forms))

    @property
    def narrowest(self) -> Condition | None:
        """The condition that lets fewest cases through, of those that can tell."""
        known = [condition for condition in self.conditions if condition.matches is not None]
        return min(known, key=lambda condition: condition.matches or 0, default=None)

    @property
    def column(self) -> str:
        """The column whose index finds the cases with fewest steps; empty when none does.

        The index of the terms holds where a case stands too: it finds late cases without seeing their rows.
        """
        columns = {condition.column for condition in self.conditions}
        narrowest = self.narrowest.column if self.narrowest else ""
        return "c.due_on" if narrowest == "c.standing" and "c.due_on" in columns else narrowest

    @property
    def values(self) -> tuple[object, ...]:
        """The values of all question marks, in order."""
        return tuple(value for condition in self.conditions for value in condition.values)

    def sql(self, indexed: str = "") -> str:
        """Return what follows WHERE.

        Args:
            indexed: The one column whose index may be used to find the cases; the other conditions only look.
        """
        return " AND ".join(
            f"{'' if condition.column in {'EXISTS', indexed} else '+'}{condition.column} {condition.rest}"
            for condition in self.conditions or (Condition("true", ""),)
        )


def _fits(standing: Standing, query: CaseQuery) -> bool:
    if query.kit not in {None, standing.kit} or query.stage not in {None, standing.stage}:
        return False
    return not (standing.final and query.only_open)


def fields_named(name: str, kit_id: str | None) -> list[Field]:
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
