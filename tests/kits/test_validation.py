from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_app.kits import loader
from desktop_app.kits.model import Kit, Value
from desktop_app.kits.validation import check, defaults, validate, visible
from sync.errors import Refused
from sync.messages import set_language
from tests.kits.conftest import LoadKit, RawKit, both, raw_field

MINIMUM = {
    "applicant_name": "Їжакевич Марія Іванівна",
    "applicant_address": "с. Ґрунь, вул. Шкільна, 5",
    "subject": "Про ремонт дороги",
}


@pytest.fixture
def appeal() -> Kit:
    return loader.kit("appeal")


def outcome(kit: Kit, raw: Mapping[str, object], today: date) -> tuple[dict[str, Value], Refused | None]:
    try:
        return validate(kit, raw, today), None
    except Refused as refused:
        return {}, refused


def faulty(kit: Kit, raw: Mapping[str, object], today: date, previous: Mapping[str, object] | None = None) -> set[str]:
    with pytest.raises(Refused) as caught:
        validate(kit, raw, today, previous)
    assert caught.value.code == "invalid"
    return {problem.field for problem in caught.value.fields}


def test_registration_fills_in_the_defaults(appeal: Kit, today: date) -> None:
    values = validate(appeal, MINIMUM, today)
    assert values == MINIMUM | {
        "received_on": "2026-11-23", "channel": "reception", "type": "oral", "recurrence": "first",
        "kind": "application", "author": "individual", "author_sex": "female", "without_study": False,
        "outside_competence": False, "defective": False,
    }  # fmt: skip


def test_a_field_left_empty_on_purpose_gets_no_default(appeal: Kit, today: date) -> None:
    assert "without_study" not in validate(appeal, MINIMUM | {"without_study": ""}, today)
    assert faulty(appeal, MINIMUM | {"received_on": ""}, today) == {"received_on"}


def test_every_problem_is_told_at_once_in_the_order_of_the_form(appeal: Kit, today: date) -> None:
    raw = {
        "nonsense": 1,
        "channel": "pigeon",
        "received_on": "24.11.2026",
        "applicant_name": "Іван 5",
        "author": "collective",
    }
    with pytest.raises(Refused) as caught:
        validate(appeal, raw, today)
    assert [problem.field for problem in caught.value.fields] == [
        "applicant_name", "applicant_address", "subject", "channel", "received_on", "signatures", "nonsense",
    ]  # fmt: skip
    assert all(problem.message in caught.value.message for problem in caught.value.fields)


@pytest.mark.parametrize("language", ["uk", "en"])
def test_sentences_name_the_label(appeal: Kit, today: date, language: str) -> None:
    set_language(language)
    for problem in check(appeal, {"channel": "pigeon", "received_on": "2027-01-01", "applicant_name": "5"}, today):
        assert appeal.field(problem.field).label[language] in problem.message


def test_a_hidden_value_is_kept_and_rules_nothing(appeal: Kit, today: date) -> None:
    raw = MINIMUM | {"earlier_number": "К-1/1/2025", "signatures": "1"}
    values = validate(appeal, raw, today)
    assert values["earlier_number"] == "К-1/1/2025"
    assert values["signatures"] == 1  # no valid number of signatures, and nobody sees it
    assert not {"earlier_number", "signatures"} & visible(appeal, values, today)
    assert faulty(appeal, {"author": "collective"}, today, values) == {"signatures"}


def test_visible_follows_what_is_typed(appeal: Kit, today: date) -> None:
    assert "signatures" not in visible(appeal, {}, today)
    assert "signatures" in visible(appeal, {"author": "Колективне"}, today)
    assert "applicant_name" in visible(appeal, {"nonsense": 1, "channel": "pigeon"}, today)


def test_defaults_of_a_new_form(appeal: Kit, today: date) -> None:
    assert defaults(appeal, today)["received_on"] == "2026-11-23"
    assert "author_sex" not in defaults(appeal, today)
    assert check(appeal, defaults(appeal, today) | MINIMUM, today) == ()


def test_calculated_values_are_computed_not_taken(appeal: Kit, today: date) -> None:
    raw = MINIMUM | {"received_on": "2026-11-01", "answered_on": "11.11.2026", "days_in_work": 99}
    assert validate(appeal, raw, today)["days_in_work"] == 10
    assert "days_in_work" not in validate(appeal, MINIMUM | {"days_in_work": 99}, today)


