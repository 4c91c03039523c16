"""Invite one more computer into the community."""

from functools import partial
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QVBoxLayout, QWidget

from desktop_app.cases.model import Unit
from desktop_app.workspace import Invitation, Person, Workspace
from sync import enrolment, membership
from sync.errors import Failure, Refused
from sync.files import replacing, require_replaceable, write_all
from sync.messages import N_, _
from ui import theme
from ui.context import DeskContext
from ui.files import ask_save
from ui.widgets import Card, button, caption, label

ENDING = "sprava-invite"
ROLE_NAMES = {
    membership.CLERK: (N_("Clerk"), N_("Registers and works on cases.")),
    membership.REGISTRAR: (N_("Registrar"), N_("Registers cases and sees only the own ones.")),
    membership.HEAD: (N_("Head of unit"), N_("Does what a clerk does, and sees who does what.")),
    membership.ADMINISTRATOR: (N_("Administrator"), N_("Does everything, and invites others.")),
    membership.AUDITOR: (N_("Auditor"), N_("Reads everything and changes nothing.")),
}


class InviteCard(Card):
    """Makes an invitation file and shows the code to compare.

    Args:
        context: The vault.
        parent: The page.
    """

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Invite a computer"), parent)
        self._context = context
        self.role = QComboBox(self)
        self.units: list[QCheckBox] = []
        self._units = QWidget(self)
        self._units_prompt = label(_("Units"), parent=self)
        for role, (name, _duty) in ROLE_NAMES.items():
            self.role.addItem(_(name), role)
        self._duty = caption("", self)
        self.make = button(_("Save the invitation…"), "invite", parent=self)
        self._reason = caption("", self)
        self._fields = QWidget(self)
        self._outcome = QFrame(self)
        self.code = label("", "mono", parent=self._outcome)
        self._build()
        self.make.clicked.connect(self._ask_where)
        self.role.currentIndexChanged.connect(self._show_duty)
        self._show_duty()

    def load(self) -> None:
        """Ask which units there are and whether this person may invite."""
        self._context.run(partial(_load, self._context.workspace), self._show)

    def _build(self) -> None:
        hint = _("The invitation is a file for one computer. Hand it over in person, on a stick or by mail.")
        self.body.addWidget(caption(hint, self))
        grid = QGridLayout(self._fields)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_M)
        grid.setVerticalSpacing(theme.SPACE_S)
        grid.setColumnStretch(1, 1)
        prompt = label(_("Role"), parent=self)
        prompt.setBuddy(self.role)
        self.role.setAccessibleName(_("Role"))
        self.role.setMinimumHeight(theme.scaled(32))
        self.role.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.role.setMinimumContentsLength(12)
        grid.addWidget(prompt, 0, 0)
        grid.addWidget(self.role, 0, 1)
        boxes = QVBoxLayout(self._units)
        boxes.setContentsMargins(0, 0, 0, 0)
        boxes.setSpacing(theme.SPACE_XS)
        grid.addWidget(self._units_prompt, 2, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self._units, 2, 1)
        grid.addWidget(self._duty, 1, 1)
        grid.addWidget(self.make, 3, 1, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self._fields)
        self.body.addWidget(self._reason)
        self._reason.hide()
        column = QVBoxLayout(self._outcome)
        column.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        column.setSpacing(theme.SPACE_XS)
        column.addWidget(caption(_("Compare this code with the one on the other computer, aloud:"), self._outcome))
        column.addWidget(self.code)
        self._outcome.setProperty("tinted", "true")
        self._outcome.hide()
        self.body.addWidget(self._outcome)

    def _show(self, known: tuple[Person, list[Unit]]) -> None:
        person, units = known
        allowed = person.role == membership.ADMINISTRATOR
        self._fields.setVisible(allowed)
        self._reason.setVisible(not allowed)
        self._reason.setText(_("Only an administrator can invite. Ask yours."))
        self._offer(units)

    def _offer(self, units: list[Unit]) -> None:
        """Offer the units, each with a box; what was marked stays so, and the first is marked at the beginning."""
        names = [(unit.id, unit.name) for unit in units]
        if names == [(box.property("unit"), box.text()) for box in self.units]:
            return
        marked = {box.property("unit") for box in self.units if box.isChecked()} or {units[0].id if units else ""}
        for old in self.units:
            old.hide()
            old.deleteLater()
        self.units = [QCheckBox(name, self._units) for _id, name in names]
        for box, (unit, name) in zip(self.units, names, strict=True):
            box.setProperty("unit", unit)
            box.setAccessibleName(_("Unit: {name}").format(name=name))
            box.setMinimumHeight(theme.scaled(32))
            box.setChecked(unit in marked)
            box.toggled.connect(self._show_marked)
            layout = self._units.layout()
            if layout is not None:
                layout.addWidget(box)
        for before, after in pairwise((self.role, *self.units, self.make)):
            self.setTabOrder(before, after)
        self._show_marked()

    def _marked(self) -> list[QCheckBox]:
        return [box for box in self.units if box.isChecked()]

    def _show_marked(self) -> None:
        self.make.setEnabled(bool(self._marked()))

    def _show_duty(self) -> None:
        self._duty.setText(_(ROLE_NAMES[self.role.currentData()][1]))

    def _ask_where(self) -> None:
        kinds = _("Invitation ({pattern})").format(pattern=f"*.{ENDING}")
        name = f"{' + '.join(box.text() for box in self._marked())}.{ENDING}"
        ask_save(self, _("Save the invitation"), kinds, name, self.write_to)

    def write_to(self, path: str) -> None:
        """Make an invitation and write it into a file.

        Args:
            path: The file.
        """
        self.make.setEnabled(False)
        units = [box.property("unit") for box in self._marked()]
        job = partial(_invite, self._context.workspace, self.role.currentData(), units, Path(path))
        self._context.run(job, self._made, self._failed)

    def _made(self, invitation: Invitation) -> None:
        self._show_marked()
        self.code.setText(invitation.code)
        self._outcome.show()
        self._context.show_message(_("The invitation is saved. It works once."), "ok")

    def _failed(self, failure: Failure) -> None:
        self._show_marked()
        self._context.show_failure(failure)


def _load(workspace: Workspace) -> tuple[Person, list[Unit]]:
    return workspace.person, workspace.units()


def _invite(workspace: Workspace, role: str, units: list[str], path: Path) -> Invitation:
    """Make an invitation only if it can be kept: a file beside it is opened first, for this person alone to read."""
    workspace.require_outside(path)
    require_replaceable(path, enrolment.MAGIC)
    beside = path.with_name(f".{path.name}.partial")
    try:
        with replacing(path, beside) as file:
            invitation = workspace.invite(role, units, None)
            write_all(file, invitation.data)
    except OSError as error:
        raise Refused(
            "unwritable", _("The file can't be written there. Nothing was changed; choose another place.")
        ) from error
    return invitation
