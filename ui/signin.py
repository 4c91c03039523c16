"""Sign-in: which vault, the pass phrase, and the other ways to begin."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QProgressBar, QVBoxLayout, QWidget

from desktop_app.settings import KnownVault, Settings
from desktop_app.workspace import Workspace, open_workspace
from sync.errors import Failure
from sync.messages import _
from ui import theme
from ui.files import ask_folder
from ui.gate import Gate
from ui.icons import icon
from ui.look import Look
from ui.passphrase_field import PassphraseField
from ui.widgets import button, label, line
from ui.worker import Worker

_ROWS_SHOWN = 4
FOLDER_ROLE = Qt.ItemDataRole.UserRole


class SignIn(Gate):
    """Opens a vault.

    Args:
        settings: Which vaults are known here.
        worker: Derives the key off the screen's thread.
        parent: The window.
    """

    opened = Signal(object)
    first_run_wanted = Signal(str)

    def __init__(self, settings: Settings, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(Look.of(settings), parent)
        self._worker = worker
        self.vaults = QListWidget(self)
        self.vaults.setAccessibleName(_("Vaults on this computer"))
        self.passphrase = PassphraseField(_("Pass phrase"), self)
        self.problem = label("", role="error", parent=self, wrap=True)
        self.open = button(_("Open"), "", "primary", self)
        self._busy = QProgressBar(self)
        self._build()
        for known in settings.vaults:
            self._offer(known)
        self.vaults.setCurrentRow(0)

    def focus_first(self) -> None:
        """Put the focus on the pass phrase: the latest vault is chosen already."""
        self.passphrase.setFocus()

    def _build(self) -> None:
        column = self.content
        column.addStretch(2)
        column.addWidget(label(_("Sign in"), "hero", parent=self))
        column.addWidget(label(_("Vaults on this computer"), "", "muted", self))
        column.addWidget(self.vaults)
        column.addSpacing(theme.SPACE_S)
        prompt = label(_("&Pass phrase").replace("&", ""), "strong", parent=self)
        prompt.setBuddy(self.passphrase.line)
        column.addWidget(prompt)
        column.addWidget(self.passphrase)
        column.addWidget(self.problem)
        self.problem.hide()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName(_("Opening the vault"))
        keep = self._busy.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._busy.setSizePolicy(keep)
        self._busy.hide()
        row = QHBoxLayout()
        self.open.setMinimumWidth(theme.scaled(140))
        row.addWidget(self.open)
        row.addWidget(self._busy, 1)
        column.addLayout(row)
        column.addStretch(1)
        column.addWidget(line(self))
        column.addLayout(self._others())
        column.addStretch(2)
        self.vaults.setIconSize(QSize(theme.icon_pixels(), theme.icon_pixels()))
        self.vaults.currentRowChanged.connect(self._vault_changed)
        self.vaults.itemActivated.connect(self.passphrase.line.setFocus)
        self.passphrase.line.returnPressed.connect(self.unlock)
        self.open.clicked.connect(self.unlock)

    def _others(self) -> QVBoxLayout:
        others = QVBoxLayout()
        others.setSpacing(0)
        for first, second in (
            (("new", _("Found a community"), "create"), ("invite", _("Join by an invitation"), "join")),
            (("sparkle", _("Try with example data"), "example"), ("folder", _("Open another folder"), "")),
        ):
            row = QHBoxLayout()
            for icon_name, text, mode in (first, second):
                way = button(text, icon_name, "quiet", self)
                way.setObjectName(f"way_{mode or 'folder'}")
                way.clicked.connect(partial(self.first_run_wanted.emit, mode) if mode else self._other_folder)
                row.addWidget(way, 1, Qt.AlignmentFlag.AlignLeft)
            others.addLayout(row)
        return others

    def _offer(self, known: KnownVault) -> QListWidgetItem:
        item = QListWidgetItem(icon("community", "accent"), f"{known.label}\n{known.folder}")
        item.setData(FOLDER_ROLE, known.folder)
        item.setToolTip(known.folder)
        self.vaults.addItem(item)
        rows = min(self.vaults.count(), _ROWS_SHOWN)
        self.vaults.setFixedHeight(rows * self.vaults.sizeHintForRow(0) + 2 * theme.SPACE_XS)
        return item

    def _vault_changed(self) -> None:
        self.problem.hide()
        self.passphrase.clear()

    def _other_folder(self) -> None:
        ask_folder(self, _("Open the folder of a vault"), self._take_folder)

    def _take_folder(self, folder: str) -> None:
        found = [row for row in range(self.vaults.count()) if self.vaults.item(row).data(FOLDER_ROLE) == folder]
        if not found:
            self._offer(KnownVault(folder, Path(folder).name))
        self.vaults.setCurrentRow(found[0] if found else self.vaults.count() - 1)
        self.passphrase.setFocus()

    def unlock(self) -> None:
        """Open the chosen vault with what was typed; the window stays alive meanwhile."""
        item = self.vaults.currentItem()
        if item is None or not self.open.isEnabled():
            return
        if not self.passphrase.text():
            self._refuse(_("Type the pass phrase of this vault."))
            return
        self._set_busy(busy=True)
        job = partial(open_workspace, Path(item.data(FOLDER_ROLE)), self.passphrase.text())
        self._worker.run(job, self._opened, self._failed, aside=True)

    def _opened(self, workspace: Workspace) -> None:
        self.passphrase.clear()
        self._set_busy(busy=False)
        self.opened.emit(workspace)

    def _failed(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self._refuse(failure.message)

    def _refuse(self, message: str) -> None:
        self.problem.setText(message)
        self.problem.show()
        self.passphrase.setFocus()
        self.passphrase.line.selectAll()

    def _set_busy(self, *, busy: bool) -> None:
        self.problem.hide()
        self._busy.setVisible(busy)
        for widget in (self.open, self.vaults, self.passphrase):
            widget.setEnabled(not busy)
