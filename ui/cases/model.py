"""A table over any number of cases that holds only the rows someone looks at."""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import partial

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from desktop_app.cases.model import CaseQuery, CaseRow
from desktop_app.kits.model import Kit, text
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import N_, _, ngettext
from ui.cases.states import State, due_state, due_words
from ui.context import DeskContext
from ui.forms.dates import date_text
from ui.forms.form import local_now

WINDOW = 200
_KEPT_WINDOWS = 40
_WANTED_WINDOWS = 4
_LOADING = "…"
Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The columns, from left to right."""

    NUMBER = 0
    KIT = 1
    TITLE = 2
    PERSON = 3
    RECEIVED = 4
    DUE = 5
    STAGE = 6
    CONFLICTS = 7


HEADERS = {
    Column.NUMBER: N_("Number"),
    Column.KIT: N_("Case type"),
    Column.TITLE: N_("Subject"),
    Column.PERSON: N_("Person"),
    Column.RECEIVED: N_("Received"),
    Column.DUE: N_("Due"),
    Column.STAGE: N_("Stage"),
    Column.CONFLICTS: N_("Conflicts"),
}
SORTS = {
    Column.NUMBER: "number",
    Column.KIT: "kit",
    Column.TITLE: "title",
    Column.PERSON: "person",
    Column.RECEIVED: "received_on",
    Column.DUE: "due_on",
    Column.STAGE: "stage",
}
ROW_ROLE = Qt.ItemDataRole.UserRole
STATE_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a worker brought: some windows of rows, and the count where it was asked for."""

    generation: int
    query: CaseQuery
    count: int | None
    windows: Mapping[int, Sequence[CaseRow]]


