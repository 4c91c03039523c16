import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.kits import loader
from desktop_app.kits.masks import mask_fault
from desktop_app.kits.model import Kit, Numbering
from desktop_app.kits.numbering import first_letter, registration_number
from desktop_app.kits.validation import validate

MASKS = st.lists(
    st.sampled_from(
        ["{counter}", "{counter:5}", "{device}", "{year}", "{letter}", "{nomenclature}", "/", "-", "02", "№", "1"]
    ),
    min_size=3,
    max_size=9,
).map("".join)
DEVICES = st.from_regex(r"[1-9][0-9]{0,2}(-[1-9][0-9]{0,1}){0,2}", fullmatch=True)
PLACES = st.tuples(st.integers(1, 99_999), DEVICES, st.integers(2020, 2040))
NAMES = st.sampled_from(["", "Ґудзенко Іван", "їжак", "О’Ніл", "1-й під’їзд", "Smith John", "ß"])


def masked(mask: str) -> Kit:
    return dataclasses.replace(loader.kit("appeal"), numbering=Numbering(mask, "02-21"))


@given(MASKS, PLACES, PLACES, NAMES, NAMES)
def test_an_accepted_mask_never_gives_two_cases_one_number(
    mask: str, one: tuple[int, str, int], other: tuple[int, str, int], name: str, another: str
) -> None:
    if mask_fault(mask) is not None or one == other:
        return
    kit = masked(mask)
    first = registration_number(kit, *one, {"applicant_name": name})
    second = registration_number(kit, *other, {"applicant_name": another})
    assert first != second


@pytest.mark.parametrize(
    ("kit_id", "values", "expected"),
    [
        ("appeal", {"applicant_name": "Ґудзенко Іван Петрович"}, "Ґ-17/2-1/2026"),
        ("appeal", {"applicant_name": " їжакевич о."}, "Ї-17/2-1/2026"),
        ("appeal", {"applicant_name": "«О’Ніл»"}, "О-17/2-1/2026"),
        ("appeal", {}, "БП-17/2-1/2026"),
        ("humanitarian-aid", {"recipient_name": "Коваль"}, "ГД-17/2-1/2026"),
    ],
)
def test_shipped_masks(kit_id: str, values: dict[str, object], expected: str) -> None:
    assert registration_number(loader.kit(kit_id), 17, "2-1", 2026, values) == expected


def test_the_counter_can_be_filled_up() -> None:
    assert (
        registration_number(masked("{counter:4}/{device}/{year}/{nomenclature}"), 7, "1", 2026, {})
        == "0007/1/2026/02-21"
    )
    assert registration_number(masked("{counter:4}/{device}/{year}"), 12345, "1", 2026, {}) == "12345/1/2026"


@pytest.mark.parametrize(
    "mask",
    ["", "{counter}", "{counter}/{year}", "{counter}/{device}", "{device}/{year}", "{counter}{device}/{year}",
     "{counter}-{device}/{year}", "{counter}/{device}{year}", "{counter}/{device}/{year}/{unit}",
     "{counter}/{device}/{year", "{counter:0}/{device}/{year}", "{counter:12}/{device}/{year}",
      "{year:4}/{counter}/{device}",
     "{{counter}}/{device}/{year}", "{counter}/{device}/{year}/{}"],
)  # fmt: skip
def test_masks_that_could_repeat_or_mean_nothing_are_refused(mask: str) -> None:
    assert mask_fault(mask)


@pytest.mark.parametrize(("counter", "device", "year"), [(0, "1", 2026), (1, "", 2026), (1, "1/2", 2026), (1, "1", 26)])
def test_impossible_parts_are_a_bug(counter: int, device: str, year: int) -> None:
    with pytest.raises(ValueError, match="no number"):
        registration_number(loader.kit("appeal"), counter, device, year, {})


def test_first_letter() -> None:
    assert first_letter("’я 7") == "Я"


def test_an_unsigned_appeal_is_registered(today: date) -> None:
    kit = loader.kit("appeal")
    values = validate(kit, {"author": "unsigned", "subject": "Про сміттєзвалище"}, today)
    assert registration_number(kit, 3, "1", 2026, values) == "БП-3/1/2026"
