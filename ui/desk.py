"""The desk of one open vault: it assembles the bars and the pages, and leads from one to another."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.exchange import SyncResult, warnings
from desktop_app.sticks import StickPlace, StickResult
from desktop_app.workspace import ChangeEvent
from sync.errors import Failure
from sync.messages import _
from ui import keys, theme
from ui.actions import Action
from ui.backup_words import made_words
from ui.context import DeskContext
from ui.desk_actions import desk_actions
from ui.exchange_job import result_words
from ui.look import Look
from ui.page import Page
from ui.pages import PAGES, PageSpec
from ui.palette import Palette
from ui.rail import Rail
from ui.spot import Return, Spot
from ui.status_bar import StatusBar
from ui.stick_job import told
from ui.topbar import TopBar
from ui.widgets import MessageBar, icon_label, label

if TYPE_CHECKING:
    from desktop_app.backup.making import Made

_HISTORY = 50
_CASES = "cases"


class Desk(QWidget):
    """Top bar, rail, pages and status bar.

    Args:
        context: The vault and its worker.
        look: The present look.
        parent: The window.
    """

    lock_wanted = Signal()
    close_wanted = Signal()
    quit_wanted = Signal()
    look_wanted = Signal(object)

    def __init__(self, context: DeskContext, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("desk")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.context = context
        self.look = look
        self._pages: dict[str, Page] = {}
        self._trail: list[tuple[str, str]] = []
        self._palette: Palette | None = None
        self._of_this_page = False
        self._offered: Path | None = None
        self.top_bar = TopBar(context, self)
        self.rail = Rail([spec for spec in PAGES if spec.in_rail], self)
        self.messages = MessageBar(self)
        self.stack = QStackedWidget(self)
        self.stack.setObjectName("pages")
        self.status_bar = StatusBar(context, self)
        self._assemble()
        self._shortcuts = [keys.bind(self, action.keys, action.run) for action in desk_actions(self) if action.keys]
        self._connect()
        self.top_bar.set_menu_actions(desk_actions(self), look, self.look_wanted.emit)
        context.exchange.watch()
        context.sticks.watch()

    def show_page(self, page_id: str, target: str = "", *, take_focus: bool = True) -> None:
        """Bring a page into view.

        Args:
            page_id: Which page; empty for the one before.
            target: What on it.
            take_focus: Put the focus where a person begins there.
        """
        if not page_id:
            self.go_back()
            return
        before = self.page
        page = self._page(page_id)
        if before is not None and before is not page:
            before.leave()
            self._trail = [*self._trail[-_HISTORY:], (before.page_id, before.place())]
        elif before is page and target and page.place() not in {"", target}:
            page.leave()
        if target:
            page.open_target(target)
        self._bring(page, take_focus=take_focus)

    def go_back(self) -> None:
        """Return to the page that was in view before."""
        if not self._trail:
            return
        page_id, target = self._trail.pop()
        if self.page is not None:
            self.page.leave()
        page = self._page(page_id)
        if target:
            page.open_target(target)
        self._bring(page, take_focus=True)

    @property
    def page(self) -> Page | None:
        """The page in view."""
        page = self.stack.currentWidget()
        return page if isinstance(page, Page) else None

    def place(self) -> tuple[str, str]:
        """Return the page in view and what it shows."""
        page = self.page
        return (page.page_id, page.place()) if page is not None else ("today", "")

    def leave(self) -> Spot:
        """Let the page keep what is half done; the desk is taken away after this.

        Returns:
            Where the person is, for `come_back` of a desk built anew.
        """
        if self._palette is not None:
            self._palette.reject()
        spot = Spot(*self.place(), trail=list(self._trail))
        if self.page is not None:
            spot.note(self)
            self.page.leave()
        return spot

    def come_back(self, spot: Spot) -> None:
        """Bring the person back to where they were.

        Args:
            spot: What `leave` of the desk before returned.
        """
        known = {spec.page_id for spec in PAGES}
        self.show_page(spot.page_id if spot.page_id in known else "today", spot.target)
        self._trail = list(spot.trail)
        Return(spot, self, self.context.worker)

    def commands(self) -> list[Action]:
        """Return everything that can be done now: on this page, and on the desk."""
        return [*(self.page.commands() if self.page is not None else ()), *desk_actions(self)]

    def show_palette(self) -> None:
        """Show every action, to be found by its name."""
        self._palette = Palette(self.commands(), self)
        self._palette.finished.connect(self._forget_palette)
        self._palette.open_over(self)

    def next_region(self, step: int = 1) -> None:
        """Move the focus to the next of the desk's regions: search, rail, page, status.

        Args:
            step: 1 forward, -1 back.
        """
        regions: list[QWidget] = [self.top_bar, self.rail, self.stack, self.status_bar]
        focused = QApplication.focusWidget()
        here = next((place for place, region in enumerate(regions) if focused and region.isAncestorOf(focused)), 2)
        match (here + step) % len(regions):
            case 0:
                self.top_bar.focus_search()
            case 1:
                self.rail.focus_first()
            case 2 if self.page is not None:
                self.page.focus_first()
            case _:
                self.status_bar.focus_first()

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002, FBT001, N802 - Qt names it so
        """Qt: Tab; the status bar comes after the page, whose fields may be younger."""
        self.status_bar.put_last()
        return super().focusNextPrevChild(next)

    def sync_now(self) -> None:
        """Exchange with the server; without an address, go where it's set."""
        self.context.exchange.start()

    def _assemble(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top_bar)
        if self.context.workspace.is_example:
            column.addWidget(_example_banner(self))
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        centre = QVBoxLayout()
        centre.setSpacing(0)
        centre.addWidget(self.messages)
        centre.addWidget(self.stack, 1)
        middle.addLayout(centre, 1)
        column.addLayout(middle, 1)
        column.addWidget(self.status_bar)

    def _connect(self) -> None:
        context = self.context
        context.page_wanted.connect(self._page_wanted)
        context.search_wanted.connect(self._search)
        context.lock_wanted.connect(self.lock_wanted)
        context.message_shown.connect(self._say)
        context.cases_changed.connect(self._changed)
        context.search_shown.connect(self.top_bar.show_words)
        context.exchange.succeeded.connect(self._exchanged)
        context.exchange.failed.connect(self._failed_beside)
        context.files.failed.connect(self._failed_beside)
        context.exchange.address_missing.connect(self._ask_address)
        context.backup.succeeded.connect(self._backed_up)
        context.backup.failed.connect(self._not_backed_up)
        context.sticks.succeeded.connect(self._exchanged_by_stick)
        context.sticks.failed.connect(self._failed_beside)
        context.sticks.offered.connect(self._offer_stick)
        self.messages.accepted.connect(self._accept_stick)
        self.rail.page_wanted.connect(self.show_page)
        self.status_bar.counted.connect(self.rail.show_conflicts)
        self.top_bar.into_page_wanted.connect(self._into_page)

    def _page_wanted(self, page_id: str, target: str) -> None:
        self.show_page(page_id, target)

    def _search(self, words: str) -> None:
        """Show what holds some words; the focus stays where they are typed."""
        if words or _CASES in self._pages:
            self._page(_CASES).search(words)
            self.show_page(_CASES, take_focus=False)

    def _into_page(self) -> None:
        if self.page is not None:
            self.page.focus_first()

    def _page(self, page_id: str) -> Page:
        page = self._pages.get(page_id)
        if page is None:
            page = self._spec(page_id).make(self.context, self.stack)
            page.setAccessibleName(page.title())
            self._pages[page_id] = page
            self.stack.addWidget(page)
        return page

    def _spec(self, page_id: str) -> PageSpec:
        return next(spec for spec in PAGES if spec.page_id == page_id)

    def _bring(self, page: Page, *, take_focus: bool) -> None:
        focused = QApplication.focusWidget()
        if self._of_this_page and page is not self.page:
            self._of_this_page = False
            self.messages.hide()
        self.stack.setCurrentWidget(page)
        self.rail.show_current(page.page_id)
        page.activate()
        if take_focus:
            page.focus_first()
        elif focused is not None:
            # A stack of pages gives the focus to the page that it brings up, wherever the focus was.
            focused.setFocus()

    def _changed(self, event: ChangeEvent) -> None:
        if self.page is not None:
            self.page.refresh(event)

    def _exchanged(self, result: SyncResult) -> None:
        found = warnings(result)
        words = " ".join([result_words(result, stopped=self.context.exchange.cancelled), *found])
        self.context.show_message(words, "warn" if found else "ok")

    def _backed_up(self, made: "Made") -> None:
        self.context.show_message(made_words(made), "warn" if made.notices else "ok")

    def _say(self, text: str, kind: str) -> None:
        """A failure is about what was just tried on the page in view: it goes when the person goes elsewhere."""
        self._of_this_page = kind == "error"
        self.messages.show_message(text, kind)

    def _failed_beside(self, failure: Failure) -> None:
        """What failed in the background is no page's, and stays."""
        self._of_this_page = False
        self.messages.show_message(failure.message, "error")

    def _not_backed_up(self, failure: Failure) -> None:
        if self.context.backup.trying and self.place()[0] == "administration":
            return  # the card of the trial says it
        self.context.show_message(failure.message, "warn")

    def _exchanged_by_stick(self, result: StickResult) -> None:
        self.context.show_message(*told(result, stopped=self.context.sticks.cancelled))

    def _offer_stick(self, place: StickPlace) -> None:
        self._offered = place.folder
        words = _("The stick “{name}” that your community exchanges by is plugged in.")
        self._of_this_page = False
        self.messages.offer(words.format(name=place.folder.name or str(place.folder)), _("Exchange by the stick"))

    def _accept_stick(self) -> None:
        if self._offered is not None:
            self.context.sticks.start(self._offered)

    def _ask_address(self) -> None:
        self.show_page("exchange")

    def _forget_palette(self) -> None:
        self._palette = None


def _example_banner(parent: QWidget) -> QFrame:
    banner = QFrame(parent)
    banner.setObjectName("example_banner")
    row = QHBoxLayout(banner)
    row.setContentsMargins(theme.SPACE_L, theme.SPACE_XS, theme.SPACE_L, theme.SPACE_XS)
    row.setSpacing(theme.SPACE_S)
    row.addWidget(icon_label("sparkle", "warn", banner))
    words = _("Example data: all people and cases here are invented. Do not enter real ones.")
    row.addWidget(label(words, "small", "warn", banner, wrap=True), 1)
    return banner
