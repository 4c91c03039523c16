"""The locked desk: nothing of the cases is in view, and the pass phrase brings everything back as it was."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui import theme
from ui.gate import Gate
from ui.look import Look
from ui.passphrase_field import PassphraseField
from ui.widgets import button, icon_label, label
from ui.worker import Worker


class Lock(Gate):
    """Asks for the pass phrase of the vault that is open behind it.

    Args:
        workspace: The open vault.
        worker: Checks the pass phrase off the screen's thread.
        look: The present look.
        parent: The window.
    """

    unlocked = Signal()
    leave_wanted = Signal()

    def __init__(self, workspace: Workspace, worker: Worker, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._workspace = workspace
        self._worker = worker
        self.passphrase = PassphraseField(_("Pass phrase"), self)
        self.problem = label("", role="error", parent=self, wrap=True)
        self.problem.hide()
        self.open = button(_("Unlock"), "", "primary", self)
        self.leave = button(_("Close this vault"), "", "quiet", self)
        self.open.setMinimumWidth(theme.scaled(140))
        column = self.content
        column.addStretch(1)
        column.addWidget(icon_label("lock", "accent", self, theme.scaled(40)))
        column.addWidget(label(_("The desk is locked"), "hero", parent=self))
        column.addWidget(
            label(
                _("Your work is kept. The pass phrase brings you back to the same place."), "", "muted", self, wrap=True
            )
        )
        column.addSpacing(theme.SPACE_S)
        column.addWidget(self.passphrase)
        column.addWidget(self.problem)
        row = QHBoxLayout()
        row.addWidget(self.open)
        row.addWidget(self.leave)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(2)
        self.passphrase.line.returnPressed.connect(self.unlock)
        self.open.clicked.connect(self.unlock)
        self.leave.clicked.connect(self.leave_wanted)
        self.put_look_last()

    def focus_first(self) -> None:
        """Put the focus on the pass phrase."""
        self.passphrase.setFocus()

    def unlock(self) -> None:
        """Check what was typed."""
        if self.open.isEnabled():
            self.open.setEnabled(False)
            self.problem.hide()
            job = partial(self._workspace.verify_passphrase, self.passphrase.text())
            self._worker.run(job, self._right, self._wrong, aside=True)

    def _right(self, _nothing: None) -> None:
        self.passphrase.clear()
        self.open.setEnabled(True)
        self.unlocked.emit()

    def _wrong(self, failure: Failure) -> None:
        self.open.setEnabled(True)
        self.problem.setText(failure.message)
        self.problem.show()
        self.passphrase.setFocus()
        self.passphrase.line.selectAll()
