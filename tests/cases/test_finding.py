"""Searching, filtering, sorting and paging: what a clerk types finds what a colleague typed."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from desktop_app import ukrainian
from desktop_app.cases.model import CaseQuery
from desktop_app.kits import loader
from desktop_app.kits.terms import deadline, shipped_calendar
from desktop_app.workspace import Workspace
from sync.errors import Refused
from tests.workspace.conftest import Office

Appeal = Callable[..., dict[str, object]]
NO_MARKS = {"without_study": False, "outside_competence": False, "defective": False}


@pytest.fixture
def oksana(office: Office) -> Workspace:
    return office.found()


def found(workspace: Workspace, text: str) -> int:
    query = CaseQuery(text=text)
    assert len(workspace.cases.page(query, 0, 100)) == workspace.cases.count(query)
    return workspace.cases.count(query)


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("об'єднання", "обʼєднання"),
        ("об’єднання", "об'єднання"),
        ("обʼєднання", "ОБ’ЄДНАННЯ"),
        ("об`єднання", "обєднання"),
        ("об´єднання", "об'єднання"),
        ("Їжакевич", "іжакевич"),
        ("Іжакевич", "їжакевич"),
        ("Ґудзь", "гудзь"),
        ("Гудзь", "ґудзь"),
        ("Гудзь-Їжакевич", "їжакевич гудзь"),
        ("ПОКРІВЛЯ", "покрівля"),
        ("водопостачання", "вод"),
        ("водопостачання", "в"),
        ("Ёлкина", "елкина"),
        ("за\u0301мок", "замок"),
        ("замок", "за\u0301мок"),
        ("за\u00adява", "заява"),
        ("за\u200bява", "заява"),
        ("й\u0438\u0306", "йй"),
        ("і\u0308жак", "їжак"),
        ("буд. 12/3-а", "12"),
        ("Café", "CAFÉ"),
    ],
)
def test_the_same_word_is_found_however_it_is_written(oksana: Workspace, kept: str, typed: str) -> None:
    with oksana.store.write() as connection:
        connection.execute("INSERT INTO case_search (rowid, words) VALUES (1, ?)", (ukrainian.fold(kept),))
    assert oksana.cases.count(CaseQuery(text=typed)) == 1
    assert oksana.cases.count(CaseQuery(text=f"{typed} немає")) == 0


@pytest.mark.parametrize(
    "typed",
    [
        '" OR *',
        "NEAR(дах стіна)",
        "дах AND",
        "NOT дах",
        "words:дах",
        "case_search:дах",
        "^дах",
        "дах*",
        "дах + стіна",
        "'; DROP TABLE case_row; --",
        "%",
        "_",
        "\\",
        "\x00",
        "дах\x00стіна",
        "\ud800",
        "((((",
        "}{",
        "дах " * 20_000,
        "х" * 100_000,
        "\u202eхад",
        "🏚",
    ],
)
def test_nothing_that_is_typed_is_taken_for_a_command(oksana: Workspace, appeal: Appeal, typed: str) -> None:
    oksana.cases.register("appeal", appeal(subject="Дах"))
    assert found(oksana, typed) <= 1
    assert found(oksana, "дах") == 1


def test_words_are_found_in_any_order_each_from_its_beginning(oksana: Workspace, appeal: Appeal) -> None:
    registered = oksana.cases.register("appeal", appeal(subject="Ремонт покрівлі школи", applicant_name="Ґудзь Їлена"))
    for typed in ("школи ремонт", "пок рем", "гудзь", "іл покр", registered.number, registered.number.split("/")[0]):
        assert found(oksana, typed) == 1, typed
    for typed in ("окрівлі", "ремонт даху", "школи ремонтник"):
        assert found(oksana, typed) == 0, typed


def test_an_edit_takes_the_old_words_out_of_the_index(oksana: Workspace, appeal: Appeal) -> None:
    case = oksana.cases.register("appeal", appeal(subject="Протікання"))
    oksana.cases.edit(case.id, {"subject": "Освітлення"})
    assert (found(oksana, "протікання"), found(oksana, "освітлення")) == (0, 1)


ALPHABET = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"


@pytest.mark.parametrize("sort", ["title", "person", "executor"])
def test_texts_are_sorted_as_a_ukrainian_expects(oksana: Workspace, appeal: Appeal, sort: str) -> None:
    names = [f"{letter.upper() if place % 2 else letter}нна" for place, letter in enumerate(ALPHABET)]
    field = {"title": "subject", "person": "applicant_name"}.get(sort, sort)
    many = [appeal(**{field: name}) for name in sorted(names)]
    oksana.cases.register_many("appeal", many)
    rows = oksana.cases.page(CaseQuery(kit="appeal", sort=sort, descending=False), 0, 100)
    sorted_names = [oksana.cases.get(row.id).values[field] for row in rows]
    assert sorted_names == names
    rows = oksana.cases.page(CaseQuery(kit="appeal", sort=sort), 0, 3)
    assert [oksana.cases.get(row.id).values[field] for row in rows] == names[:-4:-1]


def test_numbers_are_sorted_by_their_size(oksana: Workspace) -> None:
    from desktop_app.kits import examples

    amounts = ["900", "1234.5", "20000", "7.05"]
    oksana.cases.register_many(
        "humanitarian-aid",
        [
            {**examples.example("humanitarian-aid", 1), "aid_kinds": ["cash"], "cash_amount": amount}
            for amount in amounts
        ],
    )
    query = CaseQuery(kit="humanitarian-aid", sort="cash_amount", descending=False)
    rows = oksana.cases.page(query, 0, 10)
    assert [oksana.cases.get(row.id).values["cash_amount"] for row in rows] == ["7.05", "900.00", "1234.50", "20000.00"]
    for typed in ("900", "900,00", "900.00"):
        assert oksana.cases.count(CaseQuery(kit="humanitarian-aid", where={"cash_amount": typed})) == 1, typed
        assert oksana.cases.count(CaseQuery(where={"cash_amount": typed})) == 1, typed
    assert oksana.cases.count(CaseQuery(where={"cash_amount": "900.01"})) == 0


def test_where_compares_yes_and_no_and_numbers_and_choices(oksana: Workspace, appeal: Appeal) -> None:
    oksana.cases.register("appeal", appeal(without_study=True, appendix_sheets=12))
    oksana.cases.register("appeal", appeal(without_study=False, appendix_sheets=2))
    for where, expected in (
        ({"without_study": "yes"}, 1),
        ({"without_study": "no"}, 1),
        ({"without_study": "так"}, 1),
        ({"appendix_sheets": "12"}, 1),
        ({"appendix_sheets": "1"}, 0),
        ({"without_study": "yes", "appendix_sheets": "2"}, 0),
        ({"received_on": str(appeal()["received_on"])}, 2),
        ({"channel": "reception"}, 2),
        ({"channel": "нема такого"}, 0),
        ({"_kit": "appeal"}, 2),
    ):
        assert oksana.cases.count(CaseQuery(where=where)) == expected, where
        assert len(oksana.cases.page(CaseQuery(where=where), 0, 9)) == expected, where


def test_a_list_kept_in_a_field_is_found_by_each_of_its_values(oksana: Workspace) -> None:
    from desktop_app.kits import examples

    oksana.cases.register("humanitarian-aid", examples.example("humanitarian-aid", 1))
    for kind, expected in (("food", 1), ("clothing", 1), ("cash", 0)):
        assert oksana.cases.count(CaseQuery(where={"aid_kinds": kind})) == expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (CaseQuery(kit="нема"), "unknown_kit"),
        (CaseQuery(where={"nosuch": "1"}), "unknown_field"),
        (CaseQuery(where={"a'); DROP TABLE case_row; --": "1"}), "unknown_field"),
        (CaseQuery(where={'a"b': "1"}), "unknown_field"),
        (CaseQuery(where={"": "1"}), "unknown_field"),
        (CaseQuery(sort="nosuch"), "unknown_field"),
        (CaseQuery(sort="c.id; --"), "unknown_field"),
        (CaseQuery(kit="appeal", sort="cash_amount"), "unknown_field"),
        (CaseQuery(kit="appeal", where={"cash_amount": "1"}), "unknown_field"),
    ],
)
def test_what_is_not_known_is_said_and_not_an_empty_list(oksana: Workspace, query: CaseQuery, code: str) -> None:
    with pytest.raises(Refused) as refused:
        oksana.cases.page(query, 0, 5)
    assert refused.value.code == code


def test_pages_hold_every_case_once(oksana: Workspace, appeal: Appeal) -> None:
    oksana.cases.register_many("appeal", [appeal(seed, subject="однаково") for seed in range(25)])
    for sort in ("title", "received_on", "stage", "executor", "updated"):
        for descending in (True, False):
            query = CaseQuery(sort=sort, descending=descending)
            ids = [row.id for start in range(0, 30, 7) for row in oksana.cases.page(query, start, 7)]
            assert len(ids) == len(set(ids)) == 25, sort
    assert oksana.cases.page(CaseQuery(), 25, 7) == []
    assert oksana.cases.page(CaseQuery(), 2**80, 7) == []
    assert len(oksana.cases.page(CaseQuery(), 0, 2**80)) == 25


def test_filters_and_search_together(oksana: Workspace, appeal: Appeal) -> None:
    one = oksana.cases.register("appeal", appeal(subject="Дах", executor="Відділ ЖКГ"))
    oksana.cases.register("appeal", appeal(subject="Дах"))
    oksana.cases.move(one.id, "assigned")
    for query, expected in (
        (CaseQuery(text="дах", stage="assigned"), 1),
        (CaseQuery(text="дах", kit="humanitarian-aid"), 0),
        (CaseQuery(text="дах", where={"executor": "Відділ ЖКГ"}), 1),
        (CaseQuery(text="дах", only_open=True), 2),
    ):
        assert oksana.cases.count(query) == len(oksana.cases.page(query, 0, 5)) == expected


def test_overdue_is_open_and_past_its_term(oksana: Workspace, appeal: Appeal) -> None:
    late = oksana.cases.register("appeal", appeal(received_on="2020-01-15", executor="Відділ"))
    done = oksana.cases.register("appeal", appeal(received_on="2020-01-15", closing_reason="повторне"))
    oksana.cases.move(done.id, "not_considered")
    rows = oksana.cases.page(CaseQuery(overdue=True), 0, 5)
    assert [row.id for row in rows] == [late.id]
    assert rows[0].overdue
    today = oksana.cases.today()
    assert (today.overdue_total, today.open_total) == (1, 1)


def test_due_soon_is_what_the_kit_says_of_the_term_that_runs(oksana: Workspace, appeal: Appeal) -> None:
    """Every day within two months before today: lists, Today and the case itself say the same as the kit's terms."""
    today = date.today()  # noqa: DTZ011 - the clerk's calendar day
    marks: tuple[dict[str, object], ...] = (
        {},
        {"without_study": True},
        {"outside_competence": True},
        {"defective": True},
    )
    many = [
        appeal(day, received_on=(today - timedelta(days=day)).isoformat(), **{**NO_MARKS, **mark})
        for day in range(60)
        for mark in marks
    ]
    cases = oksana.cases.register_many("appeal", many)
    kit, calendar = loader.kit("appeal"), shipped_calendar()
    found = {case.id: deadline(kit, values, "registered", calendar) for case, values in zip(cases, many, strict=True)}
    soon = {case for case, term in found.items() if term and term.due_soon(today)}
    rows = {row.id: row for row in oksana.cases.page(CaseQuery(), 0, len(many))}
    shown = oksana.cases.today()
    assert {case for case, row in rows.items() if row.due_soon} == soon
    assert {case for case in rows if oksana.cases.get(case).due_soon} == soon
    assert {row.id for row in shown.due_soon} == soon
    assert shown.due_soon_total == len(soon) > len(marks)
    assert not [row for row in rows.values() if row.due_soon and row.overdue]
    ends = [row.due_on for row in shown.due_soon if row.due_on]
    assert ends == sorted(ends)


