"""From nothing to an open desk, without a mouse."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from desktop_app.recovery import asked_back
from desktop_app.recovery_reading import read_shares
from desktop_app.settings import Settings
from desktop_app.workspace import Workspace
from sync.messages import _, language
from tests.ui.conftest import PHRASE, Hands
from ui import theme
from ui.first_run import FirstRun
from ui.first_run_steps import DoneStep, LanguageStep, WayStep, WhoStep
from ui.recovery_step import RecoveryStep
from ui.today import TodayPage
from ui.window import Window


def _screen(window: Window) -> FirstRun:
    screens = [screen for screen in window.centralWidget().findChildren(FirstRun) if screen.isVisible()]
    assert len(screens) == 1
    return screens[0]


@pytest.fixture
def first_run(open_window: Callable[[Settings], Window], hands: Hands) -> FirstRun:
    window = open_window(Settings(language="uk", theme="light"))
    window.begin()
    hands.wait()
    return _screen(window)


def _fill_names(hands: Hands) -> None:
    for words in ("Ґанківська громада", "Приймальня", "Їжакевич Євгенія"):
        hands.type(words)
        hands.press("Tab")


def test_a_community_is_founded_by_keyboard(first_run: FirstRun, hands: Hands, tmp_path: Path) -> None:
    assert len(first_run.steps) == 5
    hands.press("Return")
    assert isinstance(first_run.step, WayStep)
    hands.press("Return")
    assert isinstance(first_run.step, WhoStep)
    _fill_names(hands)
    assert hands.focus() is first_run.step.passphrase.line
    hands.type(PHRASE)
    assert "Ґанківська громада" in first_run.step.folder.path()
    first_run.step.folder.set_path(str(tmp_path / "сховище"))
    hands.press("Return")
    hands.wait(lambda: isinstance(first_run.step, RecoveryStep))
    step = first_run.step
    assert isinstance(step, RecoveryStep)
    assert step.next_text() == _("Later")
    step.maker.save_to(str(tmp_path / "аркуш.pdf"))
    hands.wait(lambda: step.maker.is_made)
    (sheet,) = read_shares(tmp_path / "аркуш.pdf")
    for place in asked_back(sheet):
        hands.type(sheet.words[place - 1].upper())
        hands.press("Tab")
    hands.wait(lambda: step.next_text() == _("Next"))
    first_run.next.setFocus()
    hands.press("Return")
    assert isinstance(first_run.step, DoneStep)
    hands.press("Return")
    window = hands.window
    assert window is not None
    hands.wait(lambda: window.desk is not None)
    hands.wait()
    assert window.context is not None
    workspace = window.context.workspace
    assert (workspace.community, workspace.unit.name) == ("Ґанківська громада", "Приймальня")
    assert workspace.person.name == "Їжакевич Євгенія"
    assert workspace.folder == tmp_path / "сховище"
    assert window.settings.vaults[0].label == "Ґанківська громада"
    assert workspace.recovery.state().confirmed


def test_the_sheet_can_be_put_off_and_today_reminds(first_run: FirstRun, hands: Hands, tmp_path: Path) -> None:
    hands.press("Return", 2)
    _fill_names(hands)
    hands.type(PHRASE)
    assert isinstance(first_run.step, WhoStep)
    first_run.step.folder.set_path(str(tmp_path / "v"))
    hands.press("Return")
    hands.wait(lambda: isinstance(first_run.step, RecoveryStep))
    step = first_run.step
    assert isinstance(step, RecoveryStep)
    (tmp_path / "taken.pdf").write_bytes(b"x")
    step.maker.save_to(str(tmp_path / "taken.pdf"))
    hands.wait(step.problem.isVisible)
    assert (tmp_path / "taken.pdf").read_bytes() == b"x"
    first_run.next.click()
    first_run.next.click()
    window = hands.window
    assert window is not None
    hands.wait(lambda: window.desk is not None)
    hands.wait()
    assert window.desk is not None
    today = window.desk.page
    assert isinstance(today, TodayPage)
    assert today.recovery.isVisible()
    today.recovery.open.click()
    hands.wait()
    assert window.desk.place()[0] == "administration"


def test_examples_are_two_enters_away(first_run: FirstRun, hands: Hands, tmp_path: Path) -> None:
    hands.press("Return")
    hands.press("Down", 2)
    hands.press("Return")
    assert first_run.answers.way == "example"
    assert isinstance(first_run.step, WhoStep)
    assert first_run.step.passphrase.line.echoMode() == QLineEdit.EchoMode.Normal
    first_run.step.folder.set_path(str(tmp_path / "example"))
    hands.press("Return")
    hands.wait(lambda: isinstance(first_run.step, DoneStep))
    hands.press("Return")
    window = hands.window
    assert window is not None
    hands.wait(lambda: window.desk is not None)
    assert window.context is not None
    assert window.context.workspace.is_example
    banner = window.centralWidget().findChild(object, "example_banner")
    assert banner is not None


def test_an_invitation_is_joined(first_run: FirstRun, hands: Hands, tmp_path: Path, workspace: Workspace) -> None:
    file = tmp_path / "діловод.sprava-invite"
    file.write_bytes(workspace.invite("clerk", workspace.unit.id, None).data)
    hands.press("Return")
    hands.press("Down")
    hands.press("Return")
    step = first_run.step
    assert isinstance(step, WhoStep)
    assert hands.focus() is step.invitation
    hands.press("Space")
    hands.wait(lambda: step.findChildren(QFileDialog))
    dialog = step.findChildren(QFileDialog)[0]
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert name is not None
    name.setText(str(file))
    dialog.accept()
    hands.wait(lambda: hands.has_focus(step.person))
    hands.type("Ґудзь П.")
    hands.press("Tab")
    hands.type(PHRASE)
    step.folder.set_path(str(tmp_path / "joined"))
    hands.press("Return")
    hands.wait(lambda: isinstance(first_run.step, RecoveryStep))
    assert first_run.answers.community == workspace.community
    assert first_run.answers.unit == workspace.unit.name
    workspace.close()


def test_what_is_missing_or_weak_is_said_and_the_focus_goes_there(first_run: FirstRun, hands: Hands) -> None:
    hands.press("Return", 2)
    step = first_run.step
    assert isinstance(step, WhoStep)
    hands.press("Return")
    assert first_run.problem.isVisible()
    assert hands.focus() is step.community
    _fill_names(hands)
    hands.type("1234567890")
    hands.press("Return")
    assert first_run.step is step
    assert hands.focus() is step.passphrase.line
    step.generate.click()
    assert step.passphrase.text().count(" ") == 4
    step.folder.set_path("not/a/whole/path")
    hands.press("Return")
    assert first_run.step is step
    assert first_run.problem.text() == _("Name the folder in full, from the disk on.")


def test_a_taken_folder_is_refused_and_everything_stays(first_run: FirstRun, hands: Hands, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("x")
    hands.press("Return", 2)
    _fill_names(hands)
    hands.type(PHRASE)
    assert isinstance(first_run.step, WhoStep)
    first_run.step.folder.set_path(str(tmp_path / "full"))
    hands.press("Return")
    hands.wait(first_run.problem.isVisible)
    assert isinstance(first_run.step, WhoStep)
    assert first_run.answers.community == "Ґанківська громада"
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter.txt"]


def test_escape_goes_back_and_answers_stay(first_run: FirstRun, hands: Hands) -> None:
    hands.press("Return", 2)
    _fill_names(hands)
    hands.type(PHRASE)
    hands.press("Escape")
    hands.press("Return")
    step = first_run.step
    assert isinstance(step, WhoStep)
    assert step.community.text() == "Ґанківська громада"
    assert step.passphrase.text() == PHRASE
    hands.press("Escape", 3)
    assert isinstance(first_run.step, LanguageStep)


@pytest.mark.usefixtures("first_run")
def test_language_and_size_change_at_once_on_the_same_step(hands: Hands, app: QApplication) -> None:
    window = hands.window
    assert window is not None
    hands.press("Right")
    hands.press("Return")
    hands.wait()
    assert language() == "en"
    assert isinstance(_screen(window).step, LanguageStep)
    assert window.settings.language == "en"
    size = [
        choice for choice in _screen(window).step.findChildren(type(hands.focus())) if "150" in choice.accessibleName()
    ]
    size[0].setFocus()
    hands.press("Space")
    hands.wait()
    assert theme.scale() == 150
    assert Settings.load().text_scale == 150
    assert app.font().pointSizeF() == 16.5
