"""The card about the recovery sheet."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QWidget

from desktop_app.recovery import RecoveryState
from desktop_app.vault.shares import MOST_SHEETS, Arrangement
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui import stick_row, theme
from ui.actions import Action
from ui.administration.section import Section
from ui.administration.unfold import Unfold
from ui.context import DeskContext
from ui.passphrase_field import PassphraseField
from ui.sheet_check import SheetCheck
from ui.sheet_maker import SheetMaker
from ui.stick_row import StickRow, stick_of
from ui.widgets import button, caption, icon_label, label

_USUAL = Arrangement(2, 3)


class RecoverySection(Section):
    """Says which sheet opens the vault, and makes another in its place.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    section_id = "recovery"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Recovery sheet"), context, parent)
        self._state_icon = icon_label("info", "muted", self)
        self.state = label("", parent=self, wrap=True)
        self.start = button(_("Make a new sheet…"), "shield", parent=self)
        self.start_check = button(_("Check the sheet…"), "check", parent=self)
        self.checking = Unfold(self)
        self.sheet_check = SheetCheck(context, self.checking)
        self.asked = Unfold(self)
        self.trustees = QCheckBox(_("Split it among trustees"), self.asked)
        self.needed, self.count = QComboBox(self.asked), QComboBox(self.asked)
        self._split = QWidget(self.asked)
        self.passphrase = PassphraseField(_("Pass phrase"), self.asked, steady=False)
        self.stick = StickRow(self.asked)
        self.begin = button(_("Make a new sheet"), "check", "primary", self.asked)
        self.maker = SheetMaker(context.worker, self)
        self.problem = label("", role="error", parent=self, wrap=True)
        self._build()
        self.trustees.toggled.connect(self._split.setVisible)
        self.count.currentIndexChanged.connect(self._limit)
        self.start.clicked.connect(self.ask)
        self.start_check.clicked.connect(self.ask_check)
        self.checking.folded.connect(self._checked_no_more)
        self.sheet_check.confirmed.connect(self._confirmed)
        self.asked.folded.connect(self._forget)
        self.begin.clicked.connect(self.check)
        self.passphrase.line.returnPressed.connect(self.check)
        self.maker.made.connect(self.load)
        self.maker.confirmed.connect(self._confirmed)
        self.maker.failed.connect(self._failed)

    def load(self) -> None:
        """Ask which sheet is in force."""
        if not self.maker.is_made:  # whoever comes back to the page types the pass phrase again
            self._let_make(allowed=False)
        self.context.run(self.context.workspace.recovery.state, self._show)

    def focus_first(self) -> None:
        """Put the focus on what comes next."""
        if self.maker.isVisibleTo(self):
            self.maker.focus_first()
        elif self.checking.isVisibleTo(self):
            self.sheet_check.focus_first()
        elif self.start_check.isVisibleTo(self):
            self.start_check.setFocus()
        else:
            (self.passphrase if self.asked.isVisibleTo(self) else self.start).setFocus()

    def commands(self) -> Sequence[Action]:
        """Return the way to this card."""
        return [Action("recovery-sheet", _("Recovery sheet"), self.ask, "shield")]

    def ask(self) -> None:
        """Ask for the pass phrase, which every new sheet needs."""
        self.checking.fold()
        if not self.maker.isVisibleTo(self):
            self.asked.unfold(self.start)
        self.focus_first()

    def ask_check(self) -> None:
        """Ask for the sheet, to prove that it can be read and opens the vault."""
        self.asked.starts.hide()
        self.checking.unfold(self.start_check)
        self.sheet_check.focus_first()

    def check(self) -> None:
        """Check the pass phrase: whoever only sits down at an open desk makes no sheet."""
        self.problem.hide()
        self.begin.setEnabled(False)
        job = partial(_verify, self.context.workspace, self.passphrase.text(), self.stick.path)
        self.context.run(job, self._allowed, self._failed, aside=True)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self._state_icon)
        row.addWidget(self.state, 1)
        self.body.addLayout(row)
        hint = _("It opens this vault, or a backup of it, without the pass phrase. A new sheet ends the one before.")
        self.body.addWidget(caption(hint, self))
        self.asked.add_start(self.start_check)
        self.asked.add_start(self.start)
        self.start_check.hide()
        self.checking.body.addWidget(self.sheet_check)
        self.asked.add_confirm(self.begin)
        self.body.addWidget(self.asked.starts)
        self.body.addWidget(self.checking)
        # The panel takes the place of the same buttons as the other one.
        self.checking.starts.hide()
        self.asked.body.addWidget(self.trustees)
        grid = QGridLayout(self._split)
        grid.setContentsMargins(theme.SPACE_XL, 0, 0, 0)
        for place, (words, box, value) in enumerate(
            (
                (_("Sheets in all, one for each trustee"), self.count, _USUAL.count),
                (_("Sheets needed together"), self.needed, _USUAL.threshold),
            )
        ):
            prompt = label(words, parent=self._split)
            prompt.setBuddy(box)
            box.setAccessibleName(words)
            _offer(box, MOST_SHEETS, value)
            box.setMinimumHeight(theme.scaled(32))
            grid.addWidget(prompt, place, 0)
            grid.addWidget(box, place, 1)
        grid.setColumnStretch(0, 1)
        self._limit()
        self._split.hide()
        self.asked.body.addWidget(self._split)
        prompt = label(_("Pass phrase"), parent=self.asked)
        prompt.setBuddy(self.passphrase.line)
        self.asked.body.addWidget(prompt)
        self.asked.body.addWidget(self.passphrase)
        self.asked.body.addWidget(self.stick)
        self.body.addWidget(self.asked)
        self.body.addWidget(self.maker)
        self.maker.hide()
        self.body.addWidget(self.problem)
        self.problem.hide()

    def _allowed(self, _nothing: None) -> None:
        self.passphrase.clear()
        self.begin.setEnabled(True)
        split = Arrangement(self.needed.currentData(), self.count.currentData())
        self.maker.begin(self.context.workspace, split if self.trustees.isChecked() else Arrangement())
        self._let_make(allowed=True)
        self.maker.focus_first()

    def _confirmed(self) -> None:
        self._let_make(allowed=False)
        self.context.show_message(
            _("The words are right. Put the sheet into a safe, and delete the file when it is printed."), "ok"
        )
        self.load()

    def _let_make(self, *, allowed: bool) -> None:
        self.maker.setVisible(allowed)
        self.checking.fold()
        self.asked.fold()
        self.asked.starts.setVisible(not allowed)

    def _checked_no_more(self) -> None:
        self.sheet_check.forget()
        self.checking.starts.hide()
        self.asked.starts.show()

    def _forget(self) -> None:
        self.passphrase.clear()
        self.stick.forget()
        self.problem.hide()

    def _limit(self) -> None:
        chosen = self.needed.currentData()
        _offer(self.needed, self.count.currentData(), chosen)

    def _show(self, state: RecoveryState) -> None:
        role, words = state_words(state)
        self.start_check.setVisible(state.arrangement is not None and not state.confirmed)
        self._state_icon.setPixmap(icon_label(role, role, None).pixmap())
        self.state.setText(words)
        self.state.setProperty("role", role)
        theme.repolish(self.state)

    def _failed(self, failure: Failure) -> None:
        self.begin.setEnabled(True)
        self.problem.setText(failure.message)
        self.problem.show()
        self.focus_first()
        if failure.code in stick_row.MISSING:
            self.stick.show()


