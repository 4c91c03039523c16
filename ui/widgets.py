"""Small parts that every screen is made of."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sync.messages import _
from ui import icons, theme, tips
from ui.keys import shown

_MIN_TARGET = 32
_LEAST_CHARACTERS = 6
_ICON_ROLES = {"primary": "on_accent", "quiet": "accent", "way": "accent", "danger": "error", "status": "muted"}


class Button(QPushButton):
    """A push button whose focus can be seen on any background.

    Args:
        text: What it does, as a verb.
        icon: The name of its icon, empty for none.
        kind: Empty, ``primary``, ``quiet``, ``danger``, ``rail``, ``status`` or ``choice``.
        parent: Where it stands.
    """

    def __init__(self, text: str, icon: str = "", kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("kind", kind)
        self.setAutoDefault(False)
        self.setMinimumHeight(_MIN_TARGET)
        self.setIconSize(QSize(theme.icon_pixels() + icons.GAP, theme.icon_pixels()))
        if icon:
            self.show_icon(icon, _ICON_ROLES.get(kind, "text"))

    def show_icon(self, name: str, role: str) -> None:
        """Show another icon.

        Args:
            name: Its name.
            role: Its colour.
        """
        self.setIcon(icons.beside_words(name, role) if self.text() else icons.icon(name, role))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Enter presses the button that has the focus, as Space does, and not the default one of the screen."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Qt: paint, and ring the filled kind inside, where a ring of its own colour wouldn't show."""
        super().paintEvent(event)
        if self.hasFocus() and self.property("kind") == "primary":
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.tokens().on_accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(3, 3, -3, -3), 4, 4)
            painter.end()


def button(text: str, icon: str = "", kind: str = "", parent: QWidget | None = None) -> Button:
    """Return a button; the arguments are those of ``Button``."""
    return Button(text, icon, kind, parent)


def icon_button(icon: str, name: str, parent: QWidget | None = None) -> QToolButton:
    """Return a button that shows only an icon.

    Args:
        icon: The name of the icon.
        name: What it does: its accessible name and its tip.
        parent: Where it stands.
    """
    result = QToolButton(parent)
    result.setIcon(icons.icon(icon))
    result.setIconSize(QSize(theme.icon_pixels(), theme.icon_pixels()))
    result.setMinimumSize(_MIN_TARGET, _MIN_TARGET)
    result.setAccessibleName(name)
    result.setToolTip(name)
    result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return result


def label(text: str, kind: str = "", role: str = "", parent: QWidget | None = None, *, wrap: bool = False) -> QLabel:
    """Return words in one of the sizes and colours of the desk.

    Args:
        text: Plain text, never mark-up: it may come from a case.
        kind: ``small``, ``lead``, ``title``, ``hero``, ``strong``, ``mono`` or empty.
        role: ``muted``, ``accent``, ``ok``, ``warn``, ``error`` or empty.
        parent: Where it stands.
        wrap: Break long text into lines.
    """
    result = QLabel(parent)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setText(text)
    if kind:
        result.setProperty("type", kind)
    if role:
        result.setProperty("role", role)
    if wrap:
        result.setWordWrap(True)
        result.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return result


class Elided(QLabel):
    """A name that may be longer than its place: it's shortened there, and whole in the tip and for screen readers.

    Args:
        kind: As for ``label``.
        role: As for ``label``.
        parent: Where it stands.
    """

    def __init__(self, kind: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("type", kind)
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Qt: as narrow as it must be."""
        return QSize(self.fontMetrics().averageCharWidth() * _LEAST_CHARACTERS, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002
        """Qt: paint what fits."""
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(tips.plain(self.text()) if shown != self.text() else "")
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()


def title(text: str, parent: QWidget | None = None) -> QLabel:
    """Return the title of a page."""
    return label(text, "title", parent=parent)


def heading(text: str, parent: QWidget | None = None) -> QLabel:
    """Return the heading of a section."""
    return label(text, "lead", parent=parent)


def caption(text: str, parent: QWidget | None = None) -> QLabel:
    """Return small quiet words that explain what stands beside them."""
    return label(text, "small", "muted", parent, wrap=True)


def icon_label(name: str, role: str = "text", parent: QWidget | None = None, side: int = 0) -> QLabel:
    """Return an icon that is only looked at.

    Args:
        name: The name of the icon.
        role: Its colour.
        parent: Where it stands.
        side: Its side in pixels; that of an icon beside body text if 0.
    """
    result = QLabel(parent)
    result.setPixmap(icons.pixmap(name, role, side or theme.icon_pixels(), result.devicePixelRatioF()))
    result.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return result


def key_hint(keys: str, parent: QWidget | None = None) -> QLabel:
    """Return a key as it stands on the keyboard.

    Args:
        keys: As Qt writes them, such as ``Ctrl+K``.
        parent: Where it stands.
    """
    result = label(shown(keys), parent=parent)
    result.setProperty("keys", "true")
    result.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return result


class Tall(QWidget):
    """What is seen through `scrolled` when it holds words that break into lines: these get all the room they need.

    Qt asks what is scrolled for its least height without saying how wide it will be, and would cut them.
    """

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Qt: as high as it must be at the width that there is."""
        least, layout, place = super().minimumSizeHint(), self.layout(), self.parentWidget()
        if layout is None or place is None or not layout.hasHeightForWidth():
            return least
        return QSize(least.width(), max(least.height(), layout.totalHeightForWidth(place.width())))


def scrolled(inner: QWidget, parent: QWidget) -> QScrollArea:
    """Return an area that scrolls up and down over what may be taller than the window, never sideways.

    Args:
        inner: What is seen through it.
        parent: Where it stands.
    """
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inner)
    return area


