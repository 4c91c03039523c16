"""When a case is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from desktop_app.kits.calendar import Calendar, shipped_calendar
from desktop_app.kits.model import Kit, Rule, Term

__all__ = ["Calendar", "Deadline", "deadline", "shipped_calendar"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of the term that runs.

    Args:
        due_on: The last day on which the case is still in time.
        remind_on: The first day on which it counts as due soon.
    """

    due_on: date
    remind_on: date

    def overdue(self, today: date) -> bool:
        """Tell whether the term is over."""
        return self.due_on < today

    def due_soon(self, today: date) -> bool:
        """Tell whether the term is about to end."""
        return self.remind_on <= today <= self.due_on


def deadline(kit: Kit, values: Mapping[str, object], stage: str, calendar: Calendar) -> Deadline | None:
    """Return the end of the running term that ends first.

    Args:
        kit: The kit of the case.
        values: Its stored values.
        stage: Where it stands.
        calendar: How days are counted.

    Returns:
        None in a final stage, or when no term has begun.

    Raises:
        ValueError: A day lies outside the years that can be counted.
        OverflowError: The same.
    """
    if kit.stage(stage).final:
        return None
    ends = [
        (_end(term, start, values, calendar), term.remind_days)
        for term in kit.terms
        if (start := _start(term, values)) and _runs(term, values, stage, start)
    ]
    if not ends:
        return None
    due_on, remind_days = min(ends, key=lambda each: each[0])
    return Deadline(due_on, date.fromordinal(due_on.toordinal() - remind_days))


def _start(term: Term, values: Mapping[str, object]) -> date | None:
    started = values.get(term.start)
    try:
        return date.fromisoformat(started[:10]) if isinstance(started, str) else None
    except ValueError:
        # Stored under another version of the kit, where the field was no date: nothing to count from.
        return None


def _runs(term: Term, values: Mapping[str, object], stage: str, start: date) -> bool:
    if term.stages and stage not in term.stages:
        return False
    return term.when is None or term.when.holds(values, start)


def _end(term: Term, start: date, values: Mapping[str, object], calendar: Calendar) -> date:
    rules = term.rules
    extension = term.extension
    if extension is not None and all(values.get(each) not in (None, "", [], False) for each in extension.requires):
        rules = extension.rules
    rule = _in_force(rules, start)
    return calendar.end(start, rule.value, rule.unit)


def _in_force(rules: tuple[Rule, ...], start: date) -> Rule:
    """Return the newest version that was in force on a day; before the first one, that first one."""
    return next((rule for rule in reversed(rules) if rule.effective_from <= start), rules[0])
