"""The grid of cases: a table that opens rows by Enter, sorts by keyboard, and keeps its place while rows change."""

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QWidget

from sync.messages import _
from ui import theme
from ui.cases.chip import chip_width
from ui.cases.delegate import StateDelegate
from ui.cases.model import SORTS, CaseTableModel, Column
from ui.cases.states import State
from ui.table import Table

# The longest usual text of a column, and the column's share of the room that is left.
_SAMPLES = {
    Column.NUMBER: ("ГД-0000/00/0000", 0),
    Column.KIT: ("Звернення", 2),
    Column.TITLE: ("Про відсутність", 7),
    Column.PERSON: ("Коваленко О. П.", 3),
    Column.RECEIVED: ("00.00.0000", 0),
    Column.DUE: ("", 0),
    Column.STAGE: ("Зареєстровано", 0),
    Column.CONFLICTS: ("000", 0),
}
_CELL_PADDING = 16
# What goes first when large text leaves no room: the filter and the page of the case still tell it.
_DISPENSABLE = (Column.KIT, Column.RECEIVED)


class CaseHeader(QHeaderView):
    """A header that the keyboard reaches: arrows walk over the columns, Space or Enter sorts."""

    sort_asked = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._column = 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSortIndicatorShown(True)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName(_("Columns: arrows choose one, Space sorts by it"))
        self.sectionClicked.connect(self._ask)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: walk and sort."""
        if event.key() in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            step = 1 if event.key() == Qt.Key.Key_Right else -1
            self._column = self._next(step)
            self.viewport().update()
        elif event.key() in {Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._ask(self._column)
        else:
            super().keyPressEvent(event)

    def paintSection(self, painter: QPainter, rect: QRect, logical_index: int) -> None:  # noqa: N802
        """Qt: paint a column's name, and the ring where the keyboard is."""
        super().paintSection(painter, rect, logical_index)
        if self.hasFocus() and logical_index == self._column:
            painter.save()
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
            painter.restore()

    def _next(self, step: int) -> int:
        column = self._column + step
        while 0 <= column < self.count():
            if not self.isSectionHidden(column) and Column(column) in SORTS:
                return column
            column += step
        return self._column

    def _ask(self, column: int) -> None:
        if Column(column) in SORTS:
            self._column = column
            self.sort_asked.emit(column)


class CaseGrid(Table):
    """The table itself; every row has one height and no widget."""

    opened = Signal(str)
    sort_asked = Signal(int)

    def __init__(self, model: CaseTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases = model
        self._header = CaseHeader(self)
        self._held: tuple[str, int] | None = None
        self._kit_shown = True
        self.setHorizontalHeader(self._header)
        self.setModel(model)
        self.setItemDelegate(StateDelegate(self))
        self.setAccessibleName(_("List of cases"))
        self.setObjectName("case_grid")
        self._header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._header.sort_asked.connect(self.sort_asked)
        QWidget.setTabOrder(self._header, self)
        self.row_opened.connect(self._open_row)
        model.refreshed.connect(self._stand_again)

    def show_sort(self, sort: str, *, descending: bool) -> None:
        """Point the arrow of the header at the column that sorts."""
        column = next((column for column, name in SORTS.items() if name == sort), None)
        if column is None:
            self._header.setSortIndicatorShown(False)
            return
        self._header.setSortIndicatorShown(True)
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self._header.setSortIndicator(column, order)

    def show_kit(self, *, shown: bool) -> None:
        """Show or hide the column of case types, which says nothing when only one is listed."""
        self._kit_shown = shown
        self.share_width()

    def current_case(self) -> str | None:
        """Return the id of the current row's case."""
        case = self._cases.case_at(self.currentIndex().row()) if self.currentIndex().isValid() else None
        return case.id if case else None

    def select_case(self, case_id: str | None) -> None:
        """Stand on a case where it's in memory, else on the first row."""
        row = self._cases.find(case_id) if case_id else None
        if self._cases.total:
            self.setCurrentIndex(self._cases.index(row or 0, 0))

    def refresh(self) -> None:
        """Ask for the rows again; the selection and the place on screen survive."""
        top = self.rowAt(0)
        bottom = self.rowAt(self.viewport().height() - 1)
        current = self.currentIndex().row()
        case_id = self.current_case()
        self._held = (case_id, current) if case_id else None
        rows = {max(top, 0), max(bottom if bottom >= 0 else self._cases.total - 1, 0)}
        if current >= 0:
            rows |= {current, max(current - 1, 0), current + 1}
        self._cases.refresh(sorted(rows))

    def share_width(self) -> None:
        """Share the width out among the columns."""
        metrics = self.fontMetrics()
        needed = {column: metrics.horizontalAdvance(_SAMPLES[column][0]) + _CELL_PADDING for column in Column}
        needed[Column.CONFLICTS] += metrics.height()
        longest = State("error", "overdue", _("Overdue {date}").format(date="00.00.00"))
        needed[Column.DUE] = chip_width(longest, QFontMetrics(theme.font("small"))) + _CELL_PADDING
        if not self._kit_shown:
            del needed[Column.KIT]
        for column in _DISPENSABLE:
            if sum(needed.values()) > self.viewport().width():
                needed.pop(column, None)
        spare = self.viewport().width() - sum(needed.values())
        shares = sum(_SAMPLES[column][1] for column in needed)
        for column in Column:
            self.setColumnHidden(column, column not in needed)
            if column in needed:
                width = needed[column] + spare * _SAMPLES[column][1] // shares
                self.setColumnWidth(column, max(width, metrics.height()))

    # Own

    def _open_row(self, row: int) -> None:
        case = self._cases.case_at(row)
        if case is not None:
            self.opened.emit(case.id)

    def _stand_again(self) -> None:
        if self._held is None:
            return
        case_id, before = self._held
        now = self._cases.find(case_id)
        if now is None or now == before:
            return
        # Rows came or went above: move the selection and the screen by as much, so that nothing seems to move.
        bar = self.verticalScrollBar()
        place = bar.value() + (now - before) * self.verticalHeader().defaultSectionSize()
        self.setCurrentIndex(self._cases.index(now, 0))
        bar.setValue(place)
