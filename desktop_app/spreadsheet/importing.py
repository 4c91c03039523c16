"""The import itself: one file, one kit, one transaction."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from desktop_app.cases.service import CaseService
from desktop_app.kits import loader
from desktop_app.kits.model import Kit
from desktop_app.spreadsheet import cells
from desktop_app.spreadsheet.columns import Header
from desktop_app.spreadsheet.known import Known
from desktop_app.spreadsheet.linked import widen
from desktop_app.spreadsheet.mapping import Mapping, bad_mapping, load
from desktop_app.spreadsheet.plan import Plan, make_plan
from desktop_app.spreadsheet.reading import Sheet, open_book
from desktop_app.spreadsheet.report import Report
from desktop_app.spreadsheet.rows import Candidate, Examiner, candidates
from sync.errors import Refused
from sync.messages import _


def import_spreadsheet(
    cases: CaseService, path: Path, kit_id: str, *, mapping: Path | None = None, dry_run: bool = False
) -> Report:
    """Register the rows of a table as cases: all of them, or none when one doesn't fit.

    Args:
        cases: Where they are registered.
        path: A workbook (.xlsx, .xls, .ods), CSV or JSON file.
        kit_id: The kit of the cases.
        mapping: The mapping file; without one, columns are found by the names of the fields.
        dry_run: Check everything, register nothing.

    Returns:
        What was registered; or, when it has problems, what doesn't fit, and then nothing was registered.

    Raises:
        Misuse: A file can't be read.
        Refused: The kit, sheet or columns are wrong, the mapping file is, or the role may not write.
        Damaged: The file is damaged.
    """
    kit = loader.kit(kit_id)
    rules = load(mapping) if mapping else Mapping()
    if rules.kit and rules.kit != kit.id:
        raise bad_mapping(
            _("it was written for the kit “{kit}”, and cases of “{wanted}” were asked for").format(
                kit=rules.kit, wanted=kit.id
            )
        )
    book = open_book(path)
    sheet = book.sheet(rules.sheet)
    top = _header_row(sheet) if rules.header_row is None else rules.header_row - 1
    report = Report(path.name, sheet.name, kit, dry_run)
    wide = widen(sheet, Header.of(sheet, top), top + 1, book, rules, report.found)
    plan = make_plan(kit, wide.header, rules, by_name=mapping is None)
    today = date.today()  # noqa: DTZ011 - the clerk's calendar day
    rows = candidates(plan, wide.sheet.rows, wide.first, today)
    report.rows = len(rows)
    report.skipped_columns = plan.skipped(rules.skipped, wide.sheet.rows[wide.first :])
    report.fields = {each.field.id: tuple(wide.header.names[index] for index in each.columns) for each in plan.targets}
    report.by_default = plan.by_default()
    _carry_out(cases, plan, rows, rules, today, report)
    return report


def _header_row(sheet: Sheet) -> int:
    return next((index for index, row in enumerate(sheet.rows) if not cells.is_blank(row)), 0)


def _carry_out(
    cases: CaseService, plan: Plan, rows: list[Candidate], rules: Mapping, today: date, report: Report
) -> None:
    """Register the rows, or find out everything that stands in the way."""
    plainly = not (report.dry_run or rules.key or report.found.total or any(row.unfit for row in rows))
    # Registering checks every row by itself; to check them all before as well would double the work for nothing.
    if plainly and _register(cases, plan.kit, rows, report, lenient=True):
        return
    known = Known(cases, plan, rules)
    examiner = Examiner(plan, rules.on_problem, today, report.sheet, report.found, report.tolerated)
    accepted = [row for row in rows if examiner.accept(row, known.faults(row))]
    report.accepted, report.skipped_rows = len(accepted), examiner.skipped
    if not report.dry_run and not report.found.total:
        _register(cases, plan.kit, accepted, report, lenient=False)


def _register(cases: CaseService, kit: Kit, rows: Sequence[Candidate], report: Report, *, lenient: bool) -> bool:
    """Register rows in one transaction.

    Args:
        cases: Where.
        kit: Of which kit.
        rows: The rows.
        report: Where the cases are noted.
        lenient: Whether False is returned, rather than an error raised, when the kit refuses a value.
    """
    if not rows:
        return True
    try:
        registered = cases.register_many(kit.id, [row.raw for row in rows])
    except Refused as error:
        if lenient and error.code == "invalid":
            return False
        raise
    report.accepted = len(registered)
    report.cases = [(case, row.number) for case, row in zip(registered, rows, strict=True)]
    return True
