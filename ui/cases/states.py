"""How a case stands, as icon, word and colour together."""

from dataclasses import dataclass
from datetime import date

from sync.messages import _, ngettext
from ui.forms.dates import date_text


@dataclass(frozen=True, slots=True)
class State:
    """One state of a case.

    Args:
        role: The colour: ``ok``, ``warn``, ``error`` or ``muted``; empty for plain text without a chip.
        icon: The name of the icon, empty for none.
        word: What it says.
    """

    role: str
    icon: str
    word: str


def due_state(due: date | None, today: date, *, soon: bool, final: bool = False) -> State:
    """Return how a case stands against its term.

    Args:
        due: The last day of the term, None where no term runs.
        today: The local day.
        soon: The case counts as due soon.
        final: The case is in a final stage.
    """
    if final:
        return State("ok", "ok", _("Closed"))
    if due is None:
        return State("", "", "")
    days = (due - today).days
    if days < 0:
        return State("error", "overdue", _("Overdue {date}").format(date=short_date(due, today)))
    if not soon:
        return State("", "", date_text(due))
    near = {0: _("Today"), 1: _("Tomorrow")}
    later = ngettext("In {number} day", "In {number} days", days).format(number=days)
    return State("warn", "clock", near.get(days, later))


def due_words(due: date | None, today: date, *, final: bool = False) -> str:
    """Return a term in words, for tooltips, screen readers and the details of a case."""
    if due is None:
        return _("No term runs.")
    if final:
        return _("The term was {date}.").format(date=date_text(due))
    return f"{date_text(due)}, {days_words(due, today)}"


def days_words(due: date, today: date) -> str:
    """Return how far away a term is, such as "3 days late"."""
    days = (due - today).days
    if days < 0:
        return ngettext("{number} day late", "{number} days late", -days).format(number=-days)
    if days == 0:
        return _("today")
    return ngettext("{number} day left", "{number} days left", days).format(number=days)


def short_date(day: date, today: date) -> str:
    """Return a date without its year where that is this year, else with a short one."""
    return f"{day:%d.%m}" if day.year == today.year else f"{day:%d.%m.%y}"
