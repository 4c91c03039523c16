"""Ukrainian letters: what is the same to somebody who searches, and in which order words stand."""

import unicodedata

_ALPHABET = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"
_APOSTROPHES = "'’ʼ`‘ʹ′"
_SAME = {"ґ": "г", "ї": "і", "ё": "е", "ы": "и", "э": "е", "ъ": ""}
_FOLD = str.maketrans({**_SAME, **dict.fromkeys(_APOSTROPHES, "")})
# Letters get places of their own, after digits and Latin letters; і, ї, є and ґ stand where a Ukrainian expects them.
_ORDER = str.maketrans(
    {**{letter: chr(0x2000 + place) for place, letter in enumerate(_ALPHABET)}, **dict.fromkeys(_APOSTROPHES, "")}
)
SORT_KEY_LETTERS = 24


def fold(text: str) -> str:
    """Return a text as the search index keeps it: small letters, no apostrophes, ґ as г and ї as і."""
    return unicodedata.normalize("NFC", text).lower().translate(_FOLD)


def sort_key(text: str) -> str:
    """Return a text that sorts, byte by byte, where the first 24 letters of the given one belong.

    The order is that of the Ukrainian alphabet (33 letters), capitals and small letters alike.
    """
    return unicodedata.normalize("NFC", text[: SORT_KEY_LETTERS * 2]).lower().translate(_ORDER)[:SORT_KEY_LETTERS]


def search_terms(text: str) -> list[str]:
    """Return the folded words of what somebody typed, split as the index splits them."""
    words = "".join(letter if letter.isalnum() else " " for letter in fold(text))
    return words.split()
