"""What every page of the desk promises to the window that shows it."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from desktop_app.workspace import ChangeEvent
from ui.actions import Action
from ui.context import DeskContext


class Page(QWidget):
    """One page in the middle of the desk, built when it's first shown and kept until the window closes.

    A change of language or theme builds the window anew, so a page never retranslates itself.

    Args:
        context: The workspace, the worker and the ways to other pages.
        parent: The stack of pages.
    """

    page_id = ""
    icon_name = ""

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context

    def title(self) -> str:
        """Return the name of the page in the person's language."""
        raise NotImplementedError

    def open_target(self, target: str) -> None:
        """Show one thing on this page; called before ``activate``.

        Args:
            target: A case id on the case page and on conflicts, a draft id (empty: an empty form) on the new-case
                page, words or ``overdue:`` on the list of cases; empty where the page itself is meant.
        """

    def search(self, words: str) -> None:
        """Narrow the page to what holds some words; only the list of cases does. Called before ``activate``.

        Args:
            words: As typed into the search box; empty for all.
        """
        self.open_target(words)

    def place(self) -> str:
        """Return the target that brings back what is shown now, for the way back and after a change of language."""
        return ""

    def activate(self) -> None:
        """Load what the page shows; called each time that it comes into view."""

    def leave(self) -> None:
        """Keep what is half done; called before the page is hidden, the desk is locked or the window closes."""

    def refresh(self, event: ChangeEvent) -> None:
        """Show what has changed; called on the page in view only, the others hear of it by ``activate``."""

    def focus_first(self) -> None:
        """Put the focus where a person most likely begins."""

    def commands(self) -> Sequence[Action]:
        """Return what this page adds to the palette while it's in view."""
        return ()
