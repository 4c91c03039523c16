"""The bar at the top: where one is, one search box over everything, a new case, and the menu."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QWidget

from sync.messages import _
from ui import icons, keys, theme, tips
from ui.actions import Action
from ui.context import DeskContext
from ui.look import Look, add_look_menus
from ui.widgets import button, icon_button, icon_label

_HEIGHT = 48
_SETTLE_MS = 150
_SEARCH_WIDTH = 440
_LEAST_NAME = 120
# Where the menu draws a line: after these actions.
_LINES_AFTER = {"exchange", "sync", "about"}
_NOT_IN_MENU = {"menu", "region", "region_back"}


class SearchLine(QLineEdit):
    """The search box; Down goes into what was found, Escape empties it."""

    into_page_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: leave by Down or Enter, empty by Escape."""
        match Qt.Key(event.key()):
            case Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.into_page_wanted.emit()
            case Qt.Key.Key_Escape if self.text():
                self.clear()
            case _:
                super().keyPressEvent(event)


class Whereabouts(QWidget):
    """Community and unit on one line, shortened from the unit on where there is no room.

    Args:
        parent: The top bar.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._community = self._unit = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def show_names(self, community: str, unit: str) -> None:
        """Show where one is.

        Args:
            community: The name of the community.
            unit: The name of the unit in which cases are registered.
        """
        self._community, self._unit = community, unit
        self.setAccessibleName(f"{community} · {unit}")
        self.setToolTip(tips.plain(f"{community} · {unit}"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Qt: room for both names."""
        strong, plain = QFontMetrics(theme.font("body", strong=True)), QFontMetrics(theme.font("body"))
        width = strong.horizontalAdvance(self._community) + plain.horizontalAdvance(f"  ·  {self._unit}")
        return QSize(width + theme.SPACE_XS, strong.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Qt: as narrow as it must be."""
        return QSize(theme.scaled(_LEAST_NAME), QFontMetrics(theme.font("body")).height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002
        """Qt: paint what fits."""
        painter = QPainter(self)
        room = self.rect()
        for words, strong, colour in (
            (self._community, True, theme.tokens().text),
            (f"  ·  {self._unit}" if self._unit else "", False, theme.tokens().muted),
        ):
            painter.setFont(theme.font("body", strong=strong))
            painter.setPen(QColor(colour))
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
            room.setLeft(room.left() + painter.fontMetrics().horizontalAdvance(shown))
        painter.end()


class TopBar(QFrame):
    """Community and unit, search, New case, menu.

    Args:
        context: Whose desk it is, and the way to the cases.
        parent: The desk.
    """

    into_page_wanted = Signal()

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("top_bar")
        self.setFixedHeight(max(_HEIGHT, theme.scaled(_HEIGHT) - theme.SPACE_S))
        self._context = context
        self.search = SearchLine(self)
        self.new_case = button(_("New case"), "new", "primary", self)
        self.menu_button = icon_button("menu", _("Menu"), self)
        self.whereabouts = Whereabouts(self)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._build()
        self._settle.timeout.connect(self._ask)
        self.search.textEdited.connect(self._settle.start)
        self.search.textChanged.connect(self._emptied)
        self.search.into_page_wanted.connect(self._into_page)
        self.new_case.clicked.connect(self._new_case)
        context.run(partial(_names, context), self._show_names)

    def focus_search(self) -> None:
        """Put the focus into the search box, over what stands there."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def show_words(self, words: str) -> None:
        """Show which words the list of cases is searched for now."""
        if words != self.search.text() and not self._settle.isActive():
            with QSignalBlocker(self.search):
                self.search.setText(words)

    def set_menu_actions(self, actions: Sequence[Action], look: Look, choose: Callable[[Look], object]) -> None:
        """Fill the menu.

        Args:
            actions: All actions of the desk, in their order.
            look: The present look.
            choose: Told the look that a person picks.
        """
        menu = QMenu(self.menu_button)
        menu.setAccessibleName(_("Menu"))
        for action in actions:
            if action.id.startswith("look_") or action.id in _NOT_IN_MENU:
                continue
            entry = QAction(action.text, menu)
            if action.icon:
                entry.setIcon(icons.icon(action.icon, "muted"))
            if action.keys:
                entry.setText(f"{action.text}\t{keys.shown(action.keys[0])}")
            entry.triggered.connect(action.run)
            menu.addAction(entry)
            if action.id in _LINES_AFTER:
                menu.addSeparator()
            if action.id == "sync":
                add_look_menus(menu, look, choose)
                menu.addSeparator()
        self.menu_button.setMenu(menu)
        self.menu_button.setPopupMode(self.menu_button.ToolButtonPopupMode.InstantPopup)

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_M, 0, theme.SPACE_M, 0)
        row.setSpacing(theme.SPACE_S)
        logo = icon_label("info", "text", self)
        side = theme.scaled(24)
        logo.setPixmap(icons.app_icon().pixmap(side, side))
        row.addWidget(logo)
        row.addWidget(self.whereabouts, 4)
        self.search.setObjectName("search")
        self.search.setAccessibleName(_("Search everything"))
        self.search.setPlaceholderText(_("Search everything  ·  Ctrl+F"))
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumHeight(32)
        self.search.setMinimumWidth(theme.scaled(_SEARCH_WIDTH // 2))
        self.search.setMaximumWidth(theme.scaled(_SEARCH_WIDTH))
        self.search.addAction(icons.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        row.addWidget(self.search, 3)
        row.addStretch(1)
        self.new_case.setToolTip(_("New case ({keys})").format(keys="F7"))
        row.addWidget(self.new_case)
        row.addWidget(self.menu_button)

    def _show_names(self, names: tuple[str, str]) -> None:
        self.whereabouts.show_names(*names)

    def _ask(self) -> None:
        self._context.search(self.search.text())

    def _emptied(self, text: str) -> None:
        """Clearing the box by its own button or by Escape is no edit for Qt, but it is for a person."""
        if not text:
            self._settle.start()

    def _into_page(self) -> None:
        if self._settle.isActive():
            self._settle.stop()
            self._ask()
        self.into_page_wanted.emit()

    def _new_case(self) -> None:
        self._context.new_case()


def _names(context: DeskContext) -> tuple[str, str]:
    return context.workspace.community, context.workspace.unit.name
