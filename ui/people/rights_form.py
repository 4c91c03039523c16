"""What a device may do, and where: chosen in two lists."""

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from desktop_app.audit.kinds import role_title
from desktop_app.members import Member
from desktop_app.units import UnitInfo
from sync import membership
from sync.messages import _
from sync.rights import NOBODY
from ui import theme
from ui.invite_card import ROLE_NAMES
from ui.widgets import caption, label

EVERYWHERE = ""
"""What stands for all units of the device, and the community."""


class RightsForm(QWidget):
    """Chooses a place and a role there.

    Args:
        parent: The card.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._member: Member | None = None
        self.place, self.role = QComboBox(self), QComboBox(self)
        self._hint = caption("", self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_M)
        grid.setVerticalSpacing(theme.SPACE_S)
        grid.setColumnStretch(1, 1)
        for row, words, field in ((0, _("Where"), self.place), (1, _("Role"), self.role)):
            prompt = label(words, parent=self)
            prompt.setBuddy(field)
            field.setAccessibleName(words)
            field.setMinimumHeight(theme.scaled(32))
            field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            grid.addWidget(prompt, row, 0)
            grid.addWidget(field, row, 1)
        grid.addWidget(self._hint, 2, 1)
        self.place.currentIndexChanged.connect(self._offer_roles)
        self.role.currentIndexChanged.connect(self._show_hint)

    @property
    def chosen(self) -> tuple[str, str]:
        """The id of the unit, `EVERYWHERE` for all, and the role; `NOBODY` takes the device out of the unit."""
        return self.place.currentData() or EVERYWHERE, self.role.currentData() or NOBODY

    def show_member(self, member: Member, units: list[UnitInfo]) -> None:
        """Offer what can be given to a device.

        Args:
            member: The device.
            units: The units that this device knows of.
        """
        self._member = member
        with QSignalBlocker(self.place):
            self.place.clear()
            self.place.addItem(_("In all its units"), EVERYWHERE)
            for unit in units:
                self.place.addItem(unit.name, unit.id)
        self._offer_roles()

    def _offer_roles(self) -> None:
        member, everywhere = self._member, self.place.currentData() == EVERYWHERE
        if member is None:
            return
        held = dict(zip(member.units, member.roles, strict=True))
        present = member.role if everywhere else held.get(self.place.currentText(), NOBODY)
        with QSignalBlocker(self.role):
            self.role.clear()
            for role in ROLE_NAMES:
                # An administrator is one in the whole community.
                if everywhere or role != membership.ADMINISTRATOR or role == present:
                    self.role.addItem(role_title(role), role)
            if not everywhere:
                self.role.addItem(_("Does not belong to it"), NOBODY)
            self.role.setCurrentIndex(max(0, self.role.findData(present)))
        self._show_hint()

    def _show_hint(self) -> None:
        _place, role = self.chosen
        words = _("It gets no new key. What it has read already, it keeps.")
        self._hint.setText(_(ROLE_NAMES[role][1]) if role else words)
