"""Administration: what keeps the vault safe, each thing on a card of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QVBoxLayout, QWidget

from sync.messages import _
from ui import theme
from ui.actions import Action
from ui.administration.section import Section
from ui.context import DeskContext
from ui.page import Page
from ui.widgets import Tall, scrolled, title

_TWO_COLUMNS = 880


@dataclass(frozen=True, slots=True)
class Place:
    """One card and where it stands.

    Args:
        make: Builds it.
        column: 0 for the left one, 1 for the right one.
    """

    make: Callable[[DeskContext, QWidget], Section]
    column: int


def _lock(context: DeskContext, parent: QWidget) -> Section:
    from ui.administration.lock import LockSection

    return LockSection(context, parent)


def _backup(context: DeskContext, parent: QWidget) -> Section:
    from ui.administration.backup import BackupSection

    return BackupSection(context, parent)


def _passphrase(context: DeskContext, parent: QWidget) -> Section:
    from ui.administration.passphrase import PassphraseSection

    return PassphraseSection(context, parent)


def _recovery(context: DeskContext, parent: QWidget) -> Section:
    from ui.administration.recovery import RecoverySection

    return RecoverySection(context, parent)


def _check(context: DeskContext, parent: QWidget) -> Section:
    from ui.administration.check import CheckSection

    return CheckSection(context, parent)


def _audit(context: DeskContext, parent: QWidget) -> Section:
    from ui.administration.audit import AuditSection

    return AuditSection(context, parent)


def _people(context: DeskContext, parent: QWidget) -> Section:
    from ui.administration.people import PeopleSection

    return PeopleSection(context, parent)


SECTIONS: tuple[Place, ...] = (
    Place(_recovery, 0),
    Place(_backup, 0),
    Place(_people, 1),
    Place(_passphrase, 1),
    Place(_lock, 1),
    Place(_check, 1),
    Place(_audit, 1),
)
"""The cards, in the order of the page; each is imported when the page is first shown."""


class AdministrationPage(Page):
    """The screen about the safety of the vault."""

    page_id = "administration"
    icon_name = "shield"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.sections: list[Section] = []
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        inner = Tall(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_XL)
        column.setSpacing(theme.SPACE_M)
        column.addWidget(title(_("Administration"), self))
        column.addLayout(self._columns())
        column.addStretch(1)
        self._area: QScrollArea = scrolled(inner, self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._area)
        self._target = ""

    def section(self, section_id: str) -> Section | None:
        """Return a card by its id."""
        return next((section for section in self.sections if section.section_id == section_id), None)

    def title(self) -> str:
        """Return the name of the page."""
        return _("Administration")

    def open_target(self, target: str) -> None:
        """Go to one card.

        Args:
            target: Its id.
        """
        self._target = target

    def place(self) -> str:
        """Return the card that was asked for."""
        return self._target

    def activate(self) -> None:
        """Load every card."""
        for section in self.sections:
            section.load()

    def focus_first(self) -> None:
        """Put the focus on the card that was asked for, or on the first."""
        chosen = self.section(self._target) or next(iter(self.sections), None)
        if chosen is not None:
            self._area.ensureWidgetVisible(chosen)
            chosen.focus_first()

    def commands(self) -> Sequence[Action]:
        """Return what the cards add to the palette."""
        return [action for section in self.sections for action in section.commands()]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Qt: two columns where each has room for its buttons side by side, else one."""
        super().resizeEvent(event)
        wide = self.width() >= theme.scaled(_TWO_COLUMNS)
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _columns(self) -> QBoxLayout:
        row = self._row
        row.setSpacing(theme.SPACE_M)
        sides = (QVBoxLayout(), QVBoxLayout())
        for place in SECTIONS:
            section = place.make(self.context, self)
            self.sections.append(section)
            sides[place.column].addWidget(section)
        for side in sides:
            side.setSpacing(theme.SPACE_M)
            side.addStretch(1)
            row.addLayout(side, 1)
        return row
