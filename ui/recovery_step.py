"""The step of the first run that makes the recovery sheet."""

from PySide6.QtWidgets import QWidget

from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui.first_run_steps import Answers, Step
from ui.sheet_maker import SheetMaker
from ui.widgets import caption, label
from ui.worker import Worker


class RecoveryStep(Step):
    """The recovery sheet: saved or printed, and two words asked back; it may be put off.

    Args:
        answers: As for every step.
        worker: Makes the sheet off the screen's thread.
        parent: The first run.
    """

    def __init__(self, answers: Answers, worker: Worker, parent: QWidget) -> None:
        super().__init__(answers, parent)
        self.column.addWidget(label(_("Recovery sheet"), "hero", parent=self))
        words = _(
            "If the pass phrase is forgotten, or the computer is gone and only a backup is left, this sheet opens "
            "everything again. Print it and put it into a safe."
        )
        self.column.addWidget(label(words, "", "muted", self, wrap=True))
        self.maker = SheetMaker(worker, self)
        self.column.addWidget(self.maker)
        self.problem = label("", role="error", parent=self, wrap=True)
        self.problem.hide()
        self.column.addWidget(self.problem)
        self._warning = caption(
            _("Without the sheet, a forgotten pass phrase means that this vault is lost. Sprava will remind you."),
            self,
        )
        self.column.addWidget(self._warning)
        self._confirmed = False
        self.maker.made.connect(self._made)
        self.maker.confirmed.connect(self._done)
        self.maker.failed.connect(self._failed)

    def use(self, workspace: Workspace) -> None:
        """Be ready to make the sheet of the vault."""
        self.maker.begin(workspace)

    def is_wanted(self) -> bool:
        """Example data needs no sheet."""
        return self.answers.way != "example"

    def focus_first(self) -> None:
        """Put the focus on what comes next."""
        self.maker.focus_first()

    def next_text(self) -> str:
        """Return what the button that goes on says: until the words are right, it only puts off."""
        return _("Next") if self._confirmed else _("Later")

    def is_whole(self) -> bool:
        """Return whether the words were right."""
        return self._confirmed

    def _made(self) -> None:
        self.problem.hide()
        self._warning.hide()

    def _done(self) -> None:
        self._confirmed = True
        self.changed.emit()

    def _failed(self, failure: Failure) -> None:
        self.problem.setText(failure.message)
        self.problem.show()
