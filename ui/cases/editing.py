"""What a person saw when they typed, kept right while the case changes underneath."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from desktop_app.cases.model import CaseView, HistoryEntry
from desktop_app.cases.words import field_label
from sync.messages import _


def still_seen(before: CaseView, now: CaseView, touched: Iterable[str]) -> CaseView:
    """Return the case as the form displays it after it took over what changed elsewhere.

    Fields that the person has typed in keep the value and the dots they were shown with: saving must not replace a
    value that nobody has seen. All others are as they are now.

    Args:
        before: As the form displayed it so far.
        now: As it is now.
        touched: The fields typed in.
    """
    values, dots = dict(now.values), dict(now.dots)
    for field in touched:
        values.pop(field, None)
        dots.pop(field, None)
        if field in before.values:
            values[field] = before.values[field]
        if field in before.dots:
            dots[field] = before.dots[field]
    return replace(now, values=values, dots=dots)


def changed_fields(before: CaseView, now: CaseView) -> frozenset[str]:
    """Return the fields whose values differ between two views of a case."""
    fields = before.values.keys() | now.values.keys()
    return frozenset(field for field in fields if before.values.get(field) != now.values.get(field))


def change_words(now: CaseView, changed: Iterable[str], touched: Iterable[str], history: Sequence[HistoryEntry]) -> str:
    """Return what to tell a person whose form was overtaken, empty when nothing of it concerns them.

    Args:
        now: The case as it is now.
        changed: The fields that changed elsewhere.
        touched: The fields that the person has typed in.
        history: The history of the case, newest first.
    """
    overtaken = [field for field in now.kit.field_ids if field in set(changed)]
    if not overtaken:
        return ""
    person = next((entry.person for entry in history if entry.field in overtaken and not entry.mine), "")
    both = [field_label(now.kit, field) for field in overtaken if field in set(touched)]
    names = ", ".join(_("“{field}”").format(field=field_label(now.kit, field)) for field in overtaken)
    said = [_("{person} changed {fields}.") if person else _("Changed meanwhile: {fields}.")]
    said[0] = said[0].format(person=person, fields=names)
    if len(both) < len(overtaken):
        said.append(_("The values shown are updated where you didn't type."))
    if both:
        said.append(_("What you typed stays; when you save, both values are kept."))
    return " ".join(said)