def test_a_case_that_is_closed_is_due_no_longer(oksana: Workspace, appeal: Appeal) -> None:
    today = date.today()  # noqa: DTZ011 - the clerk's calendar day
    received = (today - timedelta(days=5)).isoformat()
    case = oksana.cases.register(
        "appeal", appeal(received_on=received, **{**NO_MARKS, "defective": True}, closing_reason="повторне")
    )
    before = oksana.cases.get(case.id)
    while not before.due_soon:
        received = (date.fromisoformat(received) - timedelta(days=1)).isoformat()
        before = oksana.cases.edit(case.id, {"received_on": received})
    assert oksana.cases.today().due_soon_total == 1
    closed = oksana.cases.move(case.id, "not_considered")
    assert (closed.due_on, closed.due_soon, closed.overdue) == (None, False, False)
    assert (oksana.cases.today().due_soon_total, oksana.cases.today().due_soon) == (0, [])


def test_what_waits_today_is_counted_in_the_index_alone(oksana: Workspace) -> None:
    with oksana.store.read() as connection:
        for condition in ("due_on < ?1", "due_on >= ?1 AND remind_on <= ?1"):
            sql = f"EXPLAIN QUERY PLAN SELECT count(*) FROM case_row WHERE {condition}"  # noqa: S608 - the constants above
            assert "COVERING INDEX case_due" in str(connection.execute(sql, ("x",)).fetchall())
