"""Files that are on the server or nowhere yet: said plainly, fetched when opened, stopped, and gone on with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop_app.attachments.model import FileState
from desktop_app.attachments.whereabouts import FileChoice, InAdvance
from desktop_app.kits.examples import example
from desktop_app.workspace import Workspace
from sync.client import sync_with
from sync.messages import _
from sync.pins import pin_server, pinned_server
from sync.server import RunningServer
from tests.ui.attachments.test_files import case_page, file_page
from tests.ui.cases.hands import Wait
from ui.attachments.page import FilePage
from ui.desk import Desk
from ui.exchange_files import standing_words
from ui.exchange_page import ExchangePage

MIB = 2**20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with RunningServer(tmp_path / "server") as running:
        yield running.url


@pytest.fixture
def theirs(colleague: Workspace, workspace: Workspace, server: str) -> str:
    """A case of a colleague, with three files: one here, one at the server, one on the colleague's computer alone."""
    for each in (workspace, colleague, workspace):
        each.exchange.sync(server)
    case = colleague.cases.register("appeal", example("appeal", 2)).id
    workspace.exchange.files.choose(InAdvance(FileChoice.SMALL, MIB))
    colleague.files.add_bytes(case, "лист.txt", "Добрий день".encode())
    colleague.files.add_bytes(case, "довгий звіт.txt", "слово ".encode() * 200_000)
    colleague.exchange.sync(server)
    colleague.files.add_bytes(case, "щойно додано.txt", b"x")
    sync_with(colleague.log, server)
    workspace.exchange.sync(server)
    return case


def test_the_card_says_where_each_file_is(desk: Desk, wait: Wait, theirs: str, colleague: Workspace) -> None:
    page = case_page(desk, wait, theirs)
    rows = {row.title: row for row in page.files.list._rows.rows}
    assert rows["лист.txt"].state.word == ""
    assert rows["довгий звіт.txt"].state.word == _("on the server")
    assert rows["щойно додано.txt"].state.word == _("not here yet")
    assert colleague.person.name in rows["щойно додано.txt"].detail
    assert page.files.fetch.text() == "Отримати 1 файл із сервера"
    desk.show_page("exchange")
    exchange = desk.page
    assert isinstance(exchange, ExchangePage)
    wait(lambda: exchange.files.state.text() != "")
    standing = desk.context.workspace.exchange.files.standing()
    assert (standing.to_send, standing.to_fetch, standing.nowhere) == (0, 1, 1)
    assert exchange.files.state.text() == standing_words(standing)


def test_all_are_fetched_from_the_card(desk: Desk, wait: Wait, theirs: str) -> None:
    page = case_page(desk, wait, theirs)
    assert [action.text for action in page.files.commands() if action.id == "fetch-files"] == [
        "Отримати 1 файл із сервера"
    ]
    page.files.fetch.click()
    wait(lambda: not page.files.fetch.isVisible() and not desk.context.files.running)
    states = {entry.name: entry.state for entry in page.files.entries}
    assert states["довгий звіт.txt"] is FileState.HERE
    assert states["щойно додано.txt"] is FileState.NOT_HERE


def test_opening_fetches(desk: Desk, wait: Wait, theirs: str, workspace: Workspace) -> None:
    wanted = next(entry for entry in workspace.files.list(theirs) if entry.name == "довгий звіт.txt")
    desk.show_page("file", wanted.id)
    page = desk.page
    assert isinstance(page, FilePage)
    wait(lambda: page.opened is not None and not desk.context.files.running)
    assert page.text.toPlainText().startswith("слово слово")


def test_a_file_that_is_nowhere_yet_is_said_plainly(
    desk: Desk, wait: Wait, theirs: str, workspace: Workspace, colleague: Workspace, server: str
) -> None:
    wanted = next(entry for entry in workspace.files.list(theirs) if entry.name == "щойно додано.txt")
    page = file_page(desk, wait, wanted.id)
    assert not desk.context.files.running
    assert wanted.name in page.nothing._words.text()
    colleague.exchange.sync(server)
    desk.context.exchange.start()
    wait(lambda: page.opened is not None and not desk.context.exchange.running)


def test_a_server_that_is_away_is_told_once_and_can_be_asked_again(
    desk: Desk, wait: Wait, theirs: str, workspace: Workspace
) -> None:
    wanted = next(entry for entry in workspace.files.list(theirs) if entry.name == "довгий звіт.txt")
    url = workspace.exchange.server
    assert url is not None
    key = pinned_server(workspace.log, url)
    assert key is not None
    pin_server(workspace.log, "http://127.0.0.1:9", key)
    workspace.exchange.set_server("http://127.0.0.1:9")
    page = file_page(desk, wait, wanted.id)
    wait(lambda: not desk.context.files.running)
    assert page.opened is None
    assert "127.0.0.1:9" in page.nothing._words.text()
    workspace.exchange.set_server(url)
    page.fetch()
    wait(lambda: page.opened is not None and not desk.context.files.running)


def test_the_choice_is_made_by_keyboard(desk: Desk, wait: Wait, workspace: Workspace) -> None:
    desk.show_page("exchange")
    page = desk.page
    assert isinstance(page, ExchangePage)
    wait(page.files.choices[FileChoice.SMALL].isChecked)
    page.files.choices[FileChoice.NONE].setFocus()
    page.files.choices[FileChoice.NONE].click()
    QApplication.processEvents()
    wait(lambda: workspace.exchange.files.in_advance.choice is FileChoice.NONE)
