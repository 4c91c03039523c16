"""What people type into the search field: letter by letter, with the mistakes of every day."""

import random

from desktop_app.kits import examples

_APOSTROPHES = "'’ʼ"
_SWAPS = (("ї", "і"), ("і", "ї"), ("ґ", "г"), ("г", "ґ"))
_SEED = 7


def typed_queries(count: int) -> list[str]:
    """Return texts as they stand in the search field after a key press, the same for the same count.

    Args:
        count: How many at least; every kind of query is among them.
    """
    chance = random.Random(_SEED)
    found: list[str] = []
    people = examples.examples("appeal", 4_000, _SEED)
    names = [str(case["applicant_name"]) for case in people if "applicant_name" in case]
    difficult = [name for name in names if set(name.split()[0].lower()) & set("'’ʼїґ")]
    while len(found) < count:
        case = chance.choice(people)
        name = chance.choice(names)
        found += _letter_by_letter(name.split()[0])
        found += _letter_by_letter(_with_mistake(chance.choice(difficult or names).split()[0], chance))
        found += _two_words(name)
        found.append(str(case.get("applicant_phone", "0501234567"))[-7:])
        found += _letter_by_letter(str(case["subject"]).split()[-1])[2:]
        found.append(f"{name.split()[0]} {str(case.get('applicant_address', '')).split('.')[-1].strip()}")
    return found


def _letter_by_letter(word: str) -> list[str]:
    return [word[:length].lower() for length in range(1, min(len(word), 7) + 1)]


def _two_words(name: str) -> list[str]:
    family, given, *_rest = [*name.split(), "а"]
    return [f"{family} {given[:length]}".lower() for length in (1, 2, len(given))]


def _with_mistake(word: str, chance: random.Random) -> str:
    """Write another apostrophe or none, or a letter that sounds alike."""
    word = word.lower()
    for sign in _APOSTROPHES:
        word = word.replace(sign, chance.choice([*_APOSTROPHES, ""]))
    wrong, right = chance.choice(_SWAPS)
    return word.replace(right, wrong)
