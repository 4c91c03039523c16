"""The one registry of what can be done on the desk; the menu, the keys and the palette draw from it."""

from functools import partial
from typing import TYPE_CHECKING

from sync.messages import _
from ui.about import show_about
from ui.actions import Action
from ui.help import show_help
from ui.look import variants
from ui.pages import PAGES
from ui.presence import LOCK_KEYS

if TYPE_CHECKING:
    from ui.desk import Desk


def desk_actions(desk: "Desk") -> list[Action]:
    """Return every action of the desk itself, in the order of the menu.

    Args:
        desk: What they act on.
    """
    pages = [
        Action(spec.page_id, _(spec.text), partial(desk.show_page, spec.page_id), spec.icon, spec.keys)
        for spec in PAGES
        if spec.page_id not in {"case", "file", "access_report"}  # they need something to begin with
    ]
    pages.sort(key=lambda action: action.id != "new_case")
    return [
        *pages,
        Action("search", _("Find anything"), desk.top_bar.focus_search, "search", ("Ctrl+F",), _("search")),
        Action("sync", _("Exchange now"), desk.sync_now, "sync", ("F5",), _("send receive synchronise server")),
        *_looks(desk),
        Action("palette", _("All actions"), desk.show_palette, "sparkle", ("Ctrl+K",)),
        Action("back", _("Back"), desk.go_back, "back", ("Alt+Left",)),
        Action("region", _("Next area of the screen"), desk.next_region, "forward", ("F6",)),
        Action("region_back", _("Previous area of the screen"), partial(desk.next_region, -1), "", ("Shift+F6",)),
        Action("rail", _("Show or hide the names of pages"), desk.rail.toggle, "collapse", ("Ctrl+B",)),
        Action("menu", _("Menu"), desk.top_bar.menu_button.showMenu, "menu", ("F10",)),
        Action("help", _("Keys"), partial(show_help, desk), "help", ("F1",), _("help shortcuts")),
        Action("about", _("About the program"), partial(show_about, desk), "info", (), _("version licence")),
        Action("lock", _("Lock the desk"), desk.lock_wanted.emit, "lock", LOCK_KEYS),
        Action("close", _("Close this vault"), desk.close_wanted.emit, "close"),
        Action("quit", _("Quit"), desk.quit_wanted.emit, "quit", ("Ctrl+Q",), _("exit")),
    ]


def _looks(desk: "Desk") -> list[Action]:
    return [
        Action(f"look_{icon}_{number}", f"{heading}: {name}", partial(desk.look_wanted.emit, look), icon)
        for icon, heading, choices in variants(desk.look)
        for number, (name, look) in enumerate(choices)
        if look != desk.look
    ]
