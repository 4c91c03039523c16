"""Pass phrases: what is accepted, how they become bytes, and how good ones are made."""

import functools
import re
import secrets
import unicodedata

import resources
from sync.errors import Refused
from sync.messages import _

MIN_CHARACTERS = 10
MAX_CHARACTERS = 1_000
MIN_DIGITS = 16
"""A number is accepted from this length on: shorter ones are telephone numbers and dates."""
_MIN_DIFFERENT = 5
_GENERATED_WORDS = 5
_ROW_CHARACTERS = 6
"""From this length on, neighbouring keys between digits and signs are no coincidence."""
_APOSTROPHES = str.maketrans(dict.fromkeys("'’‘`´ʹ′＇", "ʼ"))
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def normalised(text: str) -> str:
    """Return the form of a pass phrase that does not depend on the keyboard it was typed with.

    NFC, every kind of space as one plain space, apostrophes as U+02BC; capitals stay (docs/decisions/0004-key-file.md).

    Args:
        text: What a person typed.
    """
    return " ".join(unicodedata.normalize("NFC", text).translate(_APOSTROPHES).split())


def secret(text: str) -> bytearray:
    """Return the bytes that the key is derived from; whoever asks wipes them after use.

    Args:
        text: What a person typed, any string at all.
    """
    return bytearray(normalised(text).encode("utf-8", "surrogatepass"))


def check_passphrase(text: str) -> None:
    """Refuse a pass phrase that is guessed soon.

    Args:
        text: What a person wants as the pass phrase.

    Raises:
        Refused: It is weak ("weak_passphrase"); the sentence says why and what to do.
    """
    phrase = normalised(text)
    if len(phrase) > MAX_CHARACTERS or any(unicodedata.category(character) in {"Cc", "Cs"} for character in phrase):
        raise _weak(_("The pass phrase is too long or has characters that can't be typed."))
    if len(phrase) < MIN_CHARACTERS:
        raise _weak(_("The pass phrase is shorter than {least} characters.").format(least=MIN_CHARACTERS))
    if phrase.isdigit() and len(phrase) < MIN_DIGITS:
        raise _weak(_("A number this short is guessed in hours."))
    if len(set(phrase.casefold())) < _MIN_DIFFERENT:
        raise _weak(_("The pass phrase repeats the same characters."))
    if _is_common(phrase):
        raise _weak(_("This pass phrase is among the first that are tried."))


def generate_passphrase() -> str:
    """Return five random words of the shipped list, separated by spaces: about 56 bits that Argon2id stretches."""
    return " ".join(secrets.choice(words()) for _place in range(_GENERATED_WORDS))


@functools.cache
def words() -> tuple[str, ...]:
    """Return the shipped Ukrainian words for generated pass phrases."""
    return tuple(resources.path("wordlist", "words.txt").read_text(encoding="utf-8").split())


@functools.cache
def _common() -> frozenset[str]:
    lines = resources.path("wordlist", "common.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(_squeezed(line) for line in lines if line)


@functools.cache
def _rows() -> tuple[str, ...]:
    lines = resources.path("wordlist", "keyboard.txt").read_text(encoding="utf-8").split()
    return tuple(direction for line in lines for direction in (line * 2, line[::-1] * 2))


def _squeezed(text: str) -> str:
    return normalised(text).casefold().replace(" ", "")


def _is_common(phrase: str) -> bool:
    squeezed = _squeezed(phrase)
    core = _EDGES.sub("", squeezed)
    if squeezed in _common() or core in _common():
        return True
    candidates = [squeezed] + [core] * (len(core) >= _ROW_CHARACTERS)
    return any(candidate in row for candidate in candidates for row in _rows())


def _weak(reason: str) -> Refused:
    advice = _("Choose several words that only you would put together, or let Sprava make a phrase of five words.")
    return Refused("weak_passphrase", f"{reason} {advice}")
