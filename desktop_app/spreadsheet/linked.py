"""Sheets whose rows belong to rows of the main sheet: their people, by a common key, become columns of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from desktop_app.spreadsheet import cells
from desktop_app.spreadsheet.columns import Header, joined, part_reader
from desktop_app.spreadsheet.mapping import Condition, Linked, LinkedColumn, Part, Source, bad_mapping
from desktop_app.spreadsheet.mapping import Mapping as MappingFile
from desktop_app.spreadsheet.reading import Book, Row, Sheet
from desktop_app.spreadsheet.report import Problem, Problems
from sync.messages import _

_Rows = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Widened:
    """The main sheet with the columns that linked sheets add.

    Args:
        sheet: The sheet; rows above the header are as they were.
        header: Its header, the added columns last.
        first: The index of the first row under the header.
    """

    sheet: Sheet
    header: Header
    first: int


def widen(sheet: Sheet, header: Header, first: int, book: Book, mapping: MappingFile, found: Problems) -> Widened:
    """Give every row of the main sheet what the rows linked to it say.

    Args:
        sheet: The main sheet.
        header: Its header.
        first: The index of the first row under the header.
        book: Where the linked sheets are.
        mapping: Says which they are.
        found: Where rows that belong to none are noted.

    Raises:
        Refused: A sheet or column is missing.
    """
    names = list(header.names)
    rows = sheet.rows
    for name, linked in mapping.linked.items():
        for added in linked.adds:
            if added in names:
                raise bad_mapping(_("the column “{column}” exists already").format(column=added))
        rows = _with_linked(rows, first, header, book.sheet(name), linked, mapping, found)
        names += linked.adds
    widened = Header(sheet.name, tuple(names), len(header.names))
    return Widened(Sheet(sheet.name, rows), widened, first)


def _with_linked(
    rows: _Rows, first: int, header: Header, sheet: Sheet, linked: Linked, mapping: MappingFile, found: Problems
) -> _Rows:
    top = linked.header_row - 1
    inner = Header.of(Sheet(sheet.name, sheet.rows), top)
    parent = header.index(linked.parent_key)
    groups = _grouped(sheet.rows[top + 1 :], inner.index(linked.key))
    makers = [_maker(column, inner, mapping) for column in linked.adds.values()]
    taken = set()
    result = list(rows[:first])
    for row in rows[first:]:
        key = cells.text(cells.clean(row[parent])) if parent < len(row) else ""
        taken.add(key)
        group = [each for _number, each in groups.get(key, ())]
        padded = [*row, *[None] * (len(header.names) - len(row))]
        # Other sheets may have added columns before this one; they stand behind the header's own.
        result.append([*padded, *(make(group) for make in makers)])
    _note_orphans(sheet, inner.index(linked.key), groups, taken, linked, top, found)
    return result


def _grouped(rows: _Rows, key: int) -> Mapping[str, list[tuple[int, Row]]]:
    groups: dict[str, list[tuple[int, Row]]] = {}
    for number, row in enumerate(rows):
        if not cells.is_blank(row):
            groups.setdefault(cells.text(cells.clean(row[key])), []).append((number, row))
    return groups


def _note_orphans(
    sheet: Sheet,
    key: int,
    groups: Mapping[str, list[tuple[int, Row]]],
    taken: set[str],
    linked: Linked,
    top: int,
    found: Problems,
) -> None:
    for value in groups.keys() - taken:
        for number, _row in groups[value]:
            message = _("The sheet “{sheet}” has a row that belongs to none: “{column}” is “{value}”.").format(
                sheet=sheet.name, column=linked.key, value=value
            )
            found.add(Problem(sheet.name, top + 2 + number, linked.key, cells.letter(key), "", value, message))


def _maker(column: LinkedColumn, header: Header, mapping: MappingFile) -> Callable[[Sequence[Row]], object]:
    tests = [(header.index(name), _test(condition)) for name, condition in column.where.items()]
    parts = Source(columns=column.columns).parts()
    readers = [(part, part_reader(part, header.index(part.column), mapping.empty)) for part in parts]

    def chosen(rows: Sequence[Row]) -> list[Row]:
        return [row for row in rows if all(test(cells.clean(row[index])) for index, test in tests)]

    def count(rows: Sequence[Row]) -> object:
        return len(chosen(rows))

    def listing(rows: Sequence[Row]) -> object:
        return column.separator.join(filter(None, (_one(row, readers, column.join) for row in chosen(rows)))) or None

    return listing if parts else count


def _one(row: Row, readers: Sequence[tuple[Part, Callable[[Row], object]]], join: str) -> str:
    return joined([(part.label, read(row)) for part, read in readers], join)


def _test(condition: Condition) -> Callable[[object], bool]:
    answers = None if condition.any_of is None else frozenset(condition.any_of)

    def holds(cell: object) -> bool:
        if answers is not None and cells.text(cell) not in answers:
            return False
        if condition.below is None and condition.at_least is None:
            return True
        number = _number(cell)
        return (
            number is not None
            and (condition.below is None or number < condition.below)
            and (condition.at_least is None or number >= condition.at_least)
        )

    return holds


def _number(cell: object) -> float | None:
    try:
        return float(cells.text(cell).replace(",", "."))
    except ValueError:
        return None
