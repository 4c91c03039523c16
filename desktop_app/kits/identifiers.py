"""Numbers of people and organisations, and the checks that catch a slip of the pen."""

import re
from collections.abc import Callable, Mapping
from datetime import date

from sync.messages import N_

_SPACES = re.compile(r"[\s\u00a0]")
# Letters that look alike on both keyboards, where a passport has the Cyrillic ones.
_LATIN_TO_CYRILLIC = str.maketrans("ABCEHIKMOPTX", "АВСЕНІКМОРТХ")
_UNZR = re.compile(r"([0-9]{8})-?([0-9]{4})([0-9])")
_ID_CARD = re.compile(r"[0-9]{9}")
_BOOKLET = re.compile(r"[А-ЯҐЄІЇ]{2}[0-9]{6}")
_WEIGHTS = (7, 3, 1)


def _compact(text: str) -> str:
    return _SPACES.sub("", text)


def rnokpp(text: str) -> str | None:
    """Return a tax number as 10 digits, or None when its check digit is wrong."""
    # Reading the module takes a while, and a start without a form doesn't need it.
    from stdnum.ua import rntrc

    compact = _compact(text)
    return compact if compact.isascii() and compact != "0" * 10 and rntrc.is_valid(compact) else None


def edrpou(text: str) -> str | None:
    """Return the number of an organisation as 8 digits, or None when its check digit is wrong."""
    from stdnum.ua import edrpou as module

    compact = _compact(text)
    return compact if compact.isascii() and compact != "0" * 8 and compact and module.is_valid(compact) else None


def unzr(text: str) -> str | None:
    """Return a demographic register number as YYYYMMDD-NNNNC, or None when it can't be one."""
    found = _UNZR.fullmatch(_compact(text))
    if found is None:
        return None
    born, serial, digit = found.groups()
    try:
        date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return None
    return f"{born}-{serial}{digit}" if check_digit_731(born + serial) == int(digit) else None


def check_digit_731(digits: str) -> int:
    """Return the check digit by the weights 7, 3, 1, as machine-readable documents use it."""
    return sum(int(digit) * _WEIGHTS[index % 3] for index, digit in enumerate(digits)) % 10


def id_card(text: str) -> str | None:
    """Return the number of an ID card as 9 digits, or None."""
    compact = _compact(text)
    return compact if _ID_CARD.fullmatch(compact) else None


def booklet(text: str) -> str | None:
    """Return the number of a booklet passport as two Cyrillic letters and 6 digits, or None."""
    compact = _compact(text).replace("№", "").upper().translate(_LATIN_TO_CYRILLIC)
    return compact if _BOOKLET.fullmatch(compact) else None


def passport(text: str) -> str | None:
    """Return the number of an ID card or of a booklet passport, or None."""
    return id_card(text) or booklet(text)


CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "booklet": booklet,
    "edrpou": edrpou,
    "id_card": id_card,
    "passport": passport,
    "rnokpp": rnokpp,
    "unzr": unzr,
}

# How many digits a spreadsheet cell that holds a number is filled up to: cells lose leading zeros.
WIDTHS: Mapping[str, int] = {"edrpou": 8, "id_card": 9, "passport": 9, "rnokpp": 10}

ADVICE: Mapping[str, str] = {
    "booklet": N_(
        "“{label}”: a booklet passport has two Ukrainian letters and 6 digits, such as АА123456. "
        "Compare it with the document."
    ),
    "edrpou": N_(
        "“{label}”: this isn't a valid EDRPOU code. It has 8 digits and the last one checks the others; "
        "compare it with the document."
    ),
    "id_card": N_("“{label}”: the number of an ID card has 9 digits. Compare it with the document."),
    "passport": N_(
        "“{label}”: an ID card has 9 digits, a booklet passport two Ukrainian letters and 6 digits. "
        "Compare it with the document."
    ),
    "rnokpp": N_(
        "“{label}”: this isn't a valid tax number (RNOKPP). It has 10 digits and the last one checks the "
        "others; compare it with the document."
    ),
    "unzr": N_(
        "“{label}”: this isn't a valid register number (UNZR). It looks like 19850412-01230: date of birth, "
        "then 5 digits, the last of them checking the others. Compare it with the document."
    ),
}
