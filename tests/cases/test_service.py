"""Registering, editing and reading cases: nothing unseen is overwritten, nothing written disappears."""

import random
from collections.abc import Callable

import pytest

from desktop_app.cases.model import DELETED, CaseQuery
from desktop_app.workspace import Workspace
from sync import ids
from sync.changes import Change
from sync.errors import Refused
from tests.workspace.conftest import Office, pull, settle

Appeal = Callable[..., dict[str, object]]
Pair = tuple[Workspace, Workspace]


def test_two_devices_offline_never_give_the_same_number(office: Office, appeal: Appeal) -> None:
    oksana = office.found()
    everyone = [oksana, *(office.invite(oksana, name, name) for name in ("ivan", "maria"))]
    everyone.append(office.invite(oksana, "admin", "admin", "administrator"))
    settle(oksana, everyone[-1])
    everyone.append(office.invite(everyone[-1], "fifth", "fifth"))
    numbers = [
        case.number
        for workspace in everyone
        for seed in range(3)
        for case in (
            workspace.cases.register("appeal", appeal(seed)),
            *workspace.cases.register_many("appeal", [appeal(seed)] * 15),
        )
    ]
    assert len(set(numbers)) == len(numbers) == 5 * 48
    settle(*everyone)
    for workspace in everyone:
        for number in random.Random(1).sample(numbers, 10):
            assert workspace.cases.find(number).number == number
        with workspace.store.read() as connection:
            assert connection.execute("SELECT count(*), count(DISTINCT number) FROM case_row").fetchone() == (240, 240)


def test_a_refused_case_uses_up_no_number_and_leaves_nothing(office: Office, appeal: Appeal) -> None:
    oksana = office.found()
    before = oksana.digest()
    for bad in ({"subject": ""}, {"nosuch": "1"}, {"channel": "пошта голубина"}, {"received_on": "позавчора"}):
        with pytest.raises(Refused) as refused:
            oksana.cases.register_many("appeal", [appeal(1), {**appeal(2), **bad}, appeal(3)])
        assert {fault.field for fault in refused.value.fields} == set(bad)
        assert "2" in refused.value.message
    with pytest.raises(Refused) as refused:
        oksana.cases.register("appeal", {**appeal(), "subject": "", "channel": "?", "nosuch": 1})
    assert {fault.field for fault in refused.value.fields} == {"subject", "channel", "nosuch"}
    assert oksana.digest() == before
    assert oksana.cases.register("appeal", appeal(1)).number.split("/")[0].endswith("-1")


def test_an_edit_replaces_what_the_form_showed_and_nothing_else(pair: Pair, appeal: Appeal) -> None:
    oksana, ivan = pair
    case = oksana.cases.register("appeal", appeal(executor="перший"))
    settle(*pair)
    shown = oksana.cases.get(case.id)
    ivan.cases.edit(case.id, {"executor": "другий", "applicant_phone": "0671112233"})
    pull(oksana, ivan)
    view = oksana.cases.edit(case.id, {**shown.values, "executor": "третій"}, seen=shown)
    assert {sibling.value for sibling in view.conflicts["executor"]} == {"другий", "третій"}
    assert list(view.conflicts) == ["executor"]
    assert view.values["applicant_phone"] == "+380671112233"
    settle(*pair)
    assert ivan.cases.get(case.id).conflicts.keys() == {"executor"}
    assert oksana.digest() == ivan.digest()


def test_an_edit_of_what_the_form_showed_unchanged_writes_nothing(pair: Pair, appeal: Appeal) -> None:
    oksana, ivan = pair
    case = oksana.cases.register("appeal", appeal(executor="перший"))
    settle(*pair)
    shown = oksana.cases.get(case.id)
    ivan.cases.edit(case.id, {"executor": "другий"})
    pull(oksana, ivan)
    before = oksana.digest()
    view = oksana.cases.edit(case.id, shown.values, seen=shown)
    assert (view.values["executor"], view.conflicts) == ("другий", {})
    assert oksana.digest() == before


