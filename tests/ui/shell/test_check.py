"""A damaged vault on the screen: it is named part by part, and mended where it stands or from the sign-in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import example
from desktop_app.settings import KnownVault, Settings
from desktop_app.workspace import Workspace
from sync.messages import _
from tests.ui.conftest import PHRASE, Hands
from ui.administration.check import CheckSection
from ui.desk import Desk
from ui.signin import SignIn
from ui.window import Window


@pytest.fixture
def window(open_window: Callable[[Settings], Window], settings: Settings, workspace: Workspace) -> Window:
    settings.vaults = [KnownVault(str(workspace.folder), "Ґанок")]
    return open_window(settings)


def card(window: Window, hands: Hands) -> CheckSection:
    assert window.context is not None
    window.context.show_page("administration", "check")
    hands.wait()
    found = window.findChild(CheckSection)
    assert isinstance(found, CheckSection)
    return found


def test_lists_that_differ_from_the_log_are_mended_in_place(window: Window, workspace: Workspace, hands: Hands) -> None:
    workspace.cases.register("appeal", example("appeal", 1))
    window.open_desk(workspace)
    section = card(window, hands)
    section.start.click()
    hands.wait(section.verdict.isVisible)
    assert section.verdict.text() == _("Everything is whole.")
    assert not section.mend.isVisible()
    with workspace.store.write() as connection:
        connection.execute("UPDATE case_row SET title = 'Інше'")
    section.start.click()
    hands.wait(section.mend.isVisible)
    assert section.verdict.text() == _("Something is amiss.")
    section.mend.click()
    hands.wait(lambda: section.verdict.text() == _("Everything is whole."))
    assert workspace.cases.page(CaseQuery(), 0, 1)[0].title != "Інше"


def test_more_than_that_leads_to_the_sign_in(window: Window, workspace: Workspace, hands: Hands) -> None:
    window.open_desk(workspace)
    section = card(window, hands)
    with workspace.store.write() as connection:
        connection.execute("UPDATE frame SET hash = zeroblob(32)")
    section.start.click()
    hands.wait(section.mend.isVisible)
    section.mend.click()
    hands.wait()
    screen = window.findChild(SignIn)
    assert isinstance(screen, SignIn)
    assert screen.repair.start.isVisible()
    hands.type(PHRASE)
    screen.repair.start.click()
    hands.wait(lambda: not screen.repair.start.isVisible())
    assert _("The vault is whole now. Type the pass phrase and open it.") in screen.repair.told.text()


def test_a_vault_that_does_not_open_is_mended_from_the_sign_in(
    window: Window, workspace: Workspace, hands: Hands
) -> None:
    folder: Path = workspace.folder
    number = workspace.cases.register("appeal", example("appeal", 1)).number
    workspace.close()
    data = (folder / "vault.db").read_bytes()
    (folder / "vault.db").write_bytes(bytes(64) + data[64:])
    window.begin()
    hands.wait()
    screen = window.findChild(SignIn)
    assert isinstance(screen, SignIn)
    assert not screen.repair.isVisible()
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(screen.repair.start.isVisible)
    assert "sprava repair" in screen.problem.text()
    screen.repair.start.click()
    hands.wait(lambda: not screen.repair.start.isVisible())
    assert screen.open.isEnabled()
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(lambda: isinstance(window.desk, Desk))
    assert window.context is not None
    assert window.context.workspace.cases.find(number).number == number


def test_a_vault_can_be_checked_at_the_sign_in_without_any_failure_and_by_the_keyboard(
    window: Window, workspace: Workspace, hands: Hands
) -> None:
    workspace.close()
    window.begin()
    hands.wait()
    screen = window.findChild(SignIn)
    assert isinstance(screen, SignIn)
    assert not screen.repair.isVisible()
    for _step in range(20):
        hands.press("Tab")
        if screen.check.hasFocus():
            break
    assert screen.check.hasFocus()
    hands.press("Space")
    hands.wait(screen.repair.start.isVisible)
    assert screen.passphrase.line.hasFocus()
    hands.type(PHRASE)
    screen.check.click()
    hands.wait(lambda: _("There was nothing to mend.") in screen.repair.told.text())
    assert screen.open.isEnabled()
