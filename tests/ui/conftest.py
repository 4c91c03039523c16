"""A real window without a screen, a real vault, and hands that press keys."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app.opening import create_workspace, open_workspace
from desktop_app.settings import Settings
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Workspace
from tests.templates import forget_place
from ui.app import make_application
from ui.window import Window

PHRASE = "лелека міст вода камінь небо"
PATIENCE = 30.0


class Hands:
    """Presses keys where the focus is, as a person does, and waits for the desk to come to rest."""

    def __init__(self, app: QApplication) -> None:
        self.app = app
        self.window: Window | None = None

    def focus(self) -> QWidget:
        focused = self.app.focusWidget()
        assert focused is not None, "nothing has the focus"
        return focused

    def press(self, keys: str, times: int = 1) -> None:
        """Press keys, named as Qt names them."""
        combination = QKeySequence(keys)[0]
        for _time in range(times):
            self.send(combination.key(), combination.keyboardModifiers())

    def type(self, text: str) -> None:
        """Type text; Qt has no key for some letters (Ґ), so each arrives as an unknown key with its text."""
        for letter in text:
            self.send(Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier, letter)

    def send(self, key: Qt.Key, modifiers: Qt.KeyboardModifier, text: str = "") -> None:
        popup = self.app.activePopupWidget()
        target = (popup.focusWidget() or popup) if popup is not None else self.focus()
        typed = text or {Qt.Key.Key_Return: "\r", Qt.Key.Key_Space: " "}.get(key, "")
        QCoreApplication.sendEvent(target, QKeyEvent(QEvent.Type.KeyPress, key, modifiers, typed))
        after = self.app.focusWidget()
        if after is not None:
            QCoreApplication.sendEvent(after, QKeyEvent(QEvent.Type.KeyRelease, key, modifiers, typed))
        self.app.processEvents()

    def has_focus(self, widget: QWidget) -> bool:
        """Whether a widget has the focus; without a window manager a window must be asked to take it back."""
        if self.app.activeWindow() is None:
            widget.window().activateWindow()
        return self.app.focusWidget() is widget

    def wait(self, condition: Callable[[], object] = lambda: True) -> None:
        """Let the screen live until something is so and no job is under way."""
        end = time.monotonic() + PATIENCE
        while not condition() or self._busy():
            assert time.monotonic() < end, "it never happened"
            self._live()
            time.sleep(0.001)
        self._live()

    def _live(self) -> None:
        self.app.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def _busy(self) -> bool:
        window = self.window
        if window is None:
            return False
        return window.worker.busy or (window.context is not None and window.context.worker.busy)


@pytest.fixture(scope="session")
def app() -> QApplication:
    return make_application(Settings(language="uk", theme="light"))


@pytest.fixture
def hands(app: QApplication) -> Hands:
    return Hands(app)


@pytest.fixture
def settings() -> Settings:
    return Settings(language="uk", theme="light", text_scale=100)


@pytest.fixture
def open_window(app: QApplication, hands: Hands) -> Iterator[Callable[[Settings], Window]]:
    """Makes windows, and closes them with all that is in them."""
    made: list[Window] = []

    def make(settings: Settings) -> Window:
        make_application(settings)
        window = Window(settings)
        window.resize(1366, 768)
        window.show()
        window.watch()
        window.activateWindow()
        hands.window = window
        made.append(window)
        return window

    yield make
    for window in made:
        window.close()
        window.deleteLater()
    hands.window = None
    app.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture(scope="session")
def template_vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The closed vault of a small community."""
    folder = tmp_path_factory.mktemp("template") / "vault"
    names = {"community": "Ґанок", "unit": "Приймальня", "person": "Їжакевич Є."}
    create_workspace(folder, PHRASE, **names, kdf=KDF_FLOOR).close()
    forget_place(folder, PHRASE)
    return folder


@pytest.fixture
def workspace(template_vault: Path, tmp_path: Path) -> Workspace:
    """The same, open, for one test; the window that shows it closes it."""
    return open_workspace(Path(shutil.copytree(template_vault, tmp_path / "vault")), PHRASE)


@pytest.fixture
def desk_window(
    open_window: Callable[[Settings], Window], settings: Settings, workspace: Workspace, hands: Hands
) -> Window:
    """The window with the desk of an empty vault."""
    window = open_window(settings)
    window.open_desk(workspace)
    hands.wait()
    return window
