"""What the list of the audit's entries shows in its columns."""

from collections.abc import Callable, Mapping
from enum import IntEnum

from PySide6.QtCore import QObject, Qt

from desktop_app.audit import KINDS, AuditQuery, Entry, kinds
from desktop_app.audit.model import origin_words
from desktop_app.cases.words import day_words
from sync.messages import N_, _
from ui import tips
from ui.cases.model import STATE_ROLE
from ui.cases.states import State
from ui.context import DeskContext
from ui.windowed import LOADING, Index, Source, WindowedModel


class Column(IntEnum):
    """The columns, from left to right."""

    WHEN = 0
    WHO = 1
    WHAT = 2
    CASE = 3
    DETAILS = 4
    WHERE = 5


HEADERS = {
    Column.WHEN: N_("When"),
    Column.WHO: N_("Who"),
    Column.WHAT: N_("What"),
    Column.CASE: N_("Case"),
    Column.DETAILS: N_("Details"),
    Column.WHERE: N_("Where"),
}


class AuditTableModel(WindowedModel[AuditQuery, Entry]):
    """The entries that a query finds, the newest first.

    Args:
        context: The workspace and its worker.
        parent: Who owns the model.
    """

    def __init__(self, context: DeskContext, parent: QObject | None = None) -> None:
        audit = context.workspace.audit_log
        super().__init__(context, Source(audit.count, audit.page), AuditQuery(), len(Column), parent)
        self._roles: Mapping[int, Callable[[Entry, Column], object]] = {
            Qt.ItemDataRole.DisplayRole: cell_text,
            Qt.ItemDataRole.ToolTipRole: _tip,
            Qt.ItemDataRole.AccessibleTextRole: self._spoken,
            STATE_ROLE: self._state,
        }

    # Qt

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        """Qt: what a column is called."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _(HEADERS[Column(section)])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Qt: what a cell shows."""
        if not index.isValid():
            return None
        entry = self.wanted_row(index.row())
        if entry is None:
            return LOADING if role == Qt.ItemDataRole.DisplayRole else None
        tell = self._roles.get(role)
        return tell(entry, Column(index.column())) if tell else None

    # Own

    @staticmethod
    def _spoken(entry: Entry, column: Column) -> str:
        return f"{_(HEADERS[column])}: {cell_text(entry, column)}"

    @staticmethod
    def _state(entry: Entry, column: Column) -> State | None:
        if column is not Column.WHAT:
            return None
        kind = KINDS.get(entry.kind)
        return State(kind.role if kind else "muted", kind.icon if kind else "info", kinds.title(entry.kind))


def _tip(entry: Entry, column: Column) -> str:
    return tips.plain(cell_text(entry, column))


def cell_text(entry: Entry, column: Column) -> str:
    """Return what a cell says."""
    match column:
        case Column.WHEN:
            return f"{day_words(entry.when.date())} {entry.when:%H:%M:%S}"
        case Column.WHO:
            return entry.person
        case Column.WHAT:
            return kinds.title(entry.kind)
        case Column.CASE:
            return entry.number_of_case
        case Column.DETAILS:
            return kinds.words(entry.kind, entry.detail)
        case Column.WHERE:
            return f"{origin_words(entry.origin)}, {entry.device}"


def entry_words(entry: Entry) -> str:
    """Return everything that an entry says, in one line."""
    parts = [_("Entry {number}").format(number=entry.number)]
    parts += [cell_text(entry, column) for column in Column]
    parts.append(_("hash {digits}").format(digits=entry.hash[:16]))
    return " · ".join(part for part in parts if part)
