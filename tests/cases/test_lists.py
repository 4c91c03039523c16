"""Every way of reading a list gives what sorting all cases would give, whatever it costs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from benchmarks.community import Community
from desktop_app.cases import conditions, queries
from desktop_app.cases.model import CaseQuery
from desktop_app.workspace import Workspace
from sync.changes import Change
from sync.sqlcipher import Connection

CASES = 600
TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    community = Community(tmp_path_factory.mktemp("lists"), CASES)
    with community.found() as workspace:
        community.fill(workspace)
        yield workspace


@pytest.fixture
def connection(filled: Workspace) -> Iterator[Connection]:
    with filled.store.read() as connection:
        yield connection


def plainly(connection: Connection, query: CaseQuery) -> list[bytes]:
    """Return the ids of all cases that a query finds, without any index."""
    orders = {
        "kit": lambda row: (row["kit"], row["stage"], row["final"]),
        "stage": lambda row: (row["stage"], row["kit"], row["final"]),
    }
    column = conditions.SORT_COLUMNS[query.sort]
    order = orders.get(query.sort, lambda row: (row[column] is not None, row[column]))
    names = ["id", "uuid", "kit", "stage", "final", "person", "due_on", *conditions.SORT_COLUMNS.values()]
    rows = [
        dict(zip(names, row, strict=True))
        for row in connection.execute(f"SELECT {','.join(names)} FROM case_row").fetchall()  # noqa: S608 - columns
    ]
    words = conditions.search_expression(query.text)
    matching = (
        {row[0] for row in connection.execute("SELECT rowid FROM case_search WHERE case_search MATCH ?", (words,))}
        if words
        else None
    )
    kept = [
        row
        for row in rows
        if (query.kit is None or row["kit"] == query.kit)
        and (query.stage is None or row["stage"] == query.stage)
        and (not query.only_open or not row["final"])
        and (not query.overdue or (row["due_on"] is not None and row["due_on"] < TODAY.isoformat()))
        and (matching is None or row["id"] in matching)
    ]
    kept.sort(key=lambda row: (order(row), row["id"]), reverse=query.descending)
    return [row["uuid"] for row in kept]


FILTERS = (
    CaseQuery(),
    CaseQuery(kit="appeal"),
    CaseQuery(kit="appeal", stage="answered"),
    CaseQuery(kit="humanitarian-aid", only_open=True),
    CaseQuery(stage="registered"),
    CaseQuery(stage="no such stage"),
    CaseQuery(overdue=True),
    CaseQuery(kit="appeal", overdue=True),
    CaseQuery(text="про"),
    CaseQuery(text="буд 1", kit="appeal"),
    CaseQuery(text="вул", only_open=True, overdue=True),
)


@pytest.mark.parametrize("row_cost", [0, 25, 10**9], ids=["sorted", "as it is", "in order"])
@pytest.mark.parametrize("query", FILTERS, ids=repr)
def test_pages_are_what_sorting_everything_gives(
    connection: Connection, query: CaseQuery, row_cost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_ROW_COST", row_cost)
    for sort in conditions.SORT_COLUMNS:
        for descending in (True, False):
            asked = replace(query, sort=sort, descending=descending)
            expected = [uuid.hex() for uuid in plainly(connection, asked)]
            assert queries.count(connection, asked, TODAY) == len(expected)
            for offset in (0, 7, len(expected) // 2, max(0, len(expected) - 10), len(expected) + 5):
                rows = queries.page(connection, asked, TODAY, offset, 20)
                assert [row.id.replace("-", "") for row in rows] == expected[offset : offset + 20], (asked, offset)


def test_more_matches_than_can_be_sorted_come_newest_first(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditions, "EXACT_MATCHES", 5)
    monkeypatch.setattr(queries, "EXACT_MATCHES", 5)
    rows = queries.page(connection, CaseQuery(text="вул", sort="person"), TODAY, 0, 10)
    sql = "SELECT rowid FROM case_search WHERE case_search MATCH '\"вул\"*' ORDER BY rowid DESC LIMIT 10"
    newest = [number for (number,) in connection.execute(sql)]
    found = [
        connection.execute(
            "SELECT id FROM case_row WHERE uuid = ?", (bytes.fromhex(row.id.replace("-", "")),)
        ).fetchone()
        for row in rows
    ]
    assert [number for (number,) in found] == newest


def test_cases_are_counted_where_they_stand_after_every_change(tmp_path: Path) -> None:
    community = Community(tmp_path, 40)
    with community.found() as workspace:
        community.fill(workspace)
        late = workspace.cases.page(CaseQuery(), 0, 6)
        unit = min(workspace.log.me.units - {workspace.log.membership.common_unit})
        ids = [bytes.fromhex(row.id.replace("-", "")) for row in late]
        workspace.log.write(
            unit, [Change("case", ids[0], {"_deleted": True}), Change("case", ids[1], {"_stage": "new"})]
        )
        workspace.log.write(
            unit, [Change("case", ids[0], {"_stage": "new"}), Change("case", ids[2], {"_kit": "other"})]
        )
        workspace.log.write(unit, [Change("case", ids[0], {"_deleted": None})])
        with workspace.store.read() as connection:
            counted = connection.execute("SELECT kit, stage, final, cases FROM standing WHERE cases").fetchall()
            there = connection.execute("SELECT kit, stage, final, count(*) FROM case_row GROUP BY 1, 2, 3").fetchall()
            wrong = connection.execute(
                "SELECT count(*) FROM case_row c JOIN standing s ON s.id = c.standing"
                " WHERE (c.kit, c.stage, c.final) <> (s.kit, s.stage, s.final)"
            ).fetchone()
        assert sorted(counted) == sorted(there)
        assert wrong == (0,)
        assert workspace.cases.count(CaseQuery()) == 40
