"""How the value of each field type is read; every refusal is a sentence with a way out."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from desktop_app.kits.identifiers import ADVICE, CHECKS, WIDTHS
from desktop_app.kits.model import Field, FieldType, Value, text
from sync.messages import LANGUAGES, _

# Control characters and half surrogates can't be printed, sent as UTF-8 or written to a document.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_BREAKS = re.compile(r"\s*[\r\n\t]+\s*")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_SPACES = re.compile(r"[\s\u00a0\u202f']+")
_CURRENCY = re.compile(r"(?:₴|грн\.?|uah)$", re.IGNORECASE)
_LOCAL_DATE = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})(?:\s*р\.?)?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_PHONE_MARKS = re.compile(r"[\s\u00a0()./‐-―-]+")
_EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\".]{2,}")
_LISTED_CHOICES = 12
_YES = frozenset({"так", "yes", "true", "1", "+", "т", "y", "є", "да"})
_NO = frozenset({"ні", "no", "false", "0", "-", "н", "n", "немає"})
MAX_DIGITS = 15
_MAX_PLACES = 12

Parser = Callable[[object], Value]


class Unacceptable(Exception):
    """A value is refused; the message is a translated sentence that names the field and the way out."""


def printable(field: Field, raw: object) -> str:
    """Return what was typed as clean text: NFC, without spaces around it; a cell with a number as its digits."""
    if isinstance(raw, str):
        typed = raw
    elif isinstance(raw, bool) or not isinstance(raw, int | float | date):
        raise _refused(_("“{label}” takes text; what came is something else. Type it as text."), field)
    else:
        typed = _cell_text(raw)
    if not typed.isascii() and not unicodedata.is_normalized("NFC", typed):
        typed = unicodedata.normalize("NFC", typed)
    typed = typed.strip()
    if found := _UNPRINTABLE.search(typed):
        raise Unacceptable(
            _(
                "“{label}” holds a character that can't be printed (code {code}). Delete it or type the text anew."
            ).format(label=text(field.label), code=f"U+{ord(found[0]):04X}")
        )
    return typed


def _cell_text(raw: float | date) -> str:
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 10**MAX_DIGITS:
        return str(int(raw))
    return raw.isoformat() if isinstance(raw, date) else repr(raw)


def _refused(message: str, field: Field) -> Unacceptable:
    return Unacceptable(message.format(label=text(field.label)))


def _empty(raw: object) -> bool:
    return raw is None or raw == "" or (isinstance(raw, str) and not raw.strip()) or raw == []


def _unless_empty(convert: Callable[[object], Value]) -> Parser:
    return lambda raw: None if _empty(raw) else convert(raw)


def _text(field: Field) -> Parser:
    several_lines = field.type is FieldType.LONG_TEXT
    limit = field.max_length

    def convert(raw: object) -> Value:
        if raw is None or raw == "":
            return None
        typed = printable(field, raw)
        if "\r" in typed:
            typed = typed.replace("\r\n", "\n").replace("\r", "\n")
        # A line break pasted into a one-line field would vanish from every list and letter.
        if not several_lines and ("\n" in typed or "\t" in typed):
            typed = _LINE_BREAKS.sub(" ", typed)
        if len(typed) > limit:
            raise Unacceptable(
                _("“{label}” is too long: characters {length}, at most {limit} fit. Shorten it.").format(
                    label=text(field.label), length=len(typed), limit=limit
                )
            )
        return typed or None

    return convert


def _plain_number(raw: object, field: Field) -> Decimal | None:
    """Return a number from a cell or from what was typed, or None where it is none."""
    if isinstance(raw, float):
        return Decimal(repr(raw)) if math.isfinite(raw) else None
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw) if abs(raw) < 10**MAX_DIGITS else None
    typed = _SPACES.sub("", printable(field, raw).replace("−", "-"))
    if field.type is FieldType.MONEY:
        typed = _CURRENCY.sub("", typed)
    # The last of the two marks is the decimal one: 1.234,50 and 1,234.50 are the same.
    if "," in typed and "." in typed:
        typed = typed.replace("." if typed.rfind(",") > typed.rfind(".") else ",", "")
    typed = typed.replace(",", ".")
    if not _NUMBER.fullmatch(typed) or len(typed) > 40:
        return None
    try:
        return Decimal(typed)
    except InvalidOperation:
        return None


def _number(field: Field) -> Parser:
    advice, places = {
        FieldType.INTEGER: (_whole_advice, 0),
        FieldType.DECIMAL: (_decimal_advice, _MAX_PLACES),
        FieldType.MONEY: (_money_advice, 2),
    }[field.type]
    unit = Decimal(1).scaleb(-places)

    def convert(raw: object) -> Value:
        number = _plain_number(raw, field)
        if number is None or abs(number) >= 10**MAX_DIGITS or number != number.quantize(unit):
            raise _refused(advice(), field)
        if field.type is FieldType.INTEGER:
            return int(number)
        if field.type is FieldType.MONEY:
            return format(number.quantize(unit).copy_abs() if not number else number.quantize(unit), "f")
        shown = format(number.quantize(unit), "f").rstrip("0").rstrip(".")
        return "0" if shown in {"-0", ""} else shown

    return _unless_empty(convert)


def _whole_advice() -> str:
    return _("“{label}” takes a whole number, such as 3. Write it in digits.")


def _decimal_advice() -> str:
    return _("“{label}” takes a number, such as 12.5. Write it in digits.")


def _money_advice() -> str:
    return _("“{label}” takes an amount in hryvnias and kopiykas, such as 1234.50. Write it in digits.")


def _day(typed: str) -> date | None:
    try:
        if _ISO_DATE.fullmatch(typed):
            return date.fromisoformat(typed)
        if found := _LOCAL_DATE.fullmatch(typed):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None
    return None


def _in_range(day: date | None) -> bool:
    return day is not None and 1900 <= day.year <= 2100


def _date(field: Field) -> Parser:
    def convert(raw: object) -> Value:
        day: date | None
        if isinstance(raw, str) and len(raw) == 10 and _ISO_DATE.fullmatch(raw):
            day = _day(raw)
        elif isinstance(raw, datetime):
            day = raw.date()
        elif isinstance(raw, date):
            day = raw
        else:
            day = _typed_day(raw, field)
        if day is None or not _in_range(day):
            raise _refused(
                _("“{label}” takes a date such as 23.11.2026, the year in four digits. Check the day and the month."),
                field,
            )
        return day.isoformat()

    return _unless_empty(convert)


def _typed_day(raw: object, field: Field) -> date | None:
    typed = printable(field, raw)
    day = _day(typed)
    moment = None if day else _moment(typed)
    return moment.date() if moment else day


def _moment(typed: str) -> datetime | None:
    day_part, _separator, clock_part = typed.replace("T", " ", 1).partition(" ")
    day, clock = _day(day_part.rstrip(",")), _CLOCK.fullmatch(clock_part.strip())
    if day is None or clock is None or int(clock[1]) > 23 or int(clock[2]) > 59:
        return None
    return datetime(day.year, day.month, day.day, int(clock[1]), int(clock[2]))  # noqa: DTZ001 - the clock on the wall


def _datetime(field: Field) -> Parser:
    def convert(raw: object) -> Value:
        moment = raw if isinstance(raw, datetime) else _moment(printable(field, raw))
        if moment is None or not _in_range(moment.date()):
            raise _refused(
                _("“{label}” takes a date and a time, such as 23.11.2026 14:30. Add the time after the date."), field
            )
        return moment.replace(tzinfo=None).isoformat(timespec="minutes")

    return _unless_empty(convert)


def _choice_index(field: Field) -> Mapping[str, str]:
    """Return the value of every choice by its value and by its label in any language."""
    labelled = {text(choice.label, lang).casefold(): choice.value for choice in field.choices for lang in LANGUAGES}
    return labelled | {choice.value: choice.value for choice in field.choices}


def _not_offered(field: Field, given: str) -> Unacceptable:
    labels = [text(choice.label) for choice in field.choices]
    listed = "; ".join(labels[:_LISTED_CHOICES]) + ("; …" if len(labels) > _LISTED_CHOICES else "")
    return Unacceptable(
        _("“{label}” doesn't offer “{given}”. Choose one of: {choices}.").format(
            label=text(field.label), given=given[:80], choices=listed
        )
    )


def _choice(field: Field) -> Parser:
    index = _choice_index(field)

    def convert(raw: object) -> Value:
        # Nearly every value comes from a form or another computer and is in its stored form already.
        if isinstance(raw, str) and raw in index:
            return index[raw]
        if _empty(raw):
            return None
        typed = printable(field, raw)
        found = index.get(typed.casefold())
        if found is None:
            raise _not_offered(field, typed)
        return found

    return convert


def _multiple_choice(field: Field) -> Parser:
    index = _choice_index(field)
    order = {choice.value: position for position, choice in enumerate(field.choices)}

    def one(raw: object) -> str:
        typed = printable(field, raw)
        found = index.get(typed) or index.get(typed.casefold())
        if found is None:
            raise _not_offered(field, typed)
        return found

    def convert(raw: object) -> Value:
        listed = raw if isinstance(raw, list | tuple) else _several(printable(field, raw), index)
        return sorted({one(each) for each in listed if not _empty(each)}, key=order.__getitem__) or None

    return _unless_empty(convert)


def _several(typed: str, index: Mapping[str, str]) -> list[str]:
    """Cut a text into answers: by semicolons, by commas where no label holds one, by spaces between values."""
    answers: list[str] = []
    for part in filter(None, (part.strip() for part in re.split(r"[;|\n]", typed))):
        known = part in index or part.casefold() in index
        pieces = [part] if known else [piece.strip() for piece in part.split(",")]
        for piece in filter(None, pieces):
            words = piece.split()
            answers += words if piece.casefold() not in index and all(word in index for word in words) else [piece]
    return answers


def _yes_no(field: Field) -> Parser:
    def convert(raw: object) -> Value:
        if isinstance(raw, bool):
            return raw
        typed = printable(field, raw).casefold()
        if typed in _YES or typed in _NO:
            return typed in _YES
        raise _refused(_("“{label}” takes yes or no. Choose one of the two."), field)

    return _unless_empty(convert)


def _phone(field: Field) -> Parser:
    def convert(raw: object) -> Value:
        found = _phone_number(_PHONE_MARKS.sub("", printable(field, raw)))
        if found is None:
            raise _refused(
                _(
                    "“{label}” takes one phone number with its area code, such as 067 123 45 67; a foreign "
                    "one begins with +."
                ),
                field,
            )
        return found

    return _unless_empty(convert)


def _phone_number(typed: str) -> str | None:
    digits = typed.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    if typed.startswith("00"):
        typed, digits = "+" + digits[2:], digits[2:]
    if digits.startswith("380"):
        return f"+{digits}" if len(digits) == 12 and digits[3] != "0" else None
    if typed.startswith("+"):
        return typed if 8 <= len(digits) <= 15 and digits[0] != "0" else None
    for prefix, length in (("80", 11), ("0", 10), ("", 9)):
        national = digits.removeprefix(prefix)
        if digits.startswith(prefix) and len(digits) == length and national[0] != "0":
            return f"+380{national}"
    return None


def _email(field: Field) -> Parser:
    def convert(raw: object) -> Value:
        typed = printable(field, raw)
        if len(typed) > field.max_length or not _EMAIL.fullmatch(typed) or ".." in typed:
            raise _refused(
                _("“{label}” takes an e-mail address, such as name@example.org. Check that nothing is missing."), field
            )
        return typed

    return _unless_empty(convert)


def _identifier(field: Field) -> Parser:
    if field.check is None:
        return _text(field)
    check, width, advice = CHECKS[field.check], WIDTHS.get(field.check, 0), ADVICE[field.check]

    def convert(raw: object) -> Value:
        typed = printable(field, raw)
        found = check(typed if isinstance(raw, str) else typed.zfill(width))
        if found is None:
            raise _refused(_(advice), field)
        return found

    return _unless_empty(convert)


def _calculated(_field: Field) -> Parser:
    # What a form or a file hands back of a calculated field is computed anew, so nothing of it is read.
    return lambda _raw: None


def _note(field: Field) -> Parser:
    def convert(raw: object) -> Value:
        if _empty(raw):
            return None
        raise _refused(_("“{label}” is a note and holds no value. Leave it out."), field)

    return convert


MAKERS: Mapping[FieldType, Callable[[Field], Parser]] = {
    FieldType.TEXT: _text,
    FieldType.LONG_TEXT: _text,
    FieldType.INTEGER: _number,
    FieldType.DECIMAL: _number,
    FieldType.MONEY: _number,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.CHOICE: _choice,
    FieldType.MULTIPLE_CHOICE: _multiple_choice,
    FieldType.YES_NO: _yes_no,
    FieldType.PHONE: _phone,
    FieldType.EMAIL: _email,
    FieldType.IDENTIFIER: _identifier,
    FieldType.CALCULATED: _calculated,
    FieldType.NOTE: _note,
}
