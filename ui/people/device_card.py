"""One device: who it is, what it may do, and what an administrator can do with it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop_app.audit.kinds import role_title
from desktop_app.members import Member, State
from desktop_app.workspace import Workspace
from sync.messages import _
from ui import theme
from ui.actions import Action
from ui.administration.unfold import Unfold
from ui.context import DeskContext
from ui.people.rights_form import EVERYWHERE, RightsForm
from ui.people.words import Known, name_of, rights_words, standing_words
from ui.status_bar import when_words
from ui.widgets import Card, button, caption, heading, label


class DeviceCard(Card):
    """Shows the device that is marked in the list.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    changed = Signal()

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._context = context
        self._member: Member | None = None
        self._known: Known | None = None
        self._name = heading("", self)
        self._values: dict[str, tuple[QLabel, QLabel]] = {}
        self._compare = QFrame(self)
        self.code = label("", "mono", parent=self._compare)
        self.confirm = button(_("The codes are the same: let in"), "ok", "primary", self._compare)
        self.decline = button(_("Turn away"), "close", "danger", self._compare)
        self.asked = Unfold(self)
        self.change = button(_("Role and units…"), "edit", parent=self.asked.starts)
        self.revoke = button(_("Put out…"), "lock", "danger", self.asked.starts)
        self.rights = RightsForm(self.asked)
        self._warning = label("", parent=self.asked, wrap=True)
        self.save = button(_("Save"), "check", "primary", self.asked)
        self.put_out = button(_("Put the device out"), "lock", "danger", self.asked)
        self._build()
        self._connect()

    @property
    def member(self) -> Member | None:
        """The device shown."""
        return self._member

    def show_member(self, member: Member | None, known: Known) -> None:
        """Show a device.

        Args:
            member: The device; None hides the card.
            known: What else is known.
        """
        if member != self._member and self.asked.isVisible():
            self.asked.fold()
        self._member, self._known = member, known
        self.setVisible(member is not None)
        if member is None:
            return
        self._name.setText(name_of(member))
        heard = when_words(member.last_heard) if member.last_heard else _("nothing yet")
        self._fill(
            device=member.device if member.state is not State.DECLINED else "",
            code=member.code if member.state is not State.WAITING else "",
            role=role_title(member.role),
            units=rights_words(member),
            state=standing_words(member),
            heard=heard if member.state in {State.MEMBER, State.REVOKED} and not member.here else "",
        )
        self.code.setText(member.code)
        decides = known.may_decide and not member.here
        self._compare.setVisible(decides and member.state is State.WAITING)
        if not self.asked.isVisible():
            self.asked.starts.setVisible(known.may_decide and member.state is State.MEMBER)
        self.revoke.setVisible(decides)

    def focus_first(self) -> None:
        """Put the focus on what is most likely wanted."""
        for widget in (self.confirm, self.change):
            if widget.isVisible():
                widget.setFocus()
                return

    def commands(self) -> list[Action]:
        """Return what can be done with the device."""
        offered = (
            ("member-confirm", self.confirm, _("Let the device in after comparing codes"), self._confirm, "ok"),
            ("member-decline", self.decline, _("Turn the device away"), self._decline, "close"),
            ("member-role", self.change, _("Change role and units of the device"), self.ask_rights, "edit"),
            ("member-revoke", self.revoke, _("Put the device out: lost or of somebody who left"), self.ask_out, "lock"),
        )
        return [Action(id_, words, run, icon) for id_, shown, words, run, icon in offered if shown.isVisible()]

    def ask_rights(self) -> None:
        """Ask for a new role."""
        if self._member is None or self._known is None:
            return
        self.rights.show_member(self._member, self._known.units)
        self._unfold(self.change, rights=True)
        self.rights.place.setFocus()

    def ask_out(self) -> None:
        """Tell what putting out means, and ask once more."""
        if self._member is None:
            return
        self._warning.setText(_out_words(self._member))
        self._unfold(self.revoke, rights=False)
        self.asked.cancel.setFocus()

    def _unfold(self, start: QWidget, *, rights: bool) -> None:
        for part, wanted in ((self.rights, rights), (self.save, rights), (self._warning, not rights)):
            part.setVisible(wanted)
        self.put_out.setVisible(not rights)
        self.asked.unfold(start)

    def _build(self) -> None:
        self.head.addWidget(self._name, 1)
        self.body.addLayout(self.head)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE_L)
        grid.setVerticalSpacing(theme.SPACE_XS)
        grid.setColumnStretch(1, 1)
        for row, (name, words) in enumerate(
            (
                ("device", _("Device")),
                ("code", _("Code")),
                ("role", _("Role")),
                ("units", _("Units")),
                ("state", _("State")),
                ("heard", _("Last heard from")),
            )
        ):
            pair = label(words, "", "muted", self), label("", parent=self, wrap=True)
            grid.addWidget(pair[0], row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(pair[1], row, 1)
            self._values[name] = pair
        self.body.addLayout(grid)
        self._build_compare()
        self.body.addWidget(self.asked.starts)
        self.body.addWidget(self.asked)
        for start in (self.change, self.revoke):
            self.asked.add_start(start)
        for part in (self.rights, self._warning):
            self.asked.body.addWidget(part)
        for last in (self.save, self.put_out):
            self.asked.add_confirm(last)

    def _build_compare(self) -> None:
        self._compare.setProperty("tinted", "true")
        column = QVBoxLayout(self._compare)
        column.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        words = _(
            "Let the person read the code of their computer aloud: it stands on the page Exchange, “This computer”. "
            "Only if it is the same as this one is it really their computer."
        )
        column.addWidget(caption(words, self._compare))
        column.addWidget(self.code)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.confirm)
        row.addWidget(self.decline)
        row.addStretch(1)
        column.addLayout(row)
        self.body.addWidget(self._compare)

    def _connect(self) -> None:
        self.confirm.clicked.connect(self._confirm)
        self.decline.clicked.connect(self._decline)
        self.change.clicked.connect(self.ask_rights)
        self.revoke.clicked.connect(self.ask_out)
        self.save.clicked.connect(self._save)
        self.put_out.clicked.connect(self._put_out)

    def _fill(self, **texts: str) -> None:
        for name, (prompt, value) in self._values.items():
            value.setText(texts[name])
            for widget in (prompt, value):
                widget.setVisible(bool(texts[name]))

    def _confirm(self) -> None:
        words = _("{person} is a member now. What they wrote is taken in.")
        self._do(lambda workspace, member: workspace.members.confirm(member.code), words)

    def _decline(self) -> None:
        words = _("The device was turned away. What it wrote is not taken in, and not deleted either.")
        self._do(lambda workspace, member: workspace.members.decline(member.code), words)

    def _save(self) -> None:
        unit, role = self.rights.chosen
        self._do(partial(_give, unit, role), _("The rights of {person} are changed."))

    def _put_out(self) -> None:
        words = _("The device is put out. For another computer of {person}, make a new invitation.")
        self._do(lambda workspace, member: workspace.members.revoke(member.device), words)

    def _do(self, job: Callable[[Workspace, Member], object], words: str) -> None:
        member = self._member
        if member is not None:
            said = words.format(person=member.claims or member.person)
            self._context.run(partial(job, self._context.workspace, member), partial(self._done, said))

    def _done(self, words: str, _result: object) -> None:
        if self.asked.isVisible():
            self.asked.fold()
        self._context.show_message(words, "ok")
        self.changed.emit()


def _give(unit: str, role: str, workspace: Workspace, member: Member) -> None:
    units = workspace.members.units
    if unit == EVERYWHERE:
        units.set_role(member.device, role)
    elif role:
        units.add_member(unit, member.device, role)
    else:
        units.remove_member(unit, member.device)


def _out_words(member: Member) -> str:
    """Return what putting a device out does and does not do."""
    return _(
        "For a lost or stolen computer, or when somebody leaves.\n"
        "• What is on that computer stays there: the cases of {units}, encrypted. Whoever has its pass phrase can read "
        "them. If the pass phrase was written down with it, tell the people concerned.\n"
        "• What is written from now on it can’t read: all units get new keys at once.\n"
        "• At its next exchange it is told so, hands over what it wrote until then, and exchanges nothing more. You "
        "decide about that work here; nothing is lost.\n"
        "This can’t be undone; {person} comes back with a new invitation."
    ).format(units=", ".join(member.units) or "—", person=member.person)
