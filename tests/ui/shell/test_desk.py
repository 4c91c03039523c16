"""The desk: every region by keyboard, the palette, the lock, and a new look in the same place."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from desktop_app.kits.examples import example
from sync.messages import _, language
from tests.ui.conftest import PHRASE, Hands
from ui.about import About
from ui.desk import Desk
from ui.help import Help
from ui.look import Look
from ui.palette import Palette
from ui.window import Window


@pytest.fixture
def desk(desk_window: Window) -> Desk:
    assert desk_window.desk is not None
    return desk_window.desk


def _page(desk: Desk) -> str:
    assert desk.page is not None
    return desk.page.page_id


@pytest.mark.parametrize(
    ("keys", "page_id"), [("Ctrl+2", "cases"), ("Ctrl+6", "exchange"), ("F9", "conflicts"), ("F7", "new_case")]
)
def test_keys_lead_to_pages_and_alt_left_leads_back(desk: Desk, hands: Hands, keys: str, page_id: str) -> None:
    hands.press(keys)
    hands.wait()
    assert _page(desk) == page_id
    hands.press("Alt+Left")
    hands.wait()
    assert _page(desk) == "today"


@pytest.mark.parametrize(("letter", "page_id"), [("Т", "new_case"), ("т", "new_case")])
def test_letters_work_on_the_ukrainian_layout(desk: Desk, hands: Hands, letter: str, page_id: str) -> None:
    hands.send(Qt.Key(ord(letter.upper())), Qt.KeyboardModifier.ControlModifier)
    hands.wait()
    assert _page(desk) == page_id


def test_f6_walks_over_the_regions_and_back(desk: Desk, hands: Hands) -> None:
    hands.press("Ctrl+6")
    hands.wait()
    visited = []
    for _step in range(4):
        hands.press("F6")
        regions = {"top": desk.top_bar, "rail": desk.rail, "page": desk.stack, "status": desk.status_bar}
        visited.append(next(name for name, region in regions.items() if region.isAncestorOf(hands.focus())))
    assert visited == ["status", "top", "rail", "page"]
    hands.press("Shift+F6")
    assert desk.rail.isAncestorOf(hands.focus())


def test_searching_shows_the_cases_while_one_types(desk: Desk, hands: Hands) -> None:
    cases = desk.context.workspace.cases
    registered = cases.register("appeal", example("appeal", 4))
    word = cases.get(registered.id).number
    hands.press("Ctrl+F")
    assert hands.focus() is desk.top_bar.search
    hands.type(word)
    hands.wait(lambda: _page(desk) == "cases")
    assert hands.focus() is desk.top_bar.search
    hands.press("Return")
    hands.wait()
    assert desk.stack.isAncestorOf(hands.focus())
    hands.press("Ctrl+F")
    hands.press("Escape")
    assert desk.top_bar.search.text() == ""


def test_the_palette_does_what_is_typed(desk: Desk, hands: Hands) -> None:
    hands.press("Ctrl+K")
    palette = desk.findChild(Palette)
    assert palette is not None
    hands.type(_("Exchange")[:5])
    hands.press("Return")
    hands.wait(lambda: _page(desk) == "exchange")
    assert desk.findChild(Palette) is None


def test_the_palette_walks_by_arrows_and_leaves_by_escape(desk: Desk, hands: Hands) -> None:
    hands.press("Ctrl+K")
    palette = desk.findChild(Palette)
    assert palette is not None
    count = palette.rows.model().rowCount()
    hands.press("Up")
    assert palette.rows.currentIndex().row() == count - 1
    hands.press("Down", 2)
    assert palette.rows.currentIndex().row() == 1
    hands.type("такого немає")
    assert palette.rows.model().rowCount() == 0
    hands.press("Return")
    hands.press("Escape")
    hands.wait(lambda: desk.findChild(Palette) is None)
    assert _page(desk) == "today"


@pytest.mark.parametrize(("keys", "kind"), [("F1", Help), (None, About)])
def test_help_and_about_open_and_close_by_enter(desk: Desk, hands: Hands, keys: str | None, kind: type[Help]) -> None:
    if keys:
        hands.press(keys)
    else:
        next(action for action in desk.commands() if action.id == "about").run()
    hands.wait(lambda: desk.findChild(kind) is not None)
    hands.press("Return")
    hands.wait(lambda: desk.findChild(kind) is None)


def test_the_menu_offers_every_action_of_the_registry(desk: Desk) -> None:
    menu = desk.top_bar.menu_button.menu()
    offered = {entry.text().partition("\t")[0] for entry in menu.actions()}
    left_out = {"menu", "region", "region_back"}
    wanted = {
        action.text for action in desk.commands() if action.id not in left_out and not action.id.startswith("look_")
    }
    assert wanted <= offered


def test_another_look_keeps_the_place(desk_window: Window, hands: Hands, app: QApplication) -> None:
    hands.press("Ctrl+6")
    hands.wait()
    desk_window.change_look(Look("en", "dark", 125))
    hands.wait()
    desk = desk_window.desk
    assert desk is not None
    assert _page(desk) == "exchange"
    assert language() == "en"
    assert app.palette().window().color().lightness() < 60
    assert desk.rail.buttons["today"].text() == "Today"
    desk_window.lock_desk()
    desk_window.change_look(Look("uk", "light", 100))
    hands.wait()
    assert desk_window.lock is not None
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(lambda: desk_window.desk is not None)
    assert _page(desk_window.desk) == "exchange"


def test_the_rail_folds_to_icons(desk: Desk) -> None:
    wide = desk.rail.width()
    desk.rail.toggle()
    assert desk.rail.width() == 56
    assert desk.rail.buttons["today"].text() == ""
    assert desk.rail.buttons["today"].accessibleName()
    desk.rail.toggle()
    assert desk.rail.width() == wide


def test_a_failure_is_a_bar_that_stops_nobody(desk: Desk, hands: Hands) -> None:
    focused = hands.focus()
    desk.context.show_message("Щось сталося.", "error")
    assert desk.messages.isVisible()
    assert desk.messages.text.text() == "Щось сталося."
    assert hands.focus() is focused
