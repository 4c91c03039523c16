"""The units of the community: who belongs to each, and how it is called."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop_app.directory import MAX_NAME_LETTERS
from desktop_app.units import UnitInfo
from sync.messages import _
from ui import theme
from ui.actions import Action
from ui.administration.unfold import Unfold
from ui.context import DeskContext
from ui.people.words import Known, unit_row
from ui.row_list import RowList
from ui.widgets import Card, button, caption, label


class UnitsCard(Card):
    """Lists the units; administrators add and rename them.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    changed = Signal()

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Units"), parent)
        self._context = context
        self._units: list[UnitInfo] = []
        self._renamed = ""
        words = _("Each unit has its own key: who does not belong to it can’t read its cases.")
        self.body.addWidget(caption(words, self))
        self.rows = RowList(_("Units"), self, choosing=True)
        self.body.addWidget(self.rows)
        self.asked = Unfold(self)
        self.add = button(_("Add a unit…"), "new", parent=self.asked.starts)
        self.rename = button(_("Rename…"), "edit", parent=self.asked.starts)
        self._prompt = label("", parent=self.asked, wrap=True)
        self.name = QLineEdit(self.asked)
        self.name.setAccessibleName(_("Name of the unit"))
        self.name.setMaxLength(MAX_NAME_LETTERS)
        self.name.setMinimumHeight(theme.scaled(32))
        self.save = button(_("Save"), "check", "primary", self.asked)
        for start in (self.add, self.rename):
            self.asked.add_start(start)
        self.asked.body.addWidget(self._prompt)
        self.asked.body.addWidget(self.name)
        self.asked.add_confirm(self.save)
        self.body.addWidget(self.asked.starts)
        self.body.addWidget(self.asked)
        self.add.clicked.connect(self.ask_new)
        self.rename.clicked.connect(self.ask_rename)
        self.save.clicked.connect(self._save)
        self.name.returnPressed.connect(self._save)

    def show_known(self, known: Known) -> None:
        """Show the units."""
        self._units = known.units
        self.rows.show_rows([unit_row(unit) for unit in known.units])
        if not self.asked.isVisible():
            self.asked.starts.setVisible(known.may_decide)

    def commands(self) -> list[Action]:
        """Return what can be done with units."""
        if not self.add.isVisible():
            return []
        return [
            Action("unit-add", _("Add a unit"), self.ask_new, "new"),
            Action("unit-rename", _("Rename the unit"), self.ask_rename, "edit"),
        ]

    def ask_new(self) -> None:
        """Ask for the name of a new unit."""
        self._ask("", "", _("The new unit belongs to all administrators at first; let others in one by one."), self.add)

    def ask_rename(self) -> None:
        """Ask for another name of the unit that is marked."""
        row = self.rows.current()
        unit = next((each for each in self._units if row is not None and each.id == row.key), None)
        if unit is not None:
            self._ask(unit.id, unit.name, _("Another name for “{unit}”").format(unit=unit.name), self.rename)

    def _ask(self, unit: str, name: str, words: str, start: QWidget) -> None:
        self._renamed = unit
        self._prompt.setText(words)
        self.name.setText(name)
        self.asked.unfold(start)
        self.name.setFocus()
        self.name.selectAll()

    def _save(self) -> None:
        units, name = self._context.workspace.members.units, self.name.text()
        job = partial(units.rename, self._renamed, name) if self._renamed else partial(units.add, name)
        self._context.run(job, self._saved)

    def _saved(self, unit: UnitInfo) -> None:
        self.asked.leave()
        self._context.show_message(_("The unit “{unit}” is saved.").format(unit=unit.name), "ok")
        self.changed.emit()
