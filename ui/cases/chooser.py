"""What kind of case: a list that is narrowed by typing, the last one used first, drafts at its end."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop_app.cases.model import Draft
from desktop_app.kits.model import Kit, text
from sync.messages import _
from ui import theme
from ui.cases.timeline import moment_words
from ui.cases.two_lines import WORDS_ROLE, TwoLines, two_line_item
from ui.forms.form import local_now
from ui.widgets import title

_WHAT = Qt.ItemDataRole.UserRole
_WALKING = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}


class KitChooser(QWidget):
    """A line to type in and a list below; arrows walk over the list while the focus stays in the line."""

    kit_chosen = Signal(object)
    draft_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kits: dict[str, Kit] = {}
        question = title(_("What has come in?"), self)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(_("Type to find a case type, Enter begins"))
        self.line.setAccessibleName(_("Case type"))
        self.line.setClearButtonEnabled(True)
        self.list = QListWidget(self)
        self.list.setAccessibleName(_("Case types and drafts"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(TwoLines(self.list))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        for widget in (question, self.line, self.list):
            widget.setMaximumWidth(theme.scaled(760))
            layout.addWidget(widget)
        self.line.textChanged.connect(self._narrow)
        self.line.returnPressed.connect(self._choose)
        self.line.installEventFilter(self)
        self.list.itemActivated.connect(self._choose)
        self.list.itemClicked.connect(self._choose)

    def offer(self, kits: Sequence[Kit], drafts: Sequence[Draft], thrown: Draft | None = None) -> None:
        """Offer case types, and drafts to go on with.

        Args:
            kits: In the order in which they're shown.
            drafts: Of new cases, the newest first.
            thrown: A draft just thrown away, which can still be brought back.
        """
        self._kits = {kit.id: kit for kit in kits}
        self.list.clear()
        for kit in kits:
            self._add(text(kit.title), text(kit.description), "case", kit)
        for draft in drafts:
            known = self._kits.get(draft.kit_id)
            if known is not None:
                self._add(_draft_title(known, draft), _draft_words(known, draft, local_now()), "draft", draft)
        if thrown is not None and thrown.kit_id in self._kits:
            back = _draft_title(self._kits[thrown.kit_id], thrown)
            self._add(back, _("Thrown away just now. Enter brings it back."), "undo", thrown)
        self._narrow()

    def kit(self, kit_id: str) -> Kit | None:
        """Return an offered case type."""
        return self._kits.get(kit_id)

    def forget_typed(self) -> None:
        """Show the whole list again."""
        self.line.clear()

    def focus_first(self) -> None:
        """Put the focus in the line."""
        self.line.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802
        """Qt: arrows in the line walk over the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _WALKING:
            QApplication.sendEvent(self.list, event)
            return True
        return False

    def _add(self, name: str, words: str, icon_name: str, what: object) -> None:
        two_line_item(self.list, name, words, icon_name).setData(_WHAT, what)

    def _narrow(self) -> None:
        typed = self.line.text().strip().casefold()
        first = -1
        for row in range(self.list.count()):
            item = self.list.item(row)
            fits = typed in item.text().casefold() or typed in str(item.data(WORDS_ROLE)).casefold()
            item.setHidden(not fits)
            # A beginning of a title is what most people type; take it before a word found further inside.
            if fits and (first < 0 or (typed and _better(item, self.list.item(first), typed))):
                first = row
        self.list.setCurrentRow(first)

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is None or item.isHidden():
            return
        what = item.data(_WHAT)
        if isinstance(what, Kit):
            self.kit_chosen.emit(what)
        else:
            self.draft_chosen.emit(what)


def _better(item: QListWidgetItem, best: QListWidgetItem, typed: str) -> bool:
    return item.text().casefold().startswith(typed) and not best.text().casefold().startswith(typed)


def _draft_title(kit: Kit, draft: Draft) -> str:
    who = draft.values.get(kit.person_field) or draft.values.get(kit.title_field)
    name = _("Draft: {kit}").format(kit=text(kit.title))
    return f"{name}, {who}" if who else name


def _draft_words(kit: Kit, draft: Draft, now: datetime) -> str:
    subject = draft.values.get(kit.title_field)
    kept = _("kept {moment}").format(moment=moment_words(draft.saved_at, now))
    return f"{kept} · {subject}" if subject else kept
