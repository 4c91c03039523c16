"""A field for a pass phrase that says what the keyboard is doing, since the letters can't be seen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from sync.messages import _
from ui import theme
from ui.widgets import icon_button, icon_label, label

_SCRIPTS = ((0x0400, 0x052F, "Українська"), (0x0041, 0x007A, "English"))


class PassphraseLine(QLineEdit):
    """The line itself; it notices capitals typed without Shift, and in which script letters arrive.

    Args:
        name: Its accessible name.
        parent: Where it stands.
    """

    keyboard_seen = Signal(str, bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        # Also while its letters are shown: nothing notes it to bring it back later.
        self.setProperty("secret", True)  # noqa: FBT003 - Qt has no keyword for it
        self.setAccessibleName(name)
        self.setMinimumHeight(theme.scaled(36))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: take a key, and tell what it says about the keyboard."""
        typed = event.text()
        if len(typed) == 1 and typed.isalpha():
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.keyboard_seen.emit(typed, typed.isupper() != shift)
        super().keyPressEvent(event)


class PassphraseField(QWidget):
    """A pass phrase, a button that shows it, and a line about Caps Lock and the layout.

    Args:
        name: Its accessible name.
        parent: Where it stands.
        steady: Keep the room of the line below even while it's empty.
    """

    def __init__(self, name: str, parent: QWidget | None = None, *, steady: bool = True) -> None:
        super().__init__(parent)
        self.line = PassphraseLine(name, self)
        self._eye = icon_button("eye", _("Show the pass phrase"), self)
        self._eye.setCheckable(True)
        self._icon = icon_label("keyboard", "muted", self, theme.scaled(16))
        self.hint = label("", "small", "muted", self)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_XS)
        row.addWidget(self.line, 1)
        row.addWidget(self._eye)
        below = QHBoxLayout()
        below.setSpacing(theme.SPACE_S)
        below.addWidget(self._icon)
        below.addWidget(self.hint, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_XS)
        column.addLayout(row)
        column.addLayout(below)
        for widget in (self._icon, self.hint):
            keep = widget.sizePolicy()
            keep.setRetainSizeWhenHidden(steady)
            widget.setSizePolicy(keep)
        self.setFocusProxy(self.line)
        self._eye.toggled.connect(self.set_shown)
        self.line.keyboard_seen.connect(self._show_keyboard)
        QGuiApplication.inputMethod().localeChanged.connect(self._layout_changed)
        self._layout_changed()

    def text(self) -> str:
        """Return what was typed."""
        return self.line.text()

    def clear(self) -> None:
        """Forget what was typed."""
        self.line.clear()

    def set_shown(self, shown: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Show the letters, or dots in their place."""
        self.line.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        self._eye.setChecked(shown)

    def _layout_changed(self) -> None:
        locale = QGuiApplication.inputMethod().locale()
        known = locale.language() != locale.Language.C
        self._say(locale.nativeLanguageName().capitalize() if known else "", caps=False)

    def _show_keyboard(self, letter: str, caps: bool) -> None:  # noqa: FBT001 - a Qt slot
        script = next((name for low, high, name in _SCRIPTS if low <= ord(letter) <= high), "")
        self._say(script, caps=caps)

    def _say(self, layout: str, *, caps: bool) -> None:
        words = _("Keyboard: {layout}").format(layout=layout) if layout else ""
        if caps:
            words = " · ".join(filter(None, (_("Caps Lock is on"), words)))
        self.hint.setText(words)
        self.hint.setProperty("role", "warn" if caps else "muted")
        wanted = bool(words) and self.line.echoMode() == QLineEdit.EchoMode.Password
        for widget in (self._icon, self.hint):
            widget.setVisible(wanted)
        theme.repolish(self.hint)
