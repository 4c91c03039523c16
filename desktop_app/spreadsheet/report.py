"""What an import tells: what was registered, what didn't fit and where, which columns were passed over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from desktop_app.cases.model import Registered
from desktop_app.kits.model import Kit, text
from desktop_app.spreadsheet import cells
from sync.messages import _, ngettext

KEPT_PROBLEMS = 1_000
_SHOWN = 20
_SHOWN_VALUE = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One value that doesn't fit.

    Args:
        sheet: The sheet.
        row: The row as a spreadsheet program numbers it.
        column: The header of the column, of several columns, or empty when the field has none.
        letter: The letter of the column, or of several.
        field: The field of the kit; empty when the row as a whole is meant.
        value: What the cell holds.
        message: What is wrong and what to do.
    """

    sheet: str
    row: int
    column: str
    letter: str
    field: str
    value: str
    message: str

    def line(self) -> str:
        """Return the problem as one line for a person."""
        if self.column:
            return _("Row {row}, column {letter} ({column}): {message}").format(
                row=self.row, letter=self.letter, column=self.column, message=self.message
            )
        return _("Row {row}: {message}").format(row=self.row, message=self.message)

    def document(self) -> dict[str, Any]:
        """Return the problem for JSON."""
        return {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column or None,
            "letter": self.letter or None,
            "field": self.field or None,
            "value": self.value[:_SHOWN_VALUE],
            "message": self.message,
        }


@dataclass(slots=True)
class Problems:
    """A list that keeps the first and counts all."""

    kept: list[Problem] = field(default_factory=list)
    total: int = 0
    rows: set[int] = field(default_factory=set)

    def add(self, problem: Problem) -> None:
        """Note one more."""
        self.total += 1
        self.rows.add(problem.row)
        if len(self.kept) < KEPT_PROBLEMS:
            self.kept.append(problem)

    def lines(self) -> list[str]:
        """Return the first for a person, and how many more there are."""
        shown = [problem.line() for problem in self.kept[:_SHOWN]]
        left = self.total - len(shown)
        return [*shown, _("… and {count} more.").format(count=left)] if left else shown


@dataclass(frozen=True, slots=True)
class SkippedColumn:
    """A column that goes into no field; ``note`` says why, where the mapping does."""

    column: str
    index: int
    note: str = ""


@dataclass(slots=True)
class Report:
    """The outcome of an import.

    Args:
        rows: How many rows hold something.
        accepted: How many of them fit.
        cases: What was registered, with the row of each.
        found: What doesn't fit and stops the import.
        tolerated: What doesn't fit and was left out, as the mapping file says.
        skipped_rows: How many rows were left out for it.
        fields: The columns of each field.
        by_default: Fields without a column that the kit fills in by itself.
    """

    file: str
    sheet: str
    kit: Kit
    dry_run: bool
    rows: int = 0
    accepted: int = 0
    cases: list[tuple[Registered, int]] = field(default_factory=list)
    found: Problems = field(default_factory=Problems)
    tolerated: Problems = field(default_factory=Problems)
    skipped_rows: int = 0
    skipped_columns: tuple[SkippedColumn, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_default: tuple[str, ...] = ()

    @property
    def problems(self) -> list[Problem]:
        """What stops the import; the first thousand."""
        return self.found.kept

    def document(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "file": self.file,
            "sheet": self.sheet,
            "kit": self.kit.id,
            "dry_run": self.dry_run,
            "registered": len(self.cases),
            "rows": self.rows,
            "accepted": self.accepted,
            "skipped_rows": self.skipped_rows,
            "cases": [{"id": case.id, "number": case.number, "row": row} for case, row in self.cases],
            "problems": [problem.document() for problem in self.found.kept],
            "problem_count": self.found.total,
            "tolerated": [problem.document() for problem in self.tolerated.kept],
            "tolerated_count": self.tolerated.total,
            "fields": {name: list(columns) for name, columns in self.fields.items()},
            "filled_by_default": list(self.by_default),
            "skipped_columns": [
                {"column": each.column, "letter": cells.letter(each.index), "note": each.note or None}
                for each in self.skipped_columns
            ],
        }

    def lines(self) -> list[str]:
        """Return the report as lines for a person."""
        lines = [self._outcome(), *self.found.lines()]
        if self.tolerated.total:
            lines.append(
                _("Left out, as the mapping file says (rows left out whole: {rows}):").format(rows=self.skipped_rows)
            )
            lines += self.tolerated.lines()
        if self.by_default:
            labels = ", ".join(f"“{text(self.kit.field(name).label)}”" for name in self.by_default)
            lines.append(_("Without a column, so filled in as in a new form: {fields}.").format(fields=labels))
        return [*lines, *self._skipped()]

    def refusal(self) -> str:
        """Return the sentence that says that nothing was registered, and what to do."""
        faults = ngettext("{count} value doesn't fit", "{count} values don't fit", self.found.total)
        return _(
            "Nothing was registered: {faults}; rows with faults: {rows} of {all}. Correct the table, or say in the "
            "mapping file what may be left out, and import again."
        ).format(faults=faults.format(count=self.found.total), rows=len(self.found.rows), all=self.rows)

    def _outcome(self) -> str:
        if self.found.total:
            return _("Rows read: {rows}. What doesn't fit:").format(rows=self.rows)
        if self.dry_run:
            return _("Rows read: {rows}. Fit: {accepted}. This was a trial; nothing was registered.").format(
                rows=self.rows, accepted=self.accepted
            )
        if not self.cases:
            return _("Rows read: {rows}. There was nothing to register.").format(rows=self.rows)
        return _("Rows read: {rows}. Registered: {registered}, from {first} to {last}.").format(
            rows=self.rows,
            registered=len(self.cases),
            first=self.cases[0][0].number,
            last=self.cases[-1][0].number,
        )

    def _skipped(self) -> list[str]:
        groups: dict[str, list[str]] = {}
        for each in self.skipped_columns:
            groups.setdefault(each.note, []).append(each.column or cells.letter(each.index))
        lines = []
        for note, columns in groups.items():
            more = ", …" if len(columns) > _SHOWN else ""
            lines.append(
                _("Columns passed over ({count}): {columns}. {note}")
                .format(count=len(columns), columns=", ".join(columns[:_SHOWN]) + more, note=note)
                .rstrip()
            )
        return lines