def state_words(state: RecoveryState) -> tuple[str, str]:
    """Return the role and the sentence that say how it stands with the recovery sheet.

    Args:
        state: From `RecoveryService.state`.
    """
    if not state.exists:
        return "warn", _("There is no recovery sheet. A forgotten pass phrase would mean that this vault is lost.")
    if state.arrangement is None or state.made_on is None:
        return "warn", _("Sheet {number} opens the vault; nothing more is known of it.").format(number=state.number)
    day = f"{state.made_on:%d.%m.%Y}"
    if state.arrangement.single:
        words = _("Sheet {number} of {day} opens the vault.").format(number=state.number, day=day)
    else:
        words = _("Sheets {number} of {day}: any {needed} of {count} open the vault.").format(
            number=state.number, day=day, needed=state.arrangement.threshold, count=state.arrangement.count
        )
    if not state.confirmed:
        return "warn", words + " " + _("Nobody has shown yet that it can be read.")
    return "ok", words


def _offer(box: QComboBox, most: int, chosen: int) -> None:
    box.clear()
    for number in range(2, most + 1):
        box.addItem(str(number), number)
    box.setCurrentIndex(box.findData(min(chosen, most)))


def _verify(workspace: Workspace, passphrase: str, stick_path: str) -> None:
    workspace.verify_passphrase(passphrase, stick_of(stick_path))
