"""What the list of cases shows in its columns."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import IntEnum

from PySide6.QtCore import QObject, Qt

from desktop_app.cases.model import CaseQuery, CaseRow
from desktop_app.kits.model import Kit, text
from sync.messages import N_, _, ngettext
from ui import tips
from ui.cases.states import State, due_state, due_words
from ui.context import DeskContext
from ui.forms.dates import date_text
from ui.forms.form import local_now
from ui.windowed import LOADING, Index, Source, WindowedModel


class Column(IntEnum):
    """The columns, from left to right."""

    NUMBER = 0
    KIT = 1
    TITLE = 2
    PERSON = 3
    RECEIVED = 4
    DUE = 5
    STAGE = 6
    CONFLICTS = 7


HEADERS = {
    Column.NUMBER: N_("Number"),
    Column.KIT: N_("Case type"),
    Column.TITLE: N_("Subject"),
    Column.PERSON: N_("Person"),
    Column.RECEIVED: N_("Received"),
    Column.DUE: N_("Due"),
    Column.STAGE: N_("Stage"),
    Column.CONFLICTS: N_("Conflicts"),
}
SORTS = {
    Column.NUMBER: "number",
    Column.KIT: "kit",
    Column.TITLE: "title",
    Column.PERSON: "person",
    Column.RECEIVED: "received_on",
    Column.DUE: "due_on",
    Column.STAGE: "stage",
}
ROW_ROLE = Qt.ItemDataRole.UserRole
STATE_ROLE = Qt.ItemDataRole.UserRole + 1


class CaseTableModel(WindowedModel[CaseQuery, CaseRow]):
    """The cases that a query finds.

    Args:
        context: The workspace and its worker.
        parent: Who owns the model.
    """

    def __init__(self, context: DeskContext, parent: QObject | None = None) -> None:
        cases = context.workspace.cases
        super().__init__(context, Source(cases.count, cases.page), CaseQuery(), len(Column), parent)
        self._kits: Mapping[str, Kit] = {}
        self._roles: Mapping[int, Callable[[CaseRow, Column], object]] = {
            Qt.ItemDataRole.DisplayRole: self._text,
            Qt.ItemDataRole.ToolTipRole: self._tip,
            Qt.ItemDataRole.AccessibleTextRole: self._spoken,
            ROW_ROLE: self._row,
            STATE_ROLE: self._state,
        }

    def set_kits(self, kits: Mapping[str, Kit]) -> None:
        """Tell what the kits and stages are called."""
        self._kits = kits
        self.announce(0, self.total)

    def case_at(self, row: int) -> CaseRow | None:
        """Return a row, or None while it isn't here."""
        return self.row_at(row)

    def find(self, case_id: str) -> int | None:
        """Return where a case stands among the rows in memory."""
        return self.place_of(lambda case: case.id == case_id)

    # Qt

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        """Qt: what a column is called."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if section == Column.CONFLICTS else _(HEADERS[Column(section)])
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return _(HEADERS[Column(section)])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Qt: what a cell shows."""
        if not index.isValid():
            return None
        case = self.wanted_row(index.row())
        if case is None:
            return LOADING if role == Qt.ItemDataRole.DisplayRole and index.column() != Column.CONFLICTS else None
        tell = self._roles.get(role)
        return tell(case, Column(index.column())) if tell else None

    # Own

    def _text(self, case: CaseRow, column: Column) -> str:
        plain = {Column.NUMBER: case.number, Column.TITLE: case.title, Column.PERSON: case.person}
        if column in plain:
            return plain[column]
        kit = self._kits.get(case.kit)
        if column is Column.KIT:
            return text(kit.title) if kit else case.kit
        if column is Column.STAGE:
            return stage_name(kit, case.stage)
        if column is Column.RECEIVED:
            return date_text(case.received_on) if case.received_on else ""
        state = self._state(case, column)
        return state.word if state else ""

    def _words(self, case: CaseRow, column: Column) -> str:
        if column is Column.DUE:
            return due_words(case.due_on, self._today, final=case.final)
        if column is Column.CONFLICTS:
            count = case.conflicts
            return ngettext("{number} conflict", "{number} conflicts", count).format(number=count)
        return self._text(case, column)

    def _tip(self, case: CaseRow, column: Column) -> str:
        return tips.plain(self._words(case, column))

    def _spoken(self, case: CaseRow, column: Column) -> str:
        return f"{_(HEADERS[column])}: {self._words(case, column)}"

    def _row(self, case: CaseRow, _column: Column) -> CaseRow:
        return case

    def _state(self, case: CaseRow, column: Column) -> State | None:
        if column is Column.DUE:
            return due_state(case.due_on, self._today, soon=case.due_soon, final=case.final)
        if column is Column.CONFLICTS and case.conflicts:
            return State("warn", "conflict", str(case.conflicts))
        return None

    @property
    def _today(self) -> date:
        return local_now().date()


def stage_name(kit: Kit | None, stage_id: str) -> str:
    """Return what a stage is called, its id where the kit is unknown or has no such stage."""
    return next((text(stage.label) for stage in kit.stages if stage.id == stage_id), stage_id) if kit else stage_id
