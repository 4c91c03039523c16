"""When the desk locks itself."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from desktop_app import auto_lock
from sync.messages import _, ngettext
from ui import keys, theme
from ui.actions import Action
from ui.administration.section import Section
from ui.context import DeskContext
from ui.presence import LOCK_KEYS
from ui.widgets import button, caption, label

_OFFERED = (1, 2, 5, 10, 15, 20, 30, 45, 60)


class LockSection(Section):
    """How long the desk waits for its person.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    section_id = "lock"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Locking"), context, parent)
        self.minutes = QComboBox(self)
        self.minutes.setAccessibleName(_("Lock the desk when nobody is there for"))
        for number in _OFFERED:
            self.minutes.addItem(_words(number), number)
        self.now = button(_("Lock now"), "lock", parent=self)
        prompt = label(_("Lock the desk when nobody is there for"), parent=self, wrap=True)
        prompt.setBuddy(self.minutes)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(prompt, 1)
        row.addWidget(self.minutes)
        self.body.addLayout(row)
        words = _(
            "It locks at once when the screen of the computer is locked and before it goes to sleep, and at any moment "
            "by {keys} or {other}. A locked vault is closed: its keys are gone from memory. Your work is kept."
        ).format(keys=keys.shown(LOCK_KEYS[0]), other=keys.shown(LOCK_KEYS[1]))
        self.body.addWidget(caption(words, self))
        last = QHBoxLayout()
        last.addWidget(self.now)
        last.addStretch(1)
        self.body.addLayout(last)
        self.minutes.currentIndexChanged.connect(self._choose)
        self.now.clicked.connect(context.lock_wanted)

    def load(self) -> None:
        """Ask for the number of minutes."""
        self.context.run(partial(auto_lock.minutes, self.context.workspace), self._show)

    def focus_first(self) -> None:
        """Put the focus on the number of minutes."""
        self.minutes.setFocus()

    def commands(self) -> Sequence[Action]:
        """Return the way to this card."""
        return [Action("lock-settings", _("When the desk locks itself"), self.focus_first, "lock")]

    def _show(self, number: int) -> None:
        with QSignalBlocker(self.minutes):
            if self.minutes.findData(number) < 0:
                self.minutes.addItem(_words(number), number)
            self.minutes.setCurrentIndex(self.minutes.findData(number))

    def _choose(self) -> None:
        job = partial(auto_lock.set_minutes, self.context.workspace, self.minutes.currentData())
        self.context.run(job, self._kept)

    def _kept(self, number: int) -> None:
        self.context.auto_lock_changed.emit(number)


def _words(number: int) -> str:
    return ngettext("{count} minute", "{count} minutes", number).format(count=number)
