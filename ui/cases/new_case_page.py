"""A new case: choose what it is, fill in the form, register; everything by keyboard."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from desktop_app.cases.model import CaseQuery, Draft, Registered, Unit
from desktop_app.kits import validation
from desktop_app.kits.model import Kit
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui.actions import Action
from ui.cases.case_page import EDIT_TARGET
from ui.cases.chooser import KitChooser
from ui.cases.new_form import NewCaseForm
from ui.cases.registered import RegisteredPanel
from ui.context import DeskContext
from ui.forms.drafts import EDIT_DRAFT, NEW_DRAFT, DraftKeeper
from ui.forms.form import local_now
from ui.page import Page

EMPTY_FORM = "empty:"
"""Before the id of a case type in a target: its form, in which nothing is typed yet."""
REGISTER_KEYS = ("Ctrl+Return", "Ctrl+Enter", "F8")


@dataclass(frozen=True, slots=True)
class Start:
    """What the page begins with: case types, the last one used first; drafts of new cases; the one asked for; units."""

    kits: Sequence[Kit]
    drafts: Sequence[Draft]
    wanted: Draft | None
    units: Sequence[Unit] = ()


class NewCasePage(Page):
    """Kit, form, number: three steps on one page."""

    page_id = "new_case"
    icon_name = "new_case"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.chooser = KitChooser(self)
        self.registered = RegisteredPanel(self)
        self.form: NewCaseForm | None = None
        self._keeper: DraftKeeper | None = None
        self._thrown: Draft | None = None
        self._draft_wanted = ""
        self._busy = False
        self._units: Sequence[Unit] = ()
        self._unit: str | None = None
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.chooser)
        self._stack.addWidget(self.registered)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.chooser.kit_chosen.connect(self._begin)
        self.chooser.draft_chosen.connect(self._reopen)
        self.registered.again_wanted.connect(self._again)
        self.registered.case_wanted.connect(context.open_case)
        for keys in REGISTER_KEYS:
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.register)

    def title(self) -> str:
        """Return the name of the page."""
        return _("New case")

    def open_target(self, target: str) -> None:
        """Begin anew, or go on with a draft; what was in the form stays as a draft."""
        if not target or target != self.place():
            self._draft_wanted = target
            self._show_chooser()

    def place(self) -> str:
        """Return the draft that is being filled in, or the form that is still empty."""
        if self._keeper is not None and self._keeper.typed:
            return self._keeper.draft_id
        if self.form is not None and self._stack.currentWidget() is self.form:
            return EMPTY_FORM + self.form.fields.kit.id
        return ""

    def activate(self) -> None:
        """Load the case types and the drafts, unless a form is being filled in."""
        if self._stack.currentWidget() is not self.form:
            self._show_chooser()
            self.context.run(partial(load_start, self.context.workspace, self._draft_wanted), self._start)

    def leave(self) -> None:
        """Keep the draft at once."""
        if self._keeper is not None:
            self._keeper.pause()

    def focus_first(self) -> None:
        """Put the focus where the next thing is typed."""
        current = self._stack.currentWidget()
        if self.form is not None and current is self.form:
            self.form.fields.go_to(self.form.fields.place())
        elif current is self.chooser:
            self.chooser.focus_first()
        else:
            self.registered.focus_first()

    def commands(self) -> Sequence[Action]:
        """Return what the palette adds while a form is filled in."""
        if self.form is None or self._stack.currentWidget() is not self.form:
            return ()
        return [
            Action("register", _("Register the case"), self.register, "ok", REGISTER_KEYS),
            Action("other-kit", _("Another case type"), self._other, "new_case"),
        ]

    def register(self) -> None:
        """Register what is in the form, or show what is missing."""
        if self.form is None or self._busy or self._stack.currentWidget() is not self.form:
            return
        self.form.fields.catch_up()
        problems = self.form.fields.problems()
        if problems:
            self.form.show_problems(_("Not registered yet. Please look at:"), problems)
            return
        self._busy = True
        draft_id = self._keeper.draft_id if self._keeper else ""
        self._unit = self.form.unit_id
        values = self.form.fields.values()
        job = partial(register, self.context.workspace, self.form.fields.kit.id, values, draft_id, self._unit)
        self.context.run(job, self._registered, self._refused)

    # Own

    def _start(self, start: Start) -> None:
        self._units = start.units
        self.chooser.offer(start.kits, start.drafts, self._thrown)
        wanted, self._draft_wanted = self._draft_wanted, ""
        empty = self.chooser.kit(wanted.removeprefix(EMPTY_FORM)) if wanted.startswith(EMPTY_FORM) else None
        if empty is not None:
            self._begin(empty)
        elif start.wanted is not None:
            self._reopen(start.wanted)

    def _show_chooser(self) -> None:
        self._close_form()
        self._stack.setCurrentWidget(self.chooser)
        self.chooser.forget_typed()

    def _open_form(self, kit: Kit, draft_id: str) -> NewCaseForm:
        self._close_form()
        form = NewCaseForm(kit, self)
        form.register_wanted.connect(self.register)
        form.other_wanted.connect(self._other)
        form.discard_wanted.connect(self._discard)
        form.offer_units(self._units, self._unit)
        self.form = form
        self._stack.addWidget(form)
        self._stack.setCurrentWidget(form)
        form.fields.set_values(validation.defaults(kit, local_now().date()))
        self._keeper = DraftKeeper(self.context, draft_id, form.fields)
        return form

    def _close_form(self) -> None:
        if self.form is None:
            return
        if self._keeper is not None:
            self._keeper.pause()
        self._stack.removeWidget(self.form)
        self.form.deleteLater()
        self.form = self._keeper = None

    def _begin(self, kit: Kit) -> None:
        self._open_form(kit, NEW_DRAFT + uuid4().hex).fields.focus_first()

    def _reopen(self, draft: Draft) -> None:
        if draft.id.startswith(EDIT_DRAFT):
            self.context.open_case(draft.id.removeprefix(EDIT_DRAFT) + EDIT_TARGET)
            return
        kit = self.chooser.kit(draft.kit_id)
        if kit is None:
            words = _("The case type of this draft isn't on this computer. The draft is safe.")
            self.context.show_message(words, "warn")
            return
        form = self._open_form(kit, draft.id)
        form.fields.clear()
        form.fields.fill(draft.values)
        form.fields.go_to(draft.focus)
        if self._keeper is not None:
            self._keeper.resume()
            if draft is self._thrown:
                self._thrown = None
                self._keeper.keep()

    def _registered(self, registered: Registered) -> None:
        self._busy = False
        if self.form is None:
            return
        if self._keeper is not None:
            self._keeper.discard()
        self.registered.show_registered(self.form.fields.kit, registered)
        self._stack.setCurrentWidget(self.registered)
        self.registered.focus_first()

    def _refused(self, failure: Failure) -> None:
        self._busy = False
        if self.form is not None:
            self.form.show_failure(_("Not registered yet. Please look at:"), failure)

    def _again(self) -> None:
        if self.form is not None:
            self._begin(self.form.fields.kit)

    def _other(self) -> None:
        self._show_chooser()
        self.activate()
        self.chooser.focus_first()

    def _discard(self) -> None:
        if self.form is not None and self._keeper is not None:
            fields = self.form.fields
            if self._keeper.typed:
                now = local_now()
                self._thrown = Draft(self._keeper.draft_id, fields.kit.id, fields.draft(), fields.place(), now)
            self._keeper.discard()
            self._keeper = None
        self._other()


def load_start(workspace: Workspace, wanted: str) -> Start:
    """Load what the page begins with; runs on a worker.

    Args:
        workspace: Where the drafts are.
        wanted: The id of the draft to go on with, empty for none.
    """
    latest = workspace.cases.peek_page(CaseQuery(sort="updated"), 0, 1)
    first = latest[0].kit if latest else ""
    kits = sorted(workspace.kits(), key=lambda kit: kit.id != first)
    drafts = workspace.drafts.list()
    return Start(
        kits,
        [draft for draft in drafts if draft.id.startswith(NEW_DRAFT)],
        next((draft for draft in drafts if draft.id == wanted), None),
        workspace.members.units.writable(),
    )


def register(
    workspace: Workspace, kit_id: str, values: dict[str, object], draft_id: str, unit_id: str | None = None
) -> Registered:
    """Register a case and forget its draft; runs on a worker.

    Args:
        workspace: Where to.
        kit_id: What it is.
        values: What was filled in.
        draft_id: The draft that is done with.
        unit_id: In which unit; by default the first of this device.
    """
    registered = workspace.cases.register(kit_id, values, unit_id)
    # The case is there: a draft that the disk won't let go of must not call it unregistered.
    with suppress(Failure):
        workspace.drafts.delete(draft_id)
    return registered
