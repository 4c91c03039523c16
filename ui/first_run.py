"""The first run: from a language to an open vault in at most five steps, each by keyboard."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QStackedWidget, QWidget

from desktop_app.opening import create_example_workspace, create_workspace, join_workspace
from desktop_app.settings import Settings
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui import theme
from ui.first_run_steps import RESTORE, Answers, DoneStep, LanguageStep, Step, WayStep, WhoStep
from ui.gate import Gate
from ui.look import Look
from ui.recovery_step import RecoveryStep
from ui.widgets import button, label
from ui.worker import Worker


class FirstRun(Gate):
    """Leads to a new vault.

    Args:
        settings: For the look and for the name of an unused folder.
        worker: Makes the vault off the screen's thread.
        answers: What is known already; a way that is known skips the question.
        parent: The window.
    """

    opened = Signal(object)
    left = Signal()
    restore_wanted = Signal()

    def __init__(self, settings: Settings, worker: Worker, answers: Answers, parent: QWidget | None = None) -> None:
        super().__init__(Look.of(settings), parent)
        self.answers = answers
        self._worker = worker
        self._workspace: Workspace | None = None
        self.steps: list[Step] = [LanguageStep(answers, Look.of(settings), self)]
        self.steps += [WayStep(answers, self), WhoStep(answers, self)]
        # What comes when the vault is made; a step that is not wanted on the chosen way is left out.
        self.steps += [RecoveryStep(answers, worker, self), DoneStep(answers, worker, self)]
        self._first = 0
        self._may_leave = bool(settings.vaults)
        self._stack = QStackedWidget(self)
        self._place = label("", "small", "muted", self)
        self.problem = label("", role="error", parent=self, wrap=True)
        self._busy = QProgressBar(self)
        self.back = button(_("Back"), "back", parent=self)
        self.next = button(_("Next"), "", "primary", self)
        self._build()
        self._connect()
        if answers.way and not answers.begun_with_language:
            self._first = 2
        self.put_look_last()
        self._show(max(self._first, answers.step))

    def focus_first(self) -> None:
        """Put the focus where the step begins."""
        self.step.focus_first()

    @property
    def step(self) -> Step:
        """The step in view."""
        return self.steps[self._stack.currentIndex()]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Enter goes on, Escape goes back."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.go_on()
        elif event.key() == Qt.Key.Key_Escape:
            self.go_back()
        else:
            super().keyPressEvent(event)

    def go_on(self) -> None:
        """Take the answers of this step and show the next, or say what is missing."""
        if not self.next.isEnabled():
            return
        try:
            self.step.take()
        except Failure as failure:
            self._refuse(failure)
            return
        following = self._next_step()
        if self.answers.way == RESTORE:
            self.answers.way = ""
            self.restore_wanted.emit()
        elif self._workspace is None and isinstance(self.step, WhoStep):
            self._make()
        elif following is not None:
            self._show(following)
        elif self._workspace is not None:
            workspace, self._workspace = self._workspace, None
            self.opened.emit(workspace)

    def go_back(self) -> None:
        """Show the step before, or leave from the first one."""
        if not self.back.isEnabled() or self._workspace is not None:
            return
        self.step.keep()
        if self._stack.currentIndex() > self._first:
            self._show(self._stack.currentIndex() - 1)
        elif self._may_leave:
            self.left.emit()

    def close_unused(self) -> None:
        """Close a vault that was made and not handed over."""
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None

    def _next_step(self) -> int | None:
        here = self._stack.currentIndex()
        return next((number for number in range(here + 1, len(self.steps)) if self.steps[number].is_wanted()), None)

    def _build(self) -> None:
        column = self.content
        column.addStretch(1)
        column.addWidget(self._place)
        column.addWidget(self._stack)
        for step in self.steps:
            step.column.addStretch(1)
            self._stack.addWidget(step)
        column.addWidget(self.problem)
        self.problem.hide()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName(_("Making the vault"))
        self._busy.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_M)
        row.addWidget(self.back)
        row.addWidget(self._busy, 1)
        row.addStretch(1)
        self.next.setMinimumWidth(theme.scaled(140))
        row.addWidget(self.next)
        column.addSpacing(theme.SPACE_S)
        column.addLayout(row)
        column.addStretch(2)

    def _connect(self) -> None:
        self.back.clicked.connect(self.go_back)
        self.next.clicked.connect(self.go_on)
        self.look_wanted.connect(self._keep)
        for step in self.steps:
            step.go_on_wanted.connect(self.go_on)
            step.look_wanted.connect(self.look_wanted)
            step.changed.connect(self._renew_next)
        for line in self.findChildren(QLineEdit):
            # What was refused is being put right: the sentence about it is no longer true.
            line.textChanged.connect(self.problem.hide)

    def _show(self, number: int) -> None:
        self.answers.step = number
        self.problem.hide()
        self._stack.setCurrentIndex(number)
        wanted = [place for place in range(self._first, len(self.steps)) if self.steps[place].is_wanted()]
        count, here = len(wanted), wanted.index(number) + 1
        self._place.setText(_("Step {number} of {count}").format(number=here, count=count))
        self.back.setVisible(self._workspace is None and (number > self._first or self._may_leave))
        self._renew_next()
        self.step.enter()
        self.step.focus_first()

    def _keep(self) -> None:
        self.step.keep()

    def _renew_next(self) -> None:
        self.next.setText(self.step.next_text())
        self.next.setProperty("kind", "primary" if self.step.is_whole() else "")
        theme.repolish(self.next)

    def _make(self) -> None:
        self._set_busy(busy=True)
        self._worker.run(partial(_named, _maker(self.answers)), self._made, self._not_made, aside=True)

    def _made(self, made: tuple[Workspace, str, str]) -> None:
        self._set_busy(busy=False)
        workspace, self.answers.community, self.answers.unit = made
        self._workspace = workspace
        self.look.hide()  # a change of language builds this screen anew, and would lose the vault that is open here
        for step in self.steps:
            step.use(workspace)
        self._show(self._next_step() or len(self.steps) - 1)

    def _not_made(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self._refuse(failure)

    def _refuse(self, failure: Failure) -> None:
        self.problem.setText(failure.message)
        self.problem.show()
        self.step.show_problem(failure)

    def _set_busy(self, *, busy: bool) -> None:
        self.problem.hide()
        self._busy.setVisible(busy)
        for widget in (self.back, self.next, self._stack, self.look):
            widget.setEnabled(not busy)


def _named(make: Callable[[], Workspace]) -> tuple[Workspace, str, str]:
    """Make a vault, and read on the same worker what it is called."""
    workspace = make()
    return workspace, workspace.community, workspace.unit.name


def _maker(answers: Answers) -> "partial[Workspace]":
    folder, phrase = Path(answers.folder), answers.passphrase
    if answers.way == "example":
        return partial(create_example_workspace, folder, phrase)
    if answers.way == "join":
        return partial(join_workspace, folder, phrase, invitation=answers.invitation, person=answers.person)
    return partial(
        create_workspace, folder, phrase, community=answers.community, unit=answers.unit, person=answers.person
    )
