"""The benchmark command on a tiny community: its shape, never its times."""

import json

import pytest

from benchmarks.figures import Row, percentile
from benchmarks.run import table
from benchmarks.typing import typed_queries
from desktop_app.cases.conditions import search_expression
from sync.messages import set_language
from ui.main import main

MEASURED = {
    "fill": "cases_per_s",
    "first_push": "cases_per_s",
    "first_sync": "cases_per_s",
    "first_sync_ten_fields": "cases_per_s",
    "snapshot_made": "make_cpu_us_per_case",
    "first_sync_snapshot": "cases_per_s",
    "one_field": "bytes",
    "file_push": "mb_per_s",
    "file_pull": "mb_per_s",
    "disk": "times_json",
    "search": "p95_ms",
    "list_sort": "p95_ms",
    "list_filter": "p95_ms",
    "list_end": "p95_ms",
    "list_middle": "p95_ms",
    "list_count": "p95_ms",
    "register": "p99_ms",
    "open_case": "p95_ms",
    "open_case_audited": "p95_ms",
    "bulk_register": "cases_per_s",
    "file_add": "mb_per_s",
    "file_read": "mb_per_s",
    "backup": "first_mb_per_s",
    "unlock": "p50_ms_without_key_derivation",
}


def test_every_row_is_measured_on_real_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--size", "60", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    rows = {row["what"]: row for row in document["rows"]}
    assert {what: MEASURED[what] for what in rows} == MEASURED
    for what, figure in MEASURED.items():
        assert rows[what]["figures"][figure] > 0
        assert rows[what]["title"]
    assert rows["one_field"]["figures"]["round_trips"] <= 2
    assert document["command"] == "sprava bench --size 60"
    assert document["machine"]["cores"] >= 1
    assert {"sprava", "python", "sqlcipher", "sqlite"} <= document["versions"].keys()


def test_a_size_that_measures_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--size", "3"]) == 2
    assert capsys.readouterr().err


def test_the_table_says_what_was_not_reached() -> None:
    set_language("en")
    rows = [Row("one", "First", 10, {"p95_ms": 1.5}, "p95 < 1 ms", met=False), Row("two", "Second", 10, {"n": 2})]
    lines = list(table({"command": "sprava bench", "machine": {"cores": 2}, "versions": {}}, rows))
    assert lines[-2] == "| First | p95_ms 1.5 | p95 < 1 ms | no |"
    assert lines[-1] == "| Second | n 2 |  |  |"


def test_what_is_typed_holds_the_hard_letters_and_can_be_asked() -> None:
    typed = typed_queries(200)
    assert typed == typed_queries(200)
    assert len(typed) >= 200
    everything = "".join(typed)
    assert set("'’ʼїґ") <= set(everything)
    assert any(len(text) == 1 for text in typed)
    assert any(" " in text for text in typed)
    assert all(search_expression(text) for text in typed)


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([3.0, 1.0, 2.0], 99) == 3.0
    assert percentile([5.0], 1) == 5.0
