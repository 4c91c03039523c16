"""The card about the pass phrase and the second secret on a stick."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from desktop_app.vault import Stick, check_passphrase, stick
from desktop_app.workspace import Workspace
from sync.errors import Failure, Refused
from sync.messages import _
from ui import stick_row, theme
from ui.actions import Action
from ui.administration.section import Section
from ui.administration.unfold import Unfold
from ui.context import DeskContext
from ui.files import ask_save
from ui.new_phrase import NewPhraseField
from ui.passphrase_field import PassphraseField
from ui.stick_row import StickRow, stick_of
from ui.widgets import button, caption, icon_label, label


class PassphraseSection(Section):
    """Changes the pass phrase, and begins or ends the use of a stick.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    section_id = "passphrase"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Pass phrase"), context, parent)
        self._on_stick = False
        self.begin_change = button(_("Change the pass phrase…"), "edit", parent=self)
        self.begin_stick = button(_("Ask for a stick too…"), "device", parent=self)
        self.end_stick = button(_("Stop asking for the stick…"), "device", parent=self)
        self.asked = Unfold(self)
        self.present = PassphraseField(_("Present pass phrase"), self.asked, steady=False)
        self.new = NewPhraseField(_("New pass phrase"), self.asked)
        self._new_prompt = label(_("New pass phrase"), parent=self.asked)
        self.stick = StickRow(self.asked)
        self.change = button(_("Change the pass phrase"), "check", "primary", self.asked)
        self.write = button(_("Choose where on the stick…"), "device", "primary", self.asked)
        self.drop = button(_("Stop asking for the stick"), "check", "primary", self.asked)
        self._stick_words = label("", "", "muted", self, wrap=True)
        self.problem = label("", role="error", parent=self, wrap=True)
        self._build()
        for start, confirm in self._ways():
            start.clicked.connect(partial(self.ask, start, confirm))
        self.present.line.returnPressed.connect(self._typed)
        self.change.clicked.connect(self.change_phrase)
        self.new.passphrase.line.returnPressed.connect(self.change_phrase)
        self.write.clicked.connect(self._ask_where)
        self.drop.clicked.connect(self.drop_stick)
        self.asked.folded.connect(self._forget)

    def load(self) -> None:
        """Ask whether the vault needs a stick; whoever comes back to the page types the pass phrase again."""
        self.asked.fold()
        self.context.run(partial(_needs_stick, self.context.workspace), self._show)

    def focus_first(self) -> None:
        """Put the focus on the present pass phrase where it's asked for, else on what asks for it."""
        (self.present if self.asked.isVisibleTo(self) else self.begin_change).setFocus()

    def commands(self) -> Sequence[Action]:
        """Return the way to this card."""
        change = partial(self.ask, self.begin_change, self.change)
        return [Action("change-passphrase", _("Change the pass phrase"), change, "lock")]

    def ask(self, start: QPushButton, confirm: QPushButton) -> None:
        """Ask for what one of the actions needs.

        Args:
            start: The button that begins it.
            confirm: The button that does it.
        """
        for _start, other in self._ways():
            other.setVisible(other is confirm)
        for widget in (self.new, self._new_prompt):
            widget.setVisible(confirm is self.change)
        self.asked.unfold(start)
        self.present.setFocus()

    def change_phrase(self) -> None:
        """Put the new pass phrase in the place of the present one."""
        try:
            check_passphrase(self.new.text())
        except Failure as failure:
            self._refuse(failure)
            self.new.setFocus()
            return
        self._run(partial(_change, self.context.workspace, self.present.text(), self.new.text(), self.stick.path))

    def make_stick(self, path: str) -> None:
        """Write a key file and ask for it from now on.

        Args:
            path: The new file, on a stick.
        """
        self._run(partial(_begin, self.context.workspace, self.present.text(), self.stick.path, Path(path)))

    def drop_stick(self) -> None:
        """Let the pass phrase alone open the vault again."""
        self._run(partial(_end, self.context.workspace, self.present.text(), self.stick.path))

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(icon_label("device", "muted", self))
        row.addWidget(self._stick_words, 1)
        self.body.addLayout(row)
        hint = _("A key file on a stick makes even a short pass phrase safe: one without the other opens nothing.")
        self.body.addWidget(caption(hint, self))
        for start, confirm in self._ways():
            self.asked.add_start(start)
            self.asked.add_confirm(confirm)
        self.body.addWidget(self.asked.starts)
        prompt = label(_("Present pass phrase"), parent=self.asked)
        prompt.setBuddy(self.present.line)
        self._new_prompt.setBuddy(self.new.passphrase.line)
        for widget in (prompt, self.present, self.stick, self._new_prompt, self.new):
            self.asked.body.addWidget(widget)
        self.body.addWidget(self.asked)
        self.body.addWidget(self.problem)
        self.problem.hide()
        self.end_stick.hide()

    def _show(self, on_stick: bool) -> None:  # noqa: FBT001 - what a worker hands over
        self._on_stick = on_stick
        self.begin_stick.setVisible(not on_stick)
        self.end_stick.setVisible(on_stick)
        words = _("The vault asks for a key file on a stick too.") if on_stick else _("The pass phrase alone opens.")
        self._stick_words.setText(words)

    def _ways(self) -> tuple[tuple[QPushButton, QPushButton], ...]:
        """Each button that begins something, and the one that does it."""
        return (
            (self.begin_change, self.change),
            (self.begin_stick, self.write),
            (self.end_stick, self.drop),
        )

    def _typed(self) -> None:
        """Go on after Enter: to the new pass phrase, or to what is done."""
        if self.new.isVisibleTo(self):
            self.new.setFocus()
        else:
            next(confirm for _start, confirm in self._ways() if confirm.isVisibleTo(self)).click()

    def _forget(self) -> None:
        self.present.clear()
        self.new.clear()
        self.stick.forget()
        self.problem.hide()

    def _ask_where(self) -> None:
        if not self.present.text():
            self._refuse(Refused("no_passphrase", _("First type the present pass phrase.")))
            self.present.setFocus()
            return
        kinds = _("Key file on a stick ({pattern})").format(pattern=f"*{stick.ENDING}")
        ask_save(self, _("Where on the stick"), kinds, f"sprava{stick.ENDING}", self.make_stick)

    def _run(self, job: "partial[str]") -> None:
        self._set_busy(busy=True)
        self.context.run(job, self._done, self._failed, aside=True)

    def _done(self, words: str) -> None:
        self._set_busy(busy=False)
        self.asked.leave()
        self.context.show_message(words, "ok")
        self.load()

    def _failed(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self._refuse(failure)
        if failure.code in stick_row.MISSING:
            self.stick.show()
        if failure.code in {"wrong_passphrase", "too_many_tries"}:
            self.present.setFocus()

    def _refuse(self, failure: Failure) -> None:
        self.problem.setText(failure.message)
        self.problem.show()

    def _set_busy(self, *, busy: bool) -> None:
        self.problem.hide()
        for widget in (self.change, self.write, self.drop):
            widget.setEnabled(not busy)


def _needs_stick(workspace: Workspace) -> bool:
    return workspace.store.key_file.stick_mark is not None


def _change(workspace: Workspace, present: str, new: str, stick_path: str) -> str:
    workspace.change_passphrase(present, new, stick=stick_of(stick_path))
    return _("The pass phrase is changed. The one before does not open the vault any more.")


def _begin(workspace: Workspace, present: str, stick_path: str, path: Path) -> str:
    workspace.verify_passphrase(present, stick_of(stick_path))
    made = Stick.generate()
    # Nobody can lose what is not needed yet: the file is on the stick before the vault asks for it.
    stick.write(path, made)
    workspace.change_passphrase(present, present, stick=stick_of(stick_path), new_stick=made)
    return _("From now on the vault needs {file} too. Keep a copy of it in another place.").format(file=path)


def _end(workspace: Workspace, present: str, stick_path: str) -> str:
    workspace.change_passphrase(present, present, stick=stick_of(stick_path), drop_stick=True)
    return _("The pass phrase alone opens the vault again.")
