"""The right pane of a case: what the program knows about it, and its timeline."""

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QVBoxLayout, QWidget

from desktop_app.cases.model import CaseView, HistoryEntry
from desktop_app.kits.model import text
from sync.messages import _
from ui import theme
from ui.cases.states import due_words
from ui.cases.timeline import Timeline
from ui.forms.dates import date_text
from ui.widgets import button, caption, heading, label, line, scrolled

PANE_WIDTH = 360
_TIMELINE_HEIGHT = 90


class DetailsPane(QFrame):
    """A few facts above the history.

    Args:
        parent: Where it stands.
        readers: Whether this person may see who has read the case.
    """

    readers_wanted = Signal()
    older_wanted = Signal()
    _FILES_AT = 4

    def __init__(self, parent: QWidget | None = None, *, readers: bool = False) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setFixedWidth(PANE_WIDTH)
        self.setAccessibleName(_("Details and timeline"))
        self._facts = QFormLayout()
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(theme.SPACE_M)
        self._facts.setVerticalSpacing(theme.SPACE_XS)
        self._facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._values = {}
        names = {"kit": _("Case type"), "unit": _("Unit"), "registered": _("Registered"), "due": _("Term")}
        for name, words in names.items():
            value = label("", parent=self, wrap=True)
            self._values[name] = value
            self._facts.addRow(caption(words, self), value)
        self.timeline = Timeline(self)
        # With large text all of it is taller than a small window: then the pane scrolls, and nothing is squeezed.
        self.timeline.setMinimumHeight(theme.scaled(_TIMELINE_HEIGHT))
        inner = QWidget(self)
        area = scrolled(inner, self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.addWidget(area)
        column = self._column = QVBoxLayout(inner)
        column.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(heading(_("Details"), self))
        column.addLayout(self._facts)
        column.addWidget(line(self))
        column.addWidget(heading(_("Timeline"), self), 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.timeline, 1)
        self._older_words = label(_("Older history is not on this computer yet."), parent=self, wrap=True)
        self.older = button(_("Fetch it"), "sync", "quiet", self)
        self.older.setAccessibleName(_("Fetch older history"))
        self.older.clicked.connect(self._want_older)
        column.addWidget(self._older_words)
        column.addWidget(self.older, 0, Qt.AlignmentFlag.AlignLeft)
        self.readers = button(_("Who has read this case"), "eye", "quiet", self)
        self.readers.setVisible(readers)
        self.readers.clicked.connect(self.readers_wanted)
        column.addWidget(self.readers, 0, Qt.AlignmentFlag.AlignLeft)

    def put_files(self, files: QWidget, last: QWidget) -> None:
        """Put the files of the case between the facts and the timeline.

        Args:
            files: The card of files.
            last: What of it Tab comes to last.
        """
        self.setTabOrder(last, self.timeline)
        self.setTabOrder(self.timeline, self.older)
        self.setTabOrder(self.older, self.readers)
        self._column.insertWidget(self._FILES_AT, files)
        self._column.insertWidget(self._FILES_AT + 1, line(self))

    def put_ways(self, starts: QWidget) -> None:
        """Put what can be done about where the case belongs below the facts."""
        self._column.insertWidget(2, starts)

    def _want_older(self) -> None:
        self.older.setEnabled(False)
        self.older_wanted.emit()

    def show_case(self, view: CaseView, history: Sequence[HistoryEntry], today: date, *, older: bool = False) -> None:
        """Show the facts and the history of a case.

        Args:
            view: The case.
            history: Entries from the newest down.
            today: The local day, for the term.
            older: Whether there is older history that is not here.
        """
        for part in (self._older_words, self.older):
            part.setVisible(older)
        self.older.setEnabled(True)
        final = any(stage.id == view.stage and stage.final for stage in view.kit.stages)
        self._values["kit"].setText(text(view.kit.title))
        self._values["unit"].setText(view.unit.name)
        self._values["registered"].setText(date_text(view.registered_on) if view.registered_on else "—")
        self._values["due"].setText(due_words(view.due_on, today, final=final))
        self.timeline.show_history(view.kit, history)
