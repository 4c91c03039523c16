"""One conflict side by side: what was there before, and what each person wrote."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.cases.model import Sibling
from desktop_app.cases.words import field_value
from desktop_app.conflicts import Conflict
from desktop_app.kits.model import Value
from sync.messages import _
from ui import theme
from ui.cases.timeline import moment_words
from ui.conflicts.differences import marked
from ui.forms.form import local_now
from ui.widgets import Button, button, caption, heading

# Average characters that a column needs.
_COLUMN = 24
_KEYS = 9


class ValueCard(QFrame):
    """One value, who wrote it and when, and the button that takes it."""

    taken = Signal(object)

    def __init__(self, name: str, words: str, html: str, value: Value, action: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self._value = value
        self.button: Button | None = None
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setWordWrap(True)
        self._text.setText(html)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(heading(name, self))
        column.addWidget(caption(words, self))
        column.addWidget(self._text, 1, Qt.AlignmentFlag.AlignTop)
        if action:
            self.button = button(action, "", "", self)
            self.button.setAutoDefault(True)
            self.button.setAccessibleDescription(f"{name}. {words}")
            self.button.clicked.connect(self._take)
            column.addWidget(self.button)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Qt: columns share the width evenly, however long their words are."""
        return QSize(theme.scaled(200), super().sizeHint().height())

    def _take(self) -> None:
        self.taken.emit(self._value)


class Comparison(QWidget):
    """The columns of one conflict; they stand below each other where the window is narrow."""

    taken = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.SPACE_M)
        self.cards: list[ValueCard] = []

    def show_conflict(self, conflict: Conflict) -> None:
        """Show the values of a conflict."""
        for card in self.cards:
            self._row.removeWidget(card)
            card.deleteLater()
        base = field_value(conflict.kit, conflict.field, conflict.base)
        self.cards = [ValueCard(_("Before"), _("what both had seen"), marked("", base, ""), conflict.base, "", self)]
        for place, sibling in enumerate(in_order(conflict.siblings), start=1):
            self.cards.append(self._card(conflict, sibling, place, base if conflict.base is not None else ""))
        for card in self.cards:
            card.taken.connect(self.taken)
            self._row.addWidget(card, 1)
        self._turn()

    @property
    def buttons(self) -> list[Button]:
        """The buttons that take a value, mine first."""
        return [card.button for card in self.cards if card.button is not None]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Qt: stand the columns below each other where they would be too narrow."""
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        needed = _COLUMN * self.fontMetrics().averageCharWidth() * max(len(self.cards), 1)
        fits = self.width() >= needed
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom)

    def _card(self, conflict: Conflict, sibling: Sibling, place: int, base: str) -> ValueCard:
        name = _("Mine") if sibling.mine else _("Theirs")
        where = _("this computer") if sibling.mine else sibling.device
        words = " · ".join(part for part in (sibling.person, moment_words(sibling.when, local_now()), where) if part)
        html = marked(base, field_value(conflict.kit, conflict.field, sibling.value), theme.tokens().selected)
        several = sum(other.mine == sibling.mine for other in conflict.siblings) > 1
        action = _("Take mine") if sibling.mine else _("Take theirs")
        if several:
            action = _("Take what {person} wrote").format(person=sibling.person)
        return ValueCard(name, words, html, sibling.value, f"{action}  ({place})" if place <= _KEYS else action, self)


def in_order(siblings: list[Sibling]) -> list[Sibling]:
    """Return the values of a conflict as they stand on the screen: mine first, then the newest."""
    return sorted(siblings, key=lambda sibling: (not sibling.mine, -sibling.when.timestamp()))
