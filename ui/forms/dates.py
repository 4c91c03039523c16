"""Dates as a clerk types them: ``23.11.2026``, ``1.3``, "today", ``+3``."""

import re
from datetime import date, datetime, timedelta

_DAYS = {
    "сьогодні": 0,
    "today": 0,
    "вчора": -1,
    "yesterday": -1,
    "позавчора": -2,
    "завтра": 1,
    "tomorrow": 1,
    "післязавтра": 2,
}
_OFFSET = re.compile(r"([+\-−])\s*(\d{1,4})")
_TYPED = re.compile(r"(\d{1,2})[.,/\-\s](\d{1,2})(?:[.,/\-\s](\d{2}|\d{4}))?\.?")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SOLID = re.compile(r"(\d{2})(\d{2})(\d{2}|\d{4})")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")
_NOW = {"зараз", "now"}


def read_date(text: str, today: date) -> date | None:
    """Return the date that a person means, or None where the text names none.

    Args:
        text: What was typed; a missing year is the year of today, a year of two digits is of this century unless that
            lies more than ten years ahead.
        today: The day from which words and ``+3`` count.
    """
    typed = text.strip().lower()
    if typed in _DAYS:
        return today + timedelta(days=_DAYS[typed])
    if offset := _OFFSET.fullmatch(typed):
        days = int(offset[2])
        return today + timedelta(days=days if offset[1] == "+" else -days)
    if iso := _ISO.fullmatch(typed):
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    parts = _TYPED.fullmatch(typed) or _SOLID.fullmatch(typed)
    if parts is None:
        return None
    return _date(_year(parts[3], today), int(parts[2]), int(parts[1]))


def read_moment(text: str, now: datetime) -> datetime | None:
    """Return the date and time that a person means, or None; the time defaults to midnight.

    Args:
        text: Such as ``23.11.2026 14:30`` or the word "now".
        now: The local moment from which words count.
    """
    typed = text.strip().lower().replace("t", " ") if _ISO.match(text.strip()) else text.strip().lower()
    if typed in _NOW:
        return now.replace(second=0, microsecond=0, tzinfo=None)
    day, _space, clock = typed.rpartition(" ")
    time = _TIME.fullmatch(clock)
    found = read_date(day if time else typed, now.date())
    if found is None:
        return None
    hour, minute = (int(time[1]), int(time[2])) if time else (0, 0)
    if hour > 23 or minute > 59:
        return None
    return datetime(found.year, found.month, found.day, hour, minute)  # noqa: DTZ001 - a local wall-clock time


def date_text(day: date) -> str:
    """Return a date as it's written in both languages of the desk."""
    return f"{day:%d.%m.%Y}"


def moment_text(moment: datetime) -> str:
    """Return a date and a time as they're written in both languages of the desk."""
    return f"{moment:%d.%m.%Y %H:%M}"


def _year(typed: str | None, today: date) -> int:
    if typed is None:
        return today.year
    if len(typed) == 4:
        return int(typed)
    year = today.year // 100 * 100 + int(typed)
    # 12.04.85 in a birthday means 1985: nobody registers a date eleven years ahead.
    return year - 100 if year > today.year + 10 else year


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
