"""People, devices and units at the desk: real vaults, a real server, and an administrator who only presses keys."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.belonging import belonging_words
from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import example
from desktop_app.members import State
from desktop_app.opening import join_workspace
from desktop_app.settings import Settings
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Invitation, Workspace
from sync.errors import Refused
from sync.server import RunningServer
from sync.server.run import open_store
from tests.ui.conftest import PHRASE, Hands
from ui.desk import Desk
from ui.exchange_page import ExchangePage
from ui.people.page import PeoplePage
from ui.today import TodayPage
from ui.window import Window


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with RunningServer(tmp_path / "server") as running:
        yield running.url


@pytest.fixture
def desk(desk_window: Window) -> Desk:
    assert desk_window.desk is not None
    return desk_window.desk


@pytest.fixture
def page(desk: Desk, hands: Hands) -> PeoplePage:
    hands.press("Ctrl+0")
    hands.wait()
    assert isinstance(desk.page, PeoplePage)
    assert hands.has_focus(desk.page.rows)
    return desk.page


@pytest.fixture
def invitation(workspace: Workspace, server: str) -> Invitation:
    return workspace.invite("clerk", workspace.unit.id, server)


@pytest.fixture
def colleague(invitation: Invitation, tmp_path: Path) -> Iterator[Workspace]:
    made = join_workspace(tmp_path / "colleague", PHRASE, invitation=invitation.data, person="Ґудзь П.", kdf=KDF_FLOOR)
    yield made
    made.close()


def _exchange(desk: Desk, hands: Hands) -> None:
    hands.wait(lambda: not desk.context.exchange.running)  # one that runs by itself may be past what is meant
    hands.press("F5")
    hands.wait(lambda: not desk.context.exchange.running)
    hands.wait()


def _tab_to(hands: Hands, widget: object) -> None:
    for _time in range(40):
        if hands.focus() is widget:
            return
        hands.press("Tab")
    pytest.fail("Tab does not lead there")


def test_a_second_device_of_an_invitation_is_compared_and_let_in_by_keys(
    desk: Desk, hands: Hands, workspace: Workspace, colleague: Workspace, invitation: Invitation, tmp_path: Path
) -> None:
    colleague.exchange.sync()
    _exchange(desk, hands)
    with join_workspace(
        tmp_path / "laptop", PHRASE, invitation=invitation.data, person="Ґава О.", kdf=KDF_FLOOR
    ) as laptop:
        laptop.cases.register("appeal", example("appeal", 1))
        laptop.exchange.sync()
        _exchange(desk, hands)
        hands.press("Ctrl+1")
        hands.wait()
        today = desk.page
        assert isinstance(today, TodayPage)
        assert today.people.isVisible()
        today.people.open.setFocus()
        hands.press("Return")
        hands.wait(lambda: desk.place()[0] == "people")
        hands.wait()
        page = desk.page
        assert isinstance(page, PeoplePage)
        row = page.rows.current()
        assert row is not None
        assert "Ґава О." in row.title
        assert page.device.code.text() == laptop.log.device_code
        hands.press("Return")
        assert hands.has_focus(page.device.confirm)
        hands.press("Return")
        hands.wait(lambda: all(each.state is State.MEMBER for each in workspace.members.members()))
        assert workspace.cases.count(CaseQuery()) == 1
        assert hands.has_focus(page.rows)
        assert not page.device.confirm.isVisible()
        hands.press("Ctrl+1")
        hands.wait()
        assert not today.people.isVisible()


def test_a_stranger_is_turned_away(
    page: PeoplePage, desk: Desk, hands: Hands, workspace: Workspace, colleague: Workspace, invitation: Invitation,
    tmp_path: Path,
) -> None:  # fmt: skip
    colleague.exchange.sync()
    _exchange(desk, hands)
    with join_workspace(tmp_path / "thief", PHRASE, invitation=invitation.data, person="Хтось", kdf=KDF_FLOOR) as thief:
        thief.exchange.sync()
    _exchange(desk, hands)
    page.rows.setFocus()
    hands.press("End")
    hands.press("Return")
    hands.wait()
    _tab_to(hands, page.device.decline)
    hands.press("Space")
    hands.wait(lambda: workspace.members.members()[-1].state is State.DECLINED)
    assert not page.device.decline.isVisible()


def test_a_role_is_changed_and_the_lost_computer_put_out(
    page: PeoplePage, desk: Desk, hands: Hands, workspace: Workspace, colleague: Workspace
) -> None:
    colleague.exchange.sync()
    _exchange(desk, hands)
    page.rows.setFocus()
    hands.press("End")
    hands.press("Return")
    hands.press("Return")
    assert hands.has_focus(page.device.rights.place)
    hands.press("Tab")
    hands.press("End")
    assert page.device.rights.chosen[1] == "auditor"
    _tab_to(hands, page.device.save)
    hands.press("Return")
    hands.wait(lambda: workspace.members.members()[1].role == "auditor")
    _exchange(desk, hands)
    colleague.exchange.sync()
    assert colleague.person.role == "auditor"

    hands.wait(page.device.revoke.isVisible)
    _tab_to(hands, page.device.revoke)
    hands.press("Return")
    assert hands.has_focus(page.device.asked.cancel)
    hands.press("Shift+Tab")
    assert hands.has_focus(page.device.put_out)
    hands.press("Return")
    hands.wait(lambda: workspace.members.members()[1].state is State.REVOKED)
    _exchange(desk, hands)
    with pytest.raises(Refused, match=r".") as told:
        colleague.exchange.sync()
    assert told.value.code == "revoked"


@pytest.mark.parametrize("accept", [True, False])
def test_what_was_written_late_is_shown_case_by_case_and_decided_on(
    page: PeoplePage, desk: Desk, hands: Hands, workspace: Workspace, colleague: Workspace, *, accept: bool
) -> None:
    case = workspace.cases.register("appeal", example("appeal", 1))
    colleague.exchange.sync()
    _exchange(desk, hands)
    colleague.exchange.sync()
    workspace.members.revoke("2")
    colleague.cases.edit(case.id, {"subject": "Змінено в дорозі"})
    new = colleague.cases.register("appeal", example("appeal", 2))
    _exchange(desk, hands)
    with pytest.raises(Refused):
        colleague.exchange.sync()
    _exchange(desk, hands)
    assert workspace.members.due().undecided
    hands.press("Ctrl+7")
    hands.wait()
    section = desk.page.section("people")
    _tab_to(hands, section.open)
    hands.press("Return")
    hands.wait(page.late.isVisible)
    titles = [page.late.rows.model().index(row, 0).data() for row in range(page.late.rows.count())]
    assert [title.split(" · ")[0] for title in titles] == [case.number, new.number]
    page.late.rows.setFocus()
    hands.press("Home")
    assert "Змінено в дорозі" in page.late._values.text()
    _tab_to(hands, page.late.accept if accept else page.late.reject)
    hands.press("Return")
    hands.wait(lambda: not workspace.members.due().undecided)
    assert workspace.cases.count(CaseQuery()) == (2 if accept else 1)
    hands.wait(lambda: page.late.isVisible() is not accept)
    assert page.late.reject.isVisible() is False


def test_a_unit_is_made_named_and_a_device_let_in_and_out(
    page: PeoplePage, desk: Desk, hands: Hands, workspace: Workspace, colleague: Workspace
) -> None:
    colleague.exchange.sync()
    _exchange(desk, hands)
    _tab_to(hands, page.units.add)
    hands.press("Return")
    hands.type("Архів")
    hands.press("Return")
    hands.wait(lambda: len(workspace.members.units.all()) == 2)
    page.units.rows.setFocus()
    hands.press("End")
    _tab_to(hands, page.units.rename)
    hands.press("Return")
    hands.type("Архів громади")
    hands.press("Return")
    hands.wait(lambda: workspace.members.units.all()[1].name == "Архів громади")
    page.rows.setFocus()
    hands.press("End")
    for role, devices in (("clerk", ("1", "2")), ("", ("1",))):
        page.device.change.setFocus()
        hands.press("Return")
        hands.press("End")
        hands.press("Tab")
        hands.press("Home" if role else "End")
        assert page.device.rights.chosen[1] == role
        _tab_to(hands, page.device.save)
        hands.press("Return")
        hands.wait(lambda wanted=devices: workspace.members.units.all()[1].devices == wanted)
        hands.wait(lambda: not page.device.asked.isVisible())


def test_everything_is_in_the_palette(page: PeoplePage, desk: Desk, hands: Hands, colleague: Workspace) -> None:
    colleague.exchange.sync()
    _exchange(desk, hands)
    page.rows.setFocus()
    hands.press("End")
    hands.wait()
    offered = {action.id for action in desk.commands()}
    assert {"member-role", "member-revoke", "invite", "unit-add", "unit-rename", "people"} <= offered


def test_whoever_is_no_administrator_reads_only(
    open_window: Callable[[Settings], Window], settings: Settings, hands: Hands, workspace: Workspace,
    invitation: Invitation, tmp_path: Path,
) -> None:  # fmt: skip
    joined = join_workspace(tmp_path / "clerk", PHRASE, invitation=invitation.data, person="Ґудзь П.", kdf=KDF_FLOOR)
    joined.exchange.sync()
    workspace.exchange.sync()
    workspace.close()
    joined.exchange.sync()
    window = open_window(settings)
    window.open_desk(joined)
    hands.wait()
    hands.press("Ctrl+0")
    hands.wait()
    assert window.desk is not None
    page = window.desk.page
    assert isinstance(page, PeoplePage)
    assert page.rows.count() == 2
    hands.press("Home")
    shown = (page.invite, page.device.change, page.device.revoke, page.units.add, page.invitation, page.late)
    assert not any(widget.isVisible() for widget in shown)
    assert page._reading.isVisible()
    assert not {"invite", "member-role", "unit-add"} & {action.id for action in window.desk.commands()}


def test_a_barred_device_is_told_where_the_day_begins_and_where_it_exchanges(
    open_window: Callable[[Settings], Window], settings: Settings, hands: Hands, workspace: Workspace,
    invitation: Invitation, tmp_path: Path,
) -> None:  # fmt: skip
    joined = join_workspace(tmp_path / "clerk", PHRASE, invitation=invitation.data, person="Ґудзь П.", kdf=KDF_FLOOR)
    window = open_window(settings)
    window.open_desk(joined)
    hands.wait()
    assert window.desk is not None
    today = window.desk.page
    assert isinstance(today, TodayPage)
    assert today.standing.isVisible(), "it has not been let in yet"
    joined.exchange.sync()
    workspace.exchange.sync()
    _exchange(window.desk, hands)
    assert not today.standing.isVisible()

    store = open_store(tmp_path / "server", None)
    for suspended in (True, False):
        with store.writing() as writer:
            writer.set_suspended(joined.log.community, suspended=suspended)
        _exchange(window.desk, hands)
        hands.wait(lambda wanted=suspended: today.standing.isVisible() is wanted)
    store.close()

    workspace.members.revoke("2")
    workspace.exchange.sync()
    _exchange(window.desk, hands)
    hands.wait(today.standing.isVisible)
    told = belonging_words(joined.log)
    assert today.standing.words.text() in told
    today.standing.open.setFocus()
    hands.press("Return")
    hands.wait()
    exchange = window.desk.page
    assert isinstance(exchange, ExchangePage)
    assert exchange.server.state.text() in told
    assert exchange.server.detail.text() in told
    workspace.close()


def test_an_invitation_may_be_for_several_units(
    page: PeoplePage, hands: Hands, workspace: Workspace, tmp_path: Path
) -> None:
    workspace.members.units.add("Архів")
    page.activate()
    hands.wait(lambda: len(page.invitation.units) == 2)
    page.invite.setFocus()
    hands.press("Return")
    hands.press("Tab")
    assert hands.has_focus(page.invitation.units[0])
    hands.press("Tab")
    hands.press("Space")
    hands.press("Tab")
    assert hands.has_focus(page.invitation.make)
    file = tmp_path / "обидва.sprava-invite"
    page.invitation.write_to(str(file))
    hands.wait(page.invitation.code.isVisible)
    with join_workspace(
        tmp_path / "both", PHRASE, invitation=file.read_bytes(), person="Ґава О.", kdf=KDF_FLOOR
    ) as joined:
        assert {unit.name for unit in joined.units()} == {"Приймальня", "Архів"}


def test_a_device_that_is_turned_away_while_its_desk_is_open_is_told(
    open_window: Callable[[Settings], Window], settings: Settings, hands: Hands, workspace: Workspace,
    colleague: Workspace, invitation: Invitation, tmp_path: Path,
) -> None:  # fmt: skip
    colleague.exchange.sync()
    workspace.exchange.sync()
    joined = join_workspace(tmp_path / "other", PHRASE, invitation=invitation.data, person="Хтось", kdf=KDF_FLOOR)
    joined.exchange.sync()
    workspace.exchange.sync()
    window = open_window(settings)
    window.open_desk(joined)
    hands.wait()
    assert window.desk is not None
    workspace.members.decline(joined.log.device_code)
    workspace.exchange.sync()
    workspace.close()
    today = window.desk.page
    assert isinstance(today, TodayPage)
    _exchange(window.desk, hands)
    hands.wait(lambda: "запрошення" in today.standing.hint.text())
    hands.press("Ctrl+6")
    hands.wait()
    exchange = window.desk.page
    assert isinstance(exchange, ExchangePage)
    assert exchange.server.state.text() == today.standing.words.text()
