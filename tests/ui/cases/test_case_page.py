"""One case: read, changed, moved on; and what happens when somebody else changes it meanwhile."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt

from desktop_app.kits import examples
from desktop_app.workspace import Workspace
from tests.ui.cases.hands import Carry, Hands, Wait
from ui.cases.case_page import CasePage
from ui.context import DeskContext
from ui.desk import Desk


@dataclass
class Opened:
    page: CasePage
    case_id: str

    @property
    def fields(self):  # noqa: ANN201 - the form's own type
        assert self.page.form is not None
        return self.page.form.fields


@pytest.fixture
def case(desk: Desk, workspace: Workspace, context: DeskContext, wait: Wait) -> Opened:
    registered = workspace.cases.register("appeal", examples.example("appeal", 5))
    context.open_case(registered.id)
    wait(lambda: isinstance(desk.page, CasePage) and desk.page.view and not context.worker.busy)
    assert isinstance(desk.page, CasePage)
    return Opened(desk.page, registered.id)


def edit(case: Opened, hands: Hands, field: str, text: str) -> None:
    if case.page.form is None:
        hands.press(Qt.Key.Key_F2)
    case.fields.focus_field(field)
    hands.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hands.type(text)


def test_f2_edits_and_ctrl_enter_saves(case: Opened, hands: Hands, wait: Wait, workspace: Workspace) -> None:
    edit(case, hands, "subject", "Про ремонт мосту")
    hands.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: case.page.form is None and workspace.cases.get(case.case_id).values["subject"] == "Про ремонт мосту")
    wait(lambda: "Про ремонт мосту" in case.page.pane.timeline.toPlainText())
    assert "Олена Коваль" in case.page.pane.timeline.toPlainText()
    entry = workspace.cases.history(case.case_id)[0]
    assert (entry.field, entry.after) == ("subject", "Про ремонт мосту"), "only what was typed is written"


def test_saving_nothing_writes_nothing(case: Opened, hands: Hands, wait: Wait, workspace: Workspace) -> None:
    before = len(workspace.cases.history(case.case_id))
    hands.press(Qt.Key.Key_F2)
    hands.press(Qt.Key.Key_F8)
    wait(lambda: case.page.form is None and not case.page.context.worker.busy)
    assert len(workspace.cases.history(case.case_id)) == before


def test_esc_keeps_what_was_typed_as_a_draft(case: Opened, hands: Hands, wait: Wait, workspace: Workspace) -> None:
    edit(case, hands, "subject", "Про міст")
    hands.press(Qt.Key.Key_Escape)
    assert case.page.form is None
    wait(lambda: [draft.values for draft in workspace.drafts.list()] == [{"subject": "Про міст"}])
    wait(lambda: not case.page.context.worker.busy)
    hands.press(Qt.Key.Key_F2)
    assert case.fields.editor("subject").line.text() == "Про міст"
    assert case.fields.editor("subject").line.hasFocus()
    hands.press(Qt.Key.Key_F8)
    wait(lambda: not workspace.drafts.list())
    assert workspace.cases.get(case.case_id).values["subject"] == "Про міст"


def test_a_draft_of_an_edit_is_reached_from_the_list_of_drafts(
    case: Opened, hands: Hands, wait: Wait, workspace: Workspace, desk: Desk
) -> None:
    edit(case, hands, "subject", "Про міст")
    desk.show_page("today")
    wait(workspace.drafts.list)
    case.page.open_target("")
    (draft,) = workspace.drafts.list()
    desk.show_page("new_case", draft.id)
    wait(lambda: desk.page is case.page and case.page.form is not None and not case.page.context.worker.busy)
    assert case.fields.editor("subject").line.text() == "Про міст"


def test_a_refused_value_is_explained_and_stays(case: Opened, hands: Hands, wait: Wait) -> None:
    edit(case, hands, "applicant_phone", "12")
    hands.press(Qt.Key.Key_F8)
    wait(lambda: case.page.form is not None and case.page.form.summary.isVisible())
    assert case.page.form.summary.fields == ("applicant_phone",)
    assert case.fields.editor("applicant_phone").line.text() == "12"


def test_what_a_colleague_changes_arrives_except_where_somebody_types(
    case: Opened, hands: Hands, wait: Wait, workspace: Workspace, colleague: Workspace, carry: Carry
) -> None:
    carry(workspace, colleague)
    edit(case, hands, "subject", "Моє")
    theirs = colleague.cases.get(case.case_id)
    colleague.cases.edit(case.case_id, {"subject": "Їхнє", "applicant_phone": "0509998877"}, theirs)
    carry(colleague, workspace)
    wait(case.page.bar.isVisible)
    assert "Петро Ґудзь" in case.page.bar.text.text()
    assert case.fields.editor("subject").line.text() == "Моє", "nobody's typing is overwritten"
    assert case.fields.editor("applicant_phone").line.text() == "+380 50 999 88 77"
    assert case.fields.changes() == {"subject": "Моє"}
    hands.press(Qt.Key.Key_F8)
    wait(lambda: case.page.form is None and not case.page.context.worker.busy)
    view = workspace.cases.get(case.case_id)
    both = {sibling.value for sibling in view.conflicts["subject"]}
    assert both == {"Моє", "Їхнє"}, "what was not seen is not replaced"
    assert view.values["applicant_phone"] == "+380509998877"
    assert "applicant_phone" not in view.conflicts


def test_what_was_seen_arriving_is_replaced_without_a_conflict(
    case: Opened, hands: Hands, wait: Wait, workspace: Workspace, colleague: Workspace, carry: Carry
) -> None:
    carry(workspace, colleague)
    hands.press(Qt.Key.Key_F2)
    colleague.cases.edit(case.case_id, {"subject": "Їхнє"})
    carry(colleague, workspace)
    wait(lambda: case.fields.editor("subject").line.text() == "Їхнє")
    edit(case, hands, "subject", "Їхнє, але краще")
    hands.press(Qt.Key.Key_F8)
    wait(lambda: case.page.form is None and not case.page.context.worker.busy)
    view = workspace.cases.get(case.case_id)
    assert view.values["subject"] == "Їхнє, але краще"
    assert view.conflicts == {}


def test_a_step_that_needs_a_field_asks_for_it_and_goes_on(
    case: Opened, hands: Hands, wait: Wait, workspace: Workspace
) -> None:
    workspace.cases.edit(case.case_id, {"executor": None})
    wait(lambda: not case.page.context.worker.busy and case.page.view.values.get("executor") is None)
    next(step for step in case.page.head.steps if case.page.head.step_label("assigned") == step.text()).click()
    wait(lambda: case.page.form is not None)
    assert case.page.form.summary.fields == ("executor",)
    hands.press(Qt.Key.Key_Return)
    assert case.fields.editor("executor").line.hasFocus()
    hands.type("Шевчук Ганна")
    hands.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: workspace.cases.get(case.case_id).stage == "assigned")
    wait(lambda: case.page.view.stage == "assigned" and not case.page.context.worker.busy)
    assert case.page.view.values["executor"] == "Шевчук Ганна"


def test_a_conflict_is_marked_and_leads_to_the_conflicts(
    case: Opened, wait: Wait, workspace: Workspace, colleague: Workspace, carry: Carry, desk: Desk
) -> None:
    carry(workspace, colleague)
    workspace.cases.edit(case.case_id, {"subject": "Моє"})
    colleague.cases.edit(case.case_id, {"subject": "Їхнє"})
    carry(colleague, workspace)
    wait(lambda: "subject" in case.page.view.conflicts and not case.page.context.worker.busy)
    case.page._reader._rows["subject"]._conflict.click()
    wait(lambda: desk.page is not None and desk.page.page_id == "conflicts" and desk.page.current())
    assert desk.page.current().field == "subject"


def test_a_missing_case_says_so(desk: Desk, context: DeskContext, wait: Wait) -> None:
    context.open_case("0" * 32)
    wait(desk.messages.isVisible)
    assert isinstance(desk.page, CasePage)
    assert not desk.page.head.isVisible()


def test_alt_left_goes_back(case: Opened, hands: Hands, desk: Desk, wait: Wait) -> None:
    case.page.focus_first()
    hands.press(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    wait(lambda: desk.page is not None and desk.page.page_id == "today")
