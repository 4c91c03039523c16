"""Invented people and places of a Ukrainian community, for examples and benchmarks."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from operator import mul
from random import Random
from typing import TypeVar

import resources

_T = TypeVar("_T")
# Day 1 of a tax number is the first of January 1900.
_TAX_DAY_ZERO = date(1899, 12, 31).toordinal()
_TAX_WEIGHTS = (-1, 5, 7, 9, 4, 6, 10, 5, 7)
_LATIN = dict(
    zip(
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя’'",
        [
            "a",
            "b",
            "v",
            "h",
            "g",
            "d",
            "e",
            "ie",
            "zh",
            "z",
            "y",
            "i",
            "i",
            "i",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "",
            "iu",
            "ia",
            "",
            "",
        ],
        strict=True,
    )
)
_FIRST_BORN = date(1938, 1, 1).toordinal()
_YEAR = 365
_SPAN_DAYS = 150


@cache
def _words() -> Mapping[str, list[list[str]]]:
    words: dict[str, list[list[str]]] = json.loads(resources.path("kits", "people.json").read_text(encoding="utf-8"))
    return words


def pick(random: Random, among: Sequence[_T]) -> _T:
    """Return one of a sequence; faster than ``Random.choice``, which matters for a million examples."""
    return among[int(random.random() * len(among))]


class Facts(dict[str, str]):
    """The facts of one invented example, each made when it is first asked for and then kept.

    Args:
        random: Where chance comes from.
        until: The latest day of anything in the example.
    """

    def __init__(self, random: Random, until: date) -> None:
        super().__init__()
        self.random = random
        self.until = until

    def __missing__(self, name: str) -> str:
        value = self[name] = FACTS[name](self)
        return value

    def below(self, limit: int) -> int:
        """Return a number from 0 up to the limit, which isn't reached."""
        return int(self.random.random() * limit)


def _sex(facts: Facts) -> str:
    return "female" if facts.random.random() < 0.58 else "male"


def _full_name(facts: Facts) -> str:
    words, form = _words(), facts["sex"] == "female"
    first = pick(facts.random, words[facts["sex"]])
    surname = pick(facts.random, words["surnames"])[form]
    return f"{surname} {first} {pick(facts.random, words['patronymics'])[form]}"


def _phone(facts: Facts) -> str:
    return f"+380{pick(facts.random, _words()['operators'])}{facts.below(10_000_000):07}"


def _email(facts: Facts) -> str:
    surname = facts["name"].split()[0].lower()
    return f"{''.join(_LATIN.get(letter, '') for letter in surname)}{facts.below(1000)}@example.org"


def _born(facts: Facts) -> str:
    return date.fromordinal(_FIRST_BORN + facts.below(_YEAR * 68)).isoformat()


def _elder_born(facts: Facts) -> str:
    facts["born"] = date.fromordinal(_FIRST_BORN + facts.below(_YEAR * 18)).isoformat()
    return facts["born"]


def _tax_number(facts: Facts) -> str:
    day = date.fromisoformat(facts["born"]).toordinal() - _TAX_DAY_ZERO
    # The last digit before the check digit is odd for a man and even for a woman.
    serial = facts.below(5_000) * 2 + (facts["sex"] == "male")
    digits = f"{day:05}{serial:04}"
    total = sum(map(mul, _TAX_WEIGHTS, map(int, digits)))
    return f"{digits}{total % 11 % 10}"


def _place(facts: Facts) -> str:
    nominative, locative = pick(facts.random, _words()["streets"])
    facts["street"], facts["street_on"] = nominative, locative
    return nominative


def _street_on(facts: Facts) -> str:
    _place(facts)
    return facts["street_on"]


def _address(facts: Facts) -> str:
    flat = f", кв. {1 + facts.below(80)}" if facts.random.random() < 0.3 else ""
    return f"{facts['settlement']}, вул. {facts['street']}, буд. {1 + facts.below(140)}{flat}"


def _received(facts: Facts) -> str:
    return date.fromordinal(facts.until.toordinal() - facts.below(_SPAN_DAYS)).isoformat()


FACTS: Mapping[str, Callable[[Facts], str]] = {
    "address": _address,
    "born": _born,
    "elder_born": _elder_born,
    "email": _email,
    "few": lambda facts: str(2 + facts.below(8)),
    "many": lambda facts: str(12 + facts.below(88)),
    "name": _full_name,
    "phone": _phone,
    "received": _received,
    "serial": lambda facts: f"{5_000_000_000 + facts.below(4_999_999_999)}",
    "settlement": lambda facts: str(pick(facts.random, _words()["settlements"])),
    "sex": _sex,
    "street": _place,
    "street_on": _street_on,
    "tax_number": _tax_number,
}
