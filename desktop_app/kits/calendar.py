"""Working days, days off and months, as the administrator's table has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

import resources
from desktop_app.kits.model import LocalText, Unit
from desktop_app.kits.reading import Faults, Item, read_json
from sync.messages import _

_DAY = timedelta(days=1)
# Longer than any row of days off; a table that holds a longer one is refused when it is loaded.
_LONGEST_REST = 60


@dataclass(frozen=True, slots=True)
class Calendar:
    """How days are counted.

    Args:
        weekend: The days of the week that are off, 0 for Monday.
        holidays: Further days off, with their names: "08-24" for every year, or "2027-05-03" for one.
        working_days: Days that are worked although they fall on a weekend or holiday.
        martial_law: Spans in which holidays are worked, each from its first to its last day; None for no end yet.
        month_days: How many days a month counts, or None for a calendar month.
        moves_on: Whether a term that ends on a day off ends on the next working day instead.
    """

    weekend: frozenset[int] = frozenset({5, 6})
    holidays: Mapping[str, LocalText] = field(default_factory=dict)
    working_days: frozenset[date] = frozenset()
    martial_law: tuple[tuple[date, date | None], ...] = ()
    month_days: int | None = None
    moves_on: bool = True

    def is_off(self, day: date) -> bool:
        """Return whether nobody works on a day."""
        if day in self.working_days:
            return False
        return day.weekday() in self.weekend or (self._is_holiday(day) and not self._under_martial_law(day))

    def _is_holiday(self, day: date) -> bool:
        iso = day.isoformat()
        return iso in self.holidays or iso[5:] in self.holidays

    def _under_martial_law(self, day: date) -> bool:
        return any(first <= day and (last is None or day <= last) for first, last in self.martial_law)

    def working_day_from(self, day: date) -> date:
        """Return the day itself, or the first working day after it when it is off."""
        for _attempt in range(_LONGEST_REST):
            if not self.is_off(day):
                return day
            day += _DAY
        raise ValueError(f"the calendar has no working day within {_LONGEST_REST} days before {day}")

    def end(self, start: date, length: int, unit: Unit) -> date:
        """Return the last day of a term.

        Args:
            start: The day of the event; the term runs from the day after it.
            length: How many units.
            unit: What they are.
        """
        match unit:
            case Unit.WORKING:
                last = start
                for _count in range(length):
                    last = self.working_day_from(last + _DAY)
                return last
            case Unit.CALENDAR:
                last = start + length * _DAY
            case Unit.MONTH:
                last = add_months(start, length) if self.month_days is None else start + length * self.month_days * _DAY
        return self.working_day_from(last) if self.moves_on else last


def add_months(start: date, months: int) -> date:
    """Return the same day so many months later, or the last day of that month when it has no such day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for shorter in range(4):
        try:
            return date(year, month + 1, start.day - shorter)
        except ValueError:
            continue
    raise ValueError(f"no day {months} months after {start}")


@cache
def shipped_calendar() -> Calendar:
    """Return the calendar that ships: five-day week, and under martial law no holidays."""
    return load_calendar(resources.path("calendar", "ukraine.json"))


def load_calendar(file: Path) -> Calendar:
    """Return the calendar of a file.

    Args:
        file: JSON as docs/kits.md describes it.

    Raises:
        Refused: ``bad_kit``; every fault is named with its place.
    """
    faults = Faults(str(file))
    item = Item(read_json(file), "", faults)
    calendar = Calendar(
        weekend=_weekend(item),
        holidays=MappingProxyType(
            {_holiday(each): each.local("label") for each in item.items("holidays", optional=True)}
        ),
        working_days=frozenset(each.day("day") for each in item.items("working_days", optional=True)),
        martial_law=tuple(
            (each.day("first"), None if each.get("last") is None else each.day("last"))
            for each in item.items("martial_law", optional=True)
        ),
        month_days=None if item.get("month_days") is None else item.integer("month_days", low=28, high=31),
        moves_on=item.flag("moves_on"),
    )
    item.string("source", "")
    item.verification()
    item.finish()
    faults.raise_any()
    return calendar


def _weekend(item: Item) -> frozenset[int]:
    days = item.get("weekend")
    if isinstance(days, list) and len(days) < 7 and all(type(day) is int and 1 <= day <= 7 for day in days):
        return frozenset(day - 1 for day in days)
    item.fault("weekend", _("A list of up to six days of the week belongs here, 1 for Monday to 7 for Sunday."))
    return frozenset()


def _holiday(item: Item) -> str:
    written = item.string("day")
    try:
        # A leap year, so that the 29th of February can be a holiday.
        date.fromisoformat(written if len(written) == 10 else f"2024-{written}")
    except ValueError:
        item.fault("day", _("A date such as 2027-05-03, or 08-24 for every year, belongs here."))
    return written
