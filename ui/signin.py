"""Sign-in: which vault, the pass phrase, and the other ways to begin."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QWidget

from desktop_app.doorbell import open_elsewhere, ring
from desktop_app.opening import open_workspace
from desktop_app.settings import KnownVault, Settings
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui import stick_row, theme
from ui.files import ask_folder
from ui.gate import Gate
from ui.look import Look
from ui.passphrase_field import PassphraseField
from ui.patience import Patience, seconds_left
from ui.repair_offer import RepairOffer
from ui.row_list import Row, RowList
from ui.stick_row import StickRow
from ui.widgets import Card, button, label, line
from ui.worker import Worker

_ROWS_SHOWN = 4


class SignIn(Gate):
    """Opens a vault.

    Args:
        settings: Which vaults are known here.
        worker: Derives the key off the screen's thread.
        parent: The window.
    """

    opened = Signal(object)
    first_run_wanted = Signal(str)
    recovery_wanted = Signal(object)

    def __init__(self, settings: Settings, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(Look.of(settings), parent)
        self._worker = worker
        self._known = [_row(known) for known in settings.vaults]
        self.vaults = RowList(_("Vaults on this computer"), self, choosing=True)
        self.passphrase = PassphraseField(_("Pass phrase"), self)
        self.problem = label("", role="error", parent=self, wrap=True)
        self.open = button(_("Open"), "", "primary", self)
        self.forgotten = button(_("Forgot the pass phrase"), "", "quiet", self)
        self.patience = Patience(self.open, self)
        self.stick = StickRow(self)
        self.repair = RepairOffer(worker, self)
        self.check = button(_("Check and repair"), "shield", "way", self)
        self._busy = QProgressBar(self)
        self._cut_off = label("", "", "warn", self, wrap=True)
        self._build()
        self._offer()
        self.put_look_last()

    def focus_first(self) -> None:
        """Put the focus on the pass phrase: the latest vault is chosen already."""
        self.passphrase.setFocus()

    def show_cut_off(self, *, shown: bool) -> None:
        """Say calmly that the desk did not end by itself last time, or say nothing."""
        self._cut_off.setVisible(shown)

    def show_open_elsewhere(self, elsewhere: bool) -> None:  # noqa: FBT001 - the answer of a job
        """Say that the first vault is open in another window, and offer the next one."""
        if elsewhere:
            if len(self._known) > 1:
                self.vaults.mark(self._known[1].key)
            self.show_failure(open_elsewhere())

    def _build(self) -> None:
        column = self.content
        framed = Card("", self)
        framed.body.setContentsMargins(theme.SPACE_XS, theme.SPACE_XS, theme.SPACE_XS, theme.SPACE_XS)
        framed.body.addWidget(self.vaults)
        column.addStretch(2)
        column.addWidget(label(_("Sign in"), "hero", parent=self))
        words = _("Last time the program was cut off. Everything saved is safe; what was being typed is in the drafts.")
        self._cut_off.setText(words)
        self._cut_off.hide()
        column.addWidget(self._cut_off)
        column.addWidget(label(_("Vaults on this computer"), "", "muted", self))
        column.addWidget(framed)
        column.addSpacing(theme.SPACE_S)
        prompt = label(_("Pass phrase"), "strong", parent=self)
        prompt.setBuddy(self.passphrase.line)
        column.addWidget(prompt)
        column.addWidget(self.passphrase)
        column.addWidget(self.problem)
        column.addWidget(self.stick)
        column.addWidget(self.patience)
        self.problem.hide()
        column.addWidget(self.repair)
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
        row.addWidget(self.forgotten)
        row.addWidget(self._busy, 1)
        column.addLayout(row)
        column.addSpacing(theme.SPACE_L)
        column.addWidget(line(self))
        column.addLayout(self._others())
        column.addStretch(2)
        self.vaults.chosen.connect(self._vault_changed)
        self.vaults.opened.connect(self.focus_first)
        self.passphrase.line.returnPressed.connect(self.unlock)
        self.open.clicked.connect(self.unlock)
        self.forgotten.clicked.connect(self._recover)
        self.repair.wanted.connect(self._repair)
        self.repair.started.connect(self._repair_started)
        self.repair.ended.connect(self._repair_ended)

    def _others(self) -> QGridLayout:
        others = QGridLayout()
        others.setHorizontalSpacing(theme.SPACE_M)
        others.setVerticalSpacing(theme.SPACE_XS)
        for place, (icon, text, mode) in enumerate(
            (
                ("community", _("Start a community"), "create"),
                ("invite", _("Join by an invitation"), "join"),
                ("sparkle", _("Try with example data"), "example"),
                ("folder", _("Open another folder"), ""),
                ("import", _("Restore from a backup"), "restore"),
            )
        ):
            way = button(text, icon, "way", self)
            way.setObjectName(f"way_{mode or 'folder'}")
            way.clicked.connect(partial(self.first_run_wanted.emit, mode) if mode else self._other_folder)
            others.addWidget(way, place // 2, place % 2)
            self.setTabOrder(way, self.check)
        others.addWidget(self.check, others.rowCount() - 1, 1)
        self.check.clicked.connect(self._check)
        return others

    def _check(self) -> None:
        """Check and repair the chosen vault; without a pass phrase, first say that it is needed."""
        if self.vaults.current() is not None and self.check.isEnabled() and self.open.isEnabled():
            if self.passphrase.text():
                self._repair()
            else:
                self.problem.hide()
                self.repair.offer(amiss=False)
                self.passphrase.setFocus()

    def _offer(self) -> None:
        self.vaults.show_rows(self._known[:_ROWS_SHOWN])

    def _vault_changed(self) -> None:
        self.problem.hide()
        self.repair.hide()
        self.passphrase.clear()
        self.stick.forget()
        self.patience.wait(0)
        self._ask_patience()

    def _ask_patience(self) -> None:
        row = self.vaults.current()
        if row is not None:
            self._worker.run(partial(_waiting, row.key), self._be_patient, self.show_failure)

    def _be_patient(self, waiting: tuple[str, int]) -> None:
        row = self.vaults.current()
        if row is not None and row.key == waiting[0]:
            self.patience.wait(waiting[1])

    def _recover(self) -> None:
        row = self.vaults.current()
        if row is not None:
            self.recovery_wanted.emit(KnownVault(row.key, row.title))

    def _other_folder(self) -> None:
        ask_folder(self, _("Open the folder of a vault"), self._take_folder)

    def _take_folder(self, folder: str) -> None:
        known = [row for row in self._known if row.key == folder]
        self._known = [known[0] if known else _row(KnownVault(folder, Path(folder).name))] + [
            row for row in self._known if row.key != folder
        ]
        self._offer()
        self.vaults.mark(folder)
        self.passphrase.setFocus()

    def unlock(self) -> None:
        """Open the chosen vault with what was typed; the window stays alive meanwhile."""
        row = self.vaults.current()
        if row is None or not self.open.isEnabled():
            return
        if not self.passphrase.text():
            self._refuse(_("Type the pass phrase of this vault."))
            return
        self._set_busy(busy=True)
        job = partial(open_here, Path(row.key), self.passphrase.text(), self.stick.path)
        # Not aside: a vault that is being closed is closed before it's opened again.
        self._worker.run(job, self._opened, self.show_failure)

    def _opened(self, workspace: Workspace) -> None:
        self.passphrase.clear()
        self._set_busy(busy=False)
        self.opened.emit(workspace)

    def show_failure(self, failure: Failure) -> None:
        """Say why a vault doesn't open."""
        self._set_busy(busy=False)
        self.repair.offer_for(failure)
        self._refuse(failure.message)
        if failure.code in stick_row.MISSING:
            self.stick.show()
        if failure.code in {"wrong_passphrase", "too_many_tries"}:
            self._ask_patience()

    def _repair(self) -> None:
        row = self.vaults.current()
        if row is None or not self.passphrase.text():
            self._refuse(_("Type the pass phrase of this vault."))
            return
        self.repair.run(Path(row.key), self.passphrase.text(), self.stick.path)

    def _repair_started(self) -> None:
        self._set_busy(busy=True)
        self.repair.start.setEnabled(False)

    def _repair_ended(self) -> None:
        self._set_busy(busy=False)
        self.repair.start.setEnabled(True)
        self.passphrase.clear()
        self.passphrase.setFocus()

    def _refuse(self, message: str) -> None:
        self.problem.setText(message)
        self.problem.show()
        self.passphrase.setFocus()
        self.passphrase.line.selectAll()

    def _set_busy(self, *, busy: bool) -> None:
        self.problem.hide()
        self._busy.setVisible(busy)
        for widget in (self.open, self.vaults, self.passphrase, self.check):
            widget.setEnabled(not busy)


def open_here(folder: Path, passphrase: str, stick: str = "") -> Workspace:
    """Open a vault, unless another window has it; runs on a worker.

    Args:
        folder: The vault's folder.
        passphrase: What was typed.
        stick: The key file on a stick that was chosen, or nothing.

    Raises:
        Failure: It doesn't open here.
    """
    # A locked window has let go of the vault, but it's that window's all the same.
    if ring(folder):
        raise open_elsewhere()
    return open_workspace(folder, passphrase, stick=stick_row.stick_of(stick), raise_cost=True)


def _waiting(folder: str) -> tuple[str, int]:
    return folder, seconds_left(folder)


def _row(known: KnownVault) -> Row:
    return Row(known.folder, known.label, known.folder, icon="community")
