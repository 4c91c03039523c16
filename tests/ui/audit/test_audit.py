"""The audit and the access report as a person with a keyboard meets them."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from desktop_app.kits import examples
from desktop_app.settings import Settings
from desktop_app.workspace import Workspace
from sync.membership import CLERK
from tests.ui.conftest import Hands
from ui.actions import find
from ui.audit.model import Column
from ui.audit.page import AuditPage
from ui.audit.report_page import AccessReportPage
from ui.cases.case_page import CasePage
from ui.desk import Desk
from ui.window import Window

NAME = "Ґудзь-Їжакевич Є’вгенія"


@pytest.fixture
def ids(workspace: Workspace) -> list[str]:
    """Cases of one person and of another."""
    made = []
    for seed, name in ((1, NAME), (2, NAME), (3, "Хтось Інший")):
        made.append(workspace.cases.register("appeal", examples.example("appeal", seed) | {"applicant_name": name}).id)
    return made


def desk_of(window: Window) -> Desk:
    assert window.desk is not None
    return window.desk


def shown(page: AuditPage, column: Column) -> list[str]:
    return [str(page.model.index(row, column).data() or "") for row in range(page.model.total)]


def test_from_a_case_to_who_has_read_it_and_back(
    desk_window: Window, hands: Hands, ids: list[str], workspace: Workspace
) -> None:
    desk = desk_of(desk_window)
    desk.show_page("case", ids[0])
    hands.wait()
    (readers,) = [action for action in find(desk.commands(), "хто читав") if action.id == "case-readers"]
    readers.run()
    hands.wait()
    page = desk.page
    assert isinstance(page, AuditPage)
    number = workspace.cases.peek(ids[0]).number
    assert page.filters.case.text() == number
    assert shown(page, Column.WHAT) == ["Відкрито справу з її історією"]
    assert shown(page, Column.CASE) == [number]
    assert "у вікні програми" in shown(page, Column.WHERE)[0]
    assert number in page.detail.text()
    page.focus_first()
    hands.press("Return")
    hands.wait()
    assert isinstance(desk.page, CasePage)
    hands.press("Alt+Left")
    hands.wait()
    assert desk.page is page
    assert page.place() == ids[0]


def test_filters_narrow_and_clear(desk_window: Window, hands: Hands, ids: list[str]) -> None:
    desk = desk_of(desk_window)
    for case in ids:
        desk.show_page("case", case)
        hands.wait()
    hands.press("Ctrl+9")
    hands.wait()
    page = desk.page
    assert isinstance(page, AuditPage)
    everything = page.model.total
    assert everything > 4

    def choose(combo: QComboBox, data: object) -> None:
        combo.setCurrentIndex(combo.findData(data))
        hands.wait()

    choose(page.filters.kind, "case_opened")
    assert page.model.total == 3
    page.filters.period.setCurrentIndex(2)  # yesterday
    hands.wait()
    assert page.model.total == 0
    assert page._nothing.isVisible()
    page._nothing.asked.emit()
    hands.wait()
    assert page.model.total >= everything
    assert not page.filters.person.isVisible()
    page.filters.case.setFocus()
    hands.type("немає такої")
    hands.press("Return")
    hands.wait()
    assert desk.messages.isVisible()


def test_a_list_of_many_entries_is_walked_without_holding_them(
    desk_window: Window, hands: Hands, workspace: Workspace
) -> None:
    workspace.audit.record_each("server_changed", (str(number) for number in range(20_000)), address="http://a")
    desk = desk_of(desk_window)
    desk.show_page("audit")
    hands.wait()
    page = desk.page
    assert isinstance(page, AuditPage)
    assert page.model.total > 20_000
    page.focus_first()
    hands.press("End")
    hands.wait(lambda: page.model.row_at(page.model.total - 1))
    assert page.model.held < 2_000
    assert page.model.row_at(page.model.total - 1).number == 1


def test_the_table_is_written_with_what_is_listed(
    desk_window: Window, hands: Hands, ids: list[str], tmp_path: Path
) -> None:
    desk = desk_of(desk_window)
    desk.show_page("case", ids[0])
    hands.wait()
    desk.show_page("audit", ids[0])
    hands.wait()
    page = desk.page
    assert isinstance(page, AuditPage)
    page.write_to(str(tmp_path / "a.csv"))
    hands.wait()
    rows = list(csv.reader((tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row[3] for row in rows[1:]] == ["Відкрито справу з її історією"]
    assert "не зашифровано" in desk.messages.text.text()


def test_a_report_is_made_of_the_cases_that_are_ticked(
    desk_window: Window, hands: Hands, ids: list[str], tmp_path: Path
) -> None:
    desk = desk_of(desk_window)
    desk.show_page("case", ids[0])
    hands.wait()
    (report,) = [action for action in find(desk.commands(), "звіт") if action.id == "access-report"]
    report.run()
    hands.wait()
    page = desk.page
    assert isinstance(page, AccessReportPage)
    hands.wait(lambda: page.rows.count() == 2)
    assert page.about.text() == page.words.text() == NAME
    assert set(page.chosen()) == set(ids[:2])
    assert hands.has_focus(page.rows)
    hands.press("Space")
    hands.wait()
    assert len(page.chosen()) == 1
    page.none.click()
    assert not page.make.isEnabled()
    page.all.click()
    page.write_to(str(tmp_path / "звіт.pdf"))
    hands.wait((tmp_path / "звіт.pdf").exists)
    hands.wait()
    assert (tmp_path / "звіт.pdf").read_bytes().startswith(b"%PDF")
    assert "не зашифровано" in desk.messages.text.text()
    page.words.setText("немає")
    page.words.returnPressed.emit()
    hands.wait()
    assert page.rows.count() == 0
    assert not page.make.isEnabled()


def test_a_clerk_is_offered_neither(
    open_window: Callable[[Settings], Window], settings: Settings, hands: Hands, workspace: Workspace, ids: list[str]
) -> None:
    me = workspace.log.me
    workspace.log.membership.devices[workspace.log.device] = type(me)(me.entry, CLERK, me.units)
    window = open_window(settings)
    window.open_desk(workspace)
    hands.wait()
    desk = desk_of(window)
    for page in ("audit", "administration"):
        desk.show_page(page)
        hands.wait()
        assert not [action for action in desk.commands() if action.id == "access-report"]
    desk.show_page("case", ids[0])
    hands.wait()
    assert not {"case-readers", "access-report"} & {action.id for action in desk.commands()}
    page = desk.page
    assert isinstance(page, CasePage)
    assert not page.pane.readers.isVisible()


def test_every_row_has_icon_word_and_a_name_for_screen_readers(
    desk_window: Window, hands: Hands, ids: list[str]
) -> None:
    desk = desk_of(desk_window)
    desk.show_page("case", ids[0])
    hands.wait()
    desk.show_page("audit")
    hands.wait()
    page = desk.page
    assert isinstance(page, AuditPage)
    from ui.cases.model import STATE_ROLE

    for row in range(page.model.total):
        state = page.model.index(row, Column.WHAT).data(STATE_ROLE)
        assert state.icon
        assert state.word
        assert state.role
        spoken = page.model.index(row, Column.WHAT).data(Qt.ItemDataRole.AccessibleTextRole)
        assert spoken == f"Що: {state.word}"
    assert page.grid.accessibleName()
