"""The form of a case not registered yet: its title above, what can be done with it below."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from desktop_app.cases.model import Unit
from desktop_app.kits.model import Kit, text
from sync.messages import _
from ui import theme
from ui.cases.case_form import CaseForm
from ui.widgets import button, caption, label, line, title


class NewCaseForm(CaseForm):
    """A case form with the buttons of a new case."""

    register_wanted = Signal()
    other_wanted = Signal()
    discard_wanted = Signal()

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(kit, parent, fresh=True)
        column = self.column
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_S, theme.SPACE_M)
        column.insertWidget(0, title(text(kit.title), self))
        column.insertWidget(1, caption(_("* required. What you type is kept as a draft by itself."), self))
        column.addWidget(line(self))
        column.addLayout(self._ask_unit())
        self.register = button(_("Register  (Ctrl+Enter)"), "ok", "primary", self)
        self.other = button(_("Another case type"), "", "", self)
        self.discard = button(_("Throw the draft away"), "", "quiet", self)
        row = QHBoxLayout()
        row.addWidget(self.register)
        row.addWidget(self.other)
        row.addStretch(1)
        row.addWidget(self.discard)
        row.setContentsMargins(0, 0, theme.SPACE_L, 0)
        column.addLayout(row)
        self.register.clicked.connect(self.register_wanted)
        self.other.clicked.connect(self.other_wanted)
        self.discard.clicked.connect(self.discard_wanted)

    @property
    def unit_id(self) -> str | None:
        """The id of the unit that was chosen; None where there is nothing to choose from."""
        chosen: str | None = self.unit.currentData()
        return chosen

    def offer_units(self, units: Sequence[Unit], chosen: str | None) -> None:
        """Ask for the unit, where the person may register in several.

        Args:
            units: Those.
            chosen: The id of the one to begin with.
        """
        for unit in units if len(units) > 1 else ():
            self.unit.addItem(unit.name, unit.id)
        self.unit.setCurrentIndex(max(self.unit.findData(chosen), 0) if self.unit.count() else -1)
        for widget in (self._unit_words, self.unit):
            widget.setVisible(self.unit.count() > 0)

    def _ask_unit(self) -> QHBoxLayout:
        self._unit_words = label(_("Unit"), parent=self)
        self.unit = QComboBox(self)
        self.unit.setAccessibleName(_("Unit"))
        self.unit.setMinimumHeight(theme.scaled(32))
        self._unit_words.setBuddy(self.unit)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self._unit_words)
        row.addWidget(self.unit)
        row.addStretch(1)
        for widget in (self._unit_words, self.unit):
            widget.hide()
        return row
