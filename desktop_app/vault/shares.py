"""The recovery secret in words: one sheet, or sheets for trustees (docs/formats/recovery.md).

The words are SLIP-39 shares, made and put together by the library of the standard's authors; only the list of words
is ours, so that people write and read Ukrainian.
"""

import difflib
import functools
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_app.vault import passphrase
from desktop_app.vault.slots import RECOVERY_SECRET_BYTES
from sync.errors import Refused
from sync.messages import _, ngettext

WORDS = 20
"""Of each share of a secret of 128 bits."""
LIST_WORDS = 1024
MOST_SHEETS = 16
QR_PREFIX = "SPRAVA-RECOVERY/1/"
_QR = re.compile(QR_PREFIX + r"([0-9A-F]{32})/([A-Z ]+)")
_NUMBERING = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_MOST_WORDS = WORDS * MOST_SHEETS
_BITS = 10
_SUGGESTIONS = 3
_CUSTOMISATION = (b"shamir", b"shamir_extendable")


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How many sheets there are, and how many of them open the vault.

    Args:
        threshold: How many are needed: 1 for a single sheet.
        count: How many there are: 1 for a single sheet, else 2 to 16.
    """

    threshold: int = 1
    count: int = 1

    @property
    def single(self) -> bool:
        """Whether it is one sheet, without trustees."""
        return self.count == 1

    def paths(self, path: Path) -> list[Path]:
        """Return where the sheets go: trustees get one file each, so that nobody needs to hold two.

        Args:
            path: The file that a person named; for trustees, a number is added to its name.
        """
        if self.single:
            return [path]
        return [path.with_name(f"{path.stem}-{place}{path.suffix or '.pdf'}") for place in range(1, self.count + 1)]

    def require_possible(self) -> None:
        """Refuse what can't be made.

        Raises:
            Refused: "bad_arrangement"; the sentence says what is possible.
        """
        if (self.threshold, self.count) != (1, 1) and not 2 <= self.threshold <= self.count <= MOST_SHEETS:
            raise Refused(
                "bad_arrangement",
                _(
                    "Sheets can't be split like this: {needed} of {count}. Choose one sheet, or 2 to {most} trustees "
                    "of whom at least 2 are needed."
                ).format(needed=self.threshold, count=self.count, most=MOST_SHEETS),
            )


@dataclass(frozen=True, slots=True)
class Share:
    """The words of one sheet, whose checksum fits.

    Args:
        indices: The places of its words in the list.
        vault: The id of the vault, where it was read from a QR code.
    """

    indices: tuple[int, ...]
    vault: bytes | None = None

    @property
    def sheet(self) -> int:
        """The number of the sheet: the same on all sheets of one split, 15 bits."""
        return (self.indices[0] << _BITS | self.indices[1]) >> 5

    @property
    def place(self) -> int:
        """Which of the sheets it is, from 1."""
        return (self._parameters >> 4 & 15) + 1

    @property
    def threshold(self) -> int:
        """How many sheets are needed."""
        return (self._parameters & 15) + 1

    @property
    def words(self) -> tuple[str, ...]:
        """The words as they are printed."""
        return tuple(word_list()[index] for index in self.indices)

    @property
    def mnemonic(self) -> str:
        """The same in the words of the standard."""
        return " ".join(_english()[index] for index in self.indices)

    def qr_text(self, vault_id: bytes) -> str:
        """Return what the QR code says, in letters that make a small code."""
        return f"{QR_PREFIX}{vault_id.hex().upper()}/{self.mnemonic.upper()}"

    @property
    def _parameters(self) -> int:
        return self.indices[2] << _BITS | self.indices[3]

    def __repr__(self) -> str:
        return "Share(...)"


@dataclass(frozen=True, slots=True)
class Secret:
    """What the sheets stand for.

    Args:
        secret: 16 bytes.
        sheet: The number of the sheets.
        threshold: How many of them were needed.
        vault: The id of the vault, where a QR code told it.
    """

    secret: bytes
    sheet: int
    threshold: int = 1
    vault: bytes | None = None

    def __repr__(self) -> str:
        return "Secret(...)"


@functools.cache
def word_list() -> tuple[str, ...]:
    """Return the 1,024 words, in the order that never changes."""
    return passphrase.words()[:LIST_WORDS]


def split(arrangement: Arrangement) -> tuple[Secret, list[Share]]:
    """Make a new random secret and its sheets.

    Args:
        arrangement: How many sheets.

    Raises:
        Refused: The arrangement is not possible.
    """
    from shamir_mnemonic import generate_mnemonics

    arrangement.require_possible()
    secret = os.urandom(RECOVERY_SECRET_BYTES)
    groups = [(arrangement.threshold, arrangement.count)]
    # No pass phrase stands behind the words, so that there is nothing to stretch: the lowest cost will do.
    mnemonics = generate_mnemonics(1, groups, secret, iteration_exponent=0)[0]
    made = [Share(tuple(_english_places()[word] for word in mnemonic.split())) for mnemonic in mnemonics]
    return Secret(secret, made[0].sheet, arrangement.threshold), made


def combine(found: Iterable[Share]) -> Secret:
    """Put sheets together.

    Args:
        found: The sheets; the same one twice counts once.

    Raises:
        Refused: There are too few ("recovery_more_needed"), they don't belong together ("recovery_mixed"), or they
            are of another program ("recovery_foreign").
    """
    from shamir_mnemonic import MnemonicError, combine_mnemonics

    by_place = {(share.sheet, share.place): share for share in found}
    distinct = list(by_place.values())
    if not distinct:
        raise more_needed(1)
    numbers = sorted({share.sheet for share in distinct})
    if len(numbers) > 1 or len({share.vault for share in distinct if share.vault}) > 1:
        raise Refused(
            "recovery_mixed",
            _("The sheets do not belong together: their numbers are {numbers}. Nothing was changed.").format(
                numbers=", ".join(sheet_number(number) for number in numbers)
            ),
        )
    threshold = distinct[0].threshold
    if len(distinct) < threshold:
        raise more_needed(threshold - len(distinct))
    try:
        secret = combine_mnemonics(share.mnemonic for share in distinct[:threshold])
    except MnemonicError as error:
        raise _foreign() from error
    if len(secret) != RECOVERY_SECRET_BYTES:
        raise _foreign()
    vault = next((share.vault for share in distinct if share.vault), None)
    return Secret(secret, numbers[0], threshold, vault)


def parse(text: str) -> list[Share]:
    """Read the words of one sheet or of several, or the text of their QR codes.

    Args:
        text: What was typed or stands in a file: any white space, upper or lower case, numbers before the words.

    Raises:
        Refused: A word is not in the list ("recovery_word"), their number is wrong ("recovery_word_count"), or they
            don't fit together ("recovery_checksum"); the sentence says where.
    """
    codes = _QR.findall(text)
    if codes:
        return [_share(_places(words.split()), bytes.fromhex(vault)) for vault, words in codes[:MOST_SHEETS]]
    words = [word for word in (_NUMBERING.sub("", token) for token in text.split()) if word]
    count = len(words)
    if not count or count % WORDS or count > _MOST_WORDS:
        # A wrong word says more than a wrong number of words.
        _places(words[:_MOST_WORDS])
        raise Refused(
            "recovery_word_count",
            ngettext(
                "A sheet has {needed} words, and here is {count}. Look for a word left out or written twice.",
                "A sheet has {needed} words, and here are {count}. Look for a word left out or written twice.",
                count,
            ).format(needed=WORDS, count=count),
        )
    places = _places(words)
    return [_share(places[at : at + WORDS]) for at in range(0, count, WORDS)]


def suggestions(word: str) -> list[str]:
    """Return the words of the list that a mistyped one may have been.

    Args:
        word: As it was typed.
    """
    return difflib.get_close_matches(_plain(word), word_list(), _SUGGESTIONS, 0.6)


def same_word(typed: str, word: str) -> bool:
    """Return whether somebody typed a word of the list, in whatever case and with whatever apostrophe."""
    return _plain(typed) == word


def sheet_number(sheet: int) -> str:
    """Return the number of a sheet as it is printed."""
    return f"{sheet:05d}"


def more_needed(count: int) -> Refused:
    """Return the failure of too few sheets.

    Args:
        count: How many are missing.
    """
    return Refused(
        "recovery_more_needed",
        ngettext(
            "{count} more sheet is needed to open the vault. Nothing was changed. Add the sheet of another trustee.",
            "{count} more sheets are needed to open the vault. Nothing was changed. Add those of other trustees.",
            count,
        ).format(count=count),
    )


def _places(words: Sequence[str]) -> tuple[int, ...]:
    places = []
    for number, word in enumerate(words, 1):
        plain = _plain(word)
        place = _our_places().get(plain, _english_places().get(plain))
        if place is None:
            raise _unknown(number, word)
        places.append(place)
    return tuple(places)


def _share(indices: tuple[int, ...], vault: bytes | None = None) -> Share:
    if len(indices) != WORDS:
        raise _foreign()
    if _syndrome(indices):
        raise _does_not_fit(_faulty_place(indices))
    share = Share(indices, vault)
    if share._parameters >> 8:  # noqa: SLF001 - a group of several groups: sheets of another program
        raise _foreign()
    return share


def _syndrome(indices: Sequence[int]) -> int:
    from shamir_mnemonic.rs1024 import _polymod

    extendable = indices[1] >> 4 & 1
    return int(_polymod([*_CUSTOMISATION[extendable], *indices])) ^ 1


def _faulty_place(indices: tuple[int, ...]) -> int | None:
    """Return which word is wrong, if a change of exactly one can make the checksum fit; what it was isn't guessed."""
    found = []
    for place in range(len(indices)):
        ways = []
        for bit in range(_BITS):
            changed = list(indices)
            changed[place] ^= 1 << bit
            ways.append(changed)
        if place == 1:  # the bit in here decides how the checksum is reckoned, so it is no linear code in this word
            if any(not _syndrome([*indices[:1], word, *indices[2:]]) for word in range(LIST_WORDS)):
                found.append(place)
        elif _in_span(_syndrome(indices), [_syndrome(way) ^ _syndrome(indices) for way in ways]):
            found.append(place)
    return found[0] + 1 if len(found) == 1 else None


