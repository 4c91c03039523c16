"""The wait after wrong tries, counted down where the pass phrase is asked."""

from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.vault import Tries
from sync.messages import _
from ui import theme
from ui.widgets import Button, icon_label, label

_TICK_MS = 250


class Patience(QWidget):
    """One line that says how long it is until another try; while it counts, the button that tries is off.

    Args:
        tries: The button.
        parent: Where it stands.
    """

    def __init__(self, tries: Button, parent: QWidget) -> None:
        super().__init__(parent)
        self._button = tries
        self._until = 0
        self._elapsed = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._show)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(icon_label("clock", "warn", self))
        self.words = label("", "", "warn", self)
        row.addWidget(self.words, 1)
        self.hide()

    @property
    def waiting(self) -> bool:
        """Whether it counts."""
        return self._timer.isActive()

    def wait(self, seconds: int) -> None:
        """Begin to count down.

        Args:
            seconds: How long; 0 for no wait, which also ends one.
        """
        self._until = seconds * 1000
        self._elapsed.start()
        self._timer.start()
        self._show()

    def _show(self) -> None:
        left = -(-max(0, self._until - self._elapsed.elapsed()) // 1000)
        if left:
            words = _("Another try in {minutes}:{seconds:02d}").format(minutes=left // 60, seconds=left % 60)
            self.words.setText(words)
            self.setAccessibleName(words)
        elif self._timer.isActive():
            self._timer.stop()
            self._button.setEnabled(True)
        if left:
            self._button.setEnabled(False)
        self.setVisible(bool(left))


def seconds_left(folder: str) -> int:
    """Return how long no try is taken at a vault; runs on a worker."""
    return Tries(Path(folder)).seconds_left()
