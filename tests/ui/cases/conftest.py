"""Real vaults, a real desk without a screen, and hands that press keys and count them."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app.kits import examples
from desktop_app.opening import create_workspace, join_workspace
from desktop_app.settings import Settings
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Workspace
from tests.ui.cases.hands import Carry, ChooseLook, Hands, Show, Wait
from ui import theme
from ui.context import DeskContext
from ui.desk import Desk
from ui.look import Look

PASSPHRASE = "горобець підкова 7 вишня лелека"
PATIENCE = 20.0


@pytest.fixture(scope="session")
def screen(app: QApplication) -> QApplication:
    """The application of all screens."""
    return app


@pytest.fixture
def look(screen: QApplication) -> Iterator[ChooseLook]:
    """Sets theme and text size, and puts both back."""

    def choose(name: str, scale: int) -> None:
        theme.apply(screen, name, scale)

    yield choose
    choose("light", 100)


@pytest.fixture
def wait(screen: QApplication) -> Wait:
    """Lets the screen live until something is so."""

    def until(condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "it never happened"
            screen.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            time.sleep(0.001)

    return until


@pytest.fixture
def hands(screen: QApplication) -> Hands:
    return Hands(screen)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = create_workspace(
        tmp_path / "vault",
        PASSPHRASE,
        community="Сорочинська громада",
        unit="Загальний відділ",
        person="Олена Коваль",
        kdf=KDF_FLOOR,
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
    made = join_workspace(
        tmp_path / "colleague", PASSPHRASE, invitation=invitation.data, person="Петро Ґудзь", kdf=KDF_FLOOR
    )
    yield made
    made.close()


@pytest.fixture
def carry(tmp_path: Path) -> Carry:
    """Carries a bundle file from one computer to another."""

    def bring(source: Workspace, target: Workspace) -> None:
        bundle = tmp_path / f"{time.monotonic_ns()}.sprava-bundle"
        source.exchange.export_bundle(bundle)
        target.exchange.import_bundle(bundle)

    return bring


@pytest.fixture
def context(workspace: Workspace, wait: Wait) -> Iterator[DeskContext]:
    made = DeskContext(workspace, Settings())
    yield made
    made.close()
    made.deleteLater()
    wait(lambda: True)


@pytest.fixture
def show(context: DeskContext, wait: Wait) -> Iterator[Show]:
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
def desk(look: ChooseLook, context: DeskContext, wait: Wait) -> Iterator[Desk]:
    """The whole desk on today's page."""
    look("light", 100)
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