def last_in_tab_order(window: QWidget) -> QWidget | None:
    """Return the last widget of a window that Tab comes to, or None where there is none."""
    widget = window.previousInFocusChain()
    while widget is not None and widget is not window:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            return widget
        widget = widget.previousInFocusChain()
    return None


def tab_stops(part: QWidget) -> list[QWidget]:
    """Return the widgets in a part of a window that Tab comes to, in the order in which it does."""
    found = []
    widget = part.nextInFocusChain()
    while widget is not None and widget is not part:
        if part.isAncestorOf(widget) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


def line(parent: QWidget | None = None) -> QFrame:
    """Return a thin line that parts two areas."""
    result = QFrame(parent)
    result.setProperty("line", "true")
    result.setFixedHeight(1)
    return result


class Card(QFrame):
    """A white area with a heading; what is put into ``body`` stands below it.

    Args:
        text: The heading, empty for none.
        parent: Where it stands.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_L)
        self.body.setSpacing(theme.SPACE_S)
        self.head = QHBoxLayout()
        self.head.setSpacing(theme.SPACE_S)
        if text:
            self.head.addWidget(heading(text, self))
            self.head.addStretch(1)
            self.body.addLayout(self.head)


class EmptyState(QWidget):
    """What stands where a list has nothing to show: calm, and never a dead end.

    Args:
        icon: The name of the icon.
        text: One sentence.
        hint: What to do next, empty for nothing.
        parent: Where it stands.
        action: What its button says; empty for no button.
    """

    asked = Signal()

    def __init__(self, icon: str, text: str, hint: str = "", parent: QWidget | None = None, action: str = "") -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL)
        column.setSpacing(theme.SPACE_S)
        column.addStretch(1)
        column.addWidget(icon_label(icon, "muted", self, theme.scaled(32)), 0, Qt.AlignmentFlag.AlignHCenter)
        self._words = label(text, "strong", parent=self, wrap=True)
        for words in (self._words, caption(hint, self)):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            words.setVisible(bool(words.text()))
            column.addWidget(words)
        if action:
            ask = button(action, parent=self)
            ask.clicked.connect(self.asked)
            column.addWidget(ask, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def say(self, text: str) -> None:
        """Say something else.

        Args:
            text: One sentence.
        """
        self._words.setText(text)


class MessageBar(QFrame):
    """One calm sentence across the top of the page; it takes no focus and stops nobody.

    Args:
        parent: Where it stands.
    """

    accepted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_XS, theme.SPACE_S, theme.SPACE_XS)
        row.setSpacing(theme.SPACE_S)
        self._icon = icon_label("info", "text", self)
        self.text = label("", parent=self, wrap=True)
        self.accept = button("", kind="quiet", parent=self)
        self.accept.clicked.connect(self._accept)
        self._close = icon_button("close", _("Close the message"), self)
        self._close.clicked.connect(self.hide)
        row.addWidget(self._icon)
        row.addWidget(self.text, 1)
        row.addWidget(self.accept)
        row.addWidget(self._close)
        self.hide()

    def offer(self, text: str, action: str) -> None:
        """Show a sentence with something that can be done; ``accepted`` tells that it is wanted.

        Args:
            text: The sentence.
            action: What the button says.
        """
        self.show_message(text)
        self.accept.setText(action)
        self.accept.show()

    def _accept(self) -> None:
        self.hide()
        self.accepted.emit()

    def show_message(self, text: str, kind: str = "info") -> None:
        """Show a sentence until it's closed or replaced.

        Args:
            text: The sentence.
            kind: ``info``, ``ok``, ``warn`` or ``error``.
        """
        role = "accent" if kind == "info" else kind
        self.accept.hide()
        self._icon.setPixmap(icons.pixmap(kind, role, theme.icon_pixels(), self.devicePixelRatioF()))
        self.text.setText(text)
        self.setProperty("bar", kind)
        self.setAccessibleName(text)
        theme.repolish(self)
        self.show()
