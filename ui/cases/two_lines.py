"""Items of a list in two lines: a name, and quieter words that tell it from the others."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from ui import theme, tips
from ui.icons import pixmap

WORDS_ROLE = Qt.ItemDataRole.UserRole + 10
ICON_ROLE = Qt.ItemDataRole.UserRole + 11


def two_line_item(parent: QListWidget, name: str, words: str, icon_name: str) -> QListWidgetItem:
    """Add an item to a list whose delegate is ``TwoLines``.

    Args:
        parent: The list.
        name: The first line.
        words: The second line.
        icon_name: The icon beside both.
    """
    item = QListWidgetItem(name, parent)
    item.setData(WORDS_ROLE, words)
    item.setData(ICON_ROLE, icon_name)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}. {words}")
    item.setToolTip(tips.plain(f"{name}\n{words}"))
    return item


class TwoLines(QStyledItemDelegate):
    """A title over a muted line, beside an icon."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Qt: paint one item."""
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        cell.text = ""
        QApplication.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, cell, painter, cell.widget)
        large, small = theme.font("body", strong=True), theme.font("small")
        side = theme.icon_pixels()
        room = cell.rect.adjusted(12, 8, -12, -8)
        painter.save()
        selected = bool(cell.state & QStyle.StateFlag.State_Selected)
        picture = pixmap(str(index.data(ICON_ROLE)), "accent", side, painter.device().devicePixelRatioF())
        painter.drawPixmap(room.x(), room.center().y() - side // 2, picture)
        room.adjust(side + 12, 0, 0, 0)
        now = theme.tokens()
        painter.setPen(QColor(now.text))
        painter.setFont(large)
        height = QFontMetrics(large).height()
        _draw(painter, QRect(room.x(), room.y(), room.width(), height), str(index.data(Qt.ItemDataRole.DisplayRole)))
        painter.setPen(QColor(now.text if selected else now.muted))
        painter.setFont(small)
        below = QRect(room.x(), room.y() + height, room.width(), QFontMetrics(small).height())
        _draw(painter, below, str(index.data(WORDS_ROLE)))
        painter.restore()

    def sizeHint(  # noqa: N802
        self,
        option: QStyleOptionViewItem,  # noqa: ARG002
        index: QModelIndex | QPersistentModelIndex,  # noqa: ARG002
    ) -> QSize:
        """Qt: two lines and room around them."""
        lines = QFontMetrics(theme.font("body", strong=True)).height() + QFontMetrics(theme.font("small")).height()
        return QSize(0, lines + 16)


def _draw(painter: QPainter, rect: QRect, words: str) -> None:
    shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
