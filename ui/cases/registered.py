"""The number of a case just registered, large enough to be copied onto paper."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.cases.model import Registered
from desktop_app.kits.model import Kit, text
from sync.messages import _
from ui import theme
from ui.widgets import button, icon_label, label


class RegisteredPanel(QWidget):
    """Says the number and offers what comes next."""

    again_wanted = Signal()
    case_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._case_id = ""
        picture = icon_label("ok", "ok", self, theme.scaled(48))
        self._what = label("", parent=self, wrap=True)
        self.number = label("", "hero", parent=self)
        self.number.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for words in (self._what, self.number):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.again = button(_("One more like this"), "new", "primary", self)
        self.open = button(_("Open the case"), "case", parent=self)
        for each in (self.again, self.open):
            each.setAutoDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.again)
        buttons.addWidget(self.open)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        layout.addStretch(2)
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._what)
        layout.addWidget(self.number)
        layout.addLayout(buttons)
        layout.addStretch(3)
        self.again.clicked.connect(self.again_wanted)
        self.open.clicked.connect(self._open)

    def show_registered(self, kit: Kit, registered: Registered) -> None:
        """Say what was registered, and take the focus."""
        self._case_id = registered.id
        self._what.setText(_("Registered: {kit}").format(kit=text(kit.title)))
        self.number.setText(registered.number)
        self.again.setAccessibleDescription(f"{self._what.text()}, {registered.number}")

    def focus_first(self) -> None:
        """Put the focus on what most often comes next."""
        self.again.setFocus()

    def _open(self) -> None:
        self.case_wanted.emit(self._case_id)
