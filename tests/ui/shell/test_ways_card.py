"""The ways of exchange on the screen: serving the office, terms, a typed address, and a sentence for each state."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop_app.exchange import ExchangeStatus, OfficeReach
from desktop_app.exchange_watch import Reach
from desktop_app.kits.examples import example
from desktop_app.office.looking import look_around
from desktop_app.office.ways import Kind, Terms
from desktop_app.opening import join_workspace
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Workspace
from sync.messages import set_language
from tests.ui.conftest import PHRASE, Hands
from ui.desk import Desk
from ui.exchange_page import ExchangePage
from ui.exchange_state import state_of
from ui.window import Window

_LAST = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def desk(desk_window: Window, hands: Hands) -> Iterator[Desk]:
    desk = desk_window.desk
    assert desk is not None
    desk.context.workspace.cases.register("appeal", example("appeal", 1))
    hands.press("Ctrl+6")
    hands.wait()
    yield desk
    desk.context.workspace.ways.hub.stop()


@pytest.fixture
def page(desk: Desk) -> ExchangePage:
    assert isinstance(desk.page, ExchangePage)
    return desk.page


@pytest.fixture
def colleague(workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    invitation = workspace.invite("clerk", workspace.unit.id, None)
    made = join_workspace(tmp_path / "colleague", PHRASE, invitation=invitation.data, person="Ґудзь П.", kdf=KDF_FLOOR)
    yield made
    made.close()


def test_the_office_is_served_by_a_switch_and_a_colleague_finds_it(
    page: ExchangePage, desk: Desk, hands: Hands, colleague: Workspace
) -> None:
    ways = desk.context.workspace.ways
    page.ways.serve.setFocus()
    hands.press("Space")
    hands.wait(lambda: page.ways.rows.count() and page.ways.serve.isEnabled())
    running = ways.hub.running
    assert running is not None
    assert str(running.port) in page.ways.serving.text()
    hands.wait(lambda: not ways.status()[0].waiting and ways.status()[0].reach is Reach.ONLINE)
    with look_around(colleague.ways, 30):
        colleague.ways.exchange()
    assert colleague.info().cases == 1
    hands.wait(page.ways.serve.isEnabled)
    page.ways.serve.setFocus()
    hands.press("Space")
    hands.wait(lambda: ways.hub.running is None and page.ways.serve.isEnabled())
    assert not ways.book.serves


def test_terms_are_chosen_by_the_keyboard_and_kept(page: ExchangePage, desk: Desk, hands: Hands) -> None:
    workspace = desk.context.workspace
    workspace.exchange.set_server("http://127.0.0.1:9")
    page.activate()
    hands.wait(lambda: page.ways.rows.count() == 1)
    page.ways.rows.setFocus()
    hands.press("Return")
    hands.wait(page.ways.terms.isVisible)
    assert hands.focus() is page.ways.terms.up
    hands.press("Down")
    hands.press("Return")
    hands.wait(lambda: workspace.ways.book.terms("central") != Terms())
    assert workspace.ways.book.terms("central").up == 16
    assert not page.ways.terms.forget.isVisible()


def test_a_typed_address_becomes_a_row_and_is_forgotten(page: ExchangePage, desk: Desk, hands: Hands) -> None:
    ways = desk.context.workspace.ways
    page.ways.address.setFocus()
    hands.type("http://127.0.0.1:9")
    hands.press("Return")
    hands.wait(lambda: page.ways.rows.count() == 1)
    assert ways.status()[0].way.kind is Kind.TYPED
    page.ways.rows.setFocus()
    hands.press("Return")
    hands.wait(page.ways.terms.forget.isVisible)
    page.ways.terms.forget.click()
    hands.wait(lambda: not page.ways.rows.count())
    assert ways.book.typed == []


@pytest.mark.parametrize(
    ("reach", "says"),
    [
        (Reach.OFFLINE, "no network"),
        (Reach.AWAY, "does not answer"),
        (Reach.WRONG, "something else"),
        (Reach.NOT_SERVED, "does not serve"),
    ],
)
def test_each_reason_has_its_sentence(reach: Reach, says: str) -> None:
    set_language("en")
    sentences = [
        f"{state.sentence} {state.detail}"
        for waiting in (0, 2)
        for state in [state_of(ExchangeStatus("https://s", False, _LAST, _LAST, waiting, 0, 0, reach))]  # noqa: FBT003
    ]
    assert all(says in sentence for sentence in sentences)


def test_with_a_hub_alone_the_hub_is_what_counts() -> None:
    set_language("en")
    for office, waiting, icon in (
        (OfficeReach(reached=True, waiting=0, last=1), 0, "ok"),
        (OfficeReach(reached=False, waiting=2, last=1), 2, "waiting"),
        (OfficeReach(reached=False, waiting=0, last=1), 0, "offline"),
        (OfficeReach(), 0, "device"),
    ):
        assert state_of(ExchangeStatus(None, None, _LAST, _LAST, waiting, 0, 0, office=office)).icon == icon
