"""The households and answers of a real assessment become cases, and come in once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.cases.model import CaseQuery
from desktop_app.spreadsheet import import_spreadsheet
from desktop_app.workspace import Workspace
from sync.errors import Refused

from .conftest import KIT, SUBMISSIONS, SUBMISSIONS_MAPPING

ROWS = 201


def test_every_household_becomes_a_case_with_its_people_and_answers(workspace: Workspace) -> None:
    report = import_spreadsheet(workspace.cases, SUBMISSIONS, KIT, mapping=SUBMISSIONS_MAPPING)
    assert not report.problems, report.lines()
    document = report.document()
    assert (document["registered"], document["rows"], document["sheet"]) == (ROWS, ROWS, "main")
    assert [case["row"] for case in document["cases"]] == list(range(2, ROWS + 2))
    assert workspace.cases.count(CaseQuery(kit=KIT)) == ROWS
    values = workspace.cases.get(document["cases"][0]["id"]).values
    assert values["household_size"] == 4
    assert values["children_count"] == 0
    assert values["received_on"] == "2024-07-11"
    assert values["channel"] == "phone"
    assert values["aid_kinds"] == ["food", "hygiene", "repair", "power", "cash", "other"]
    assert values["other_aid"].startswith("насіння та інше для господарства, зв’язок")  # type: ignore[union-attr]
    notes = str(values["notes"]).splitlines()
    assert notes[0] == "Анкета 9a067d8b-7582-4a4d4b-9b9990-869154c203bf"
    assert "Вік респондента: 72" in notes
    assert "Склад домогосподарства: інша стать, вік 25; інша стать, вік 60; жінка, вік 58; інша стать, вік 29" in notes
    # Nobody asked about it, so the kit's own default mustn't answer.
    assert "residence_status" not in values


def test_every_column_that_is_passed_over_is_named_with_its_reason(workspace: Workspace) -> None:
    report = import_spreadsheet(workspace.cases, SUBMISSIONS, KIT, mapping=SUBMISSIONS_MAPPING, dry_run=True)
    skipped = report.document()["skipped_columns"]
    used = {name for columns in report.fields.values() for name in columns}
    assert len(skipped) + len(used - {"people", "people under 18"}) == 337
    assert all(each["note"] for each in skipped)
    assert {"column": "weight", "letter": "LY", "note": "Вибірка опитування."} in skipped
    assert workspace.cases.count(CaseQuery()) == 0


def test_a_household_comes_in_once(workspace: Workspace) -> None:
    import_spreadsheet(workspace.cases, SUBMISSIONS, KIT, mapping=SUBMISSIONS_MAPPING)
    again = import_spreadsheet(workspace.cases, SUBMISSIONS, KIT, mapping=SUBMISSIONS_MAPPING)
    assert again.document()["problem_count"] == ROWS
    first = again.problems[0]
    assert (first.row, first.column, first.letter) == (2, "uuid", "LU")
    assert "ГД-1/1/" in first.message
    assert workspace.cases.count(CaseQuery()) == ROWS


def test_a_later_form_without_a_column_is_refused_by_name(workspace: Workspace, mapping: Callable[..., Path]) -> None:
    rules = json.loads(SUBMISSIONS_MAPPING.read_text(encoding="utf-8"))
    rules["fields"]["household_size"] = "hh_size_total"
    with pytest.raises(Refused) as refused:
        import_spreadsheet(workspace.cases, SUBMISSIONS, KIT, mapping=mapping(**rules))
    assert refused.value.code == "wrong_columns"
    assert "hh_size_total" in refused.value.message
    assert "row_id, start, end" in refused.value.message
