"""People and devices: who belongs to the community, with what rights, and what waits for an administrator."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop_app.members import Member, State
from desktop_app.workspace import ChangeEvent
from sync.messages import _
from ui import theme
from ui.actions import Action
from ui.context import DeskContext
from ui.invite_card import InviteCard
from ui.page import Page
from ui.people.device_card import DeviceCard
from ui.people.late_card import LateCard
from ui.people.units_card import UnitsCard
from ui.people.words import WAITING, Known, device_row, load
from ui.row_list import RowList
from ui.widgets import Card, Tall, button, caption, label, scrolled, tab_stops, title

_TWO_COLUMNS = 880


class PeoplePage(Page):
    """The list at the left; the device that is marked, and what can be done with it, at the right."""

    page_id = "people"
    icon_name = "community"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._known: Known | None = None
        self._target = ""
        self._wide: bool | None = None
        self._row = QHBoxLayout()
        self._sides = (QVBoxLayout(), QVBoxLayout())
        self.invite = button(_("Invite a computer"), "invite", "primary", self)
        self._reading = caption(
            _("Only an administrator changes who belongs to the community and what they may do. You see how it is."),
            self,
        )
        self._disputed = label("", "", "warn", self, wrap=True)
        self.devices = Card("", self)
        self.rows = RowList(_("People and devices"), self.devices, choosing=True)
        self.units = UnitsCard(context, self)
        self.device = DeviceCard(context, self)
        self.late = LateCard(context, self)
        self.invitation = InviteCard(context, self)
        self._area: QScrollArea = self._assemble()
        self._connect()

    def title(self) -> str:
        """Return the name of the page."""
        return _("People and devices")

    def open_target(self, target: str) -> None:
        """Stand on a device.

        Args:
            target: Its code, or `WAITING`.
        """
        self._target = target

    def place(self) -> str:
        """Return the device that is marked."""
        row = self.rows.current()
        return row.key if row is not None else ""

    def activate(self) -> None:
        """Load everything."""
        self.context.run(partial(load, self.context.workspace), self._show)
        self.invitation.load()

    def refresh(self, event: ChangeEvent) -> None:  # noqa: ARG002 - whoever wrote something was heard from
        """Load everything anew."""
        self.activate()

    def focus_first(self) -> None:
        """Put the focus on the list."""
        self.rows.setFocus()

    def commands(self) -> Sequence[Action]:
        """Return what can be done with the device that is marked, with units, and invitations."""
        own = [Action("invite", self.invite.text(), self._invite, "invite")] if self.invite.isVisible() else []
        return [*self.device.commands(), *self.late.commands(), *own, *self.units.commands()]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Qt: two columns where each has room, else one."""
        super().resizeEvent(event)
        wide = self.width() >= theme.scaled(_TWO_COLUMNS)
        if wide != self._wide:
            self._wide = wide
            self._arrange()

    def _assemble(self) -> QScrollArea:
        self.devices.body.setContentsMargins(theme.SPACE_S, theme.SPACE_S, theme.SPACE_S, theme.SPACE_S)
        self.devices.body.addWidget(self.rows)
        inner = Tall(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_XL)
        column.setSpacing(theme.SPACE_M)
        head = QHBoxLayout()
        head.addWidget(title(self.title(), self))
        head.addStretch(1)
        head.addWidget(self.invite)
        column.addLayout(head)
        column.addWidget(self._reading)
        column.addWidget(self._disputed)
        self._row.setSpacing(theme.SPACE_M)
        for side in self._sides:
            side.setSpacing(theme.SPACE_M)
            self._row.addLayout(side, 1)
        column.addLayout(self._row)
        column.addStretch(1)
        area = scrolled(inner, self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        for widget in (self._reading, self._disputed, self.invite, self.invitation, self.device):
            widget.hide()
        return area

    def _arrange(self) -> None:
        """Put the cards into two columns, or into one with a device right below the list; Tab follows the eye."""
        left, right = self._sides
        for side in self._sides:
            while side.count():
                side.takeAt(0)
        one = (self.devices, self.device, self.late, self.units, self.invitation)
        for card in (self.devices, self.units, self.invitation) if self._wide else one:
            left.addWidget(card)
        for card in (self.device, self.late) if self._wide else ():
            right.addWidget(card)
        for side in self._sides:
            side.addStretch(1)
        self._row.setStretch(1, 1 if self._wide else 0)
        self._row.setSpacing(theme.SPACE_M if self._wide else 0)
        cards = (self.devices, self.units, self.invitation, self.device, self.late) if self._wide else one
        stops = [widget for card in cards for widget in tab_stops(card)]
        for before, after in pairwise(stops):
            self.setTabOrder(before, after)

    def _connect(self) -> None:
        self.rows.chosen.connect(self._choose)
        self.rows.opened.connect(self._open)
        self.invite.clicked.connect(self._invite)
        self.units.changed.connect(self.activate)
        for card in (self.device, self.late):
            card.changed.connect(self._decided)
        self.context.exchange.ended.connect(self.activate)

    def _show(self, known: Known) -> None:
        self._known = known
        self._reading.setVisible(not known.may_decide)
        for widget in (self.invite, self.invitation):
            widget.setVisible(known.may_decide)
        self._disputed.setVisible(bool(known.disputed) and known.may_decide)
        self._disputed.setText("\n".join(_disputed_words(*each) for each in known.disputed))
        self.rows.show_rows([device_row(member) for member in known.members])
        target, self._target = self._target, ""
        due = next((each for each in known.members if each.state is State.WAITING or each.undecided), None)
        self.rows.mark(due.code if target == WAITING and due is not None else target)
        self.units.show_known(known)
        self._choose(self.place())

    def _decided(self) -> None:
        """Go back to the list: what was pressed may be gone."""
        self.rows.setFocus()
        self.activate()

    def _member(self, code: str) -> Member | None:
        members = self._known.members if self._known else []
        return next((member for member in members if member.code == code), None)

    def _choose(self, code: str) -> None:
        if self._known is None:
            return
        member = self._member(code)
        self.device.show_member(member, self._known)
        self.late.show_member(member, may_decide=self._known.may_decide)

    def _open(self, code: str) -> None:
        self._choose(code)
        self._area.ensureWidgetVisible(self.device)
        self.device.focus_first()

    def _invite(self) -> None:
        self._area.ensureWidgetVisible(self.invitation)
        self.invitation.role.setFocus()


def _disputed_words(device: str, unit: str) -> str:
    return _(
        "Two administrators gave device {device} different roles in “{unit}” at once. The one with fewer rights "
        "counts until the role is given again."
    ).format(device=device, unit=unit)
