import re
from collections import Counter
from datetime import date
from typing import Any

import pytest

from desktop_app.kits import examples, loader
from desktop_app.kits.examples import LATEST, example
from desktop_app.kits.identifiers import rnokpp
from desktop_app.kits.people import FACTS
from desktop_app.kits.validation import validate
from sync.errors import Refused

KITS = sorted(loader.shipped())
NAME = re.compile(r"[А-ЩЮЯҐЄІЇ][а-щьюяґєії’]+ [А-ЩЮЯҐЄІЇ][а-щьюяґєії’]+ [А-ЩЮЯҐЄІЇ][а-щьюяґєії’]+")
COUNT = 3_000


def names_with_sex() -> list[tuple[str, str]]:
    return [
        (str(case["applicant_name"]), str(case["author_sex"]))
        for case in examples.examples("appeal", COUNT)
        if "author_sex" in case
    ]


@pytest.mark.parametrize("kit_id", KITS)
def test_examples_are_valid_and_in_their_stored_form(kit_id: str, today: date) -> None:
    kit = loader.kit(kit_id)
    for case in examples.examples(kit_id, COUNT, seed=1):
        values = validate(kit, case, today)
        assert case.items() <= values.items()


@pytest.mark.parametrize("kit_id", KITS)
def test_the_seed_decides(kit_id: str) -> None:
    assert examples.examples(kit_id, 50, seed=5) == examples.examples(kit_id, 50, seed=5)
    assert example(kit_id, 5) == examples.examples(kit_id, 1, seed=5)[0]
    assert example(kit_id, 5) != example(kit_id, 6)
    assert example(kit_id) == example(kit_id, 0)


def test_the_same_seed_gives_the_same_people_on_every_machine() -> None:
    assert example("appeal", 1)["applicant_name"] == "Калюжна Софія Луківна"
    assert example("humanitarian-aid", 1)["recipient_name"] == "Рожкова Євгенія Остапівна"


@pytest.mark.parametrize("kit_id", KITS)
def test_nothing_is_later_than_wanted(kit_id: str) -> None:
    until = date(2026, 11, 23)
    assert max(str(case["received_on"]) for case in examples.examples(kit_id, COUNT)) == LATEST.isoformat()
    assert max(str(case["received_on"]) for case in examples.examples(kit_id, COUNT, until=until)) == until.isoformat()


def test_names_are_ukrainian_and_fit_the_sex() -> None:
    endings = {"female": ("вна",), "male": ("ич", "іч")}
    for name, sex in names_with_sex():
        assert NAME.fullmatch(name), name
        assert name.endswith(endings[sex]), name
        surname = name.split()[0]
        if surname.endswith(("ський", "цький", "ний", "ній", "вий", "рний", "ов", "ьов")):
            assert sex == "male", name
        if surname.endswith(("ська", "цька", "тна", "ова", "ьова", "няна", "южна", "дня")):
            assert sex == "female", name


def test_names_are_many_and_have_the_hard_letters() -> None:
    names = [name for name, _sex in names_with_sex()]
    letters = Counter("".join(names))
    assert all(letters[letter] for letter in "ґҐєЄіІїЇ’щьюя")
    assert len(set(names)) > COUNT * 0.7


def test_tax_numbers_carry_the_birth_date_and_the_sex() -> None:
    seen: list[dict[str, Any]] = [case for case in examples.examples("humanitarian-aid", COUNT) if "rnokpp" in case]
    assert len(seen) > COUNT / 2
    for case in seen:
        number = str(case["rnokpp"])
        assert rnokpp(number) == number
        born = date.fromordinal(date(1899, 12, 31).toordinal() + int(number[:5]))
        assert born.isoformat() == case["birth_date"]
        assert (int(number[8]) % 2 == 1) == case["recipient_name"].endswith(("ич", "іч"))


def test_every_alternative_and_every_fact_is_used() -> None:
    used = {fact for kit_id in KITS for source in _templates(kit_id) for fact in re.findall(r"\{([a-z_]+)\}", source)}
    assert used - {"braces"} | {"street"} == FACTS.keys()
    assert len({case["subject"] for case in examples.examples("appeal", COUNT)}) > 16


def _templates(kit_id: str) -> list[str]:
    import resources

    return [resources.path("kits", kit_id, "examples.json").read_text(encoding="utf-8")]


def test_an_unknown_kit() -> None:
    with pytest.raises(Refused) as caught:
        example("appeals")
    assert caught.value.code == "unknown_kit"
