"""The way to people, devices and units."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QWidget

from desktop_app.members import State
from sync.messages import _, ngettext
from ui import theme
from ui.actions import Action
from ui.administration.section import Section
from ui.context import DeskContext
from ui.forms.flow import FlowRow
from ui.people.words import WAITING, Known, due_words, load
from ui.widgets import button, caption, label


class PeopleSection(Section):
    """How many there are, whether one waits, and the way to them.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    section_id = "people"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("People and devices"), context, parent)
        words = _(
            "Who belongs to the community, in which units and with what rights; new, lost and departing computers."
        )
        self.body.addWidget(caption(words, self))
        self.count = label("", parent=self, wrap=True)
        self.due = label("", "strong", "warn", self, wrap=True)
        self.body.addWidget(self.count)
        self.body.addWidget(self.due)
        ways = FlowRow(self, theme.SPACE_S)
        self.open = button(_("People and devices"), "community", parent=ways)
        ways.add(self.open)
        self.body.addWidget(ways)
        self.due.hide()
        self.open.clicked.connect(self._open)

    def load(self) -> None:
        """Ask who there is."""
        self.context.run(partial(load, self.context.workspace), self._show)

    def focus_first(self) -> None:
        """Put the focus on the way."""
        self.open.setFocus()

    def commands(self) -> Sequence[Action]:
        """Return nothing; the way is the desk's."""
        return ()

    def _show(self, known: Known) -> None:
        devices = sum(member.state in {State.MEMBER, State.WAITING} for member in known.members)
        units = len(known.units)
        parts = (
            ngettext("{count} device", "{count} devices", devices).format(count=devices),
            ngettext("{count} unit", "{count} units", units).format(count=units),
        )
        self.count.setText(" · ".join(parts))
        waits = due_words(known.due)
        self.due.setText(waits)
        self.due.setVisible(bool(waits))

    def _open(self) -> None:
        self.context.show_page("people", WAITING if not self.due.isHidden() else "")
