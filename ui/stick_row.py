"""Where the key file of a stick is chosen, when a vault needs one that was not found by itself."""

from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.vault import Stick, stick
from sync.messages import _
from ui import theme
from ui.files import ask_open
from ui.widgets import Elided, button, icon_label

MISSING = frozenset({"stick_missing", "other_stick", "unreadable_stick", "damaged_stick", "newer_stick"})
"""The failures after which the key file may be chosen."""


class StickRow(QWidget):
    """The name of the key file and a button to choose another; hidden until it's needed.

    Args:
        parent: Where it stands.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.path = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(icon_label("device", "muted", self))
        self._name = Elided("", "muted", self)
        row.addWidget(self._name, 1)
        self.choose = button(_("Choose the key file…"), "folder", parent=self)
        self.choose.clicked.connect(self._ask)
        row.addWidget(self.choose)
        self.forget()

    def forget(self) -> None:
        """Begin with another vault."""
        self._take("")
        self.hide()

    def _ask(self) -> None:
        kinds = _("Key file on a stick ({pattern})").format(pattern=f"*{stick.ENDING}")
        ask_open(self, _("Choose the key file on the stick"), kinds, self._take)

    def _take(self, path: str) -> None:
        self.path = path
        self._name.setText(Path(path).name if path else _("Key file on the stick: not chosen"))


def stick_of(path: str) -> Stick | None:
    """Read the key file that was chosen, if one was; runs on a worker.

    Args:
        path: Its path, or nothing.

    Raises:
        Failure: It can't be read, or is none.
    """
    return stick.read(Path(path)) if path else None
