"""The grid holds only what is looked at, keeps its place, and is worked by keyboard alone."""

from datetime import date

import pytest
from PySide6.QtCore import QPoint, Qt

from desktop_app.cases.model import CaseQuery
from desktop_app.kits import examples
from desktop_app.workspace import Workspace
from tests.ui.cases.hands import Hands, Show, Wait
from ui.cases.model import Column
from ui.cases.page import CasesPage
from ui.cases.states import due_state
from ui.context import DeskContext
from ui.windowed import WINDOW


@pytest.fixture
def page(cases: Workspace, context: DeskContext, show: Show, wait: Wait) -> CasesPage:
    page = CasesPage(context)
    opened: list[str] = []
    page.opened_for_test = opened
    context.page_wanted.connect(lambda page_id, target: opened.append((page_id, target)))
    show(page)
    page.activate()
    wait(lambda: page.model.total == cases.cases.count(CaseQuery()) and not context.worker.busy)
    page.focus_first()
    return page


def settle(page: CasesPage, wait: Wait) -> None:
    wait(lambda: not page.context.worker.busy and page.model.case_at(max(page.grid.rowAt(10), 0)))


def numbers(page: CasesPage, rows: int = 20) -> list[str]:
    return [str(page.model.index(row, Column.NUMBER).data()) for row in range(rows)]


def test_only_the_rows_in_sight_are_fetched(workspace: Workspace, context: DeskContext, show: Show, wait: Wait) -> None:
    workspace.cases.register_many("appeal", list(examples.examples("appeal", 3000, 3)))
    page = CasesPage(context)
    show(page)
    page.activate()
    wait(lambda: page.model.total == 3000)
    settle(page, wait)
    assert page.model.held == WINDOW
    page.grid.scrollToBottom()
    wait(lambda: page.model.case_at(2999))
    assert page.model.held == 2 * WINDOW
    assert page.model.index(2999, Column.NUMBER).data()
    assert page.model.index(1500, Column.NUMBER).data() == "…", "a row on its way is a placeholder"
    wait(lambda: page.model.case_at(1500))


def test_enter_opens_the_row(page: CasesPage, hands: Hands) -> None:
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Down)
    hands.press(Qt.Key.Key_Return)
    wanted = page.model.case_at(2)
    assert wanted is not None
    assert page.opened_for_test == [("case", wanted.id)]
    hands.press(Qt.Key.Key_End)
    assert page.grid.currentIndex().row() == 299
    hands.press(Qt.Key.Key_Home)
    assert page.grid.currentIndex().row() == 0


def test_the_header_sorts_by_keyboard(page: CasesPage, hands: Hands, wait: Wait, workspace: Workspace) -> None:
    hands.press(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    hands.press(Qt.Key.Key_Right)
    hands.press(Qt.Key.Key_Right)
    hands.press(Qt.Key.Key_Right)
    hands.press(Qt.Key.Key_Space)
    wait(lambda: page.model.query.sort == "person")
    assert not page.model.query.descending
    expected = [row.number for row in workspace.cases.page(CaseQuery(sort="person", descending=False), 0, 20)]
    assert numbers(page) == expected
    hands.press(Qt.Key.Key_Space)
    wait(lambda: page.model.query.descending)
    assert numbers(page) != expected


def test_filters_narrow_the_list_and_say_how_far(page: CasesPage, wait: Wait, workspace: Workspace) -> None:
    page.filters.kit.setCurrentIndex(page.filters.kit.findData("appeal"))
    wait(lambda: page.model.total == 150)
    assert page.grid.isColumnHidden(Column.KIT), "one kit needs no column"
    assert page.filters.stage.isVisible()
    page.filters.overdue.setChecked(True)
    query = CaseQuery(kit="appeal", overdue=True)
    wait(lambda: page.model.query.overdue)
    assert page.model.total == workspace.cases.count(query)
    page.open_target("Коваль")
    wait(lambda: page.model.query.text == "Коваль")
    assert page.place() == "Коваль"
    page.filters.clear_all.click()
    wait(lambda: page.model.total == 300)
    assert str(300) in page.filters.count.text()


def test_nothing_found_is_no_dead_end(page: CasesPage, wait: Wait) -> None:
    page.open_target("немаєтакого")
    wait(lambda: page.model.query.text and page.model.total == 0)
    assert not page.grid.isVisible()
    page.filters.words.click()
    wait(lambda: page.grid.isVisible() and page.model.total == 300)


def test_the_selection_and_the_place_survive_a_refresh(page: CasesPage, wait: Wait, workspace: Workspace) -> None:
    page.grid.setCurrentIndex(page.model.index(120, 0))
    page.grid.scrollTo(page.model.index(120, 0), page.grid.ScrollHint.PositionAtCenter)
    settle(page, wait)
    chosen = page.grid.current_case()
    before = page.grid.visualRect(page.grid.currentIndex()).y()
    newest = dict(examples.example("appeal"), received_on=date.today().isoformat())  # noqa: DTZ011
    workspace.cases.register_many("appeal", [newest, newest, newest])
    page.grid.refresh()
    wait(lambda: page.model.total == 303 and page.grid.currentIndex().row() == 123)
    assert page.grid.current_case() == chosen
    assert page.grid.visualRect(page.grid.currentIndex()).y() == before


def test_a_row_is_spoken_with_its_columns(page: CasesPage) -> None:
    row = page.model.case_at(0)
    assert row is not None
    said = page.model.index(0, Column.DUE).data(Qt.ItemDataRole.AccessibleTextRole)
    assert row.due_on is not None
    assert f"{row.due_on:%d.%m.%Y}" in said
    assert page.grid.rowAt(page.grid.viewport().mapFrom(page.grid, QPoint(5, 200)).y()) > 0


@pytest.mark.parametrize(
    ("due", "soon", "final", "role"),
    [
        (date(2026, 11, 20), False, False, "error"),
        (date(2026, 11, 23), True, False, "warn"),
        (date(2026, 11, 24), True, False, "warn"),
        (date(2026, 11, 28), True, False, "warn"),
        (date(2026, 11, 28), False, False, ""),
        (date(2026, 12, 26), False, False, ""),
        (date(2026, 11, 20), False, True, "ok"),
        (None, False, False, ""),
    ],
)
def test_a_state_is_icon_word_and_colour(due: date | None, soon: bool, final: bool, role: str) -> None:  # noqa: FBT001
    state = due_state(due, date(2026, 11, 23), soon=soon, final=final)
    assert state.role == role
    assert bool(state.icon) == bool(role)
    assert bool(state.word) == (due is not None)
