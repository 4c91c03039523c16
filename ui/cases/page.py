"""The list of cases: filters above, the grid below."""

from collections.abc import Sequence

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from desktop_app.cases.model import Unit
from desktop_app.kits.model import Kit
from desktop_app.workspace import ChangeEvent
from sync.messages import _
from ui.cases.filters import FilterBar
from ui.cases.grid import CaseGrid
from ui.cases.model import SORTS, CaseTableModel, Column
from ui.context import DeskContext
from ui.page import Page
from ui.widgets import EmptyState

OVERDUE_TARGET = "overdue:"
# What is best read from the newest or most urgent down when its header is first pressed.
_DESCENDING_FIRST = {"received_on", "updated"}


class CasesPage(Page):
    """Find a case among any number of them."""

    page_id = "cases"
    icon_name = "cases"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.filters = FilterBar(self)
        self.model = CaseTableModel(context, self)
        self.grid = CaseGrid(self.model, self)
        self._sort, self._descending = "received_on", True
        self._asked = False
        self._selected: str | None = None
        self._no_match = EmptyState("search", _("No case fits these filters."), parent=self, action=_("Clear filters"))
        self._none_yet = EmptyState(
            "cases", _("No cases yet."), _("Ctrl+N or F7 registers the first one."), self, _("New case")
        )
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self._no_match)
        self._stack.addWidget(self._none_yet)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(self.filters)
        layout.addWidget(self._stack, 1)
        self.grid.show_sort(self._sort, descending=self._descending)
        self._no_match.asked.connect(self.filters.clear)
        self._none_yet.asked.connect(self._new_case)
        self.filters.changed.connect(self._ask)
        self.grid.opened.connect(self._open)
        self.grid.sort_asked.connect(self._sort_by)
        self.model.loaded.connect(self._loaded)
        self.model.refreshed.connect(self._counted)

    def title(self) -> str:
        """Return the name of the page."""
        return _("Cases")

    def open_target(self, target: str) -> None:
        """Search for some words; ``overdue:`` shows what is past its term."""
        if target == OVERDUE_TARGET:
            self.filters.clear()
            self.filters.show_overdue()
        elif target:
            self.filters.set_words(target)

    def search(self, words: str) -> None:
        """Show the cases that hold some words; empty for all."""
        self.filters.set_words(words)

    def place(self) -> str:
        """Return the words searched for."""
        return self.filters.query(self._sort, descending=self._descending).text

    def activate(self) -> None:
        """Ask for the rows the first time, refresh them later."""
        self.context.run(self.context.workspace.kits, self._take_kits)
        self.context.run(self.context.workspace.units, self._take_units)
        if self._asked:
            self.grid.refresh()
        else:
            self._ask()

    def refresh(self, event: ChangeEvent) -> None:  # noqa: ARG002 - any change may move a row of this list
        """Show the rows anew; the selection stays."""
        self.grid.refresh()

    def focus_first(self) -> None:
        """Put the focus on the rows."""
        self.grid.setFocus()

    def _take_kits(self, kits: Sequence[Kit]) -> None:
        self.filters.set_kits(kits)
        self.model.set_kits({kit.id: kit for kit in kits})

    def _take_units(self, units: Sequence[Unit]) -> None:
        self.filters.set_units(units)

    def _ask(self) -> None:
        self._asked = True
        # The search box tells what the list is narrowed to, also after a filter here dropped the words.
        self.context.search_shown.emit(self.place())
        self._selected = self.grid.current_case() or self._selected
        self.model.set_query(self.filters.query(self._sort, descending=self._descending))

    def _sort_by(self, column: int) -> None:
        sort = SORTS[Column(column)]
        self._descending = not self._descending if sort == self._sort else sort in _DESCENDING_FIRST
        self._sort = sort
        self.grid.show_sort(sort, descending=self._descending)
        self._ask()

    def _loaded(self) -> None:
        self.grid.show_kit(shown=self.model.query.kit is None)
        self.grid.select_case(self._selected)
        self._counted()

    def _counted(self) -> None:
        self.filters.show_count(self.model.total)
        if self.model.total:
            self._stack.setCurrentWidget(self.grid)
            return
        self._stack.setCurrentWidget(self._no_match if self.filters.narrowed else self._none_yet)

    def _new_case(self) -> None:
        self.context.new_case()

    def _open(self, case_id: str) -> None:
        self._selected = case_id
        self.context.open_case(case_id)
