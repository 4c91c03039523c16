"""A vault comes back from a backup: the file, the pass phrase of then, and a folder."""

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QWidget

from desktop_app.settings import vaults_folder
from desktop_app.workspace import Workspace
from sync.errors import Failure, Refused
from sync.messages import _
from ui import theme
from ui.backup_words import progress_words
from ui.files import ask_folder, ask_open
from ui.gate import Gate
from ui.look import Look
from ui.passphrase_field import PassphraseField
from ui.widgets import button, caption, label
from ui.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.backup.watch import Progress

ENDING = "sprava-backup"
_STEPS = 1000


class Restore(Gate):
    """Makes a vault of a backup and opens it; nothing that exists is overwritten.

    Args:
        worker: Restores off the screen's thread.
        look: The present look.
        parent: The window.
    """

    opened = Signal(object)
    left = Signal()
    sheet_wanted = Signal(str, str)

    _stepped = Signal(object)

    def __init__(self, worker: Worker, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._worker = worker
        self._stop = threading.Event()
        self.file = QLineEdit(self)
        self.choose = button(_("Choose…"), "folder", parent=self)
        self.passphrase = PassphraseField(_("Pass phrase of the vault"), self, steady=False)
        self.sheet = button(_("I have the recovery sheet instead"), "", "quiet", self)
        self.folder = QLineEdit(self)
        self.change = button(_("Change…"), "folder", parent=self)
        self.problem = label("", role="error", parent=self, wrap=True)
        self.phase = caption("", self)
        self._busy = QProgressBar(self)
        self.back = button(_("Back"), "back", parent=self)
        self.go = button(_("Restore"), "", "primary", self)
        self._build()
        self._connect()
        self.put_look_last()

    def focus_first(self) -> None:
        """Put the focus on the file."""
        self.choose.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Enter restores, Escape goes back or stops."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.restore()
        elif event.key() == Qt.Key.Key_Escape:
            self.go_back()
        else:
            super().keyPressEvent(event)

    def take_file(self, path: str) -> None:
        """Take a backup file.

        Args:
            path: The file.
        """
        self.file.setText(path)
        self.passphrase.setFocus()

    def go_back(self) -> None:
        """Leave, or stop what is running."""
        if self.go.isEnabled():
            self.left.emit()
        else:
            self._stop.set()

    def restore(self) -> None:
        """Restore with what was given."""
        if not self.go.isEnabled():
            return
        file, folder = self.file.text().strip(), self.folder.text().strip()
        if not file:
            self._refuse(_("Choose the backup file first."), self.choose)
        elif not self.passphrase.text():
            self._refuse(_("Type the pass phrase that the vault had when the backup was made."), self.passphrase)
        elif not Path(folder).expanduser().is_absolute():
            self._refuse(_("Name the folder in full, from the disk on."), self.folder)
        else:
            self._set_busy(busy=True)
            self._stop.clear()
            target = Path(folder).expanduser()
            job = partial(_restore, Path(file), target, self.passphrase.text(), self._stepped.emit, self._stop.is_set)
            self._worker.run(job, self._restored, self._failed)

    def use_sheet(self) -> None:
        """Go on where the recovery sheet is read, with the file and the folder."""
        file, folder = self.file.text().strip(), Path(self.folder.text().strip()).expanduser()
        if not file:
            self._refuse(_("Choose the backup file first."), self.choose)
        elif not folder.is_absolute():
            self._refuse(_("Name the folder in full, from the disk on."), self.folder)
        else:
            self.sheet_wanted.emit(file, str(folder))

    def close_unused(self) -> None:
        """Stop what is running; called when the window closes."""
        self._stop.set()

    def _build(self) -> None:
        column = self.content
        column.addStretch(1)
        column.addWidget(label(_("Restore from a backup"), "hero", parent=self))
        words = _("The backup becomes a vault on this computer. The backup file and other vaults stay as they are.")
        column.addWidget(label(words, "", "muted", self, wrap=True))
        self._add_line(_("Backup file"), self.file, self.choose)
        prompt = label(_("Pass phrase of the vault"), "strong", parent=self)
        prompt.setBuddy(self.passphrase.line)
        column.addWidget(prompt)
        column.addWidget(self.passphrase)
        other = QHBoxLayout()
        other.addWidget(self.sheet)
        other.addStretch(1)
        column.addLayout(other)
        self._add_line(_("Folder of the vault"), self.folder, self.change)
        self.folder.setText(str(_unused()))
        column.addWidget(self.problem)
        self.problem.hide()
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName(_("How far the restore is"))
        column.addWidget(self.phase)
        column.addWidget(self._busy)
        self.phase.hide()
        self._busy.hide()
        row = QHBoxLayout()
        self.go.setMinimumWidth(theme.scaled(140))
        row.addWidget(self.back)
        row.addStretch(1)
        row.addWidget(self.go)
        column.addSpacing(theme.SPACE_S)
        column.addLayout(row)
        column.addStretch(2)

    def _add_line(self, name: str, field: QLineEdit, chooser: QWidget) -> None:
        prompt = label(name, "strong", parent=self)
        prompt.setBuddy(field)
        field.setAccessibleName(name)
        field.setMinimumHeight(theme.scaled(36))
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(field, 1)
        row.addWidget(chooser)
        self.content.addWidget(prompt)
        self.content.addLayout(row)

    def _connect(self) -> None:
        # Steps are told on the worker; the queued signal brings them to the screen's thread.
        self._stepped.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self.choose.clicked.connect(self._ask_file)
        self.change.clicked.connect(self._ask_folder)
        self.back.clicked.connect(self.go_back)
        self.go.clicked.connect(self.restore)
        self.sheet.clicked.connect(self.use_sheet)

    def _ask_file(self) -> None:
        kinds = _("Backup ({pattern})").format(pattern=f"*.{ENDING}")
        ask_open(self, _("Choose the backup file"), kinds, self.take_file)

    def _ask_folder(self) -> None:
        ask_folder(self, _("Where to keep the vault"), self._take_parent)

    def _take_parent(self, parent: str) -> None:
        self.folder.setText(str(_unused(Path(parent))))

    def _tell(self, progress: "Progress") -> None:
        if self.go.isEnabled():
            return
        self._busy.setRange(0, _STEPS if progress.total else 0)
        if progress.total:
            self._busy.setValue(min(_STEPS, progress.done * _STEPS // progress.total))
        self.phase.setText(progress_words(progress, restoring=True))

    def _restored(self, workspace: Workspace) -> None:
        self.passphrase.clear()
        self._set_busy(busy=False)
        self.opened.emit(workspace)

    def _failed(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self._refuse(failure.message, self.passphrase if failure.code == "wrong_passphrase" else self.choose)

    def _refuse(self, message: str, place: QWidget) -> None:
        self.problem.setText(message)
        self.problem.show()
        place.setFocus()

    def _set_busy(self, *, busy: bool) -> None:
        self.problem.hide()
        self._busy.setRange(0, 0)
        self._busy.setVisible(busy)
        self.phase.setText(_("Opening the backup…"))
        self.phase.setVisible(busy)
        self.back.setText(_("Stop") if busy else _("Back"))
        for widget in (
            self.go,
            self.file,
            self.choose,
            self.passphrase,
            self.sheet,
            self.folder,
            self.change,
            self.look,
        ):
            widget.setEnabled(not busy)


def _restore(
    file: Path, folder: Path, passphrase: str, tell: "Callable[[Progress], None]", is_stopped: "Callable[[], bool]"
) -> Workspace:
    from desktop_app.backup.restoring import restore
    from desktop_app.backup.watch import Watch
    from desktop_app.backup.ways import Way

    way = Way(passphrase)
    restored = restore(file, folder, way.vault_key, watch=Watch(tell, is_stopped))
    try:
        workspace = way.open(restored.folder)
    except Failure as failure:
        words = _("The vault is restored into {folder}, but does not open: {reason}")
        raise Refused(failure.code, words.format(folder=folder, reason=failure.message)) from failure
    restored.record(workspace.audit, file)
    return workspace


def _unused(parent: Path | None = None) -> Path:
    """Return a folder that isn't there yet."""
    parent = parent or vaults_folder()
    name = _("Restored")
    folder, number = parent / name, 2
    while folder.exists():
        folder, number = parent / f"{name} {number}", number + 1
    return folder
