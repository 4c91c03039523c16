"""Rows that are there twice, in the file or from an earlier import."""

from dataclasses import dataclass, field

from desktop_app.cases.model import CaseQuery
from desktop_app.cases.service import CaseService
from desktop_app.spreadsheet import cells
from desktop_app.spreadsheet.mapping import Mapping
from desktop_app.spreadsheet.plan import KEY, Plan
from desktop_app.spreadsheet.rows import Candidate
from sync.errors import FieldProblem
from sync.messages import _

_PAGE = 200


@dataclass(slots=True)
class Known:
    """Keys seen so far, and those that cases in the vault hold.

    Args:
        cases: The cases in the vault.
        plan: Says where the key stands.
        rules: Says in which field cases keep it.
    """

    cases: CaseService
    plan: Plan
    rules: Mapping
    _rows: dict[str, int] = field(default_factory=dict)
    _empty_vault: bool = field(init=False)

    def __post_init__(self) -> None:
        if self.rules.key_field:
            self.plan.kit.field(self.rules.key_field)
        self._empty_vault = not self.cases.count(CaseQuery(kit=self.plan.kit.id))

    def faults(self, candidate: Candidate) -> list[FieldProblem]:
        """Return what is wrong with a row's key."""
        if self.plan.key is None:
            return []
        index = self.plan.key
        key = cells.text(cells.clean(candidate.row[index])) if index < len(candidate.row) else ""
        name = self.rules.key
        if not key:
            message = _("The column “{column}”, which tells rows apart, is empty. Fill it in.")
            return [FieldProblem(KEY, message.format(column=name))]
        first = self._rows.setdefault(key, candidate.number)
        if first != candidate.number:
            message = _("“{column}” is “{key}”, the same as in row {row}. Delete one of the two rows.")
            return [FieldProblem(KEY, message.format(column=name, key=key, row=first))]
        number = self._registered(key)
        if number:
            message = _("“{key}” was registered before, as case {number}. Delete the row.")
            return [FieldProblem(KEY, message.format(key=key, number=number))]
        return []

    def _registered(self, key: str) -> str:
        """Return the number of the case that holds a key, or nothing."""
        if not self.rules.key_field or self._empty_vault:
            return ""
        query = CaseQuery(kit=self.plan.kit.id, text=key)
        offset = 0
        while found := self.cases.peek_page(query, offset, _PAGE):
            for row in found:
                held = self.cases.peek(row.id).values.get(self.rules.key_field)
                if any(line == key or line.endswith(f" {key}") for line in cells.text(held).splitlines()):
                    return row.number
            offset += _PAGE
        return ""
