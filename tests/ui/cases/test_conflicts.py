"""Two people, one field: from the badge to one value, by keyboard."""

import pytest
from PySide6.QtCore import Qt

from desktop_app.kits import examples
from desktop_app.workspace import Workspace
from tests.ui.cases.hands import Carry, Hands, Wait
from ui.conflicts.differences import marked
from ui.conflicts.page import ConflictsPage
from ui.context import DeskContext
from ui.desk import Desk

MINE = "Прошу відремонтувати міст. Прошу відповісти письмово."
THEIRS = "Доповнення. Прошу відремонтувати міст."


@pytest.fixture
def clash(workspace: Workspace, colleague: Workspace, carry: Carry) -> str:
    """A case whose text and phone two people changed at the same time."""
    values = {**examples.example("appeal", 5), "text": "Прошу відремонтувати міст."}
    case = workspace.cases.register("appeal", values)
    carry(workspace, colleague)
    workspace.cases.edit(case.id, {"text": MINE, "applicant_phone": "0671112233"})
    colleague.cases.edit(case.id, {"text": THEIRS, "applicant_phone": "0509998877"})
    carry(colleague, workspace)
    return case.id


@pytest.fixture
def page(clash: str, desk: Desk, context: DeskContext, hands: Hands, wait: Wait) -> ConflictsPage:
    hands.press(Qt.Key.Key_F9)
    wait(lambda: isinstance(desk.page, ConflictsPage) and desk.page.current() and not context.worker.busy)
    assert isinstance(desk.page, ConflictsPage)
    assert desk.page.current().case_id == clash
    return desk.page


def choose(page: ConflictsPage, field: str) -> None:
    row = next(row for row in range(page.list.count()) if page._conflicts[row].field == field)
    page.list.setCurrentRow(row)


def value(workspace: Workspace, case_id: str, field: str) -> object:
    view = workspace.cases.get(case_id)
    return None if field in view.conflicts else view.values.get(field)


@pytest.mark.parametrize(("key", "expected"), [(Qt.Key.Key_1, "+380671112233"), (Qt.Key.Key_2, "+380509998877")])
def test_from_the_badge_to_resolved_in_two_keys(
    page: ConflictsPage, clash: str, hands: Hands, wait: Wait, workspace: Workspace, key: Qt.Key, expected: str
) -> None:
    assert page.current().field == "applicant_phone"
    hands.press(key)
    wait(lambda: value(workspace, clash, "applicant_phone") == expected)
    assert hands.presses <= 4
    wait(lambda: page.list.count() == 1 and page.list.hasFocus())


def test_the_buttons_take_four_keys_at_most(
    page: ConflictsPage, clash: str, hands: Hands, wait: Wait, workspace: Workspace
) -> None:
    assert page.list.hasFocus()
    hands.press(Qt.Key.Key_Return)
    hands.press(Qt.Key.Key_Tab)
    hands.press(Qt.Key.Key_Return)
    wait(lambda: value(workspace, clash, "applicant_phone") == "+380509998877")
    assert hands.presses <= 4, hands.log


def test_who_wrote_what_and_when_is_shown(page: ConflictsPage) -> None:
    choose(page, "text")
    before, mine, theirs = page.comparison.cards
    assert "Прошу відремонтувати міст." in before._text.text()
    assert before.button is None
    assert "Олена Коваль" in mine.button.accessibleDescription()
    assert "Петро Ґудзь" in theirs.button.accessibleDescription()
    assert "background-color" in mine._text.text(), "new words are marked"


def test_both_texts_can_be_kept_and_one_undo_takes_it_back(
    page: ConflictsPage, clash: str, hands: Hands, wait: Wait, workspace: Workspace
) -> None:
    choose(page, "text")
    page.both.click()
    wait(lambda: value(workspace, clash, "text") is not None and page.undo.isVisible())
    kept = value(workspace, clash, "text")
    assert MINE in str(kept)
    assert THEIRS in str(kept)
    hands.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: value(workspace, clash, "text") != kept)
    wait(lambda: not page.undo.isVisible())


def test_a_third_value_can_be_typed(
    page: ConflictsPage, clash: str, hands: Hands, wait: Wait, workspace: Workspace
) -> None:
    hands.press(Qt.Key.Key_F2)
    assert page.editor.row.editor.line.hasFocus()
    hands.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hands.type("12")
    hands.press(Qt.Key.Key_Return)
    assert page.editor.row.problem
    hands.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hands.type("0631234567")
    hands.press(Qt.Key.Key_Return)
    wait(lambda: value(workspace, clash, "applicant_phone") == "+380631234567")


def test_only_texts_can_be_kept_both(page: ConflictsPage) -> None:
    assert not page.both.isVisible()
    choose(page, "text")
    assert page.both.isVisible()


def test_typing_goes_on_while_conflicts_arrive(
    page: ConflictsPage, clash: str, hands: Hands, wait: Wait, workspace: Workspace, colleague: Workspace, carry: Carry
) -> None:
    hands.press(Qt.Key.Key_F2)
    hands.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hands.type("063123")
    workspace.cases.edit(clash, {"executor": "Шевчук"})
    colleague.cases.edit(clash, {"executor": "Бондар"})
    carry(colleague, workspace)
    wait(lambda: page.list.count() == 3)
    assert page.editor.row.editor.line.text() == "063123"
    assert page.editor.row.editor.line.hasFocus()


def test_the_last_conflict_leaves_a_calm_page(
    page: ConflictsPage, hands: Hands, wait: Wait, workspace: Workspace
) -> None:
    for left in (1, 0):
        hands.press(Qt.Key.Key_1)
        wait(lambda left=left: page.list.count() == left and not page.context.worker.busy)
    assert page.undo.hasFocus()
    assert workspace.conflicts.count() == 0


def test_new_words_are_marked_and_markup_is_not_believed() -> None:
    assert marked("a b", "a c b", "#abcdef") == 'a <span style="background-color:#abcdef">c </span>b'
    assert marked("", "<b>\n", "#abcdef") == "&lt;b&gt;<br>"
