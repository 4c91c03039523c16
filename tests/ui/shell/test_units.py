"""Units at the desk: where a case is registered and listed, where it goes, and who is left to read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import example
from desktop_app.opening import join_workspace
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Workspace
from tests.ui.conftest import PHRASE, Hands
from ui.cases.case_page import CasePage
from ui.cases.new_case_page import NewCasePage
from ui.cases.page import CasesPage
from ui.desk import Desk
from ui.window import Window


@pytest.fixture
def colleague(workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    invitation = workspace.invite("clerk", workspace.unit.id, None)
    made = join_workspace(tmp_path / "colleague", PHRASE, invitation=invitation.data, person="Ґудзь П.", kdf=KDF_FLOOR)
    file = tmp_path / "hello.sprava-bundle"
    made.exchange.export_bundle(file)
    workspace.exchange.import_bundle(file)
    workspace.exchange.export_bundle(file)
    made.exchange.import_bundle(file)
    yield made
    made.close()


@pytest.fixture
def desk(colleague: Workspace, workspace: Workspace, desk_window: Window) -> Desk:
    workspace.members.units.add("Архів")
    assert colleague.units()
    assert desk_window.desk is not None
    return desk_window.desk


def _case(desk: Desk, hands: Hands, case_id: str) -> CasePage:
    desk.show_page("case", case_id)
    hands.wait()
    assert isinstance(desk.page, CasePage)
    return desk.page


def _to_colleague(workspace: Workspace, colleague: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "news.sprava-bundle"
    workspace.exchange.export_bundle(file)
    colleague.exchange.import_bundle(file)


def _tab_to(hands: Hands, widget: object) -> None:
    for _time in range(60):
        if hands.focus() is widget:
            return
        hands.press("Tab")
    pytest.fail("Tab does not lead there")


def test_a_new_case_asks_for_the_unit_and_the_list_filters_by_it(
    desk: Desk, hands: Hands, workspace: Workspace
) -> None:
    archive = workspace.units()[1]
    workspace.cases.register("appeal", example("appeal", 1))
    hands.press("F7")
    hands.wait(lambda: isinstance(desk.page, NewCasePage) and desk.page.chooser.list.count())
    page = desk.page
    assert isinstance(page, NewCasePage)
    kit = page.chooser.kit("appeal")
    assert kit is not None
    page.chooser.kit_chosen.emit(kit)
    hands.wait()
    assert page.form is not None
    page.form.fields.fill(example("appeal", 2))
    _tab_to(hands, page.form.unit)
    hands.press("End")
    assert page.form.unit.currentText() == "Архів"
    hands.press("F8")
    hands.wait(page.registered.isVisible)
    assert workspace.cases.count(CaseQuery(unit=archive.id)) == 1

    hands.press("Ctrl+2")
    hands.wait()
    cases = desk.page
    assert isinstance(cases, CasesPage)
    hands.wait(lambda: cases.model.total == 2)
    assert cases.filters.unit.isVisible()
    cases.filters.unit.setFocus()
    hands.press("End")
    hands.wait(lambda: cases.model.total == 1)
    hands.press("Home")
    hands.wait(lambda: cases.model.total == 2)


def test_a_case_goes_to_another_unit_by_keys(
    desk: Desk, hands: Hands, workspace: Workspace, colleague: Workspace, tmp_path: Path
) -> None:
    case = workspace.cases.register("appeal", example("appeal", 1))
    _to_colleague(workspace, colleague, tmp_path)
    assert colleague.cases.count(CaseQuery()) == 1
    page = _case(desk, hands, case.id)
    assert "Приймальня" in page.head._unit.accessibleName()
    assert {"case-transfer", "case-limit"} <= {action.id for action in desk.commands()}
    _tab_to(hands, page.where.transfer)
    hands.press("Return")
    assert hands.has_focus(page.where.unit)
    _tab_to(hands, page.where.move_case)
    hands.press("Return")
    hands.wait(lambda: workspace.cases.peek(case.id).unit.name == "Архів")
    hands.wait(lambda: not page.where.isVisible())
    hands.wait(lambda: page.head._unit.accessibleName() == "Архів")
    _to_colleague(workspace, colleague, tmp_path)
    assert colleague.cases.count(CaseQuery()) == 0


def test_a_case_is_limited_to_named_people_by_keys(
    desk: Desk, hands: Hands, workspace: Workspace, colleague: Workspace, tmp_path: Path
) -> None:
    case = workspace.cases.register("appeal", example("appeal", 1))
    page = _case(desk, hands, case.id)
    _tab_to(hands, page.where.limit)
    hands.press("Return")
    assert hands.has_focus(page.where.people)
    _tab_to(hands, page.where.limit_case)
    hands.press("Return")
    hands.wait(desk.messages.isVisible)
    assert workspace.circles.people(case.id) is None, "nobody was chosen"
    assert hands.has_focus(page.where.people)
    hands.press("Space")
    _tab_to(hands, page.where.limit_case)
    hands.press("Return")
    hands.wait(lambda: workspace.circles.people(case.id) is not None)
    assert set(workspace.circles.people(case.id) or ()) == {"Ґудзь П.", "Їжакевич Є."}
    _to_colleague(workspace, colleague, tmp_path)
    assert colleague.cases.count(CaseQuery()) == 1


def test_with_one_unit_nothing_speaks_of_units(desk_window: Window, hands: Hands, workspace: Workspace) -> None:
    desk = desk_window.desk
    assert desk is not None
    case = workspace.cases.register("appeal", example("appeal", 1))
    page = _case(desk, hands, case.id)
    assert not page.head._unit.isVisible()
    assert not page.where.starts.isVisible()
    hands.press("Ctrl+2")
    hands.wait()
    assert isinstance(desk.page, CasesPage)
    assert not desk.page.filters.unit.isVisible()
