"""Today shows what waits, opens it by Enter, and is calm when nothing does."""

from datetime import datetime, timedelta

import pytest

from desktop_app.kits.examples import examples
from desktop_app.workspace import Workspace
from tests.ui.conftest import Hands
from ui.desk import Desk
from ui.today import TodayPage, date_words
from ui.window import Window


@pytest.fixture
def desk(desk_window: Window) -> Desk:
    assert desk_window.desk is not None
    return desk_window.desk


def _today(desk: Desk) -> TodayPage:
    assert isinstance(desk.page, TodayPage)
    return desk.page


def _old_cases(workspace: Workspace, count: int) -> list[str]:
    rows = [dict(values) for values in examples("appeal", count, 5)]
    long_ago = (datetime.now().astimezone().date() - timedelta(days=200)).isoformat()
    kit = next(kit for kit in workspace.kits() if kit.id == "appeal")
    for values in rows:
        if kit.date_field:
            values[kit.date_field] = long_ago
    return [registered.id for registered in workspace.cases.register_many("appeal", rows)]


def test_an_empty_vault_is_calm(desk: Desk) -> None:
    page = _today(desk)
    for section in (page.overdue, page.due_soon, page.from_others, page.recent, page.drafts):
        assert section.rows.count() == 0
        assert section.rows.isHidden()
    assert page.conflicts.isHidden()


def test_what_is_written_appears_and_enter_opens_it(desk: Desk, hands: Hands) -> None:
    ids = _old_cases(desk.context.workspace, 9)
    page = _today(desk)
    hands.wait(lambda: page.overdue.rows.count() == 6)
    assert page.overdue.count.text() == "9"
    assert page.overdue.all.isVisible()
    assert page.recent.rows.count() == 6
    page.focus_first()
    assert hands.focus() is page.overdue.rows
    hands.press("Down", 2)
    row = page.overdue.rows.current()
    assert row is not None
    assert row.key in ids
    hands.press("Return")
    hands.wait()
    assert desk.place() == ("case", row.key)
    hands.press("Alt+Left")
    hands.wait()
    assert desk.place()[0] == "today"


def test_the_marked_row_stays_marked_while_others_come(desk: Desk, hands: Hands) -> None:
    _old_cases(desk.context.workspace, 3)
    page = _today(desk)
    hands.wait(lambda: page.overdue.rows.count() == 3)
    page.focus_first()
    hands.press("Down")
    before = page.overdue.rows.current()
    _old_cases(desk.context.workspace, 1)
    hands.wait(lambda: page.overdue.count.text() == "4")
    assert page.overdue.rows.current() == before
    assert hands.focus() is page.overdue.rows


def test_arrows_leave_a_list_at_its_end(desk: Desk, hands: Hands) -> None:
    _old_cases(desk.context.workspace, 2)
    page = _today(desk)
    hands.wait(lambda: page.overdue.rows.count() == 2)
    page.focus_first()
    hands.press("Down", 2)
    assert hands.focus() is not page.overdue.rows


def test_a_draft_is_opened_again(desk: Desk, hands: Hands) -> None:
    desk.context.workspace.drafts.save("new:1", "appeal", {}, "")
    page = _today(desk)
    page.activate()
    hands.wait(lambda: page.drafts.rows.count() == 1)
    page.drafts.rows.setFocus()
    hands.press("Return")
    hands.wait()
    assert desk.place()[0] == "new_case"


def test_all_overdue_leads_to_the_list(desk: Desk, hands: Hands) -> None:
    _old_cases(desk.context.workspace, 7)
    page = _today(desk)
    hands.wait(page.overdue.all.isVisible)
    page.overdue.all.setFocus()
    hands.press("Space")
    hands.wait()
    assert desk.place()[0] == "cases"


def test_the_rest_of_a_list_unfolds_in_its_place(desk: Desk, hands: Hands) -> None:
    _old_cases(desk.context.workspace, 9)
    page = _today(desk)
    hands.wait(page.recent.all.isVisible)
    page.recent.all.setFocus()
    hands.press("Space")
    assert page.recent.rows.count() == 9
    assert page.recent.all.isHidden()
    assert hands.focus() is page.recent.rows
    assert page.recent.rows.currentIndex().row() == 6
    page.resize(page.width(), 200)
    hands.press("Down", 2)
    shown = page.recent.rows.visualRect(page.recent.rows.currentIndex())
    assert not page.recent.rows.visibleRegion().intersected(shown).isEmpty()


def test_the_day_is_written_as_in_a_letter() -> None:
    assert date_words(datetime(2026, 11, 23, tzinfo=None).astimezone()) == "Понеділок, 23 листопада"
