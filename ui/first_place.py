"""The first place for backups, chosen at the end of the first run; the desk makes the first one by itself."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.backup.plan import Plan
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui import theme
from ui.files import ask_folder
from ui.widgets import button, caption, icon_label, label
from ui.worker import Worker


class FirstPlace(QFrame):
    """Asks where backups shall go; it may be left for later, and the desk then says that there is no backup.

    Args:
        worker: Keeps the answer off the screen's thread.
        parent: The step.
    """

    def __init__(self, worker: Worker, parent: QWidget) -> None:
        super().__init__(parent)
        self._worker = worker
        self._workspace: Workspace | None = None
        self.setProperty("tinted", "true")
        self.choose = button(_("Choose a place for backups…"), "folder", parent=self)
        self.words = caption("", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        row.setSpacing(theme.SPACE_M)
        row.addWidget(icon_label("saved", "accent", self, theme.scaled(24)))
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_XS)
        column.addWidget(label(_("If this computer is lost"), "strong", parent=self))
        column.addWidget(self.words)
        line = QHBoxLayout()
        line.addWidget(self.choose)
        line.addStretch(1)
        column.addLayout(line)
        row.addLayout(column, 1)
        self._say(_("a backup on a stick, another disk or a share brings everything back. It is encrypted."), "muted")
        self.choose.clicked.connect(self._ask)

    def use(self, workspace: Workspace) -> None:
        """Be told of the vault.

        Args:
            workspace: The vault, open.
        """
        self._workspace = workspace
        self.setVisible(not workspace.is_example)

    def take_place(self, folder: str) -> None:
        """Let backups go to a folder.

        Args:
            folder: The folder.
        """
        if self._workspace is not None:
            job = partial(self._workspace.backups.add_place, Path(folder))
            self._worker.run(job, partial(self._taken, folder), self._failed)

    def _ask(self) -> None:
        ask_folder(self, _("Where backups go"), self.take_place)

    def _taken(self, folder: str, _plan: Plan) -> None:
        words = _("Every day a backup goes to {folder}; the first one is made as soon as the desk is open.")
        self._say(words.format(folder=folder), "ok")

    def _failed(self, failure: Failure) -> None:
        self._say(failure.message, "error")

    def _say(self, words: str, role: str) -> None:
        self.words.setText(words)
        self.words.setProperty("role", role)
        theme.repolish(self.words)
