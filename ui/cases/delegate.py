"""Paint the cells of the grid: text with room around it, states as chips, and no widget per row."""

from collections.abc import Collection

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui import theme
from ui.cases.chip import paint_chip
from ui.cases.model import STATE_ROLE, Column
from ui.cases.states import State
from ui.windowed import Index

MARGIN = 8


class StateDelegate(QStyledItemDelegate):
    """Draws a cell that holds a state as icon, word and colour, and any other as text.

    Args:
        parent: The table.
        quiet: The columns whose text is grey.
    """

    def __init__(self, parent: QWidget, quiet: Collection[int] = (Column.KIT, Column.RECEIVED)) -> None:
        super().__init__(parent)
        self._quiet = quiet

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Qt: paint one cell."""
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        words, cell.text = cell.text, ""
        # The whole row is marked, so there is no dotted box around a single cell.
        cell.state &= ~QStyle.StateFlag.State_HasFocus
        QApplication.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, cell, painter, cell.widget)
        room = cell.rect.adjusted(MARGIN, 2, -MARGIN // 2, -2)
        state = index.data(STATE_ROLE)
        if isinstance(state, State) and state.role:
            paint_chip(painter, room.adjusted(-MARGIN // 2, 0, 0, 0), state, theme.font("small"))
            return
        quiet = index.column() in self._quiet and not cell.state & QStyle.StateFlag.State_Selected
        painter.save()
        painter.setPen(QColor(theme.tokens().muted if quiet else theme.tokens().text))
        painter.setFont(cell.font)
        shown = cell.fontMetrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()
