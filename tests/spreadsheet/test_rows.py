"""What fits is registered, what doesn't is named by row and column, and nothing is half-imported."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.cases.model import CaseQuery
from desktop_app.spreadsheet import import_spreadsheet
from desktop_app.spreadsheet.mapping import load
from desktop_app.workspace import Workspace
from sync.errors import Misuse, Refused

from .conftest import HEADER, KIT, Write, person

Mapping = Callable[..., Path]


def values_of(workspace: Workspace, path: Path, mapping: Path | None = None) -> list[dict[str, object]]:
    report = import_spreadsheet(workspace.cases, path, KIT, mapping=mapping)
    assert not report.problems, report.lines()
    return [dict(workspace.cases.get(case.id).values) for case, _row in report.cases]


def count(workspace: Workspace) -> int:
    return workspace.cases.count(CaseQuery())


def test_columns_are_found_by_id_and_by_label_in_either_language(workspace: Workspace, write: Write) -> None:
    path = write([[*HEADER, "Примітка бухгалтера"], [*person(), "ок"], [None] * 7, [*person(1), None]])
    report = import_spreadsheet(workspace.cases, path, KIT)
    assert [row for _case, row in report.cases] == [2, 4]
    values = workspace.cases.get(report.cases[0][0].id).values
    assert values["household_size"] == 4
    assert values["received_on"] == "2026-11-05"
    assert values["aid_kinds"] == ["food", "water"]
    assert [each["column"] for each in report.document()["skipped_columns"]] == ["Примітка бухгалтера"]
    assert "channel" in report.document()["filled_by_default"]


def test_every_faulty_cell_is_named_and_nothing_is_registered(workspace: Workspace, write: Write) -> None:
    rows = [
        HEADER,
        person(),
        person(1, household_size="четверо", received_on="31.02.2026"),
        person(2, **{"Tax number (RNOKPP)": "1234567890"}),
        person(3, recipient_name="  "),
    ]
    report = import_spreadsheet(workspace.cases, write(rows), KIT)
    assert [(each.row, each.letter, each.field) for each in report.problems] == [
        (3, "D", "received_on"),
        (3, "E", "household_size"),
        (4, "C", "rnokpp"),
        (5, "A", "recipient_name"),
    ]
    assert report.problems[1].value == "четверо"
    assert "Осіб у домогосподарстві" in report.problems[1].message
    assert report.document()["registered"] == 0
    assert "4" in report.refusal()
    assert count(workspace) == 0


def test_a_trial_checks_everything_and_registers_nothing(workspace: Workspace, write: Write) -> None:
    good = import_spreadsheet(workspace.cases, write([HEADER, person()]), KIT, dry_run=True)
    assert (good.document()["accepted"], good.document()["registered"]) == (1, 0)
    bad = import_spreadsheet(workspace.cases, write([HEADER, person(household_size=99)]), KIT, dry_run=True)
    assert [each.row for each in bad.problems] == [2]
    assert count(workspace) == 0


def test_cells_of_every_kind_are_read_as_what_they_mean(workspace: Workspace, write: Write, mapping: Mapping) -> None:
    header = [*HEADER, "urgent", "Phone", "when", "share", "long"]
    cells = [True, 671234567.0, dt.time(9, 5), 0.5, dt.timedelta(hours=30)]
    row = [*person(received_on=dt.datetime.fromisoformat("2026-11-05T10:00")), *cells]
    rules = mapping(
        fields={
            **{name: name for name in ("recipient_name", "received_on", "household_size", "aid_kinds", "urgent")},
            "recipient_address": "Де проживає зараз",
            "rnokpp": "Tax number (RNOKPP)",
            "recipient_phone": "Phone",
            "notes": {"columns": ["when", "share", {"column": "long", "label": "тривалість "}], "join": " / "},
        }
    )
    (values,) = values_of(workspace, write([header, row]), rules)
    assert (values["urgent"], values["recipient_phone"], values["received_on"]) == (True, "+380671234567", "2026-11-05")
    assert values["notes"] == "09:05 / 0.5 / тривалість 30:00"


def test_an_empty_cell_isnt_filled_in_by_the_kit(workspace: Workspace, write: Write) -> None:
    report = import_spreadsheet(workspace.cases, write([HEADER, person(household_size=None, received_on="")]), KIT)
    assert [each.field for each in report.problems] == ["received_on", "household_size"]


def test_missing_required_columns_are_refused_by_name(workspace: Workspace, write: Write) -> None:
    with pytest.raises(Refused) as refused:
        import_spreadsheet(workspace.cases, write([["recipient_name", "notes"], ["Коваль Олена", "…"]]), KIT)
    assert refused.value.code == "wrong_columns"
    for name in ("recipient_address", "aid_kinds", "recipient_name, notes"):
        assert name in refused.value.message


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ([*HEADER, "Where the person lives now"], "wrong_columns"),
        (["a", "b"], "wrong_columns"),
        ([], "empty_sheet"),
    ],
)
def test_wrong_headers_are_refused(workspace: Workspace, write: Write, header: list[str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        import_spreadsheet(workspace.cases, write([header]), KIT)
    assert refused.value.code == code


def test_an_unknown_kit_and_a_missing_file_are_refused(workspace: Workspace, tmp_path: Path, write: Write) -> None:
    with pytest.raises(Refused, match="humanitarian-aid"):
        import_spreadsheet(workspace.cases, write([HEADER]), "no-such-kit")
    with pytest.raises(Misuse):
        import_spreadsheet(workspace.cases, tmp_path / "absent.xlsx", KIT)


BASE = {
    "recipient_name": "recipient_name",
    "recipient_address": "Де проживає зараз",
    "rnokpp": "Tax number (RNOKPP)",
    "received_on": "received_on",
    "household_size": "household_size",
    "aid_kinds": "aid_kinds",
}


def test_a_tolerated_column_is_left_empty_and_told(workspace: Workspace, write: Write, mapping: Mapping) -> None:
    rules = mapping(
        fields=BASE | {"rnokpp": {"column": "Tax number (RNOKPP)", "on_problem": "leave-empty"}},
        constants={"rnokpp_absence": "not_at_hand"},
    )
    rows = [HEADER, person(), person(1, **{"Tax number (RNOKPP)": "12"})]
    report = import_spreadsheet(workspace.cases, write(rows), KIT, mapping=rules)
    assert [(each.row, each.value) for each in report.tolerated.kept] == [(3, "12")]
    first, second = (workspace.cases.get(case.id).values for case, _row in report.cases)
    # The reason why there is no tax number is given only where the form asks for it.
    assert "rnokpp_absence" not in first
    assert second["rnokpp_absence"] == "not_at_hand"


def test_a_tolerated_value_that_nothing_depends_on_is_left_out(
    workspace: Workspace, write: Write, mapping: Mapping
) -> None:
    rules = mapping(fields=BASE | {"recipient_phone": {"column": "phone", "on_problem": "leave-empty"}})
    rows = [[*HEADER, "phone"], [*person(), "067 123 45 67"], [*person(1), "немає"]]
    report = import_spreadsheet(workspace.cases, write(rows), KIT, mapping=rules)
    assert not report.problems
    assert [(each.row, each.letter, each.value) for each in report.tolerated.kept] == [(3, "G", "немає")]
    assert "recipient_phone" not in workspace.cases.get(report.cases[1][0].id).values


@pytest.mark.parametrize("place", ["field", "file"])
def test_a_row_may_be_left_out_whole(workspace: Workspace, write: Write, mapping: Mapping, place: str) -> None:
    fields: dict[str, object] = dict(BASE)
    if place == "field":
        fields["household_size"] = {"column": "household_size", "on_problem": "skip-row"}
    rules = mapping(fields=fields, **({"on_problem": "skip-row"} if place == "file" else {}))
    path = write([HEADER, person(), person(1, household_size=0), person(2)])
    report = import_spreadsheet(workspace.cases, path, KIT, mapping=rules)
    assert [row for _case, row in report.cases] == [2, 4]
    assert (report.skipped_rows, report.tolerated.kept[0].row) == (1, 3)
    assert any("3" in line for line in report.lines())


def test_a_repeated_or_empty_key_is_a_problem(workspace: Workspace, write: Write, mapping: Mapping) -> None:
    rules = mapping(fields=BASE, key="id")
    rows = [["id", *HEADER], [7, *person()], ["7", *person(1)], [None, *person(2)]]
    report = import_spreadsheet(workspace.cases, write(rows), KIT, mapping=rules)
    assert [(each.row, each.letter) for each in report.problems] == [(3, "A"), (4, "A")]
    assert "2" in report.problems[0].message


def test_rows_imported_before_are_found_by_their_whole_key(
    workspace: Workspace, write: Write, mapping: Mapping
) -> None:
    rules = mapping(
        fields=BASE | {"notes": {"columns": [{"column": "id", "label": "Анкета "}]}},
        key="id",
        key_field="notes",
        on_problem="skip-row",
    )
    first = import_spreadsheet(
        workspace.cases, write([["id", *HEADER], *([f"A-{n}", *person(n)] for n in (10, 11))]), KIT, mapping=rules
    )
    assert len(first.cases) == 2
    rows = [["id", *HEADER], *([f"A-{n}", *person(n)] for n in (1, 10, 12))]
    second = import_spreadsheet(workspace.cases, write(rows), KIT, mapping=rules)
    assert [row for _case, row in second.cases] == [2, 4]
    assert first.cases[0][0].number in second.tolerated.kept[0].message


def test_an_answer_that_isnt_translated_can_be_refused(workspace: Workspace, write: Write, mapping: Mapping) -> None:
    source = {"column": "aid_kinds", "split": ",", "translate": {"їжа": "food", "ні": None}, "unlisted": "refuse"}
    path = write([HEADER, person(aid_kinds="їжа, ні"), person(1, aid_kinds="їжа, дрова")])
    report = import_spreadsheet(workspace.cases, path, KIT, mapping=mapping(fields=BASE | {"aid_kinds": source}))
    assert [(each.row, each.letter, each.field) for each in report.problems] == [(3, "F", "aid_kinds")]
    assert "дрова" in report.problems[0].message


def test_a_row_of_a_linked_sheet_that_belongs_to_none_stops_the_import(
    workspace: Workspace, write: Write, mapping: Mapping
) -> None:
    rules = mapping(
        fields=BASE | {"children_count": "children"},
        linked={"people": {"key": "of", "parent_key": "id", "adds": {"children": {"where": {"age": {"below": 18}}}}}},
    )
    rows = [["id", *HEADER], [1, *person()], [2, *person(1)]]
    people = [["of", "age"], [1, 5], [1, 17], [1, 18], [1, None], [3, 40]]
    report = import_spreadsheet(workspace.cases, write(rows, people=people), KIT, mapping=rules)
    assert [(each.sheet, each.row, each.column) for each in report.problems] == [("people", 6, "of")]
    values = values_of(workspace, write(rows, people=people[:-1]), rules)
    assert [each["children_count"] for each in values] == [2, 0]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"kit": "appeal"}, "appeal"),
        ({"fields": {"notes": {"columns": ["a"], "colour": 1}}}, "colour"),
        ({"fields": {"notes": {"column": "a", "columns": ["b"]}}}, "notes"),
        ({"fields": {"notes": "a"}, "constants": {"notes": "b"}}, "notes"),
        ({"fields": BASE, "constants": {"channel": "pigeon"}}, "pigeon"),
        ({"fields": BASE | {"channel": {"column": "aid_kinds", "translate": {"a": "pigeon"}}}}, "pigeon"),
        ({"fields": {"no_such_field": "a"}}, "no_such_field"),
        ({"fields": BASE, "sheet": "Аркуш 9"}, "Аркуш 9"),
        ({"fields": BASE, "header_row": 40}, "40"),
        ({"fields": BASE, "header_row": 0}, "1"),
        ({"fields": BASE, "key_field": "notes"}, "key_field"),
        ({"fields": BASE, "key": "id"}, "id"),
    ],
)
def test_a_faulty_mapping_is_refused_with_its_place(
    workspace: Workspace, write: Write, mapping: Mapping, rules: dict[str, object], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        import_spreadsheet(workspace.cases, write([HEADER, person()]), KIT, mapping=mapping(**rules))
    assert count(workspace) == 0


def test_a_mapping_may_be_toml_and_rubbish_is_refused(workspace: Workspace, write: Write, tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    lines = [f'{name} = "{column}"' for name, column in BASE.items()]
    path.write_text("\n".join(["header_row = 2", "[fields]", *lines]), encoding="utf-8")
    assert len(values_of(workspace, write([["Список за листопад"], HEADER, person()]), path)) == 1
    for rubbish in (b"= =", b"\xff\xfe", b"x = 1"):
        path.write_bytes(rubbish)
        with pytest.raises(Refused) as refused:
            import_spreadsheet(workspace.cases, write([HEADER]), KIT, mapping=path)
        assert refused.value.code == "bad_mapping"
    with pytest.raises(Misuse):
        import_spreadsheet(workspace.cases, write([HEADER]), KIT, mapping=tmp_path / "absent.json")


def test_many_problems_are_counted_and_the_first_shown(workspace: Workspace, write: Write) -> None:
    report = import_spreadsheet(workspace.cases, write([HEADER, *[person(household_size=0)] * 1_200]), KIT)
    assert (len(report.problems), report.document()["problem_count"]) == (1_000, 1_200)
    assert len(report.lines()) < 30
    assert "1180" in report.lines()[21]


def test_the_mapping_files_in_the_manual_are_understood(project: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```json\n(.*?)```", (project / "docs" / "import.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        path = tmp_path / "manual.json"
        path.write_text(block if block.startswith("{") else f"{{{block}}}", encoding="utf-8")
        load(path)
