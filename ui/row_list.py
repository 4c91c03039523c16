"""A short list of two-line rows that opens by Enter; it's as tall as its rows and never scrolls by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QListView, QScrollArea, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui import theme
from ui.cases.chip import chip_width, paint_chip
from ui.cases.states import State
from ui.icons import pixmap

_ROW_ROLE = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex
NO_STATE = State("", "", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Args:
        key: What is opened.
        title: The first line.
        detail: The second, quieter line.
        state: The chip or words at the right.
        icon: The name of an icon at the left, empty for none.
        picture: A picture in place of the icon.
        tile: The icon has as much room as a picture.
    """

    key: str
    title: str
    detail: str
    state: State = NO_STATE
    icon: str = ""
    picture: QPixmap | None = None
    tile: bool = False


class _Rows(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: Sequence[Row] = ()

    def show(self, rows: Sequence[Row]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == _ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (row.title, row.detail, row.state.word)))
        return None


class _Painter(QStyledItemDelegate):
    """Paints a row: title over detail, state at the right, a ring where the keyboard is.

    Args:
        parent: The list.
        choosing: The list is for choosing one: its row stays marked while the focus is elsewhere.
    """

    def __init__(self, parent: QWidget, *, choosing: bool) -> None:
        super().__init__(parent)
        self._choosing = choosing

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002, N802
        body, small = QFontMetrics(theme.font("body")), QFontMetrics(theme.font("small"))
        return QSize(0, body.height() + small.height() + theme.SPACE_M)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(_ROW_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _background(painter, option, chosen=self._choosing and bool(option.state & QStyle.StateFlag.State_Selected))
        box = option.rect.adjusted(theme.SPACE_S, theme.SPACE_XS, -theme.SPACE_S, -theme.SPACE_XS)
        if row.icon:
            box.adjust(_icon(painter, box, row) + theme.SPACE_M, 0, 0, 0)
        taken = _state(painter, box, row.state)
        words = box.adjusted(0, 0, -taken - theme.SPACE_M, 0)
        _line(painter, words, row.title, theme.font("body"), theme.tokens().text, Qt.AlignmentFlag.AlignTop)
        _line(painter, words, row.detail, theme.font("small"), theme.tokens().muted, Qt.AlignmentFlag.AlignBottom)
        painter.restore()


def _background(painter: QPainter, option: QStyleOptionViewItem, *, chosen: bool) -> None:
    now, state = theme.tokens(), option.state
    focused = bool(state & QStyle.StateFlag.State_Selected) and bool(state & QStyle.StateFlag.State_HasFocus)
    hovered = bool(state & QStyle.StateFlag.State_MouseOver)
    if focused or hovered or chosen:
        painter.setPen(QPen(QColor(now.accent), 2) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(now.selected if focused or chosen else now.hover))
        painter.drawRoundedRect(option.rect.adjusted(1, 1, -1, -1), 6, 6)


def _icon(painter: QPainter, box: QRect, row: Row) -> int:
    """Paint the icon or picture at the left and return the width of its place."""
    if row.picture is None:
        side = theme.scaled(24)
        room = box.height() if row.tile else side
        icon = pixmap(row.icon, "accent", side, painter.device().devicePixelRatioF())
        painter.drawPixmap(box.x() + (room - side) // 2, box.center().y() - side // 2, icon)
        return room
    side = box.height()
    size = row.picture.size().scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
    place = QRect(box.x() + (side - size.width()) // 2, box.y() + (side - size.height()) // 2, *size.toTuple())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(place, row.picture)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.tokens().line)))
    painter.drawRect(place)
    return side


def _state(painter: QPainter, box: QRect, state: State) -> int:
    """Paint the state at the right and return its width."""
    font = theme.font("small")
    metrics = QFontMetrics(font)
    if state.role:
        width = min(chip_width(state, metrics), box.width() // 2)
        paint_chip(painter, QRect(box.right() - width, box.y(), width, box.height()), state, font)
        return width
    painter.setFont(font)
    painter.setPen(QColor(theme.tokens().muted))
    painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, state.word)
    return metrics.horizontalAdvance(state.word)


def _line(painter: QPainter, box: QRect, words: str, font: QFont, colour: str, where: Qt.AlignmentFlag) -> None:
    painter.setFont(font)
    painter.setPen(QColor(colour))
    shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | where, shown)


class RowList(QListView):
    """The rows of one section.

    Args:
        name: Its accessible name.
        parent: The section.
        choosing: The list is for choosing one: its row stays marked while the focus is elsewhere.
    """

    opened = Signal(str)
    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None, *, choosing: bool = False) -> None:
        super().__init__(parent)
        self._rows = _Rows(self)
        self.setModel(self._rows)
        self.setItemDelegate(_Painter(self, choosing=choosing))
        self.setAccessibleName(name)
        self.setProperty("flat", "true")
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._open)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; the one that was marked stays marked if it's still there.

        Args:
            rows: All of them.
        """
        marked = self.current()
        self._rows.show(rows)
        self.setCurrentIndex(self._rows.index(0, 0))
        if marked is not None:
            self.mark(marked.key)
        self.setFixedHeight(max(1, len(rows)) * max(1, self.sizeHintForRow(0)) + 2)

    def current(self) -> Row | None:
        """Return the marked row."""
        row = self.currentIndex().data(_ROW_ROLE)
        return row if isinstance(row, Row) else None

    def mark(self, key: str) -> None:
        """Mark the row with a key, if there is one."""
        keys = [row.key for row in self._rows.rows]
        if key in keys:
            self.setCurrentIndex(self._rows.index(keys.index(key), 0))

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802
        """Qt: another row is marked."""
        super().currentChanged(current, previous)
        row = current.data(_ROW_ROLE)
        if isinstance(row, Row):
            self._reveal(current)
            self.chosen.emit(row.key)

    def count(self) -> int:
        """Return how many rows there are."""
        return len(self._rows.rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Enter opens; Up and Down leave the list at its ends."""
        key, row = Qt.Key(event.key()), self.currentIndex().row()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._open(self.currentIndex())
        elif key == Qt.Key.Key_Down and row == self.count() - 1:
            self.focusNextChild()
        elif key == Qt.Key.Key_Up and row <= 0:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Qt: a row is marked as soon as the list has the focus."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.count():
            self.setCurrentIndex(self._rows.index(0, 0))

    def _reveal(self, index: Index) -> None:
        """Scroll the page to a row: the list itself is as tall as all its rows."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        page = area.widget() if area is not None else None
        if area is not None and page is not None and self.hasFocus():
            middle = self.mapTo(page, self.visualRect(index).center())
            area.ensureVisible(middle.x(), middle.y(), 0, self.sizeHintForRow(0))

    def _open(self, index: QModelIndex) -> None:
        row = index.data(_ROW_ROLE)
        if isinstance(row, Row):
            self.opened.emit(row.key)
