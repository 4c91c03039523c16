"""A forgotten pass phrase: the recovery sheet opens the vault, and a new phrase and a new sheet take the places."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QProgressBar, QWidget

from desktop_app.doorbell import open_elsewhere, ring
from desktop_app.opening import recover_workspace
from desktop_app.recovery import Prepared, required
from desktop_app.recovery_reading import read_shares
from desktop_app.settings import KnownVault
from desktop_app.vault import NewPhrase, check_passphrase, is_vault, shares
from desktop_app.vault.shares import Share
from desktop_app.workspace import Workspace
from sync.errors import Failure, Refused
from sync.messages import _, ngettext
from ui import theme
from ui.files import ask_open, ask_save
from ui.gate import Gate
from ui.look import Look
from ui.new_phrase import NewPhraseField
from ui.widgets import Elided, button, caption, icon_label, label
from ui.worker import Worker

if TYPE_CHECKING:
    from desktop_app.backup.restoring import Restored

_LINES = 3


class Recover(Gate):
    """Asks for the sheet, or for the sheets of trustees, and for a new pass phrase.

    Args:
        known: The vault.
        worker: Reads and opens off the screen's thread.
        look: The present look.
        parent: The window.
        backup: A backup file that the vault is to be restored from first; nothing for a vault that is there.
    """

    opened = Signal(object)
    left = Signal()

    def __init__(
        self, known: KnownVault, worker: Worker, look: Look, parent: QWidget | None = None, *, backup: str = ""
    ) -> None:
        super().__init__(look, parent)
        self.known = known
        self.backup = backup
        self._worker = worker
        self._found: list[Share] = []
        self._done: list[Restored] = []
        self.words = QPlainTextEdit(self)
        self.take = button(_("Take these words"), "check", parent=self)
        self.choose = button(_("Choose a file or photo…"), "folder", parent=self)
        self.state = label("", parent=self, wrap=True)
        self._state_icon = icon_label("info", "muted", self)
        self.phrase = NewPhraseField(_("New pass phrase"), self)
        self.problem = label("", role="error", parent=self, wrap=True)
        self.back = button(_("Back"), "back", parent=self)
        self.go = button(_("Set the pass phrase…"), "", "primary", self)
        self._busy = QProgressBar(self)
        self._build()
        self.choose.clicked.connect(self._ask_file)
        self.take.clicked.connect(self.take_words)
        self.back.clicked.connect(self.left)
        self.phrase.passphrase.line.returnPressed.connect(self.go_on)
        self.go.clicked.connect(self.go_on)
        self._show_found()
        self.put_look_last()

    def focus_first(self) -> None:
        """Put the focus on what is missing first."""
        (self.phrase if self._found and not required(self._found) else self.words).setFocus()

    def take_file(self, path: str) -> None:
        """Read the sheet in a file.

        Args:
            path: A photo, a scan, the sheet's PDF, or a text with the words.
        """
        self._read(partial(read_shares, Path(path)))

    def take_words(self) -> None:
        """Read the words that were typed."""
        self._read(partial(shares.parse, self.words.toPlainText()))

    def go_on(self) -> None:
        """Ask where the new sheet goes; with that everything is known."""
        if not self.go.isEnabled():
            return
        try:
            missing = required(self._found)
            if missing:
                raise shares.more_needed(missing) if self._found else _none()
            check_passphrase(self.phrase.text())
        except Failure as failure:
            self._refuse(failure)
            (self.phrase if failure.code == "weak_passphrase" else self.words).setFocus()
            return
        kinds = _("Recovery sheet ({pattern})").format(pattern="*.pdf")
        name = _("recovery-sheet") + "-2.pdf"
        ask_save(self, _("Save the new recovery sheet"), kinds, name, self.recover_to)

    def recover_to(self, path: str) -> None:
        """Open the vault, and give it the new pass phrase and a new sheet.

        Args:
            path: The file for the new sheet; trustees' sheets get a number behind its name.
        """
        self._set_busy(busy=True)
        job = partial(_recover, Path(self.known.folder), list(self._found), self.phrase.text(), Path(path))
        if self.backup:
            job = partial(_restore_and, job, Path(self.backup), Path(self.known.folder), list(self._found), self._done)
        self._worker.run(job, self._recovered, self._failed)

    def _build(self) -> None:
        column = self.content
        column.addStretch(1)
        heading = _("Restore with the recovery sheet") if self.backup else _("Forgot the pass phrase")
        column.addWidget(label(heading, "hero", parent=self))
        where = Elided("", "muted", self)
        where.setText(f"{self.known.label} · {self.known.folder}")
        column.addWidget(where)
        column.addWidget(label(_("1. The recovery sheet"), "strong", parent=self))
        hint = _("Type the 20 words in their order, or choose a photo, a scan or the file of the sheet.")
        column.addWidget(caption(hint, self))
        self.words.setAccessibleName(_("Words of the recovery sheet"))
        self.words.setTabChangesFocus(True)
        self.words.setProperty("secret", True)  # noqa: FBT003 - Qt has no keyword for it
        self.words.setFixedHeight(self.words.fontMetrics().lineSpacing() * _LINES + theme.SPACE_XL)
        column.addWidget(self.words)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.take)
        row.addWidget(self.choose)
        row.addStretch(1)
        column.addLayout(row)
        state = QHBoxLayout()
        state.setSpacing(theme.SPACE_S)
        state.addWidget(self._state_icon)
        state.addWidget(self.state, 1)
        column.addLayout(state)
        column.addWidget(label(_("2. The new pass phrase"), "strong", parent=self))
        column.addWidget(self.phrase)
        hint = _("The sheet is used up by this. A new one is written to a place that you choose; destroy the old one.")
        column.addWidget(caption(hint, self))
        column.addWidget(self.problem)
        self.problem.hide()
        self._add_buttons()
        column.addStretch(2)

    def _add_buttons(self) -> None:
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName(_("Opening the vault"))
        self._busy.hide()
        self.go.setMinimumWidth(theme.scaled(140))
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_M)
        row.addWidget(self.back)
        row.addWidget(self._busy, 1)
        row.addStretch(1)
        row.addWidget(self.go)
        self.content.addLayout(row)

    def _ask_file(self) -> None:
        kinds = _("Recovery sheet ({pattern})").format(pattern="*.pdf *.png *.jpg *.jpeg *.txt")
        ask_open(self, _("Choose the recovery sheet"), kinds, self.take_file)

    def _read(self, job: Callable[[], list[Share]]) -> None:
        self._set_busy(busy=True)
        self._worker.run(job, self._take, self._failed)

    def _take(self, found: list[Share]) -> None:
        self._set_busy(busy=False)
        known = {share.indices for share in self._found}
        following = [*self._found, *(share for share in found if share.indices not in known)]
        try:
            if len({share.sheet for share in following}) > 1:
                shares.combine(following)
        except Failure as failure:
            self._refuse(failure)
            return
        self._found = following
        with QSignalBlocker(self.words):
            self.words.clear()
        self._show_found()
        self.focus_first()

    def _show_found(self) -> None:
        missing = required(self._found)
        if not self._found:
            icon, role, words = "info", "muted", _("No sheet has been read yet.")
        elif missing:
            number = shares.sheet_number(self._found[0].sheet)
            words = ngettext(
                "Sheets {number}: {count} more is needed.", "Sheets {number}: {count} more are needed.", missing
            ).format(number=number, count=missing)
            icon, role = "waiting", "warn"
        else:
            number = shares.sheet_number(self._found[0].sheet)
            icon, role, words = "ok", "ok", _("Sheet {number} is read.").format(number=number)
        self._state_icon.setPixmap(icon_label(icon, role, None).pixmap())
        self.state.setText(words)
        self.state.setProperty("role", role)
        theme.repolish(self.state)

    def _recovered(self, workspace: Workspace) -> None:
        self._set_busy(busy=False)
        self.phrase.clear()
        self._found = []
        self.opened.emit(workspace)

    def _failed(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self._refuse(failure)

    def _refuse(self, failure: Failure) -> None:
        self.problem.setText(failure.message)
        self.problem.show()
        if failure.code in {"wrong_recovery", "no_recovery", "recovery_foreign"}:
            self._found = []
            self._show_found()

    def _set_busy(self, *, busy: bool) -> None:
        self.problem.hide()
        self._busy.setVisible(busy)
        for widget in (self.words, self.take, self.choose, self.phrase, self.back, self.go, self.look):
            widget.setEnabled(not busy)


def _none() -> Refused:
    return Refused("no_sheet", _("Read the recovery sheet first: type its words or choose its file."))


def _recover(folder: Path, found: Sequence[Share], phrase: str, path: Path) -> Workspace:
    def keep(prepared: Prepared) -> list[Path]:
        return prepared.write(path)

    if ring(folder):
        raise open_elsewhere()
    workspace = recover_workspace(folder, found, NewPhrase(phrase), keep)
    number = workspace.recovery.state().number
    workspace.notices.insert(
        0,
        _(
            "The new pass phrase is set, and recovery sheet {number} is new: print it, put it into a safe, and destroy "
            "the one that was used."
        ).format(number=number),
    )
    return workspace


def _restore_and(
    recover: Callable[[], Workspace], backup: Path, folder: Path, found: Sequence[Share], done: "list[Restored]"
) -> Workspace:
    """Restore a vault and open it; a second try, after the new sheet could not be written, finds it restored.

    Args:
        recover: Opens it.
        backup: The backup.
        folder: The vault's folder.
        found: The recovery sheets.
        done: What was restored by an earlier try, or by this one.
    """
    from desktop_app.backup.restoring import restore
    from desktop_app.backup.ways import Way

    if not is_vault(folder):
        done[:] = [restore(backup, folder, Way(recovery=shares.combine(found)).vault_key)]
    workspace = recover()
    for restored in done:
        restored.record(workspace.audit, backup)
    return workspace