class TestEdit:
    def test_only_what_is_named_changes(self, appeal: Kit, today: date) -> None:
        stored = validate(appeal, MINIMUM, today)
        assert validate(appeal, {"executor": "Коваль О. П."}, today, stored) == stored | {"executor": "Коваль О. П."}

    def test_emptied_fields_come_back_as_none(self, appeal: Kit, today: date) -> None:
        stored = validate(appeal, MINIMUM | {"text": "Прошу…"}, today)
        assert validate(appeal, {"text": " "}, today, stored) == stored | {"text": None}

    def test_the_whole_form_may_be_handed_back(self, appeal: Kit, today: date) -> None:
        stored = validate(appeal, MINIMUM, today)
        assert validate(appeal, stored, today, stored) == stored
        with_system_fields = stored | {"_stage": "registered", "_number": "Ї-1/1/2026"}
        assert validate(appeal, {"text": "Прошу"}, today, with_system_fields) == stored | {"text": "Прошу"}

    def test_old_data_never_stands_in_the_way(self, appeal: Kit, today: date) -> None:
        old = {"channel": "telepathy", "received_on": "2030-01-01", "gone_field": "x", "signatures": "many"}
        edited = validate(appeal, {"executor": "Коваль О. П."}, today, old)
        assert edited["executor"] == "Коваль О. П."
        assert edited["channel"] == "telepathy"

    def test_a_changed_field_must_be_right(self, appeal: Kit, today: date) -> None:
        old = validate(appeal, MINIMUM, today) | {"received_on": "2030-01-01"}
        assert faulty(appeal, {"received_on": "2031-01-01"}, today, old) == {"received_on"}
        assert faulty(appeal, {"subject": ""}, today, old) == {"subject"}
        assert faulty(appeal, {"channel": "pigeon", "what": 1}, today, old) == {"channel", "what"}

    def test_what_an_edit_makes_wrong_elsewhere_refuses_it(self, appeal: Kit, today: date) -> None:
        stored = validate(appeal, MINIMUM | {"received_on": "2026-11-01", "answered_on": "2026-11-10"}, today)
        assert faulty(appeal, {"received_on": "2026-11-15"}, today, stored) == {"answered_on"}

    def test_calculated_values_follow(self, appeal: Kit, today: date) -> None:
        stored = validate(appeal, MINIMUM | {"received_on": "2026-11-01", "answered_on": "2026-11-10"}, today)
        assert validate(appeal, {"answered_on": "2026-11-12"}, today, stored)["days_in_work"] == 11
        assert validate(appeal, {"answered_on": ""}, today, stored)["days_in_work"] is None


class TestAid:
    def test_a_tax_number_or_the_reason_for_its_absence(self, today: date) -> None:
        aid = loader.kit("humanitarian-aid")
        raw = {"recipient_name": "Ґонта Лук’ян Ілліч", "recipient_address": "с. Степове", "aid_kinds": "food"}
        assert faulty(aid, raw, today) == {"rnokpp_absence"}
        assert faulty(aid, raw | {"rnokpp": "1759013770"}, today) == {"rnokpp", "rnokpp_absence"}
        values = validate(aid, raw | {"rnokpp": "1759013776"}, today)
        assert values["food_parcels"] == 1
        assert values["summary"] == "Допомога: продукти"
        assert validate(aid, raw | {"rnokpp_absence": "documents_lost"}, today)["rnokpp_absence"] == "documents_lost"

    def test_an_answer_that_does_not_go_with_the_others(self, today: date) -> None:
        aid = loader.kit("humanitarian-aid")
        raw = {
            "recipient_name": "Ґонта Лук’ян Ілліч", "recipient_address": "с. Степове", "rnokpp": "1759013776",
            "aid_kinds": "food infant", "household_size": "3", "children_count": "4",
        }  # fmt: skip
        assert faulty(aid, raw, today) == {"children_count"}
        assert faulty(aid, raw | {"children_count": 0}, today) == {"aid_kinds"}
        values = validate(aid, raw | {"children_count": 1}, today)
        assert values["infant_kits"] == 1
        assert values["food_parcels"] == 3


def test_a_hidden_chain(load_kit: LoadKit, small: RawKit, today: date) -> None:
    small["fields"] += [
        raw_field("third", "yes_no", shown="${second} = 'b'", required=True),
        raw_field("total", "calculated", shown="${second} != ''", calculation="concat(${second}, '!')"),
        raw_field("second", "choice", shown="${first} = true()",
                  choices=[{"value": "a", "label": both("a")}, {"value": "b", "label": both("b")}]),
        raw_field("first", "yes_no"),
        raw_field("words", "note", shown="${first} = true()"),
    ]  # fmt: skip
    kit = load_kit(small)
    raw = {"name": "Іван", "second": "b", "third": "так", "first": "ні"}
    assert validate(kit, raw, today).get("total") is None
    assert not {"second", "third", "total", "words"} & visible(kit, raw, today)
    assert {"second", "third", "total", "words"} <= visible(kit, raw | {"first": True}, today)
    assert validate(kit, raw | {"first": "так"}, today)["total"] == "b!"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_raw_values_are_accepted_or_refused_field_by_field(data: st.DataObject) -> None:
    kit = loader.kit(data.draw(st.sampled_from(sorted(loader.shipped()))))
    cell = st.one_of(
        st.none(), st.text(max_size=12), st.integers(-5, 60), st.booleans(), st.sampled_from(["2026-11-20", "food"])
    )
    raw = data.draw(st.dictionaries(st.sampled_from(kit.field_ids), cell, max_size=12))
    today = date(2026, 11, 23)
    values, refused = outcome(kit, raw, today)
    if refused is not None:
        assert refused.fields
        assert {problem.field for problem in refused.fields} <= set(kit.field_ids)
        return
    assert None not in values.values()
    # What is stored once is accepted for ever, whole or as an edit of itself.
    assert validate(kit, values, today) == values
    assert validate(kit, values, today, values) == values
    assert check(kit, values, today) == ()