def test_the_same_change_made_twice_is_no_conflict_now_or_later(pair: Pair, appeal: Appeal) -> None:
    """Two colleagues give a case to the same department; what either changes afterwards replaces both."""
    oksana, ivan = pair
    case = oksana.cases.register("appeal", appeal())
    settle(*pair)
    for workspace in pair:
        workspace.cases.edit(case.id, {"executor": "Відділ ЖКГ"})
        workspace.cases.move(case.id, "assigned")
    settle(*pair)
    assert [workspace.conflicts.count() for workspace in pair] == [0, 0]
    oksana.cases.edit(case.id, {"executor": "Відділ освіти"})
    oksana.cases.edit(case.id, {"closing_reason": "повторне"})
    oksana.cases.move(case.id, "not_considered")
    settle(*pair)
    assert [workspace.conflicts.count() for workspace in pair] == [0, 0]
    assert ivan.cases.get(case.id).stage == "not_considered"
    assert ivan.cases.get(case.id).values["executor"] == "Відділ освіти"
    assert oksana.digest() == ivan.digest()


def test_a_case_marked_as_deleted_leaves_lists_and_stays_in_its_history(pair: Pair, appeal: Appeal) -> None:
    oksana, ivan = pair
    case = oksana.cases.register("appeal", appeal(subject="Зайве"))
    settle(*pair)
    record = ids.from_text(case.id)
    assert record is not None
    with oksana.store.read() as connection:
        known = oksana.log.record(connection, record)
    assert known is not None
    oksana.log.write(known.unit, [Change("case", record, {DELETED: True})])
    ivan.cases.edit(case.id, {"executor": "Відділ"})
    settle(*pair)
    for workspace in pair:
        assert workspace.cases.count(CaseQuery()) == workspace.cases.count(CaseQuery(text="зайве")) == 0
        fields = [entry.field for entry in workspace.cases.history(case.id)]
        assert DELETED in fields
        assert "executor" in fields
    with oksana.store.read() as connection:
        known = oksana.log.record(connection, record)
    assert known is not None
    ivan.log.write(known.unit, [Change("case", record, {DELETED: None}, {DELETED: known.state.dots_of(DELETED)})])
    settle(*pair)
    assert [workspace.cases.count(CaseQuery(text="зайве")) for workspace in pair] == [1, 1]
    assert oksana.digest() == ivan.digest()


def test_the_history_holds_every_value_with_its_author(pair: Pair, appeal: Appeal) -> None:
    oksana, ivan = pair
    case = oksana.cases.register("appeal", appeal(executor="перший"))
    settle(*pair)
    ivan.cases.edit(case.id, {"executor": "другий"})
    settle(*pair)
    oksana.cases.edit(case.id, {"executor": ""})
    settle(*pair)
    for workspace in pair:
        entries = [entry for entry in workspace.cases.history(case.id) if entry.field == "executor"]
        assert [(entry.before, entry.after) for entry in entries] == [
            ("другий", None),
            ("перший", "другий"),
            (None, "перший"),
        ]
        assert [entry.person for entry in entries] == ["Оксана Левченко", "Іван Черненко", "Оксана Левченко"]
        assert [entry.mine for entry in entries] == [workspace is oksana, workspace is ivan, workspace is oksana]


