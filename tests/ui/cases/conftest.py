"""Real vaults, a real desk without a screen, and hands that press keys and count them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app.kits import examples
from desktop_app.settings import Settings
from desktop_app.workspace import Workspace, create_workspace, join_workspace
from ui import theme
from ui.context import DeskContext
from ui.desk import Desk
from ui.fonts import load_fonts
from ui.look import Look

PASSPHRASE = "горобець підкова 7 вишня лелека"
PATIENCE = 20.0


@pytest.fixture(scope="session")
def screen() -> QApplication:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    load_fonts()
    return app


@pytest.fixture
def look(screen: QApplication) -> Iterator[Callable[[str, int], None]]:
    """Sets theme and text size, and puts both back."""

    def choose(name: str, scale: int) -> None:
        theme.apply(screen, name, scale)

    choose("light", 100)
    yield choose
    choose("light", 100)


@pytest.fixture
def wait(screen: QApplication) -> Callable[[Callable[[], object]], None]:
    """Lets the screen live until something is so."""

    def until(condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "it never happened"
            screen.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            time.sleep(0.001)

    return until


@dataclass
class Hands:
    """Presses keys where the focus is, and counts those that aren't text."""

    app: QApplication
    presses: int = 0
    log: list[str] = field(default_factory=list)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.presses += 1
        self.log.append(key.name)
        QTest.keyClick(self._target(), key, modifiers)

    def type(self, text: str) -> None:
        for letter in text:
            target = self._target()
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                event = QKeyEvent(kind, Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier, letter)
                QApplication.sendEvent(target, event)

    def _target(self) -> QWidget:
        self.app.processEvents()
        target = self.app.focusWidget()
        assert target is not None, "nothing has the focus"
        return target


@pytest.fixture
def hands(screen: QApplication) -> Hands:
    return Hands(screen)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = create_workspace(
        tmp_path / "vault", PASSPHRASE, community="Сорочинська громада", unit="Загальний відділ", person="Олена Коваль"
    )
    yield made
    made.close()


@pytest.fixture
def cases(workspace: Workspace) -> Workspace:
    """A vault with a few hundred cases of both kits."""
    for kit in ("appeal", "humanitarian-aid"):
        workspace.cases.register_many(kit, list(examples.examples(kit, 150, 3)))
    return workspace


@pytest.fixture
def colleague(workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """A second computer of the same unit."""
    invitation = workspace.invite("clerk", workspace.unit.name)
    made = join_workspace(tmp_path / "colleague", PASSPHRASE, invitation=invitation.data, person="Петро Ґудзь")
    yield made
    made.close()


@pytest.fixture
def carry(tmp_path: Path) -> Callable[[Workspace, Workspace], None]:
    """Carries a bundle file from one computer to another."""

    def bring(source: Workspace, target: Workspace) -> None:
        bundle = tmp_path / f"{time.monotonic_ns()}.sprava-bundle"
        source.exchange.export_bundle(bundle)
        target.exchange.import_bundle(bundle)

    return bring


@pytest.fixture
def context(screen: QApplication, workspace: Workspace, wait: Callable[..., None]) -> Iterator[DeskContext]:
    made = DeskContext(workspace, Settings())
    yield made
    made.close()
    made.deleteLater()
    wait(lambda: True)


@pytest.fixture
def show(
    look: Callable[[str, int], None], context: DeskContext, wait: Callable[..., None]
) -> Iterator[Callable[..., QWidget]]:
    """Puts a page into a window of the size that it has on the smallest desk, and loads it."""
    shown: list[QWidget] = []

    def bring(page: QWidget, width: int = 1166, height: int = 684) -> QWidget:
        page.setWindowFlag(Qt.WindowType.Window)
        page.resize(width, height)
        page.show()
        page.activateWindow()
        shown.append(page)
        wait(page.isActiveWindow)
        return page

    yield bring
    wait(lambda: not context.worker.busy)
    for page in shown:
        page.close()
        page.deleteLater()
    wait(lambda: True)


@pytest.fixture
def desk(
    look: Callable[[str, int], None], context: DeskContext, wait: Callable[..., None]
) -> Iterator[Desk]:
    """The whole desk on today's page."""
    made = Desk(context, Look("uk", "light", 100))
    made.resize(1366, 768)
    made.show()
    made.activateWindow()
    made.show_page("today")
    wait(lambda: made.isActiveWindow() and not context.worker.busy)
    yield made
    made.leave()
    wait(lambda: not context.worker.busy)
    made.close()
    made.deleteLater()
    wait(lambda: True)
