"""Rows become the values of cases, and what doesn't fit becomes problems with a place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from desktop_app.kits import validation
from desktop_app.spreadsheet import cells
from desktop_app.spreadsheet.columns import Unfit
from desktop_app.spreadsheet.mapping import OnRowProblem
from desktop_app.spreadsheet.plan import KEY, Plan, Target
from desktop_app.spreadsheet.reading import Row
from desktop_app.spreadsheet.report import Problem, Problems
from sync.errors import FieldProblem, Refused
from sync.messages import _


@dataclass(slots=True)
class Candidate:
    """A row on its way to a case.

    Args:
        number: The row as a spreadsheet program numbers it.
        raw: Values by field, as the kit will parse them.
        unfit: What the mapping doesn't know in it.
    """

    number: int
    row: Row
    raw: dict[str, object]
    unfit: list[FieldProblem] = field(default_factory=list)


def candidates(plan: Plan, rows: Sequence[Row], first: int, today: date) -> list[Candidate]:
    """Return the rows that hold something, with their values by field.

    Args:
        plan: What goes where.
        rows: The rows of the sheet.
        first: The index of the first row under the header.
        today: The present day.
    """
    found = []
    for number, row in enumerate(rows[first:], start=first + 1):
        if cells.is_blank(row[: plan.header.own]):
            continue
        candidate = Candidate(number, row, dict(plan.constants))
        assumed = _fill(candidate, plan)
        if assumed:
            shown = validation.visible(plan.kit, candidate.raw, today)
            candidate.raw.update(dict.fromkeys(assumed - shown))
        found.append(candidate)
    return found


def _fill(candidate: Candidate, plan: Plan) -> frozenset[str]:
    """Read every field of a row; return the conditional ones that got a value which isn't from the row."""
    raw, row = candidate.raw, candidate.row
    from_row = set()
    for target in plan.targets:
        try:
            value = target.read(row)
        except Unfit as error:
            candidate.unfit.append(FieldProblem(target.field.id, str(error)))
            raw[target.field.id] = None
            continue
        if value is not None:
            from_row.add(target.field.id)
        # None is said on purpose: an empty cell isn't filled in by the kit's default.
        raw[target.field.id] = target.fallback if value is None else value
    extra = [cell for cell in row[len(plan.header.names) :] if cells.clean(cell) is not None]
    if extra:
        message = _("The row has more cells than the header. Perhaps a separator inside a text lacks quotation marks.")
        candidate.unfit.append(FieldProblem("", message))
    return plan.conditional - from_row if plan.conditional else plan.conditional


@dataclass(slots=True)
class Examiner:
    """Checks rows one by one and gathers everything that is wrong with them.

    Args:
        plan: What goes where.
        on_problem: What happens to a row with a problem.
        today: The present day.
        sheet: The sheet, for messages.
    """

    plan: Plan
    on_problem: OnRowProblem
    today: date
    sheet: str
    found: Problems
    tolerated: Problems
    skipped: int = 0
    _targets: Mapping[str, Target] = field(init=False)

    def __post_init__(self) -> None:
        self._targets = {target.field.id: target for target in self.plan.targets}

    def accept(self, candidate: Candidate, known: Sequence[FieldProblem] = ()) -> bool:
        """Tell whether a row fits; values that may be left out are taken out of it.

        Args:
            candidate: The row.
            known: What is known to be wrong with it as a whole.
        """
        unfit, emptied = candidate.unfit, set[str]()
        while True:
            named = {fault.field for fault in unfit}
            faults = [*known, *unfit, *(fault for fault in self._faults(candidate) if fault.field not in named)]
            out = [fault for fault in faults if self._policy(fault) == "leave-empty" and fault.field not in emptied]
            if not out:
                break
            # A value left out may let another rule speak, so look again until nothing more is left out.
            self._note(candidate, out, self.tolerated)
            emptied |= {fault.field for fault in out}
            candidate.raw.update(dict.fromkeys(emptied))
            unfit = [fault for fault in unfit if fault.field not in emptied]
        if not faults:
            return True
        # A refused value often makes another field complain that no column gives; it has nothing to correct there.
        faults = [fault for fault in faults if not fault.field or self.plan.columns(fault.field)] or faults
        if self.on_problem == "skip-row" or any(self._policy(fault) == "skip-row" for fault in faults):
            self._note(candidate, faults, self.tolerated)
            self.skipped += 1
        else:
            self._note(candidate, faults, self.found)
        return False

    def _faults(self, candidate: Candidate) -> tuple[FieldProblem, ...]:
        try:
            validation.validate(self.plan.kit, candidate.raw, self.today)
        except Refused as error:
            return error.fields
        return ()

    def _policy(self, fault: FieldProblem) -> str:
        target = self._targets.get(fault.field)
        return target.on_problem if target else "refuse"

    def _note(self, candidate: Candidate, faults: Sequence[FieldProblem], where: Problems) -> None:
        for fault in faults:
            columns = self.plan.columns(fault.field)
            held = [cells.clean(candidate.row[index]) for index in columns if index < len(candidate.row)]
            header = self.plan.header
            where.add(
                Problem(
                    sheet=self.sheet,
                    row=candidate.number,
                    column=", ".join(header.names[index] for index in columns),
                    letter=", ".join(header.letter(index) for index in columns),
                    field="" if fault.field == KEY else fault.field,
                    value="; ".join(cells.text(value) for value in held if value is not None),
                    message=fault.message,
                )
            )
