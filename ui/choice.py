"""A big button for one of a few ways to go on."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.widgets import icon_label, label

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1}


class Choice(QPushButton):
    """A button with a name, a line of explanation and an icon; arrows walk among those of one group.

    Args:
        text: Its name.
        hint: What choosing it means, empty for nothing.
        icon: The name of its icon, empty for none.
        parent: Where it stands.
    """

    def __init__(self, text: str, hint: str, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "choice")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setAccessibleName(text)
        self.setAccessibleDescription(hint)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        margin = theme.SPACE_L if hint else theme.SPACE_S
        row.setContentsMargins(theme.SPACE_L, margin, theme.SPACE_L, margin)
        row.setSpacing(theme.SPACE_L)
        if icon:
            row.addWidget(icon_label(icon, "accent", self, theme.scaled(24)))
        words = QVBoxLayout()
        words.setSpacing(2)
        for part, kind, role in ((text, "strong", ""), (hint, "small", "muted")):
            if part:
                shown = label(part, kind, role, self)
                shown.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
                shown.setAlignment(Qt.AlignmentFlag.AlignLeft if hint else Qt.AlignmentFlag.AlignCenter)
                words.addWidget(shown)
        row.addLayout(words, 1)
        self._row = row

    def sizeHint(self) -> QSize:  # noqa: N802
        """Qt: as large as what stands on it."""
        return self._row.sizeHint().expandedTo(QSize(0, theme.scaled(40)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Qt: never smaller than what stands on it."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Enter chooses, as Space does; arrows mark another one without choosing it yet."""
        key = Qt.Key(event.key())
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
        elif key in _STEPS:
            self._mark(_STEPS[key])
        else:
            super().keyPressEvent(event)

    def _mark(self, step: int) -> None:
        choices = self.group().buttons()
        other = choices[(choices.index(self) + step) % len(choices)]
        other.setChecked(True)
        other.setFocus()
