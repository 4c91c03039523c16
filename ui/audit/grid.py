"""The table of the audit's entries."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHeaderView, QWidget

from desktop_app.audit import KINDS, kinds
from desktop_app.audit.model import Origin, origin_words
from sync.messages import _
from ui import theme
from ui.audit.model import AuditTableModel, Column
from ui.cases.chip import chip_width
from ui.cases.delegate import StateDelegate
from ui.cases.states import State
from ui.table import Table

# The longest usual text of a column, and the column's share of the room that is left.
_SAMPLES = {
    Column.WHEN: ("00.00.0000 00:00:00", 0),
    Column.WHO: ("Коваленко О. П.", 0),
    Column.WHAT: ("", 0),
    Column.CASE: ("ГД-0000/00/0000", 0),
    Column.DETAILS: ("записів: 00 · знайдено", 1),
    Column.WHERE: ("", 0),
}
_CELL_PADDING = 20
_WIDEST_WHAT = 320
_FAIR_WHAT = 210
_LEAST_WHAT = 150
# What goes first when large text leaves no room: the line below the table still tells it.
_DISPENSABLE = (Column.WHERE, Column.WHO)


class AuditGrid(Table):
    """Enter opens the case of an entry."""

    case_opened = Signal(str)

    def __init__(self, model: AuditTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries = model
        self._people_shown = False
        self.setModel(model)
        self.setItemDelegate(StateDelegate(self, (Column.WHEN, Column.WHERE)))
        self.setAccessibleName(_("Entries of the audit"))
        self.setObjectName("audit_grid")
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.row_opened.connect(self._open_row)

    def show_people(self, *, shown: bool) -> None:
        """Show or hide the column of people, which says nothing when there is only one."""
        self._people_shown = shown
        self.share_width()

    def share_width(self) -> None:
        """Share the width out among the columns."""
        metrics = self.fontMetrics()
        needed = {column: metrics.horizontalAdvance(_SAMPLES[column][0]) + _CELL_PADDING for column in Column}
        small = QFontMetrics(theme.font("small"))
        longest = max(chip_width(State("ok", "ok", kinds.title(kind)), small) for kind in KINDS)
        device = _("device {suffix}").format(suffix=10)
        wheres = [metrics.horizontalAdvance(f"{origin_words(origin)}, {device}") for origin in Origin]
        needed[Column.WHERE] = max(wheres) + _CELL_PADDING
        needed[Column.WHAT] = min(longest, theme.scaled(_WIDEST_WHAT)) + _CELL_PADDING
        room = self.viewport().width()
        if not self._people_shown:
            del needed[Column.WHO]
        # Long kinds are elided, with a tip, before a whole column goes.
        slack = max(needed[Column.WHAT] - theme.scaled(_FAIR_WHAT), 0)
        for column in _DISPENSABLE:
            if sum(needed.values()) > room + slack:
                needed.pop(column, None)
        over = max(sum(needed.values()) - room, 0)
        needed[Column.WHAT] = max(needed[Column.WHAT] - over, theme.scaled(_LEAST_WHAT))
        spare = max(room - sum(needed.values()), 0)
        shares = sum(_SAMPLES[column][1] for column in needed)
        for column in Column:
            self.setColumnHidden(column, column not in needed)
            if column in needed:
                self.setColumnWidth(column, needed[column] + spare * _SAMPLES[column][1] // shares)

    def _open_row(self, row: int) -> None:
        entry = self._entries.row_at(row)
        if entry is not None and entry.number_of_case:
            self.case_opened.emit(entry.subject)
