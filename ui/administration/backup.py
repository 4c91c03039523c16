"""The card about backups: the last good one, where they go and how often, and a restore for practice."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.backup.plan import INTERVALS, Plan
from desktop_app.backup.service import BackupStatus
from sync.messages import _
from ui import icons, theme
from ui.actions import Action
from ui.administration.section import Section
from ui.administration.trial import BackupTrial
from ui.backup_words import detail_words, last_words, often_words, progress_words, reason_words
from ui.context import DeskContext
from ui.files import ask_folder
from ui.status_bar import when_words
from ui.widgets import Elided, button, caption, icon_button, icon_label, label, line

if TYPE_CHECKING:
    from desktop_app.backup.watch import Progress

_STEPS = 1000


class BackupSection(Section):
    """Shows and changes how the vault is saved.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    section_id = "backup"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Backups"), context, parent)
        self._status: BackupStatus | None = None
        self._icon = icon_label("clock", "muted", self)
        self.last = label("", "strong", parent=self, wrap=True)
        self.detail = caption("", self)
        self.problem = label("", "small", "warn", self, wrap=True)
        self.now = button(_("Back up now"), "saved", "primary", self)
        self.add = button(_("Add a place…"), "folder", parent=self)
        self.often = QComboBox(self)
        self.bar = QProgressBar(self)
        self.phase = caption("", self)
        self.stop = button(_("Stop"), "close", parent=self)
        self._running = QWidget(self)
        self._places = QVBoxLayout()
        self._no_place = caption(_("No place is chosen yet: a stick, another disk or a share is best."), self)
        self.trial = BackupTrial(context, self)
        self._shown: list[tuple[str, bool]] = []
        self._build()
        self._connect()

    def load(self) -> None:
        """Ask for the status."""
        self.context.backup.renew()

    def focus_first(self) -> None:
        """Put the focus on the backup itself, or on choosing a place."""
        (self.now if self.now.isEnabled() else self.add).setFocus()

    def commands(self) -> Sequence[Action]:
        """Return what can be done here."""
        return [
            Action("backup-now", _("Back up now"), self.back_up, "saved"),
            Action("backup-place", _("Add a place for backups"), self.ask_place, "folder"),
            Action("backup-trial", _("Try a restore"), self.trial.ask, "shield"),
        ]

    def back_up(self) -> None:
        """Make a backup at every place of the plan, or ask for one first."""
        plan = self._plan
        if plan.places:
            self.context.backup.start([Path(place.path) for place in plan.places])
        else:
            self.ask_place()

    def ask_place(self) -> None:
        """Ask for one more folder."""
        ask_folder(self, _("Where backups go"), self.add_place)

    def add_place(self, folder: str) -> None:
        """Let backups go to a folder too, and make the first one at once.

        Args:
            folder: The folder.
        """
        job = partial(self.context.workspace.backups.add_place, Path(folder))
        self.context.run(job, partial(self._added, folder))

    @property
    def _plan(self) -> Plan:
        return self._status.notes.plan if self._status else Plan()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_S)
        head.addWidget(self._icon)
        head.addWidget(self.last, 1)
        self.body.addLayout(head)
        self.body.addWidget(self.detail)
        self.body.addWidget(self.problem)
        self.problem.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.now)
        row.addWidget(self.add)
        row.addStretch(1)
        self.body.addLayout(row)
        self._build_progress()
        self._places.setSpacing(theme.SPACE_XS)
        self.body.addLayout(self._places)
        self.body.addWidget(self._no_place)
        self._build_often()
        self.body.addWidget(line(self))
        self.body.addWidget(self.trial)

    def _build_progress(self) -> None:
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("How far the backup is"))
        row = QHBoxLayout(self._running)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        words = QVBoxLayout()
        words.setSpacing(theme.SPACE_XS)
        words.addWidget(self.phase)
        words.addWidget(self.bar)
        row.addLayout(words, 1)
        row.addWidget(self.stop)
        self.body.addWidget(self._running)
        self._running.hide()

    def _build_often(self) -> None:
        self.often.setAccessibleName(_("How often"))
        self.often.setMinimumHeight(theme.scaled(32))
        for hours in INTERVALS:
            self.often.addItem(often_words(hours), hours)
        prompt = label(_("How often"), parent=self)
        prompt.setBuddy(self.often)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_M)
        row.addWidget(prompt)
        row.addWidget(self.often, 1)
        self.body.addLayout(row)

    def _connect(self) -> None:
        job = self.context.backup
        self.now.clicked.connect(self.back_up)
        self.add.clicked.connect(self.ask_place)
        self.stop.clicked.connect(job.stop)
        self.often.currentIndexChanged.connect(self._choose_often)
        job.status_changed.connect(self._show)
        job.started.connect(self._started)
        job.progressed.connect(self._progressed)
        job.ended.connect(self._ended)
        if job.running:
            self._started()

    def _show(self, status: BackupStatus) -> None:
        self._status = status
        good = status.last_good
        role = "warn" if status.late else "ok" if good else "muted"
        self._icon.setPixmap(
            icons.pixmap("warn" if status.late else "ok" if good else "clock", role, theme.icon_pixels())
        )
        self.last.setText(last_words(status))
        self.detail.setText(detail_words(status))
        self.detail.setVisible(bool(self.detail.text()))
        self._show_problem(status)
        self._show_places(status.notes.plan, set(status.notes.failed))
        with QSignalBlocker(self.often):
            self.often.setCurrentIndex(self.often.findData(status.notes.plan.hours))
        self.now.setEnabled(not self.context.backup.running)
        self.trial.show_status(status)

    def _show_problem(self, status: BackupStatus) -> None:
        failed = status.last_failed
        self.problem.setVisible(failed is not None)
        if failed is not None:
            words = _("The attempt of {when} did not succeed: {reason}. The backup before it is whole.")
            self.problem.setText(words.format(when=when_words(failed.when), reason=reason_words(failed.code)))

    def _show_places(self, plan: Plan, failed: set[str]) -> None:
        self._no_place.setVisible(not plan.places)
        shown = [(place.path, place.path in failed) for place in plan.places]
        if shown == self._shown:
            return  # a row that has the focus keeps it
        self._shown = shown
        while self._places.count():
            item = self._places.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for path, has_failed in shown:
            self._places.addWidget(self._place_row(path, failed=has_failed))

    def _place_row(self, path: str, *, failed: bool) -> QWidget:
        shown = QWidget(self)
        row = QHBoxLayout(shown)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(icon_label("warn" if failed else "folder", "warn" if failed else "muted", shown))
        name = Elided("", "", shown)
        name.setText(path)
        row.addWidget(name, 1)
        remove = icon_button("close", _("Make no more backups in {folder}").format(folder=path), shown)
        remove.clicked.connect(partial(self._remove, path))
        row.addWidget(remove)
        return shown

    def _remove(self, path: str) -> None:
        self.context.run(partial(self.context.workspace.backups.remove_place, path), self._changed)

    def _added(self, folder: str, _plan: Plan) -> None:
        self.load()
        self.context.backup.start([Path(folder)])

    def _changed(self, _plan: object) -> None:
        self.load()

    def _choose_often(self) -> None:
        self.context.run(partial(self.context.workspace.backups.set_hours, self.often.currentData()), self._changed)

    def _started(self) -> None:
        self.bar.setRange(0, 0)
        self.phase.setText(_("Beginning…"))
        self._running.show()
        self.now.setEnabled(False)

    def _progressed(self, progress: "Progress") -> None:
        self.bar.setRange(0, _STEPS if progress.total else 0)
        if progress.total:
            self.bar.setValue(min(_STEPS, progress.done * _STEPS // progress.total))
        self.phase.setText(progress_words(progress, restoring=self.trial.running))

    def _ended(self) -> None:
        self._running.hide()
        self.now.setEnabled(True)
