"""What an action of a card asks for, in sight only once the action was chosen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sync.messages import _
from ui import theme
from ui.widgets import button


class Unfold(QFrame):
    """A panel that takes the place of the buttons that begin, until it's confirmed or left.

    Args:
        parent: The card.

    Attributes:
        starts: The buttons that begin; it stands in the card before the panel.
        body: Where what is asked for stands.
        folded: Given when the panel goes out of sight: what was typed is to be forgotten.
    """

    folded = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("tinted", "true")
        self.starts = QWidget(parent)
        self._row = QHBoxLayout(self.starts)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.SPACE_S)
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.SPACE_S)
        column.addLayout(self.body)
        self.cancel = button(_("Cancel"), "", "quiet", self)
        self._confirm = QHBoxLayout()
        self._confirm.setSpacing(theme.SPACE_S)
        self._confirm.addStretch(1)
        self._confirm.addWidget(self.cancel)
        column.addLayout(self._confirm)
        self._begun_by: QWidget | None = None
        self.cancel.clicked.connect(self.leave)
        self.hide()

    def add_start(self, start: QPushButton) -> None:
        """Let one more button stand where the panel begins."""
        self._row.insertWidget(self._row.count() - 1, start)

    def add_confirm(self, confirm: QPushButton) -> None:
        """Let one more button stand at the panel's end, before the one that leaves it."""
        self._confirm.insertWidget(self._confirm.count() - 2, confirm)
        self.setTabOrder(confirm, self.cancel)

    def unfold(self, start: QWidget) -> None:
        """Show what is asked for.

        Args:
            start: The button that has begun it; it has the focus again when the panel is left.
        """
        self._begun_by = start
        self.starts.hide()
        self.show()

    def fold(self) -> None:
        """Show the buttons that begin again."""
        self.hide()
        self.starts.show()
        self.folded.emit()

    def leave(self) -> None:
        """Fold because a person wants it; the focus goes back to where it began."""
        self.fold()
        if self._begun_by is not None:
            self._begun_by.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Escape leaves."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)
