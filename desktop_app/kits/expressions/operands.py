"""The values inside an expression, and how XPath turns one kind into another."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, TypeAlias

# An empty answer is None. A date-time is a datetime, which Python counts as a date too.
Operand: TypeAlias = bool | Decimal | str | date | tuple[str, ...] | None

# Without traps nothing raises: what can't be computed becomes NaN or infinity, and then empty.
CONTEXT = Context(prec=34, rounding=ROUND_HALF_UP, traps=[])
MAX_TEXT = 20_000
_EPOCH = date(1970, 1, 1)


def finite(number: Decimal) -> Decimal | None:
    """Return the number, or None (empty) when it isn't finite."""
    return number if number.is_finite() else None


def to_number(value: Operand) -> Decimal | None:
    """Return the value as a number, or None where there is none; a date counts its days since 1970."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, str):
        return _number_in(value)
    if isinstance(value, date):
        return Decimal((_day(value) - _EPOCH).days)
    return None


def _number_in(text: str) -> Decimal | None:
    try:
        return finite(Decimal(text.strip())) if len(text) <= 40 else None
    except InvalidOperation:
        return None


def to_text(value: Operand) -> str:
    """Return the value as text: dates in ISO form, numbers without trailing zeros."""
    match value:
        case str():
            shown = value
        case None:
            shown = ""
        case bool():
            shown = "true" if value else "false"
        case Decimal():
            shown = number_text(value)
        case datetime():
            shown = value.isoformat(timespec="minutes")
        case date():
            shown = value.isoformat()
        case _:
            shown = " ".join(map(str, value))
    return shown


def number_text(number: Decimal) -> str:
    """Return a number in plain digits, without an exponent and without trailing zeros."""
    if abs(number.adjusted()) > 60:
        return str(number)
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def to_truth(value: Operand) -> bool:
    """Return whether the value counts as true: neither empty, nor zero, nor false."""
    return bool(value)


def to_date(value: Operand) -> date | None:
    """Return the value as a date: a date, ISO text, or a number of days since 1970."""
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    number = to_number(value) if isinstance(value, Decimal) else None
    return None if number is None else add_days(_EPOCH, number)


def add_days(start: date, days: Decimal) -> date | None:
    """Return the date so many whole days later, or None when it leaves the calendar."""
    if abs(days) > 4_000_000:
        return None
    try:
        return date.fromordinal(_day(start).toordinal() + int(days))
    except (ValueError, OverflowError):
        return None


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def equal(left: Operand, right: Operand) -> bool:
    """Return whether two values are equal, as XPath compares: as truths, numbers, dates or texts."""
    if isinstance(left, bool) or isinstance(right, bool):
        # An unanswered yes/no question is neither: XPath would call it "no".
        return left is not None and right is not None and to_truth(left) == to_truth(right)
    if left is None or right is None:
        return to_text(left) == to_text(right)
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return (number := to_number(left)) is not None and number == to_number(right)
    if isinstance(left, date) or isinstance(right, date):
        return _compare_dates(left, right, lambda a, b: a == b)
    return to_text(left) == to_text(right)


def ordered(left: Operand, right: Operand, test: Callable[[Any, Any], bool]) -> bool:
    """Return whether two values stand in an order; False when either is empty or they can't be compared."""
    if isinstance(left, date) or isinstance(right, date):
        return _compare_dates(left, right, test)
    first, second = to_number(left), to_number(right)
    return first is not None and second is not None and test(first, second)


def _compare_dates(left: Operand, right: Operand, test: Callable[[Any, Any], bool]) -> bool:
    if isinstance(left, datetime) and isinstance(right, datetime):
        return test(left, right)
    first, second = to_date(left), to_date(right)
    return first is not None and second is not None and test(first, second)
