"""A table over any number of rows of SQL that holds only those someone looks at."""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QTimer, Signal

from sync.errors import Failure
from ui.context import DeskContext

WINDOW = 200
LOADING = "…"
_KEPT_WINDOWS = 40
_WANTED_WINDOWS = 4
Index = QModelIndex | QPersistentModelIndex
Query = TypeVar("Query")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Source(Generic[Query, Row]):
    """Where rows come from; called on a worker.

    Args:
        count: Says how many rows a question has.
        page: Returns rows from a place on, so many at most.
    """

    count: Callable[[Query], int]
    page: Callable[[Query, int, int], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Query, Row]):
    """What a worker brought: some windows of rows, and the count where it was asked for."""

    generation: int
    query: Query
    count: int | None
    windows: Mapping[int, Sequence[Row]]


class WindowedModel(QAbstractTableModel, Generic[Query, Row]):
    """Rows come in windows from a worker; a row not here yet shows a placeholder.

    Old rows stay on screen until the new ones are there, so that nothing blinks while a person types into the search.

    Args:
        context: The worker, and where failures are shown.
        source: Where the rows come from.
        query: What is asked before anything else is.
        columns: How many columns there are.
        parent: Who owns the model.
    """

    loaded = Signal()
    refreshed = Signal()

    def __init__(
        self,
        context: DeskContext,
        source: Source[Query, Row],
        query: Query,
        columns: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._source = source
        self._query = query
        self._columns = columns
        self._count = 0
        self._windows: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._wanted: deque[int] = deque(maxlen=_WANTED_WINDOWS)
        self._fetching = False
        self._generation = 0
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(0)
        self._gather.timeout.connect(self._fetch_wanted)

    @property
    def query(self) -> Query:
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

    def set_query(self, query: Query) -> None:
        """Ask for other rows; those on screen stay until they're here."""
        self._generation += 1
        job = partial(load, self._source, self._generation, query, (0,), counted=True)
        self._context.run(job, self._replace, self._failed)

    def refresh(self, rows: Sequence[int] = ()) -> None:
        """Ask again for the same rows, because something changed.

        Args:
            rows: Row numbers around which the view stands.
        """
        windows = sorted({row // WINDOW for row in rows}) or [0]
        self._generation += 1
        job = partial(load, self._source, self._generation, self._query, tuple(windows), counted=True)
        self._context.run(job, self._renew, self._failed)

    def row_at(self, row: int) -> Row | None:
        """Return a row, or None while it isn't here."""
        window = self._windows.get(row // WINDOW)
        place = row % WINDOW
        return window[place] if window is not None and place < len(window) else None

    def wanted_row(self, row: int) -> Row | None:
        """Return a row that is to be shown; it's fetched where it isn't here."""
        found = self.row_at(row)
        if found is None:
            self._want(row // WINDOW)
        return found

    def place_of(self, wanted: Callable[[Row], bool]) -> int | None:
        """Return where the first row of some kind stands among those in memory."""
        for number, window in self._windows.items():
            for place, row in enumerate(window):
                if wanted(row):
                    return number * WINDOW + place
        return None

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's signature
        """Qt: how many rows there are."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Qt: how many columns there are."""
        return 0 if parent.isValid() else self._columns

    # Own

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
        job = partial(load, self._source, self._generation, self._query, windows)
        self._context.run(job, self._add, self._fetch_failed)

    def _add(self, fetched: Fetched[Query, Row]) -> None:
        self._fetching = False
        if fetched.generation == self._generation:
            for window, rows in fetched.windows.items():
                self._keep(window, rows)
                self.announce(window * WINDOW, len(rows))
        if self._wanted:
            self._gather.start()

    def _keep(self, window: int, rows: Sequence[Row]) -> None:
        self._windows[window] = rows
        self._windows.move_to_end(window)
        while len(self._windows) > _KEPT_WINDOWS:
            self._windows.popitem(last=False)

    def _replace(self, fetched: Fetched[Query, Row]) -> None:
        if fetched.generation != self._generation or fetched.count is None:
            return
        self.beginResetModel()
        self._query, self._count = fetched.query, fetched.count
        self._windows = OrderedDict(fetched.windows)
        self._wanted.clear()
        self.endResetModel()
        self.loaded.emit()

    def _renew(self, fetched: Fetched[Query, Row]) -> None:
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
        self.announce(0, new)
        self.refreshed.emit()

    def announce(self, first: int, rows: int) -> None:
        """Tell the views that some rows show something else now."""
        if rows > 0:
            self.dataChanged.emit(
                self.index(first, 0), self.index(min(first + rows, self._count) - 1, self._columns - 1)
            )

    def _fetch_failed(self, failure: Failure) -> None:
        self._fetching = False
        self._failed(failure)

    def _failed(self, failure: Failure) -> None:
        self._context.show_failure(failure)


def load(
    source: Source[Query, Row], generation: int, query: Query, windows: Sequence[int], *, counted: bool = False
) -> Fetched[Query, Row]:
    """Fetch windows of rows; runs on a worker.

    Args:
        source: Where the rows come from.
        generation: Which question this answers; a late answer to an old one is dropped.
        query: The question.
        windows: Which windows.
        counted: Count all the rows too.
    """
    count = source.count(query) if counted else None
    rows = {window: source.page(query, window * WINDOW, WINDOW) for window in windows}
    return Fetched(generation, query, count, rows)
