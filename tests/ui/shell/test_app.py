"""Starting, Qt's own words, and what happens when something unforeseen goes wrong."""

import re
import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import qInstallMessageHandler, qWarning
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox, QStackedWidget

from desktop_app.settings import Settings
from desktop_app.workspace import Workspace
from sync.messages import _
from tests.ui.conftest import Hands
from ui.app import Guard, make_application
from ui.signin import SignIn
from ui.window import Window


def _button(app: QApplication) -> str:
    del app
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    return box.button(QDialogButtonBox.StandardButton.Cancel).text().replace("&", "")


def test_qt_speaks_the_persons_language(app: QApplication) -> None:
    make_application(Settings(language="uk", theme="light"))
    assert _button(app) == "Скасувати"
    make_application(Settings(language="en", theme="light"))
    assert _button(app) == "Cancel"
    make_application(Settings(language="uk", theme="light"))
    assert _button(app) == "Скасувати"


def _fail_with(secret: str) -> None:
    raise ValueError(f"cannot read {secret}")


def test_a_bug_is_said_calmly_and_logged_without_any_value(
    desk_window: Window, hands: Hands, capsys: pytest.CaptureFixture[str]
) -> None:
    guard = Guard(desk_window)
    try:
        _fail_with("Петренко, вул. Шевченка 5")
    except ValueError:
        kind, error, trace = sys.exc_info()
        assert kind is not None
        assert error is not None
        guard.caught(kind, error, trace)
    assert desk_window.desk is not None
    hands.wait(desk_window.desk.messages.isVisible)
    assert desk_window.desk.messages.text.text() == _(
        "Something unforeseen happened. What you typed is kept, and you can go on."
    )
    logged = capsys.readouterr().err
    assert "ValueError" in logged
    assert re.search(r"test_app\.py:\d+ _fail_with", logged)
    assert "Петренко" not in logged


def test_a_bug_before_any_vault_is_said_in_a_window(
    open_window: Callable[[Settings], Window], settings: Settings, hands: Hands, capsys: pytest.CaptureFixture[str]
) -> None:
    window = open_window(settings)
    window.begin()
    guard = Guard(window)
    guard.caught(ValueError, ValueError("secret"), None)
    guard.caught(ValueError, ValueError("secret"), None)
    hands.wait(lambda: len(window.findChildren(QMessageBox)) == 1)
    assert "secret" not in capsys.readouterr().err
    hands.press("Return")
    hands.wait(lambda: not window.findChildren(QMessageBox))


def test_an_interrupt_closes_the_window(open_window: Callable[[Settings], Window], settings: Settings) -> None:
    window = open_window(settings)
    window.begin()
    Guard(window).caught(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not window.isVisible()


def test_words_of_qt_are_written_only_while_there_was_no_vault(
    open_window: Callable[[Settings], Window],
    settings: Settings,
    workspace: Workspace,
    hands: Hands,
    capsys: pytest.CaptureFixture[str],
) -> None:
    window = open_window(settings)
    guard = Guard(window)
    before = qInstallMessageHandler(guard.heard)
    try:
        qWarning("no such font")
        window.open_desk(workspace)
        hands.wait()
        capsys.readouterr()
        qWarning("Коваленко")
        said = capsys.readouterr().err
    finally:
        qInstallMessageHandler(before)
    assert said.startswith("Qt, Warning")
    assert "Коваленко" not in said


def _shown(window: Window) -> SignIn:
    stack = window.centralWidget()
    assert isinstance(stack, QStackedWidget)
    screen = stack.currentWidget()
    assert isinstance(screen, SignIn)
    return screen


def test_after_a_crash_the_sign_in_says_so(
    open_window: Callable[[Settings], Window], settings: Settings, workspace: Workspace, hands: Hands
) -> None:
    workspace.close()
    window = open_window(settings)
    window.begin(str(workspace.folder), cut_off=True)
    hands.wait()
    screen = _shown(window)
    assert screen._cut_off.isVisible()
    window.begin(str(workspace.folder))
    hands.wait()
    assert not _shown(window)._cut_off.isVisible()
