"""When a case is due."""

from collections.abc import Mapping
from datetime import date

from desktop_app.kits.calendar import Calendar, shipped_calendar
from desktop_app.kits.model import Kit, Rule, Term

__all__ = ["Calendar", "due_on", "remind_on", "shipped_calendar", "term_in_force"]


def due_on(kit: Kit, values: Mapping[str, object], stage: str, calendar: Calendar) -> date | None:
    """Return the last day on which a case is still in time.

    Args:
        kit: The kit of the case.
        values: Its stored values.
        stage: Where it stands.
        calendar: How days are counted.

    Returns:
        The earliest end of the terms that run; None in a final stage, or when no term has begun.
    """
    found = term_in_force(kit, values, stage, calendar)
    return found[1] if found else None


def remind_on(kit: Kit, values: Mapping[str, object], stage: str, calendar: Calendar) -> date | None:
    """Return the day from which a case counts as due soon, or None when no term runs."""
    found = term_in_force(kit, values, stage, calendar)
    return date.fromordinal(found[1].toordinal() - found[0].remind_days) if found else None


def term_in_force(kit: Kit, values: Mapping[str, object], stage: str, calendar: Calendar) -> tuple[Term, date] | None:
    """Return the running term that ends first, with its last day; None when no term runs."""
    if kit.stage(stage).final:
        return None
    ends = [
        (term, _end(term, start, values, calendar))
        for term in kit.terms
        if (start := _start(term, values)) and _runs(term, values, stage, start)
    ]
    return min(ends, key=lambda each: each[1], default=None)


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
