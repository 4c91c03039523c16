"""What must hold of every kit that ships."""

import json
import re
from collections.abc import Iterator
from datetime import date

import pytest

import resources
from desktop_app.kits import loader
from desktop_app.kits.model import FieldType, Kit, text
from desktop_app.kits.stages import transitions
from desktop_app.kits.validation import validate
from sync.messages import set_language

KITS = sorted(loader.shipped())
UKRAINIAN = re.compile(r"[а-щьюяґєії]", re.IGNORECASE)
RUSSIAN = re.compile(r"[ыэъё]", re.IGNORECASE)


@pytest.fixture(params=KITS)
def kit(request: pytest.FixtureRequest) -> Kit:
    return loader.kit(request.param)


def local_texts(raw: object, place: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(raw, dict):
        if raw.keys() & {"uk", "en"}:
            yield place, raw
            return
        for key, value in raw.items():
            yield from local_texts(value, f"{place}.{key}")
    elif isinstance(raw, list):
        for number, value in enumerate(raw):
            yield from local_texts(value, f"{place}[{number}]")


def test_the_two_kits_ship() -> None:
    assert KITS == ["appeal", "humanitarian-aid"]


@pytest.mark.parametrize("file", [*[f"kits/{kit_id}/kit.json" for kit_id in KITS], "calendar/ukraine.json"])
def test_every_text_is_in_both_languages(file: str) -> None:
    found = list(local_texts(json.loads(resources.path(*file.split("/")).read_text(encoding="utf-8"))))
    assert len(found) > 5
    for place, local in found:
        assert local.keys() == {"uk", "en"}, place
        assert local["uk"].strip() == local["uk"] != "", place
        assert local["en"].strip() == local["en"] != "", place
        assert not UKRAINIAN.search(local["en"]), place
        assert not RUSSIAN.search(local["uk"]), place
        assert UKRAINIAN.search(local["uk"]), place


def test_labels_are_unmistakable(kit: Kit) -> None:
    for language in ("uk", "en"):
        labels = [text(field.label, language) for field in kit.fields]
        assert len(set(labels)) == len(labels)
        for field in kit.fields:
            answers = [text(choice.label, language).casefold() for choice in field.choices]
            assert len(set(answers)) == len(answers)


def test_text_follows_the_language_of_the_messages(kit: Kit) -> None:
    set_language("en")
    assert text(kit.title) == kit.title["en"]
    assert text(kit.title, "uk") == kit.title["uk"]


def test_rules_ship_unverified_with_a_source(kit: Kit) -> None:
    assert kit.terms
    for term in kit.terms:
        rules = [*term.rules, *(term.extension.rules if term.extension else ())]
        for rule in rules:
            assert rule.verified is None
            assert rule.source["uk"]
            assert rule.effective_from < date(2026, 11, 23)
    assert all(basis.verified is None for basis in kit.legal_basis)


def test_every_stage_is_reached_and_every_open_one_left(kit: Kit) -> None:
    reached = {kit.initial_stage}
    for _round in kit.stages:
        reached |= {way.target for stage in reached for way in transitions(kit, stage)}
    assert reached == {stage.id for stage in kit.stages}
    for stage in kit.stages:
        assert stage.final or transitions(kit, stage.id)


def test_what_a_move_requires_can_be_filled_in(kit: Kit) -> None:
    for way in kit.transitions:
        for field_id in way.requires:
            field = kit.field(field_id)
            assert field.shown is None
            assert field.type not in {FieldType.CALCULATED, FieldType.NOTE}


def test_every_section_has_fields_and_fields_keep_together(kit: Kit) -> None:
    sections = [field.section for field in kit.fields]
    runs = [section for number, section in enumerate(sections) if number == 0 or sections[number - 1] != section]
    assert runs == [section.id for section in kit.sections]


def test_roles(kit: Kit) -> None:
    assert kit.field(kit.title_field).type in {FieldType.TEXT, FieldType.CALCULATED}
    assert kit.field(kit.person_field).type is FieldType.TEXT
    assert kit.field(kit.date_field).type is FieldType.DATE


def test_the_appeal_has_the_fields_that_other_offices_count_on() -> None:
    appeal = loader.kit("appeal")
    agreed = ("applicant_name", "applicant_address", "applicant_phone", "subject", "text", "channel", "received_on")
    assert appeal.field_ids[: len(agreed)] == agreed


def test_the_appeal_follows_the_classifier() -> None:
    appeal = loader.kit("appeal")
    counts = {field.id: len(field.choices) for field in appeal.fields if field.choices}
    assert counts["subject_category"] == 25
    assert counts["author_categories"] >= 17
    assert {choice.value for choice in appeal.field("recurrence").choices} == {
        "first", "repeat", "duplicate", "multiple", "mass",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kit_id", "filled"),
    [
        ("appeal", {"applicant_name": "Ґонта Іван", "applicant_address": "с. Степове", "subject": "Про воду"}),
        (
            "humanitarian-aid",
            {
                "recipient_name": "Ґонта Іван",
                "recipient_address": "с. Степове",
                "rnokpp": "1759013776",
                "aid_kinds": "food",
            },
        ),
    ],
)
def test_six_fields_at_most_are_enough(kit_id: str, filled: dict[str, object], today: date) -> None:
    assert len(filled) <= 6
    assert validate(loader.kit(kit_id), filled, today)
