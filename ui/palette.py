"""The palette: every action by its name, a few letters and Enter."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from sync.messages import _
from ui import icons, keys, theme
from ui.actions import Action, find
from ui.widgets import caption

_WIDTH, _ROWS, _TOP = 560, 9, 64
_ACTION_ROLE = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


class _Found(QAbstractListModel):
    """The actions that fit what was typed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.actions: list[Action] = []

    def show(self, actions: list[Action]) -> None:
        self.beginResetModel()
        self.actions = actions
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self.actions)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        action = self.actions[index.row()]
        if role == _ACTION_ROLE:
            return action
        if role == Qt.ItemDataRole.DisplayRole:
            return action.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join([action.text, *map(keys.shown, action.keys)])
        return None


class _Row(QStyledItemDelegate):
    """Paints an action: icon, name, and its key at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002, N802
        return QSize(0, _row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        action = index.data(_ACTION_ROLE)
        now = theme.tokens()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(now.selected))
            painter.drawRoundedRect(option.rect.adjusted(2, 1, -2, -1), 6, 6)
        side = theme.icon_pixels()
        box = option.rect.adjusted(theme.SPACE_M, 0, -theme.SPACE_M, 0)
        if action.icon:
            picture = icons.pixmap(action.icon, "muted", side, painter.device().devicePixelRatioF())
            painter.drawPixmap(box.x(), box.center().y() - side // 2, picture)
        key = keys.shown(action.keys[0]) if action.keys else ""
        painter.setFont(theme.font("small"))
        painter.setPen(QColor(now.muted))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, key)
        room = box.adjusted(side + theme.SPACE_M, 0, -painter.fontMetrics().horizontalAdvance(key) - theme.SPACE_M, 0)
        _draw_name(painter, room, action.text)
        painter.restore()


def _row_height() -> int:
    return theme.scaled(36)


def _draw_name(painter: QPainter, room: QRect, name: str) -> None:
    painter.setFont(theme.font("body"))
    painter.setPen(QColor(theme.tokens().text))
    shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


class _Typed(QLineEdit):
    """What is looked for; arrows move in the list below."""

    def __init__(self, rows: QListView, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        count = self._rows.model().rowCount()
        if step and count:
            row = (self._rows.currentIndex().row() + step) % count
            self._rows.setCurrentIndex(self._rows.model().index(row, 0))
        else:
            super().keyPressEvent(event)


class Palette(QDialog):
    """Finds an action and does it.

    Args:
        actions: Everything that can be done now.
        parent: The desk.
    """

    def __init__(self, actions: Sequence[Action], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(_("All actions"))
        self.setObjectName("palette")
        self._desk = parent
        self._most = _ROWS
        self._actions = list(actions)
        self._found = _Found(self)
        self.rows = QListView(self)
        self.typed = _Typed(self.rows, self)
        self._nothing = caption(_("Nothing is called so. Try another word."), self)
        self._build()
        self.typed.textChanged.connect(self._narrow)
        self.typed.returnPressed.connect(self._do)
        self.rows.clicked.connect(self._do)
        self._narrow("")

    def open_over(self, desk: QWidget) -> None:
        """Show the palette at the top of the desk."""
        width = min(theme.scaled(_WIDTH), desk.width() - theme.SPACE_XXL)
        self.setFixedWidth(width)
        room = desk.height() - 2 * _TOP - self.typed.sizeHint().height()
        self._most = max(1, min(_ROWS, room // _row_height()))
        self._fit()
        corner = desk.mapToGlobal(QPoint((desk.width() - width) // 2, _TOP))
        self.move(corner)
        self.show()
        self.typed.setFocus()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_S, theme.SPACE_S, theme.SPACE_S, theme.SPACE_S)
        column.setSpacing(theme.SPACE_S)
        self.typed.setAccessibleName(_("Name of an action"))
        self.typed.setPlaceholderText(_("What do you want to do?"))
        self.typed.setMinimumHeight(theme.scaled(40))
        self.typed.addAction(icons.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.rows.setModel(self._found)
        self.rows.setItemDelegate(_Row(self.rows))
        self.rows.setUniformItemSizes(True)
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setAccessibleName(_("Actions found"))
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.setFrameShape(QListView.Shape.NoFrame)
        column.addWidget(self.typed)
        column.addWidget(self._nothing)
        column.addWidget(self.rows)

    def _narrow(self, typed: str) -> None:
        self._found.show(find(self._actions, typed))
        self._nothing.setVisible(not self._found.actions)
        self.rows.setCurrentIndex(self._found.index(0, 0))
        self._fit()

    def _fit(self) -> None:
        """Be as tall as what was found."""
        shown = min(len(self._found.actions), self._most)
        self.rows.setVisible(shown > 0)
        self.rows.setFixedHeight(shown * _row_height() + theme.SPACE_XS)
        self.resize(self.width(), self.sizeHint().height())

    def _do(self) -> None:
        action = self.rows.currentIndex().data(_ACTION_ROLE)
        if isinstance(action, Action):
            self.accept()
            # After the palette is gone, so that the action finds the focus where it was.
            QTimer.singleShot(0, self._desk, action.run)