def test_who_only_reads_changes_nothing(office: Office, appeal: Appeal) -> None:
    oksana = office.found()
    auditor = office.invite(oksana, "auditor", "Ревізор Ревізоренко", "auditor")
    case = oksana.cases.register("appeal", appeal())
    settle(oksana, auditor)
    before = auditor.digest()
    for attempt in (
        lambda: auditor.cases.register("appeal", appeal()),
        lambda: auditor.cases.edit(case.id, {"executor": "x"}),
        lambda: auditor.cases.move(case.id, "assigned"),
        lambda: auditor.conflicts.resolve(case.id, "executor", "x"),
        lambda: auditor.invite("clerk", auditor.unit.name, "http://localhost:1"),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.code == "no_right"
    assert auditor.digest() == before == oksana.digest()
    assert auditor.exchange.server is None


@pytest.mark.parametrize(
    "fields",
    [
        {"received_on": "garbage"},
        {"received_on": 5},
        {"received_on": ["x"]},
        {"received_on": "9999-12-31"},
        {"received_on": "0001-01-01"},
        {"_registered_on": "garbage"},
        {"_registered_on": 5},
        {"_stage": "stage of tomorrow"},
        {"_stage": ["x"]},
        {"_number": 5},
        {"subject": ["a", 1, None]},
        {"applicant_name": 12},
        {"channel": "telepathy"},
        {"without_study": "maybe"},
        {"appendix_sheets": "many"},
        {"extension_notice_on": "x", "answered_on": 7, "_stage": "extended"},
        {'bad"name': 1, "": 2, "$.x": 3},
        {"_kit_version": "x"},
    ],
)
def test_what_another_program_wrote_stops_nobody(pair: Pair, appeal: Appeal, fields: dict[str, object]) -> None:
    oksana, ivan = pair
    record, unit = ids.new_id(), ids.from_text(oksana.unit.id)
    assert unit is not None
    system = {"_kit": "appeal", "_kit_version": 1, "_number": "Ф-1", "_stage": "registered"}
    oksana.log.write(unit, [Change("case", record, {**system, **appeal(), **fields})])
    pull(ivan, oksana)
    for query in (CaseQuery(), CaseQuery(sort="executor"), CaseQuery(sort="appendix_sheets"), CaseQuery(text="ф")):
        assert len(ivan.cases.page(query, 0, 5)) <= 1
    assert ivan.cases.get(ids.to_text(record)).id == ids.to_text(record)
    assert ivan.cases.history(ids.to_text(record))
    assert ivan.cases.today().open_total == 1
    assert ivan.digest() == oksana.digest()


def test_a_case_of_a_kit_that_is_not_here_is_listed_and_said_so(pair: Pair) -> None:
    oksana, ivan = pair
    record, unit = ids.new_id(), ids.from_text(oksana.unit.id)
    assert unit is not None
    oksana.log.write(unit, [Change("case", record, {"_kit": "tomorrow", "_number": "Т-1", "_stage": "x"})])
    pull(ivan, oksana)
    assert [row.number for row in ivan.cases.page(CaseQuery(), 0, 5)] == ["Т-1"]
    with pytest.raises(Refused) as refused:
        ivan.cases.find("Т-1")
    assert refused.value.code == "unknown_kit"


def test_a_number_that_two_cases_have_is_not_guessed(pair: Pair, appeal: Appeal) -> None:
    oksana, _ = pair
    unit = ids.from_text(oksana.unit.id)
    assert unit is not None
    for _copy in range(2):
        oksana.log.write(unit, [Change("case", ids.new_id(), {"_kit": "appeal", "_number": "Х-1", **appeal()})])
    with pytest.raises(Refused) as refused:
        oksana.cases.find("Х-1")
    assert refused.value.code == "ambiguous_number"
    for ref in ("", " ", "х-1", "%", oksana.person.id, ids.to_text(ids.new_id()), "' OR 1=1 --"):
        with pytest.raises(Refused) as refused:
            oksana.cases.find(ref)
        assert refused.value.code == "unknown_case"


def test_many_long_texts_reach_the_colleague(pair: Pair, appeal: Appeal) -> None:
    """Frames have a limit: so much text at once becomes several that others take."""
    oksana, ivan = pair
    chance = random.Random(1)
    text = "".join(chance.choices("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя ", k=200_000))
    many = [
        appeal(1, text="".join(text[(start := chance.randrange(180_000)) : start + 20_000]).strip()) for _ in range(600)
    ]
    oksana.cases.register_many("appeal", many)
    pull(ivan, oksana)
    assert ivan.log.waiting() == {}
    assert ivan.cases.count(CaseQuery()) == 600
    assert ivan.digest() == oksana.digest()


@pytest.mark.parametrize(
    "field",
    ["subject", "channel", "received_on", "author_categories", "appendix_sheets", "without_study", "applicant_email"],
)
def test_no_value_in_no_field_is_a_mistake_of_the_program(office: Office, appeal: Appeal, field: str) -> None:
    oksana = office.found()
    registered = 0
    huge = [10**30, -1, 1.5, float("inf"), "9" * 400, "х" * 10**6]
    for value in [{"a": 1}, [[1]], [], True, "", "а\u202eб\x00", ["x"], "\ud800", b"x", object(), *huge]:
        try:
            oksana.cases.register("appeal", {**appeal(), field: value})
        except Refused as refused:
            named = [fault.field for fault in refused.fields]
        else:
            named = [field]
            registered += 1
        assert named == [field]
    assert oksana.cases.count(CaseQuery()) == registered
