"""The way in: the right phrase opens, a wrong one says so, and nothing stands still meanwhile."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit

from desktop_app.settings import KnownVault, Settings
from desktop_app.workspace import Workspace
from sync.messages import _
from tests.ui.conftest import PHRASE, Hands
from ui.desk import Desk
from ui.signin import SignIn
from ui.window import Window


@pytest.fixture
def sign_in(
    open_window: Callable[[Settings], Window], settings: Settings, workspace: Workspace, tmp_path: Path, hands: Hands
) -> SignIn:
    workspace.close()
    settings.vaults = [
        KnownVault(str(workspace.folder), "Ґанок"),
        KnownVault(str(tmp_path / "gone"), "Зникла громада"),
    ]
    window = open_window(settings)
    window.begin()
    hands.wait()
    screen = window.centralWidget().findChild(SignIn)
    assert isinstance(screen, SignIn)
    return screen


def test_the_phrase_and_enter_open_the_latest_vault(sign_in: SignIn, hands: Hands) -> None:
    hands.type(PHRASE)
    hands.press("Return")
    assert not sign_in.open.isEnabled()
    assert hands.window is not None
    hands.wait(lambda: hands.window is not None and isinstance(hands.window.desk, Desk))
    hands.wait()
    assert hands.window.settings.vaults[0].label == "Ґанок"
    assert hands.window.desk is not None
    assert hands.window.desk.page is not None
    assert hands.window.desk.page.page_id == "today"


def test_a_wrong_phrase_is_said_beside_the_field(sign_in: SignIn, hands: Hands) -> None:
    hands.type("не та фраза")
    hands.press("Return")
    hands.wait(sign_in.problem.isVisible)
    assert sign_in.problem.text()
    assert hands.focus() is sign_in.passphrase.line
    assert sign_in.passphrase.line.selectedText()
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(lambda: hands.window is not None and hands.window.desk is not None)


def test_an_empty_phrase_asks_for_one_without_trying(sign_in: SignIn, hands: Hands) -> None:
    hands.press("Return")
    assert sign_in.problem.text() == _("Type the pass phrase of this vault.")
    assert sign_in.open.isEnabled()


def test_a_vault_that_is_gone_is_said_so(sign_in: SignIn, hands: Hands) -> None:
    sign_in.vaults.setFocus()
    hands.press("Down")
    hands.press("Return")
    assert hands.focus() is sign_in.passphrase.line
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(sign_in.problem.isVisible)
    row = sign_in.vaults.current()
    assert row is not None
    assert row.title == "Зникла громада"


def test_another_folder_can_be_opened(sign_in: SignIn, hands: Hands, workspace: Workspace) -> None:
    sign_in.findChild(object, "way_folder").click()  # type: ignore[call-overload]
    hands.wait(lambda: sign_in.findChildren(QFileDialog))
    dialog = sign_in.findChildren(QFileDialog)[0]
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert name is not None
    name.setText(str(workspace.folder))
    dialog.accept()
    hands.wait(lambda: hands.has_focus(sign_in.passphrase.line))
    row = sign_in.vaults.current()
    assert row is not None
    assert Path(row.key) == workspace.folder


def test_capitals_without_shift_and_the_script_are_told(sign_in: SignIn, hands: Hands) -> None:
    hands.type("Ф")
    assert _("Caps Lock is on") in sign_in.passphrase.hint.text()
    assert "Українська" in sign_in.passphrase.hint.text()
    hands.send(Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier, "A")
    assert _("Caps Lock is on") not in sign_in.passphrase.hint.text()
    assert "English" in sign_in.passphrase.hint.text()


def test_the_phrase_can_be_shown_and_never_enters_a_menu(sign_in: SignIn) -> None:
    assert sign_in.passphrase.line.echoMode() == QLineEdit.EchoMode.Password
    sign_in.passphrase.set_shown(True)
    assert sign_in.passphrase.line.echoMode() == QLineEdit.EchoMode.Normal
    assert sign_in.passphrase.line.contextMenuPolicy() == Qt.ContextMenuPolicy.NoContextMenu
