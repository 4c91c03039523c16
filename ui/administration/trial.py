"""The part of the card about backups that proves one: a restore for practice."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.backup.service import BackupStatus
from sync.errors import Failure
from sync.messages import _, ngettext
from ui import theme
from ui.administration.unfold import Unfold
from ui.context import DeskContext
from ui.files import ask_open
from ui.passphrase_field import PassphraseField
from ui.status_bar import when_words
from ui.widgets import Elided, button, caption, icon_label, label

if TYPE_CHECKING:
    from desktop_app.backup.drill import Drill
    from desktop_app.backup.ways import Way
    from desktop_app.vault.shares import Share

ENDING = "sprava-backup"


class BackupTrial(QWidget):
    """Asks for the pass phrase or the recovery sheet, and proves a backup with it.

    Args:
        context: The vault and its worker.
        parent: The card.
    """

    def __init__(self, context: DeskContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.context = context
        self._status: BackupStatus | None = None
        self._trying = ""
        self.begin_trial = button(_("Try a restore…"), "shield", parent=self)
        self.asked = Unfold(self)
        self.file = Elided("", "muted", self.asked)
        self.other = button(_("Another file…"), "folder", "quiet", self.asked)
        self.passphrase = PassphraseField(_("Pass phrase for the trial"), self.asked, steady=False)
        self.trial = button(_("Try a restore"), "check", "primary", self.asked)
        self.sheet = button(_("With the recovery sheet…"), "shield", parent=self.asked)
        self._found: list[Share] = []
        self._chosen = ""
        self.result = label("", "small", parent=self, wrap=True)
        self._build()
        self._connect()

    @property
    def running(self) -> bool:
        """Whether a trial is under way."""
        return bool(self._trying)

    def show_status(self, status: BackupStatus) -> None:
        """Know the last good backup, which is tried unless another is chosen."""
        self._status = status
        self._show_file()

    def try_restore(self, file: str = "") -> None:
        """Prove a backup with the pass phrase that was typed.

        Args:
            file: Which; by default the last good one.
        """
        file = file or self._trial_file
        if self.context.backup.running:
            return
        if not file:
            self._say(_("No backup is chosen."), "warn")
            return
        if not self.passphrase.text():
            self._say(_("Type the pass phrase: the trial opens the backup as on a bare computer."), "warn")
            self.passphrase.setFocus()
            return
        from desktop_app.backup.ways import Way

        self._drill(file, Way(self.passphrase.text()))

    def ask(self) -> None:
        """Ask with what a backup is to be tried."""
        self.asked.unfold(self.begin_trial)
        self.passphrase.setFocus()

    def take_file(self, file: str) -> None:
        """Try another backup than the last good one.

        Args:
            file: The backup file.
        """
        self._chosen = file
        self._show_file()
        self.passphrase.setFocus()

    def take_sheet(self, path: str) -> None:
        """Prove the backup with the recovery sheet; of trustees' sheets as many are asked for as are needed.

        Args:
            path: A photo, a scan, the sheet's PDF, or a text with the words.
        """
        self.context.run(partial(_read_sheet, Path(path)), self._take_shares, self._no_sheet)

    def _take_shares(self, found: "list[Share]") -> None:
        from desktop_app.backup.ways import Way
        from desktop_app.recovery import required
        from desktop_app.vault import shares

        known = {share.indices for share in self._found}
        self._found += [share for share in found if share.indices not in known]
        missing = required(self._found)
        try:
            secret = shares.combine(self._found) if not missing else None
        except Failure as failure:
            self._found = []
            self._no_sheet(failure)
            return
        if secret is not None:
            self._drill(self._trial_file, Way(recovery=secret))
            return
        number = shares.sheet_number(self._found[0].sheet)
        words = ngettext(
            "Sheets {number}: {count} more is needed.", "Sheets {number}: {count} more are needed.", missing
        ).format(number=number, count=missing)
        self._say(words, "warn")

    def _no_sheet(self, failure: Failure) -> None:
        self._say(failure.message, "error")

    def _drill(self, file: str, way: "Way") -> None:
        self.asked.leave()
        if not self.context.backup.running:
            self._trying = file
            self._say("", "")
            self.context.backup.drill(Path(file), way)

    def _forget(self) -> None:
        self.passphrase.clear()
        self._found = []
        self._chosen = ""
        self._show_file()

    @property
    def _trial_file(self) -> str:
        good = self._status.last_good if self._status else None
        return self._chosen or (good.file if good else "")

    def _show_file(self) -> None:
        self.file.setText(self._trial_file or _("No backup is chosen."))

    def _build(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE_S)
        self._column.addWidget(label(_("Is the backup good?"), "strong", parent=self))
        words = _(
            "A trial restores it into a private folder, checks everything, and removes it. The vault is not touched."
        )
        self._column.addWidget(caption(words, self))
        self.asked.add_start(self.begin_trial)
        for confirm in (self.trial, self.sheet):
            self.asked.add_confirm(confirm)
        self._column.addWidget(self.asked.starts)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(icon_label("saved", "muted", self.asked))
        row.addWidget(self.file, 1)
        row.addWidget(self.other)
        self.asked.body.addLayout(row)
        prompt = label(_("Pass phrase"), parent=self.asked)
        prompt.setBuddy(self.passphrase.line)
        self.asked.body.addWidget(prompt)
        self.asked.body.addWidget(self.passphrase)
        self._column.addWidget(self.asked)
        self._column.addWidget(self.result)
        self.result.hide()

    def _connect(self) -> None:
        job = self.context.backup
        self.begin_trial.clicked.connect(self.ask)
        self.trial.clicked.connect(self._try_chosen)
        self.passphrase.line.returnPressed.connect(self._try_chosen)
        self.other.clicked.connect(self._ask_file)
        self.sheet.clicked.connect(self._ask_sheet)
        self.asked.folded.connect(self._forget)
        job.started.connect(self._started)
        job.ended.connect(self._ended)
        job.proved.connect(self._proved)
        job.failed.connect(self._failed)
        if job.running:
            self._started()

    def _started(self) -> None:
        for widget in (self.trial, self.sheet):
            widget.setEnabled(False)

    def _ended(self) -> None:
        self._trying = ""
        for widget in (self.trial, self.sheet):
            widget.setEnabled(True)

    def _ask_file(self) -> None:
        kinds = _("Backup ({pattern})").format(pattern=f"*.{ENDING}")
        ask_open(self, _("Which backup to try"), kinds, self.take_file)

    def _ask_sheet(self) -> None:
        if not self._trial_file:
            self._say(_("No backup is chosen."), "warn")
            return
        kinds = _("Recovery sheet ({pattern})").format(pattern="*.pdf *.png *.jpg *.jpeg *.txt")
        ask_open(self, _("Choose the recovery sheet"), kinds, self.take_sheet)

    def _try_chosen(self) -> None:
        self.try_restore()

    def _proved(self, drill: "Drill") -> None:
        if drill.sound:
            words = _(
                "Proved: the backup of {when} opens and gives everything back whole (cases: {cases}). It took "
                "{seconds} s; nothing was left behind."
            ).format(when=when_words(drill.made), cases=drill.cases, seconds=max(1, round(drill.seconds)))
            self._say(words, "ok")
            return
        faults = "; ".join(f"{check.title}: {check.finding}" for check in drill.checks if not check.sound)
        self._say(_("Not everything in this backup is whole: {faults}").format(faults=faults), "error")

    def _failed(self, failure: Failure) -> None:
        if self.context.backup.trying:
            self._say(failure.message, "error")

    def _say(self, words: str, role: str) -> None:
        self.result.setText(words)
        self.result.setProperty("role", role)
        self.result.setVisible(bool(words))
        theme.repolish(self.result)


def _read_sheet(path: Path) -> "list[Share]":
    from desktop_app.recovery_reading import read_shares

    return read_shares(path)
