"""A new case without a mouse, and drafts that lose nothing."""

import pytest
from PySide6.QtCore import Qt

from desktop_app.cases.model import CaseQuery
from desktop_app.workspace import Workspace
from tests.ui.cases.hands import Hands, Wait
from ui.cases.new_case_page import NewCasePage
from ui.desk import Desk


@pytest.fixture
def page(desk: Desk, wait: Wait) -> NewCasePage:
    desk.show_page("new_case")
    wait(lambda: isinstance(desk.page, NewCasePage) and desk.page.chooser.list.count())
    assert isinstance(desk.page, NewCasePage)
    return desk.page


def begin(page: NewCasePage, kit: str = "appeal") -> None:
    found = page.chooser.kit(kit)
    assert found is not None
    page.chooser.kit_chosen.emit(found)


def test_a_six_field_appeal_takes_at_most_fourteen_keys(
    desk: Desk, hands: Hands, wait: Wait, workspace: Workspace
) -> None:
    hands.press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: isinstance(desk.page, NewCasePage) and desk.page.chooser.list.count())
    page = desk.page
    hands.type("зве")
    hands.press(Qt.Key.Key_Return)
    for answer in (
        "Ґудзь Ївга Єгорівна",
        "с. Великі Підлісці, вул. Ґонти, 7",
        "0671234567",
        "Про вуличне освітлення",
        "Прошу відновити освітлення на вулиці Ґонти.",
    ):
        hands.type(answer)
        hands.press(Qt.Key.Key_Tab)
    hands.type("пошт")
    hands.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(page.registered.isVisible)
    assert hands.presses <= 14, hands.log
    (row,) = workspace.cases.page(CaseQuery(), 0, 10)
    assert page.registered.number.text() == row.number
    values = workspace.cases.get(row.id).values
    assert values["applicant_name"] == "Ґудзь Ївга Єгорівна"
    assert values["applicant_phone"] == "+380671234567"
    assert values["text"] == "Прошу відновити освітлення на вулиці Ґонти."
    assert values["channel"] == "post"
    assert values["type"] == "letter", "what the kit supposes follows the channel"
    assert workspace.drafts.list() == []


@pytest.mark.usefixtures("cases")
def test_the_last_kit_comes_first(page: NewCasePage, desk: Desk, wait: Wait) -> None:
    desk.show_page("today")
    desk.show_page("new_case")
    wait(lambda: page.chooser.list.item(0).text() == "Гуманітарна допомога")


def test_what_is_missing_is_said_in_one_place_and_leads_there(page: NewCasePage, hands: Hands, wait: Wait) -> None:
    begin(page)
    assert page.form is not None
    hands.type("Коваль Іван Петрович")
    hands.press(Qt.Key.Key_F8)
    form = page.form
    assert form.summary.isVisible()
    assert form.summary.links.hasFocus()
    assert form.summary.fields == ("applicant_address", "subject")
    assert form.fields.problem_of("subject")
    hands.press(Qt.Key.Key_Return)
    assert form.fields.editor("applicant_address").widget.hasFocus()
    assert form.fields.draft()["applicant_name"] == "Коваль Іван Петрович"
    hands.type("с. Калинівка")
    wait(lambda: not form.fields.problem_of("applicant_address"))


def test_a_format_is_judged_when_the_field_is_left(page: NewCasePage, hands: Hands) -> None:
    begin(page)
    form = page.form
    assert form is not None
    form.fields.focus_field("applicant_phone")
    hands.type("12")
    assert not form.fields.problem_of("applicant_phone")
    hands.press(Qt.Key.Key_Tab)
    assert form.fields.problem_of("applicant_phone")
    form.fields.focus_field("applicant_phone")
    hands.press(Qt.Key.Key_Home)
    hands.press(Qt.Key.Key_Delete)
    hands.press(Qt.Key.Key_Delete)
    hands.type("0671234567")
    hands.press(Qt.Key.Key_Tab)
    assert not form.fields.problem_of("applicant_phone")
    assert form.fields.editor("applicant_phone").line.text() == "+380 67 123 45 67"


def test_a_draft_is_kept_while_typing_goes_on_and_comes_back_in_the_same_place(
    page: NewCasePage, hands: Hands, wait: Wait, workspace: Workspace, desk: Desk
) -> None:
    begin(page)
    assert page.form is not None
    page.form.fields.focus_field("subject")
    hands.type("Про ремонт")
    for _ in range(3):
        hands.press(Qt.Key.Key_Left)
    wait(lambda: any(draft.focus == "subject:7" for draft in workspace.drafts.list()))
    (draft,) = workspace.drafts.list()
    assert draft.values["subject"] == "Про ремонт", "required fields don't hold a draft up"
    desk.show_page("today")
    page.open_target("")
    page.activate()
    wait(lambda: page.chooser.list.count() == 3)
    desk.show_page("new_case", draft.id)
    wait(lambda: page.form is not None)
    line = page.form.fields.editor("subject").line
    assert line.hasFocus()
    assert (line.text(), line.cursorPosition()) == ("Про ремонт", 7)


def test_leaving_the_page_keeps_the_draft_at_once(
    page: NewCasePage, hands: Hands, wait: Wait, workspace: Workspace, desk: Desk
) -> None:
    begin(page)
    hands.type("Ґ")
    desk.show_page("today")
    wait(lambda: [draft.values["applicant_name"] for draft in workspace.drafts.list()] == ["Ґ"])


def test_a_draft_keeps_half_a_date(page: NewCasePage, hands: Hands, wait: Wait, workspace: Workspace) -> None:
    begin(page)
    assert page.form is not None
    page.form.fields.focus_field("received_on")
    page.form.fields.editor("received_on").line.selectAll()
    hands.type("31.")
    page.leave()
    wait(workspace.drafts.list)
    assert workspace.drafts.list()[0].values["received_on"] == "31."


def test_a_thrown_draft_can_be_brought_back(page: NewCasePage, hands: Hands, wait: Wait, workspace: Workspace) -> None:
    begin(page)
    hands.type("Коваль")
    page.leave()
    wait(workspace.drafts.list)
    assert page.form is not None
    page.form.discard.click()
    wait(lambda: not workspace.drafts.list() and page.chooser.list.count() == 3)
    page.chooser.list.setCurrentRow(2)
    page.chooser.line.setFocus()
    hands.press(Qt.Key.Key_Return)
    wait(workspace.drafts.list)
    assert page.form is not None
    assert page.form.fields.draft()["applicant_name"] == "Коваль"


def test_what_a_rule_refuses_keeps_everything_typed(page: NewCasePage) -> None:
    begin(page)
    form = page.form
    assert form is not None
    form.fields.fill({"applicant_name": "Коваль Іван", "applicant_address": "с. Калинівка", "subject": "Про воду"})
    form.fields.editor("received_on").set_raw("2099-01-01")
    page.register()
    assert form.summary.fields == ("received_on",)
    assert form.fields.draft()["subject"] == "Про воду"