def _in_span(target: int, vectors: list[int]) -> bool:
    """Return whether some of the vectors give the target by exclusive or."""
    basis: list[int] = []
    for vector in vectors:
        rest = _reduced(vector, basis)
        if rest:
            basis = sorted([*basis, rest], reverse=True)
    return not _reduced(target, basis)


def _reduced(vector: int, basis: list[int]) -> int:
    for known in basis:
        vector = min(vector, vector ^ known)
    return vector


def _plain(word: str) -> str:
    return passphrase.normalised(word).casefold()


@functools.cache
def _our_places() -> dict[str, int]:
    return {word: place for place, word in enumerate(word_list())}


@functools.cache
def _english() -> tuple[str, ...]:
    from shamir_mnemonic.wordlist import WORDLIST

    return tuple(WORDLIST)


@functools.cache
def _english_places() -> dict[str, int]:
    return {word: place for place, word in enumerate(_english())}


def _unknown(number: int, word: str) -> Refused:
    shown = "".join(letter for letter in word[:30] if letter.isprintable())
    near = suggestions(word)
    sentence = _("Word {number}, “{word}”, is not in the list of words.").format(number=number, word=shown)
    if near:
        sentence += " " + _("Perhaps: {words}.").format(words=", ".join(near))
    return Refused("recovery_word", sentence + " " + _("Compare it with the sheet."))


def _does_not_fit(place: int | None) -> Refused:
    if place is None:
        sentence = _("The words do not fit together: some are mistyped or have changed places.")
    else:
        sentence = _("The words do not fit together: most likely word {number} is another one.").format(number=place)
    return Refused("recovery_checksum", sentence + " " + _("Compare them with the sheet."))


def _foreign() -> Refused:
    return Refused(
        "recovery_foreign",
        _(
            "These words are not from a recovery sheet of Sprava, or the sheets do not belong together. Nothing was "
            "changed. Take the sheets of this vault."
        ),
    )
