"""The rail at the left: the pages of the desk, as words or as icons alone."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sync.messages import _, ngettext
from ui import icons, keys, theme
from ui.pages import PageSpec
from ui.widgets import Button, icon_button, label

_WIDE, _NARROW = 200, 56
_BELONGS_TO = {
    "case": "cases",
    "new_case": "cases",
    "audit": "administration",
    "access_report": "administration",
    "people": "administration",
}


class RailButton(Button):
    """One page in the rail, with a count where something waits.

    Args:
        spec: The page.
        parent: The rail.
    """

    def __init__(self, spec: PageSpec, parent: QWidget) -> None:
        super().__init__(_(spec.text), spec.icon, "rail", parent)
        self.spec = spec
        self.setCheckable(True)
        self.setMinimumHeight(theme.scaled(38))
        self.setToolTip(f"{_(spec.text)} ({keys.shown(spec.keys[0])})")
        self.setAccessibleName(_(spec.text))
        self.badge = label("", "small", "warn", self)
        self.badge.setProperty("badge", "true")
        self.badge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.badge.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_S, 0, theme.SPACE_S, 0)
        row.addStretch(1)
        row.addWidget(self.badge)

    def show_count(self, count: int) -> None:
        """Show how many things wait here; 0 shows nothing.

        Args:
            count: How many.
        """
        self.badge.setText(str(count))
        self.badge.setVisible(count > 0)
        waiting = ngettext("{count} waits", "{count} wait", count).format(count=count)
        self.setAccessibleName(f"{_(self.spec.text)}, {waiting}" if count else _(self.spec.text))

    def show_words(self, *, words: bool) -> None:
        """Show icon and words, or the icon alone."""
        self.setText(_(self.spec.text) if words else "")
        self.show_icon(self.spec.icon, "accent" if self.isChecked() else "text")

    def show_current(self, *, current: bool) -> None:
        """Mark the page that is in view."""
        self.setChecked(current)
        self.show_icon(self.spec.icon, "accent" if current else "text")


class Rail(QFrame):
    """The pages that one goes to directly.

    Args:
        specs: The pages, from above.
        parent: The desk.
    """

    page_wanted = Signal(str)

    def __init__(self, specs: Sequence[PageSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self._narrow = False
        self.buttons = {spec.page_id: RailButton(spec, self) for spec in specs}
        self._fold = icon_button("collapse", _("Show icons only"), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_S, theme.SPACE_M, theme.SPACE_S, theme.SPACE_S)
        column.setSpacing(theme.SPACE_XS)
        for page_id, button in self.buttons.items():
            button.clicked.connect(partial(self._clicked, page_id))
            column.addWidget(button)
        column.addStretch(1)
        column.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignLeft)
        self._fold.clicked.connect(self.toggle)
        self._fit()

    def show_current(self, page_id: str) -> None:
        """Mark the page in view; a single case belongs to the cases.

        Args:
            page_id: Which page.
        """
        shown = _BELONGS_TO.get(page_id, page_id)
        for other, button in self.buttons.items():
            button.show_current(current=other == shown)

    def show_conflicts(self, count: int) -> None:
        """Show how many conflicts wait."""
        if "conflicts" in self.buttons:
            self.buttons["conflicts"].show_count(count)

    def focus_first(self) -> None:
        """Put the focus on the page in view."""
        current = [button for button in self.buttons.values() if button.isChecked()]
        (current or list(self.buttons.values()))[0].setFocus()

    def toggle(self) -> None:
        """Show words, or icons alone."""
        self._narrow = not self._narrow
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Up and Down walk along the rail."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        buttons = list(self.buttons.values())
        here = next((place for place, button in enumerate(buttons) if button.hasFocus()), None)
        if step and here is not None:
            buttons[(here + step) % len(buttons)].setFocus()
        else:
            super().keyPressEvent(event)

    def _clicked(self, page_id: str) -> None:
        self.page_wanted.emit(page_id)

    def _fit(self) -> None:
        self.setFixedWidth(theme.scaled(_NARROW) if self._narrow else _WIDE + (theme.scaled(_WIDE) - _WIDE) * 3 // 5)
        for button in self.buttons.values():
            button.show_words(words=not self._narrow)
        self._fold.setIcon(icons.icon("expand" if self._narrow else "collapse", "muted"))
        name = _("Show names") if self._narrow else _("Show icons only")
        self._fold.setAccessibleName(name)
        self._fold.setToolTip(name)
