"""Values of fields: read what a person or a spreadsheet gives, show what is stored."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from desktop_app.kits import parsing
from desktop_app.kits.expressions import Operand, Reader
from desktop_app.kits.expressions.operands import number_text, to_text
from desktop_app.kits.model import Field, FieldType, Value, text
from sync.errors import FieldProblem, Refused
from sync.messages import language

_ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?")
_FRACTION = re.compile(r"-?[0-9]+\.[0-9]+")
_NO_BREAK_SPACE = "\u00a0"
_YES_NO = {"uk": ("ні", "так"), "en": ("no", "yes")}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBERS = frozenset({FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY})

Parser = Callable[[object], Value]


def parse(field: Field, raw: object) -> Value:
    """Return the stored form of a value.

    Args:
        field: The field that the value is for.
        raw: What a person typed, the cell of a spreadsheet, or a value already in its stored form.

    Returns:
        The value; None when nothing is given.

    Raises:
        Refused: ``invalid``; the sentence names the field and what it accepts.
    """
    try:
        return parser(field)(raw)
    except parsing.Unacceptable as error:
        problem = FieldProblem(field.id, str(error))
        raise Refused("invalid", problem.message, (problem,)) from None


@lru_cache(maxsize=8192)
def parser(field: Field) -> Parser:
    """Return the function that parses the values of a field; it raises ``parsing.Unacceptable``."""
    return parsing.MAKERS[field.type](field)


def display(field: Field, value: Value, lang: str | None = None) -> str:
    """Return a stored value as a person reads it.

    Args:
        field: The field that the value belongs to.
        value: The stored value.
        lang: ``uk`` or ``en``; by default the language of the messages.
    """
    if value is None:
        return ""
    lang = lang or language()
    if isinstance(value, bool):
        return _YES_NO[lang][value]
    if field.choices:
        labels = choice_labels(field, lang)
        chosen = value if isinstance(value, list) else [str(value)]
        # A value that an older version of the kit offered has no label any more; its id still says something.
        return "; ".join(labels.get(each, each) for each in chosen)
    plain = " ".join(value) if isinstance(value, list) else str(value)
    show = _SHOWN.get(field.type)
    return show(plain, lang) if show else plain


@lru_cache(maxsize=8192)
def choice_labels(field: Field, lang: str) -> Mapping[str, str]:
    """Return the label of each choice of a field in a language, by its value."""
    return {choice.value: text(choice.label, lang) for choice in field.choices}


def show_number(value: str, lang: str) -> str:
    """Return a canonical number with its thousands apart and the decimal mark of the language."""
    whole, mark, fraction = value.partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    if not digits.isdigit():
        return value
    grouped = f"{int(digits):,}"
    if lang == "en":
        return f"{sign}{grouped}{mark}{fraction}"
    return f"{sign}{grouped.replace(',', _NO_BREAK_SPACE)}{',' if mark else ''}{fraction}"


def _show_moment(value: str, lang: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    day = f"{moment:%d.%m.%Y}" if lang == "uk" else f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
    return f"{day} {moment:%H:%M}" if "T" in value else day


def _show_calculated(value: str, lang: str) -> str:
    if _ISO_MOMENT.fullmatch(value):
        return _show_moment(value, lang)
    # Only what is surely a computed number: text of digits may be a code, in which thousands aren't set apart.
    return show_number(value, lang) if _FRACTION.fullmatch(value) else value


def _show_phone(value: str, _lang: str) -> str:
    if value.startswith("+380") and len(value) == 13:
        return f"+380 {value[4:6]} {value[6:9]} {value[9:11]} {value[11:]}"
    return value


_SHOWN: Mapping[FieldType, Callable[[str, str], str]] = {
    **dict.fromkeys(_NUMBERS, show_number),
    FieldType.DATE: _show_moment,
    FieldType.DATETIME: _show_moment,
    FieldType.CALCULATED: _show_calculated,
    FieldType.PHONE: _show_phone,
}


def stored(result: Operand) -> Value:
    """Return what an expression yields in the form in which it is stored."""
    if result is None or isinstance(result, bool):
        return result
    if isinstance(result, Decimal):
        whole = result == result.to_integral_value() and abs(result) < 10**15
        return int(result) if whole else number_text(result)
    if isinstance(result, tuple):
        return list(result) or None
    return to_text(result) or None


def _tolerant(read: Reader) -> Reader:
    """Let a value that was stored under another version of the kit be read as the text that it is."""

    def reader(value: object) -> Operand:
        try:
            return read(value)
        except (ValueError, ArithmeticError):
            return _read_plain(value)

    return reader


def _read_choices(value: object) -> Operand:
    return tuple(value) if isinstance(value, list) else (str(value),)


def _read_calculated(value: object) -> Operand:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else _read_plain(value)


def _read_plain(value: object) -> Operand:
    if isinstance(value, bool | str):
        return value
    return _read_choices(value) if isinstance(value, list) else str(value)


# How a stored value enters an expression.
READERS: Mapping[FieldType, Reader] = {
    **dict.fromkeys(FieldType, _read_plain),
    **dict.fromkeys(_NUMBERS, _tolerant(lambda value: Decimal(str(value)))),
    FieldType.DATE: _tolerant(lambda value: date.fromisoformat(str(value))),
    FieldType.DATETIME: _tolerant(lambda value: datetime.fromisoformat(str(value))),
    FieldType.MULTIPLE_CHOICE: _read_choices,
    FieldType.CALCULATED: _read_calculated,
}
