"""What a device wrote without the right to, and the decision about it."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.late_work import LateChange
from desktop_app.members import Member, State
from sync.messages import _
from ui import theme
from ui.actions import Action
from ui.cases import states
from ui.context import DeskContext
from ui.row_list import Row, RowList
from ui.status_bar import when_words
from ui.widgets import Card, button, caption, label

_LONGEST_VALUE = 400


class LateCard(Card):
    """Lists the changes of one device that wait, with what is in them.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    changed = Signal()

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Changes that wait for a decision"), parent)
        self._context = context
        self._member: Member | None = None
        self._changes: Sequence[LateChange] = ()
        self._why = caption("", self)
        self.rows = RowList(_("Changes that wait for a decision"), self, choosing=True)
        self._values = label("", "small", parent=self, wrap=True)
        self.accept = button(_("Take all in"), "check", "primary", self)
        self.reject = button(_("Keep all out"), "close", parent=self)
        self.body.addWidget(self._why)
        self.body.addWidget(self.rows)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.accept)
        row.addWidget(self.reject)
        row.addStretch(1)
        self.body.addLayout(row)
        self.body.addWidget(self._values)
        self.rows.chosen.connect(self._show_values)
        self.accept.clicked.connect(self._accept)
        self.reject.clicked.connect(self._reject)
        self.hide()

    def show_member(self, member: Member | None, *, may_decide: bool) -> None:
        """Load what waits of a device.

        Args:
            member: The device; None hides the card.
            may_decide: Whether this person is an administrator.
        """
        wanted = member is not None and may_decide and member.frames_waiting and member.state is not State.WAITING
        self._member = member if wanted else None
        if member is None or not wanted:
            self.hide()
            return
        self._context.run(partial(self._context.workspace.members.late_work, member.device), self._take)

    def commands(self) -> list[Action]:
        """Return the decisions for the palette."""
        if not self.isVisible():
            return []
        return [
            Action("late-accept", _("Take in the changes that wait"), self._accept, "check"),
            Action("late-reject", _("Keep the changes that wait out"), self._reject, "close"),
        ]

    def _take(self, changes: Sequence[LateChange]) -> None:
        member = self._member
        self._changes = changes
        self.setVisible(member is not None and bool(changes))
        if member is None or not changes:
            return
        undecided = any(not change.rejected for change in changes)
        self._why.setText(_why(member) if undecided else _("Kept out; they can still be taken in at any time."))
        self.rows.show_rows([_row(number, change) for number, change in enumerate(changes)])
        self.reject.setVisible(undecided)

    def _show_values(self, key: str) -> None:
        change = self._changes[int(key)]
        lines = [f"{name}: {_short(value)}" for name, value in change.fields]
        self._values.setText("\n".join(lines))
        self._values.setVisible(bool(lines))

    def _accept(self) -> None:
        self._judge(accept=True)

    def _reject(self) -> None:
        self._judge(accept=False)

    def _judge(self, *, accept: bool) -> None:
        member = self._member
        if member is not None:
            job = partial(self._context.workspace.members.judge, member.device, accept=accept)
            self._context.run(job, partial(self._judged, accept))

    def _judged(self, accept: bool, _member: Member) -> None:  # noqa: FBT001 - a slot takes no keywords
        taken = _("The changes are taken in: everybody sees them after the next exchange.")
        kept = _("The changes stay out. They are not deleted and can be taken in later.")
        self._context.show_message(taken if accept else kept, "ok")
        self.changed.emit()


def _why(member: Member) -> str:
    if member.state is State.REVOKED:
        return _(
            "{person} wrote this after the device had been put out, or before it knew of that. Look whether it is "
            "their work. The decision concerns everything in the list."
        ).format(person=member.person)
    return _(
        "{person} wrote this without the right to, for instance before they knew that their role had changed. The "
        "decision concerns everything in the list."
    ).format(person=member.person)


def _row(number: int, change: LateChange) -> Row:
    title = " · ".join(part for part in (change.number, change.title) if part)
    when = when_words(change.when) if change.when else ""
    names = ", ".join(name for name, _value in change.fields)
    detail = "  ·  ".join(part for part in (when, names) if part)
    if change.rejected:
        state = states.State("muted", "close", _("Kept out"))
    elif change.is_new and change.case:
        state = states.State("ok", "new", _("New case"))
    else:
        state = states.State("warn", "edit", _("Change"))
    return Row(str(number), title, detail, state)


def _short(value: str) -> str:
    plain = " ".join(value.split())
    return plain if len(plain) <= _LONGEST_VALUE else plain[:_LONGEST_VALUE] + "…"
