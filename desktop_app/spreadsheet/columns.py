"""Columns found by their names, and the functions that read a field's value out of a row; made once, not per row."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from desktop_app.spreadsheet import cells
from desktop_app.spreadsheet.mapping import Answer, Part
from desktop_app.spreadsheet.reading import Row, Sheet
from sync.errors import Refused
from sync.messages import _

_SHOWN = 40

Reader = Callable[[Row], object]


class Unfit(Exception):
    """A cell holds what the mapping doesn't know; the message is a translated sentence."""


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns.

    Args:
        sheet: The sheet, for messages.
        names: The names, in the order of the sheet; a column without one has an empty name.
        own: How many of them are in the sheet; the others were added by the mapping.
    """

    sheet: str
    names: tuple[str, ...]
    own: int

    @classmethod
    def of(cls, sheet: Sheet, row: int) -> "Header":
        """Return the header in a row.

        Args:
            sheet: The sheet.
            row: The index of the row.

        Raises:
            Refused: The sheet ends before it, or the row is empty.
        """
        if row >= len(sheet.rows) or cells.is_blank(sheet.rows[row]):
            raise Refused(
                "no_header",
                _("Row {row} of the sheet “{sheet}” holds no names of columns; nothing was registered.").format(
                    row=row + 1, sheet=sheet.name
                ),
            )
        names = tuple(" ".join(cells.text(cells.clean(cell)).split()) for cell in sheet.rows[row])
        return cls(sheet.name, names, len(names))

    def index(self, name: str) -> int:
        """Return where a column stands.

        Raises:
            Refused: ``wrong_columns``; there is none of this name, or several.
        """
        self.require([name])
        return self.names.index(" ".join(name.split()))

    def require(self, wanted: Collection[str]) -> None:
        """Make sure that columns are there, each once.

        Raises:
            Refused: ``wrong_columns``, naming those that lack and those that are there.
        """
        normal = {" ".join(name.split()): name for name in wanted}
        missing = [name for key, name in normal.items() if key not in self.names]
        if missing:
            raise Refused(
                "wrong_columns",
                _(
                    "The sheet “{sheet}” lacks columns that are needed: {missing}. Nothing was registered. Its "
                    "columns: {present}. Correct the names there or in the mapping file."
                ).format(sheet=self.sheet, missing=", ".join(missing), present=listed(self.names)),
            )
        repeated = [name for key, name in normal.items() if self.names.count(key) > 1]
        if repeated:
            raise Refused(
                "wrong_columns",
                _(
                    "The sheet “{sheet}” has several columns of one name: {names}. Nothing was registered. Rename "
                    "all but one."
                ).format(sheet=self.sheet, names=", ".join(repeated)),
            )

    def letter(self, index: int) -> str:
        """Return the letter of a column; columns added by the mapping have none."""
        return cells.letter(index) if index < self.own else "—"


def listed(names: Sequence[str]) -> str:
    """Return names for a sentence, not too many."""
    named = [name for name in names if name]
    return ", ".join(named[:_SHOWN]) + (", …" if len(named) > _SHOWN else "")


def part_reader(part: Part, index: int, empty: Collection[str]) -> Reader:
    """Return the function that reads one column.

    Args:
        part: How its cells are read.
        index: Where it stands.
        empty: Answers that mean that there is none.

    Returns:
        A function that returns a value, a list where the cell holds several answers, or None; it raises ``Unfit``.
    """
    nothing = frozenset(empty)
    answer = _answer(part, nothing)

    def plain(row: Row) -> object:
        value = cells.clean(row[index]) if index < len(row) else None
        return None if isinstance(value, str) and value in nothing else value

    def translated(row: Row) -> object:
        value = cells.clean(row[index]) if index < len(row) else None
        return None if value is None else answer(value)

    def several(row: Row) -> object:
        value = cells.clean(row[index]) if index < len(row) else None
        if value is None:
            return None
        found: list[object] = []
        for piece in cells.text(value).split(part.split):
            one = answer(piece.strip()) if piece.strip() else None
            found += one if isinstance(one, list) else [] if one is None else [one]
        return list(dict.fromkeys(found)) or None

    if part.split:
        return several
    return plain if part.translate is None else translated


def _answer(part: Part, nothing: Collection[str]) -> Callable[[object], object]:
    table: dict[str, Answer] = dict.fromkeys(nothing) | (part.translate or {})
    unlisted = part.unlisted if part.translate is not None else "keep"

    def answer(value: object) -> object:
        known = cells.text(value)
        if known in table:
            return table[known]
        if unlisted == "refuse":
            raise Unfit(
                _("“{value}” isn't among the answers that the mapping file translates. Add it there.").format(
                    value=known[:80]
                )
            )
        return value if unlisted == "keep" else None

    return answer


def joined(labelled: Sequence[tuple[str, object]], join: str) -> str:
    """Return several values as one text, each after its label; what is empty is left out."""
    return join.join(label + cells.text(value) for label, value in labelled if value is not None)
