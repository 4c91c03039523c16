"""Searching as one types, and lists: sorted by every column, filtered, and at their end."""

from collections.abc import Iterator
from datetime import date

from benchmarks.community import PlainStore
from benchmarks.figures import Figures, Row, Samples, percentile, rounded
from benchmarks.typing import typed_queries
from desktop_app.cases import queries
from desktop_app.cases.conditions import SORT_COLUMNS, search_expression
from desktop_app.cases.model import CaseQuery
from desktop_app.kits import loader
from desktop_app.workspace import Workspace
from sync.messages import _
from sync.sqlcipher import Connection

_FIRST_ROWS = 50
_WINDOW = 200
_QUERIES = 200
_WARM_UP = 10
_ROUNDS = 3
_SEARCH_MS = 50
_LIST_MS = 100


def measure_search(workspace: Workspace, plain: PlainStore, cases: int) -> Row:
    """Measure the first rows of what is found for texts as they are typed.

    Args:
        workspace: The vault.
        plain: The same cases without encryption.
        cases: How many there are.
    """
    typed = typed_queries(_QUERIES)
    today = date.today()  # noqa: DTZ011 - the clerk's calendar day
    sealed, bare, full_text = Samples(), Samples(), Samples()
    for place, text in enumerate([*typed[:_WARM_UP], *typed]):
        query = CaseQuery(text=text)
        before = len(sealed.wall)
        with sealed.one():
            workspace.cases.page(query, 0, _FIRST_ROWS)
        with plain.read() as connection:
            with bare.one():
                queries.page(connection, query, today, 0, _FIRST_ROWS)
            with full_text.one():
                _newest_matches(connection, text)
        if place < _WARM_UP:
            for samples in (sealed, bare, full_text):
                del samples.wall[before:], samples.cpu[before:], samples.own[before:]
    slowest = typed[sealed.wall.index(max(sealed.wall))]
    figures: Figures = sealed.figures(50, 95, 100)
    p95 = percentile(sealed.wall, 95)
    figures["plain_p95_ms"] = rounded(percentile(bare.wall, 95))
    figures["plain_fts5_p95_ms"] = rounded(percentile(full_text.wall, 95))
    figures["times_plain"] = rounded(sum(sealed.cpu) / max(sum(bare.cpu), 0.001))
    figures["queries"] = len(typed)
    title = _("Search as you type, the first {rows} rows (slowest: “{text}”)").format(rows=_FIRST_ROWS, text=slowest)
    return Row("search", title, cases, figures, f"p95 < {_SEARCH_MS} ms", p95 < _SEARCH_MS)


def _newest_matches(connection: Connection, text: str) -> None:
    """The bare full-text query: nothing but the numbers of the newest rows that match."""
    connection.execute(
        "SELECT rowid FROM case_search WHERE case_search MATCH ? ORDER BY rowid DESC LIMIT ?",
        (search_expression(text), _FIRST_ROWS),
    ).fetchall()


def measure_lists(workspace: Workspace, cases: int) -> list[Row]:
    """Measure opening, sorting, filtering and jumping in lists, as the grid asks: a window of rows, or a count."""
    rows = []
    for what, title, asked in (
        ("list_sort", _("Open a list sorted by any column, either way"), list(_sorted_lists())),
        ("list_filter", _("Filter a list by type, stage, open, overdue"), list(_filtered_lists())),
        ("list_end", _("Jump to the end of a list sorted by any column"), list(_ends(cases))),
        ("list_middle", _("Jump to the middle of a list sorted by any column"), list(_middles(cases))),
    ):
        samples = Samples()
        names = []
        for _round in range(_ROUNDS):
            for name, query, offset in asked:
                with samples.one():
                    workspace.cases.page(query, offset, _WINDOW)
                names.append(name)
        slowest = names[samples.wall.index(max(samples.wall))]
        titled = _("{what} (slowest: {slowest})").format(what=title, slowest=slowest)
        rows.append(_row(what, titled, cases, samples))
    counting = Samples()
    for _round in range(_ROUNDS):
        for _name, query, _offset in [("all", CaseQuery(), 0), *_filtered_lists()]:
            with counting.one():
                workspace.cases.count(query)
    return [*rows, _row("list_count", _("Count what a list holds"), cases, counting)]


def _row(what: str, title: str, cases: int, samples: Samples) -> Row:
    p95 = percentile(samples.wall, 95)
    return Row(what, title, cases, samples.figures(50, 95, 100), f"p95 < {_LIST_MS} ms", p95 < _LIST_MS)


Asked = tuple[str, CaseQuery, int]


def _sorted_lists() -> Iterator[Asked]:
    for sort in SORT_COLUMNS:
        for descending in (False, True):
            yield f"{sort} {'↓' if descending else '↑'}", CaseQuery(sort=sort, descending=descending), 0


def _filtered_lists() -> Iterator[Asked]:
    for kit in loader.shipped().values():
        yield kit.id, CaseQuery(kit=kit.id), 0
        yield f"{kit.id}, open", CaseQuery(kit=kit.id, only_open=True), 0
        for stage in kit.stages:
            yield f"{kit.id}, {stage.id}", CaseQuery(kit=kit.id, stage=stage.id), 0
    for sort in SORT_COLUMNS:
        yield f"open, {sort}", CaseQuery(only_open=True, sort=sort), 0
    yield "overdue", CaseQuery(overdue=True, sort="due_on", descending=False), 0
    yield "overdue, received_on", CaseQuery(overdue=True), 0


def _ends(cases: int) -> Iterator[Asked]:
    for sort in SORT_COLUMNS:
        for descending in (False, True):
            query = CaseQuery(sort=sort, descending=descending)
            yield f"{sort} {'↓' if descending else '↑'}", query, max(0, cases - _WINDOW)


def _middles(cases: int) -> Iterator[Asked]:
    for sort in SORT_COLUMNS:
        yield sort, CaseQuery(sort=sort), cases // 2
