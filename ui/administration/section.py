"""What every card of the page Administration promises to it."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from ui.actions import Action
from ui.context import DeskContext
from ui.widgets import Card


class Section(Card):
    """One card of the page.

    Args:
        text: Its heading.
        context: The vault and its worker.
        parent: The page.

    Attributes:
        section_id: The target by which the page is opened at this card, such as ``backup``.
    """

    section_id = ""

    def __init__(self, text: str, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.context = context

    def load(self) -> None:
        """Ask for what the card shows, off the screen's thread; called each time that the page comes into view."""

    def focus_first(self) -> None:
        """Put the focus on what is done here most."""

    def commands(self) -> Sequence[Action]:
        """Return what the card adds to the palette while the page is in view."""
        return ()
