"""The head of a case: number, what it's about, how it stands, and the steps that are open to it."""

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.cases.model import CaseView
from desktop_app.kits import stages
from desktop_app.kits.model import text
from sync.messages import _
from ui import theme
from ui.cases.chip import Chip
from ui.cases.states import State, days_words, due_state, due_words
from ui.forms.flow import FlowRow
from ui.widgets import Button, button, icon_button, label, title


def _term(view: CaseView, today: date, *, final: bool) -> State:
    """Return the chip of the term; the stage says already that a case is closed, and a calm term is worth reading."""
    if final or view.due_on is None:
        return State("", "", "")
    state = due_state(view.due_on, today, soon=view.due_soon)
    word = days_words(view.due_on, today)
    return State(state.role or "muted", state.icon or "calendar", word[:1].upper() + word[1:])


class CaseHead(QWidget):
    """Number, chips and buttons of one case."""

    back_wanted = Signal()
    edit_wanted = Signal()
    move_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._targets: dict[Button, str] = {}
        chips = FlowRow(self, theme.SPACE_S)
        self._number = title("", chips)
        self._stage = Chip(chips)
        self._due = Chip(chips)
        self._unit = Chip(chips)
        self._subject = label("", "strong", parent=self, wrap=True)
        self._person = label("", role="muted", parent=self, wrap=True)
        self.back = icon_button("back", _("Back (Alt+Left)"), self)
        self.edit = button(_("Edit  (F2)"), "edit", parent=self)
        self._steps = FlowRow(self, theme.SPACE_S)
        top = QHBoxLayout()
        top.setSpacing(theme.SPACE_S)
        top.addWidget(self.back)
        top.addWidget(chips, 1)
        top.addWidget(self.edit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_XS)
        column.addLayout(top)
        column.addWidget(self._subject)
        column.addWidget(self._person)
        column.addWidget(self._steps)
        self.back.clicked.connect(self.back_wanted)
        self.edit.clicked.connect(self.edit_wanted)

    def show_case(self, view: CaseView, today: date, unit: str = "") -> None:
        """Show how a case stands.

        Args:
            view: The case.
            today: The local day, for its term.
            unit: The name of its unit; empty where there is only one.
        """
        kit = view.kit
        stage = next((stage for stage in kit.stages if stage.id == view.stage), None)
        final = bool(stage and stage.final)
        word = text(stage.label) if stage else view.stage
        self._number.setText(view.number)
        self._number.setToolTip(text(kit.title))
        look = ("ok", "ok") if final else ("accent", "stage")
        self._stage.show_state(State(*look, word), _("Stage: {stage}").format(stage=word))
        self._due.show_state(_term(view, today, final=final), due_words(view.due_on, today, final=final))
        self._unit.show_state(State("muted", "unit", unit) if unit else State("", "", ""), "")
        self._subject.setText(str(view.values.get(kit.title_field) or text(kit.title)))
        self._person.setText(str(view.values.get(kit.person_field) or ""))
        self._person.setVisible(bool(self._person.text()) and kit.person_field != kit.title_field)
        self._show_steps(view)

    def set_editing(self, *, editing: bool) -> None:
        """Leave the steps alone while the form is being changed: they act on what is saved."""
        self.edit.setVisible(not editing)
        self._steps.setVisible(not editing and bool(self._targets))

    @property
    def steps(self) -> tuple[Button, ...]:
        """The buttons of the steps now open."""
        return tuple(self._targets)

    def step_label(self, stage: str) -> str:
        """Return what the step to a stage is called."""
        return next((step.text() for step, target in self._targets.items() if target == stage), "")

    def _show_steps(self, view: CaseView) -> None:
        known = any(stage.id == view.stage for stage in view.kit.stages)
        ways = stages.transitions(view.kit, view.stage) if known else ()
        focused = next((target for each, target in self._targets.items() if each.hasFocus()), "")
        for step in self._targets:
            step.hide()
            step.deleteLater()
        self._targets = {}
        for way in ways:
            step = button(text(way.label), "forward", parent=self._steps)
            step.clicked.connect(self._step_chosen)
            self._targets[step] = way.target
            step.show()
            if way.target == focused:
                step.setFocus()
        self._steps.setVisible(bool(ways) and not self.edit.isHidden())

    def _step_chosen(self) -> None:
        step = self.sender()
        if isinstance(step, Button) and step in self._targets:
            self.move_wanted.emit(self._targets[step])