class CaseTableModel(QAbstractTableModel):
    """Rows come in windows from a worker; a row not here yet shows a placeholder.

    Old rows stay on screen until the new ones are there, so that nothing blinks while a person types into the search.
    """

    loaded = Signal()
    refreshed = Signal()

    def __init__(self, context: DeskContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._kits: Mapping[str, Kit] = {}
        self._query = CaseQuery()
        self._count = 0
        self._windows: OrderedDict[int, Sequence[CaseRow]] = OrderedDict()
        self._wanted: deque[int] = deque(maxlen=_WANTED_WINDOWS)
        self._fetching = False
        self._generation = 0
        self._roles: Mapping[int, Callable[[CaseRow, Column], object]] = {
            Qt.ItemDataRole.DisplayRole: self._text,
            Qt.ItemDataRole.ToolTipRole: self._words,
            Qt.ItemDataRole.AccessibleTextRole: self._spoken,
            ROW_ROLE: self._row,
            STATE_ROLE: self._state,
        }
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(0)
        self._gather.timeout.connect(self._fetch_wanted)

    @property
    def query(self) -> CaseQuery:
        """What the rows answer."""
        return self._query

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self._count

    @property
    def held(self) -> int:
        """How many rows are in memory."""
        return sum(len(rows) for rows in self._windows.values())

    def set_kits(self, kits: Mapping[str, Kit]) -> None:
        """Tell what the kits and stages are called."""
        self._kits = kits
        self._announce(0, self._count)

    def set_query(self, query: CaseQuery) -> None:
        """Ask for other rows; those on screen stay until they're here."""
        self._generation += 1
        job = partial(load, self._context.workspace, self._generation, query, (0,), counted=True)
        self._context.run(job, self._replace, self._failed)

    def refresh(self, rows: Sequence[int] = ()) -> None:
        """Ask again for the same rows, because cases changed.

        Args:
            rows: Row numbers around which the view stands.
        """
        windows = sorted({row // WINDOW for row in rows}) or [0]
        self._generation += 1
        job = partial(load, self._context.workspace, self._generation, self._query, tuple(windows), counted=True)
        self._context.run(job, self._renew, self._failed)

    def case_at(self, row: int) -> CaseRow | None:
        """Return a row, or None while it isn't here."""
        window = self._windows.get(row // WINDOW)
        place = row % WINDOW
        return window[place] if window is not None and place < len(window) else None

    def find(self, case_id: str) -> int | None:
        """Return where a case stands among the rows in memory."""
        for number, window in self._windows.items():
            for place, case in enumerate(window):
                if case.id == case_id:
                    return number * WINDOW + place
        return None

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's signature
        """Qt: how many rows there are."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Qt: how many columns there are."""
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        """Qt: what a column is called."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if section == Column.CONFLICTS else _(HEADERS[Column(section)])
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return _(HEADERS[Column(section)])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Qt: what a cell shows."""
        if not index.isValid():
            return None
        case = self.case_at(index.row())
        if case is None:
            self._want(index.row() // WINDOW)
            return _LOADING if role == Qt.ItemDataRole.DisplayRole and index.column() != Column.CONFLICTS else None
        tell = self._roles.get(role)
        return tell(case, Column(index.column())) if tell else None

    # Own

    def _text(self, case: CaseRow, column: Column) -> str:
        plain = {Column.NUMBER: case.number, Column.TITLE: case.title, Column.PERSON: case.person}
        if column in plain:
            return plain[column]
        kit = self._kits.get(case.kit)
        if column is Column.KIT:
            return text(kit.title) if kit else case.kit
        if column is Column.STAGE:
            return stage_name(kit, case.stage)
        if column is Column.RECEIVED:
            return date_text(case.received_on) if case.received_on else ""
        state = self._state(case, column)
        return state.word if state else ""

    def _words(self, case: CaseRow, column: Column) -> str:
        if column is Column.DUE:
            return due_words(case.due_on, self._today, final=case.final)
        if column is Column.CONFLICTS:
            count = case.conflicts
            return ngettext("{number} conflict", "{number} conflicts", count).format(number=count)
        return self._text(case, column)

    def _spoken(self, case: CaseRow, column: Column) -> str:
        return f"{_(HEADERS[column])}: {self._words(case, column)}"

    def _row(self, case: CaseRow, _column: Column) -> CaseRow:
        return case

    def _state(self, case: CaseRow, column: Column) -> State | None:
        if column is Column.DUE:
            return due_state(case.due_on, self._today, soon=case.due_soon, final=case.final)
        if column is Column.CONFLICTS and case.conflicts:
            return State("warn", "conflict", str(case.conflicts))
        return None

    @property
    def _today(self) -> date:
        return local_now().date()

    def _want(self, window: int) -> None:
        if window not in self._wanted:
            # The deque forgets windows that were only passed while scrolling.
            self._wanted.append(window)
            if not self._fetching:
                self._gather.start()

    def _fetch_wanted(self) -> None:
        windows = tuple(window for window in self._wanted if window not in self._windows)
        self._wanted.clear()
        if not windows or self._fetching:
            return
        self._fetching = True
        job = partial(load, self._context.workspace, self._generation, self._query, windows)
        self._context.run(job, self._add, self._fetch_failed)

    def _add(self, fetched: Fetched) -> None:
        self._fetching = False
        if fetched.generation == self._generation:
            for window, rows in fetched.windows.items():
                self._keep(window, rows)
                self._announce(window * WINDOW, len(rows))
        if self._wanted:
            self._gather.start()

    def _keep(self, window: int, rows: Sequence[CaseRow]) -> None:
        self._windows[window] = rows
        self._windows.move_to_end(window)
        while len(self._windows) > _KEPT_WINDOWS:
            self._windows.popitem(last=False)

    def _replace(self, fetched: Fetched) -> None:
        if fetched.generation != self._generation or fetched.count is None:
            return
        self.beginResetModel()
        self._query, self._count = fetched.query, fetched.count
        self._windows = OrderedDict(fetched.windows)
        self._wanted.clear()
        self.endResetModel()
        self.loaded.emit()

    def _renew(self, fetched: Fetched) -> None:
        if fetched.generation != self._generation or fetched.count is None:
            return
        old, new = self._count, fetched.count
        # Rows come and go at the end, so that the view keeps its place; what each row shows is announced below.
        if new > old:
            self.beginInsertRows(QModelIndex(), old, new - 1)
        elif new < old:
            self.beginRemoveRows(QModelIndex(), new, old - 1)
        self._count = new
        self._windows = OrderedDict(fetched.windows)
        if new > old:
            self.endInsertRows()
        elif new < old:
            self.endRemoveRows()
        self._announce(0, new)
        self.refreshed.emit()

    def _announce(self, first: int, rows: int) -> None:
        if rows > 0:
            self.dataChanged.emit(self.index(first, 0), self.index(min(first + rows, self._count) - 1, len(Column) - 1))

    def _fetch_failed(self, failure: Failure) -> None:
        self._fetching = False
        self._failed(failure)

    def _failed(self, failure: Failure) -> None:
        self._context.show_failure(failure)


def stage_name(kit: Kit | None, stage_id: str) -> str:
    """Return what a stage is called, its id where the kit is unknown or has no such stage."""
    return next((text(stage.label) for stage in kit.stages if stage.id == stage_id), stage_id) if kit else stage_id


def load(
    workspace: Workspace, generation: int, query: CaseQuery, windows: Sequence[int], *, counted: bool = False
) -> Fetched:
    """Fetch windows of rows; runs on a worker.

    Args:
        workspace: Where the cases are.
        generation: Which question this answers; a late answer to an old one is dropped.
        query: The question.
        windows: Which windows.
        counted: Count all the rows too.
    """
    count = workspace.cases.count(query) if counted else None
    rows = {window: workspace.cases.page(query, window * WINDOW, WINDOW) for window in windows}
    return Fetched(generation, query, count, rows)
