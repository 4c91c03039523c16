"""Where a case belongs: it goes to another unit, or is limited to named people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QComboBox, QListWidget, QListWidgetItem, QWidget

from desktop_app.cases.model import CaseView, Unit
from desktop_app.workspace import Workspace
from sync.messages import _
from ui import theme
from ui.actions import Action
from ui.administration.unfold import Unfold
from ui.context import DeskContext
from ui.widgets import button, label

_ROWS = 6


@dataclass(frozen=True, slots=True)
class Where:
    """What can be done about where a case belongs.

    Args:
        unit: What to call its unit in the head of the case; empty where there is only one.
        targets: The units that it can go to.
        people: The names of all others in the community.
        readers: The names of those who read it, where it is limited to named people.
    """

    unit: str = ""
    targets: Sequence[Unit] = ()
    people: Sequence[str] = ()
    readers: Sequence[str] | None = None


NOWHERE = Where()
"""Nothing can be done."""


def load_where(workspace: Workspace, view: CaseView) -> Where:
    """Find out what can be done about where a case belongs; runs on a worker."""
    readers = workspace.circles.people(view.id)
    units = workspace.members.units.writable()
    several = len(workspace.units()) > 1 or readers is not None
    may_write = readers is not None or any(unit.id == view.unit.id for unit in units)
    return Where(
        view.unit.name if several else "",
        [unit for unit in units if unit.id != view.unit.id] if may_write else (),
        workspace.members.people() if may_write else (),
        readers,
    )


class WhereAsked(Unfold):
    """Asks for the unit or for the people; its two beginnings stand in the details of the case.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    asking = Signal()
    moved = Signal()

    def __init__(self, context: DeskContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._row.setDirection(QBoxLayout.Direction.TopToBottom)  # the pane that they stand in is narrow
        self._row.setSpacing(0)
        self._context = context
        self._case: CaseView | None = None
        self._where = NOWHERE
        self.transfer = button(_("To another unit…"), "unit", "quiet", self.starts)
        self.limit = button(_("Only for named people…"), "lock", "quiet", self.starts)
        self._words = label("", parent=self, wrap=True)
        self.unit = QComboBox(self)
        self.unit.setAccessibleName(_("Unit"))
        self.unit.setMinimumHeight(theme.scaled(32))
        self.people = QListWidget(self)
        self.people.setAccessibleName(_("Who reads the case"))
        self.move_case = button(_("Move the case"), "forward", "primary", self)
        self.limit_case = button(_("Limit the case"), "lock", "primary", self)
        for part in (self._words, self.unit, self.people):
            self.body.addWidget(part)
        for start in (self.transfer, self.limit):
            self.add_start(start)
            self._row.setAlignment(start, Qt.AlignmentFlag.AlignLeft)
        for last in (self.move_case, self.limit_case):
            self.add_confirm(last)
        self.transfer.clicked.connect(self.ask_unit)
        self.limit.clicked.connect(self.ask_people)
        self.move_case.clicked.connect(self._move)
        self.limit_case.clicked.connect(self._limit)

    def show_case(self, view: CaseView, where: Where) -> None:
        """Offer what can be done with a case.

        Args:
            view: The case.
            where: What `load_where` found.
        """
        if self._case is not None and self._case.id != view.id and self.isVisible():
            self.fold()
        self._case, self._where = view, where
        self.transfer.setVisible(bool(where.targets))
        self.limit.setVisible(bool(where.people))
        if not self.isVisible():
            self.starts.setVisible(bool(where.targets or where.people))

    def commands(self) -> list[Action]:
        """Return both for the palette."""
        transfer = Action("case-transfer", _("Move the case to another unit"), self.ask_unit, "unit")
        limit = Action("case-limit", _("Let only named people read the case"), self.ask_people, "lock")
        return [transfer] * bool(self._where.targets) + [limit] * bool(self._where.people)

    def ask_unit(self) -> None:
        """Ask where the case goes."""
        if self._case is None:
            return
        words = _(
            "The case goes there with its history and files. Whoever belongs only to “{unit}” no longer sees it; its "
            "number stays there and tells where it went."
        )
        self._words.setText(words.format(unit=self._case.unit.name))
        self.unit.clear()
        for unit in self._where.targets:
            self.unit.addItem(unit.name, unit.id)
        self._begin(self.transfer, people=False)
        self.unit.setFocus()

    def ask_people(self) -> None:
        """Ask who reads the case from now on."""
        self._words.setText(
            _(
                "From now on only you and those whom you choose read the case and its files, no administrator either. "
                "What others have read already, they have read. Choose at least one more person: if all who read it "
                "lose their computers, the case is gone."
            )
        )
        self.people.clear()
        for name in self._where.people:
            item = QListWidgetItem(name, self.people)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            chosen = name in (self._where.readers or ())
            item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
        rows = min(self.people.count(), _ROWS)
        self.people.setFixedHeight(rows * max(self.people.sizeHintForRow(0), 1) + theme.SPACE_S)
        self.people.setCurrentRow(0)
        self._begin(self.limit, people=True)
        self.people.setFocus()

    def _begin(self, start: QWidget, *, people: bool) -> None:
        shown: tuple[tuple[QWidget, bool], ...] = (
            (self.unit, not people),
            (self.move_case, not people),
            (self.people, people),
            (self.limit_case, people),
        )
        for widget, wanted in shown:
            widget.setVisible(wanted)
        self.unfold(start)
        self.asking.emit()

    def _move(self) -> None:
        case, unit = self._case, self.unit.currentData()
        if case is not None and unit:
            words = _("The case is now in the unit “{unit}”.").format(unit=self.unit.currentText())
            self._do(partial(self._context.workspace.transfers.transfer, case.id, unit), words)

    def _limit(self) -> None:
        items = [self.people.item(row) for row in range(self.people.count())]
        names = [item.text() for item in items if item.checkState() is Qt.CheckState.Checked]
        if self._case is None:
            return
        if not names:
            self._context.show_message(_("Choose at least one more person; Space marks the one in the list."), "warn")
            self.people.setFocus()
            return
        words = _("Only you and these people read the case from now on: {people}").format(people=", ".join(names))
        self._do(partial(self._context.workspace.circles.restrict, self._case.id, names), words)

    def _do(self, job: Callable[[], CaseView], words: str) -> None:
        self._context.run(job, partial(self._done, words))

    def _done(self, words: str, _view: CaseView) -> None:
        self.fold()
        self._context.show_message(words, "ok")
        self.moved.emit()
