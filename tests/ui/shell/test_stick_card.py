"""Exchange by a stick from the screen: chosen, exchanged in both directions, offered when it is plugged in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.kits.examples import example
from desktop_app.opening import join_workspace
from desktop_app.sticks import Attachments
from desktop_app.vault import KDF_FLOOR, stick
from desktop_app.workspace import Workspace
from sync.messages import _
from tests.ui.conftest import PHRASE, Hands
from ui.desk import Desk
from ui.exchange_page import ExchangePage
from ui.stick_card import StickCard
from ui.window import Window


@pytest.fixture
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    places: list[Path] = []
    monkeypatch.setattr(stick, "removable", lambda: list(places))
    return places


@pytest.fixture
def desk(plugged_in: list[Path], desk_window: Window, hands: Hands) -> Desk:
    assert not plugged_in
    assert desk_window.desk is not None
    desk_window.desk.context.workspace.cases.register("appeal", example("appeal", 1))
    hands.press("Ctrl+6")
    hands.wait()
    return desk_window.desk


@pytest.fixture
def card(desk: Desk) -> StickCard:
    assert isinstance(desk.page, ExchangePage)
    return desk.page.stick


@pytest.fixture
def colleague(workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    invitation = workspace.invite("clerk", workspace.unit.id, None)
    made = join_workspace(tmp_path / "colleague", PHRASE, invitation=invitation.data, person="Ґудзь П.", kdf=KDF_FLOOR)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "KINGSTON"
    made.mkdir()
    return made


def test_both_directions_in_one_action(
    card: StickCard, desk: Desk, hands: Hands, colleague: Workspace, folder: Path
) -> None:
    assert not card.exchange.isEnabled()
    colleague.sticks.exchange(folder)
    card.choose_folder(str(folder))
    hands.wait(card.exchange.isEnabled)
    assert card.place.currentText() == "KINGSTON"
    card.exchange.setFocus()
    hands.press("Return")
    hands.wait(lambda: not desk.context.sticks.running and desk.messages.isVisible())
    assert _("You can take the stick out now.") in desk.messages.text.text()
    assert card.exchange.hasFocus()
    colleague.sticks.exchange(folder)
    assert colleague.digest() == desk.context.workspace.digest()
    assert desk.context.workspace.sticks.place == folder


def test_choices_are_kept(card: StickCard, desk: Desk, hands: Hands) -> None:
    service = desk.context.workspace.sticks
    assert (service.attachments, service.by_itself) == (Attachments.SMALL, False)
    card.files.setFocus()
    hands.press("Down")
    hands.wait()
    card.by_itself.setFocus()
    hands.press("Space")
    hands.wait(lambda: service.by_itself)
    assert service.attachments is Attachments.ALL


def test_a_known_stick_is_offered_and_a_strange_one_is_not(
    card: StickCard, desk: Desk, hands: Hands, colleague: Workspace, folder: Path, plugged_in: list[Path]
) -> None:
    plugged_in.append(folder)
    desk.context.sticks.look()
    hands.wait()
    assert not desk.messages.isVisible()
    assert not list(folder.iterdir())
    colleague.sticks.exchange(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    desk.context.sticks.look()
    hands.wait(desk.messages.isVisible)
    assert "KINGSTON" in desk.messages.text.text()
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert card.place.currentText() == "KINGSTON"
    desk.messages.accept.setFocus()
    hands.press("Return")
    hands.wait(lambda: len(list(folder.rglob("*.heads"))) == 2 and not desk.context.sticks.running)
    assert not desk.messages.accept.isVisible()


def test_where_it_is_allowed_it_needs_no_asking(
    desk: Desk, hands: Hands, colleague: Workspace, folder: Path, plugged_in: list[Path]
) -> None:
    desk.context.workspace.sticks.allow_by_itself(allowed=True)
    colleague.sticks.exchange(folder)
    plugged_in.append(folder)
    desk.context.sticks.look()
    hands.wait(lambda: len(list(folder.rglob("*.heads"))) == 2 and not desk.context.sticks.running)
    assert _("You can take the stick out now.") in desk.messages.text.text()


def test_a_stick_that_is_gone_is_one_sentence(card: StickCard, desk: Desk, hands: Hands, folder: Path) -> None:
    card.choose_folder(str(folder))
    hands.wait(card.exchange.isEnabled)
    folder.rmdir()
    card.exchange.setFocus()
    hands.press("Return")
    hands.wait(lambda: not desk.context.sticks.running and desk.messages.isVisible())
    assert str(folder) in desk.messages.text.text()
    assert card.exchange.isVisible()
