"""Asking on purpose: a copy outside the vault can be read by anyone."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from sync.messages import _
from ui import theme
from ui.files import ask_save
from ui.widgets import button, icon_label, label


class SaveRow(QFrame):
    """What a copy means, in one sentence, before it is asked where it shall lie.

    Args:
        parent: The page.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("bar", "warn")
        self._name = ""
        words = _(
            "The copy won't be encrypted: whoever gets it can read it. Save it only where it's needed, and delete it "
            "when it's not needed any more."
        )
        self.go_on = button(_("Choose where…"), "export", parent=self)
        self.stop = button(_("Cancel"), "", "quiet", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_XS, theme.SPACE_S, theme.SPACE_XS)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(icon_label("warn", "warn", self))
        row.addWidget(label(words, parent=self, wrap=True), 1)
        row.addWidget(self.go_on)
        row.addWidget(self.stop)
        self.go_on.clicked.connect(self._choose)
        self.stop.clicked.connect(self.hide)
        self.setAccessibleName(words)
        self.hide()

    def ask(self, name: str) -> None:
        """Show the sentence.

        Args:
            name: The name to propose.
        """
        self._name = name
        self.show()
        self.go_on.setFocus()

    def _choose(self) -> None:
        ask_save(self, _("Save a copy"), _("All files ({pattern})").format(pattern="*"), self._name, self._take)

    def _take(self, path: str) -> None:
        self.hide()
        self.chosen.emit(path)
