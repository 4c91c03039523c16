"""Exchange by server, by file and by invitation: real servers, real files, one sentence for each outcome."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from desktop_app.cases.model import CaseQuery
from desktop_app.exchange import ExchangeStatus
from desktop_app.exchange_watch import Reach
from desktop_app.kits.examples import example
from desktop_app.opening import join_workspace
from desktop_app.sizes import size_words
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Workspace
from sync.messages import _, set_language
from sync.server import RunningServer
from tests.ui.conftest import PHRASE, Hands
from ui.desk import Desk
from ui.exchange_page import ExchangePage
from ui.exchange_state import state_of
from ui.status_bar import waiting_words
from ui.window import Window


@pytest.fixture
def desk(desk_window: Window, hands: Hands) -> Desk:
    assert desk_window.desk is not None
    desk_window.desk.context.workspace.cases.register("appeal", example("appeal", 1))
    hands.press("Ctrl+6")
    hands.wait()
    return desk_window.desk


@pytest.fixture
def page(desk: Desk) -> ExchangePage:
    assert isinstance(desk.page, ExchangePage)
    return desk.page


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with RunningServer(tmp_path / "server") as running:
        yield running.url


@pytest.fixture
def colleague(workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    invitation = workspace.invite("clerk", workspace.unit.id, None)
    made = join_workspace(tmp_path / "colleague", PHRASE, invitation=invitation.data, person="Ґудзь П.", kdf=KDF_FLOOR)
    yield made
    made.close()


def test_an_address_is_typed_kept_and_used(page: ExchangePage, desk: Desk, hands: Hands, server: str) -> None:
    assert hands.focus() is page.server.address
    assert not page.server.sync.isEnabled()
    hands.type(server)
    hands.press("Return")
    hands.wait(page.server.sync.isEnabled)
    assert hands.focus() is page.server.sync
    hands.press("Return")
    hands.press("Space")
    hands.wait(lambda: not desk.context.exchange.running and desk.context.workspace.exchange.status().waiting == 0)
    hands.wait()
    assert page.server.state.text() == _("All that is here is at the server too.")
    assert desk.status_bar.network.text() == _("Online")
    assert desk.status_bar.waiting.text() == _("Nothing waits")
    assert desk.messages.isVisible()


def test_f5_without_an_address_leads_to_where_it_is_typed(desk: Desk, hands: Hands) -> None:
    hands.press("Ctrl+1")
    hands.wait()
    hands.press("F5")
    hands.wait(lambda: desk.place()[0] == "exchange")
    assert isinstance(desk.page, ExchangePage)
    assert hands.focus() is desk.page.server.address


def test_a_server_that_is_away_is_a_calm_sentence(page: ExchangePage, desk: Desk, hands: Hands) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    desk.context.workspace.exchange.set_server(f"http://127.0.0.1:{port}")
    page.activate()
    hands.wait(page.server.sync.isEnabled)
    hands.press("F5")
    hands.wait(lambda: not desk.context.exchange.running)
    hands.wait()
    assert desk.messages.isVisible()
    assert desk.status_bar.network.text() == _("Server away")
    assert page.server.sync.isVisible()
    assert not page.server.progress.isVisible()


def test_an_address_that_is_none_is_refused_and_stays_to_be_mended(
    page: ExchangePage, desk: Desk, hands: Hands
) -> None:
    hands.type("sprava.example.org")
    hands.press("Return")
    hands.wait(desk.messages.isVisible)
    assert page.server.address.text() == "sprava.example.org"
    assert desk.context.workspace.exchange.server is None


def test_what_is_written_here_and_there_is_exchanged_by_itself(
    desk: Desk, hands: Hands, server: str, colleague: Workspace
) -> None:
    mine, exchange = desk.context.workspace.cases, desk.context.workspace.exchange
    exchange.set_server(server)
    hands.wait(lambda: exchange.status().reach is Reach.ONLINE and not exchange.status().waiting)
    hands.wait(lambda: desk.status_bar.network.text() == _("Online"))
    before = mine.count(CaseQuery())
    colleague.exchange.sync(server)
    colleague.cases.register("appeal", example("appeal", 2))
    colleague.exchange.sync()
    hands.wait(lambda: mine.count(CaseQuery()) == before + 1)
    mine.register("appeal", example("appeal", 3))
    hands.wait(lambda: not exchange.status().waiting)
    colleague.exchange.sync()
    assert colleague.cases.count(CaseQuery()) == mine.count(CaseQuery())
    assert not desk.messages.isVisible()  # nobody asked, so nothing is said


def test_a_server_that_comes_back_gets_what_waited(desk: Desk, hands: Hands, tmp_path: Path) -> None:
    exchange = desk.context.workspace.exchange
    with RunningServer(tmp_path / "away") as running:
        url = running.url
        exchange.set_server(url)
        hands.wait(lambda: exchange.status().reach is Reach.ONLINE and not exchange.status().waiting)
    hands.wait(lambda: desk.status_bar.network.text() == _("Server away"))
    desk.context.workspace.cases.register("appeal", example("appeal", 2))
    with RunningServer(tmp_path / "away", port=int(url.rsplit(":", 1)[1])):
        hands.wait(lambda: not exchange.status().waiting)
    assert not desk.messages.isVisible()


def test_stopping_ends_the_exchange_and_keeps_what_was_done(
    page: ExchangePage, desk: Desk, hands: Hands, server: str
) -> None:
    desk.context.workspace.exchange.set_server(server)
    page.activate()
    hands.wait(page.server.sync.isEnabled)
    page.server.sync.setFocus()
    page.server.sync.click()
    assert hands.focus() is page.server.cancel
    page.server.cancel.click()
    hands.wait(lambda: not desk.context.exchange.running)
    hands.wait()
    assert hands.focus() is page.server.sync
    assert desk.context.workspace.info().cases == 1


def test_a_file_carries_cases_to_a_colleague(
    page: ExchangePage, desk: Desk, hands: Hands, tmp_path: Path, colleague: Workspace
) -> None:
    page.bundles.export.click()
    hands.wait(lambda: page.bundles.findChildren(QFileDialog))
    dialog = page.bundles.findChildren(QFileDialog)[0]
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert name is not None
    name.setText(str(tmp_path / "обмін"))
    dialog.accept()
    file = tmp_path / "обмін.sprava-bundle"
    hands.wait(lambda: desk.messages.isVisible() and file.exists())
    colleague.exchange.import_bundle(file)
    assert colleague.info().cases == 1
    registered = colleague.cases.register("appeal", example("appeal", 2))
    back = tmp_path / "back.sprava-bundle"
    colleague.exchange.export_bundle(back)
    desk.window().activateWindow()
    page.bundles.take_from(str(back))
    hands.wait(lambda: desk.context.workspace.info().cases == 2)
    hands.wait(hands.app.focusWidget)
    hands.press("Ctrl+1")
    hands.wait()
    today = desk.page
    assert today is not None
    rows = today.from_others.rows  # type: ignore[attr-defined]
    hands.wait(lambda: rows.count() == 1)
    assert rows.current().key == registered.id


def test_a_damaged_file_changes_nothing(page: ExchangePage, desk: Desk, hands: Hands, tmp_path: Path) -> None:
    file = tmp_path / "broken.sprava-bundle"
    file.write_bytes(b"no bundle at all")
    page.bundles.take_from(str(file))
    hands.wait(desk.messages.isVisible)
    assert desk.messages.property("bar") == "error"
    assert page.bundles.take.isEnabled()
    assert desk.context.workspace.info().cases == 1


def test_an_invitation_is_saved_and_its_code_is_shown(page: ExchangePage, hands: Hands, tmp_path: Path) -> None:
    file = tmp_path / "запрошення.sprava-invite"
    page.invite.write_to(str(file))
    hands.wait(page.invite.code.isVisible)
    joined = join_workspace(tmp_path / "joined", PHRASE, invitation=file.read_bytes(), person="Ґудзь П.", kdf=KDF_FLOOR)
    assert joined.community == "Ґанок"
    joined.close()
    assert file.stat().st_mode & 0o077 == 0
    assert page.invite.code.text().strip()


def test_an_invitation_that_cannot_be_written_is_not_made(
    page: ExchangePage, desk: Desk, hands: Hands, tmp_path: Path
) -> None:
    page.invite.write_to(str(tmp_path / "missing" / "x.sprava-invite"))
    hands.wait(desk.messages.isVisible)
    assert not page.invite.code.isVisible()
    assert page.invite.make.isEnabled()


def test_this_computer_is_described(page: ExchangePage, desk: Desk) -> None:
    shown = {name: value.text() for name, value in page.device._values.items()}
    info = desk.context.workspace.info()
    assert shown["person"] == "Їжакевич Є."
    assert shown["units"] == "Приймальня"
    assert shown["code"] == info.code
    assert shown["folder"] == str(desk.context.workspace.folder)


@pytest.mark.parametrize(
    ("server", "online", "waiting", "exchanged", "icon"),
    [
        (None, None, 5, False, "device"),
        ("http://x", None, 0, False, "sync"),
        ("http://x", False, 3, True, "waiting"),
        ("http://x", False, 0, True, "offline"),
        ("http://x", True, 0, True, "ok"),
    ],
)
def test_every_state_has_its_sentence(
    server: str | None,
    waiting: int,
    icon: str,
    *,
    online: bool | None,
    exchanged: bool,
) -> None:
    last = datetime(2026, 11, 1, tzinfo=UTC) if exchanged else None
    state = state_of(ExchangeStatus(server, online, None, last, waiting, 0, 0))
    assert state.icon == icon
    assert state.sentence
    assert state.detail


def test_sizes_are_said_as_people_say_them() -> None:
    set_language("en")
    assert [size_words(count) for count in (5, 2048, 5 * 1024**2)] == ["5 B", "2 KB", "5 MB"]


def test_what_was_not_in_order_stands_first() -> None:
    doubt = "The server gave an answer that can't be right."
    status = ExchangeStatus("https://s", True, None, None, 5, 0, 0, doubt=doubt)  # noqa: FBT003 - as it is
    assert state_of(status).sentence == doubt


def test_files_that_wait_are_not_hidden() -> None:
    set_language("en")
    last = datetime(2026, 11, 1, tzinfo=UTC)
    status = ExchangeStatus("https://s", True, last, last, 0, 0, 0, files=2)  # noqa: FBT003 - as it is
    assert state_of(status).sentence == "2 files wait for the server; they are safe here."
    assert waiting_words(0, 2) == "2 files wait"
    assert waiting_words(1, 2) == "1 change waits"
