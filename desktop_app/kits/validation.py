"""Check the values of a case by its kit, compute what is calculated, tell what a form shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import cast

from desktop_app.kits.checks import order
from desktop_app.kits.expressions import Scope
from desktop_app.kits.model import Field, Kit, Value, text
from desktop_app.kits.parsing import Unacceptable
from desktop_app.kits.values import Parser, parser, stored
from sync.errors import FieldProblem, Refused
from sync.messages import _


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is done for a kit, prepared once.

    Args:
        parsers: How the value of each field is read.
        settled: Fields that are shown on a condition, have a default or are calculated, in the order in which they
            need each other.
        checked: Fields with a rule, in the order of the form.
    """

    parsers: Mapping[str, Parser]
    settled: tuple[Field, ...]
    checked: tuple[Field, ...]


@lru_cache(maxsize=64)
def _plan(kit: Kit) -> _Plan:
    return _Plan(
        parsers={each.id: parser(each) for each in kit.fields},
        settled=tuple(each for each in order(kit) if each.shown or each.default or each.calculation),
        checked=tuple(
            each for each in kit.fields if each.required or each.valid or any(choice.when for choice in each.choices)
        ),
    )


@dataclass(slots=True)
class _Case:
    """Values under examination.

    Args:
        values: Everything given, also where the form hides it at present.
        effective: What the form shows; rules see nothing else.
    """

    values: dict[str, Value]
    effective: dict[str, Value] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)


def validate(
    kit: Kit, raw: Mapping[str, object], today: date, previous: Mapping[str, object] | None = None
) -> dict[str, Value]:
    """Return the values of a case in their stored form, fully checked.

    On registration, fields that ``raw`` doesn't name get their defaults. On an edit they keep what is stored, and
    only what the edit makes wrong refuses it: data stored before a rule existed never stands in the way.
    A value in a field that the form hides at present is kept, and plays no part in any rule.

    Args:
        kit: The kit of the case.
        raw: Values by field id: typed, from a spreadsheet, or in their stored form.
        today: The day of the registration or edit.
        previous: The values already stored, when this is an edit; system fields in it are passed over.

    Returns:
        The values that aren't empty; on an edit also None for each field that the edit emptied.

    Raises:
        Refused: ``invalid``, with every faulty field.
    """
    if previous is None:
        values, problems = _parse(kit, raw)
        case = _settle(kit, values, today, unnamed=raw)
        problems += _rule_problems(kit, case, today, skip={problem.field for problem in problems})
    else:
        case, problems = _edit(kit, raw, today, previous)
    if problems:
        raise _refusal(kit, problems)
    return case.values


def check(kit: Kit, values: Mapping[str, object], today: date) -> tuple[FieldProblem, ...]:
    """Return every problem of what a form holds, in the order of its fields; nothing is raised.

    Args:
        kit: The kit of the case.
        values: What the form holds, as typed or as stored; nothing is filled in by default.
        today: The present day.
    """
    parsed, problems = _parse(kit, values)
    case = _settle(kit, parsed, today)
    problems += _rule_problems(kit, case, today, skip={problem.field for problem in problems})
    return _in_form_order(kit, problems)


def defaults(kit: Kit, today: date) -> dict[str, Value]:
    """Return what a new form holds before anything is typed."""
    return _settle(kit, {}, today, unnamed={}).values


def visible(kit: Kit, values: Mapping[str, object], today: date) -> frozenset[str]:
    """Return the ids of the fields that a form shows while it holds these values, as typed or as stored."""
    parsed, _problems = _parse(kit, values)
    return frozenset(kit.field_ids) - _settle(kit, parsed, today).hidden


def _edit(
    kit: Kit, raw: Mapping[str, object], today: date, previous: Mapping[str, object]
) -> tuple[_Case, list[FieldProblem]]:
    """Examine an edit; problems are those of the fields that it changes, and those that it brings about."""
    old = {each: cast("Value", previous[each]) for each in kit.field_ids if previous.get(each) is not None}
    given = {each: value for each, value in raw.items() if each not in old or value != old[each]}
    parsed, problems = _parse(kit, given)
    changed = {each for each in given if each in kit.field_ids and parsed.get(each) != old.get(each)}
    emptied = changed - parsed.keys()
    case = _settle(kit, {each: old[each] for each in old if each not in emptied} | parsed, today)
    faults = _rule_problems(kit, case, today, skip={problem.field for problem in problems})
    if faults:
        known = {problem.field for problem in _rule_problems(kit, _settle(kit, dict(old), today), today)}
        problems += [fault for fault in faults if fault.field in changed or fault.field not in known]
    case.values |= dict.fromkeys(old.keys() - case.values.keys())
    return case, problems


def _parse(kit: Kit, raw: Mapping[str, object]) -> tuple[dict[str, Value], list[FieldProblem]]:
    """Read every value that was given; empty ones are left out."""
    parsers = _plan(kit).parsers
    values: dict[str, Value] = {}
    problems: list[FieldProblem] = []
    for field_id, given in raw.items():
        parse = parsers.get(field_id)
        if parse is None:
            problems.append(_unknown(kit, field_id))
            continue
        try:
            value = parse(given)
        except Unacceptable as error:
            problems.append(FieldProblem(field_id, str(error)))
            continue
        if value is not None:
            values[field_id] = value
    return values, problems


def _unknown(kit: Kit, field_id: str) -> FieldProblem:
    message = _("The kit “{kit}” has no field “{field}”. Check the spelling or leave it out; nothing of it was saved.")
    return FieldProblem(field_id, message.format(kit=text(kit.title), field=field_id[:80]))


def _settle(kit: Kit, values: dict[str, Value], today: date, unnamed: Mapping[str, object] | None = None) -> _Case:
    """Find what is hidden, and compute what is calculated.

    Args:
        kit: The kit of the case.
        values: Parsed values; they become the values of the case.
        today: The present day.
        unnamed: Where given, fields not named in it get their defaults.
    """
    case = _Case(values, dict(values))
    scope = Scope(case.effective, today)
    for each in _plan(kit).settled:
        if each.shown is not None and not each.shown.evaluate_in(scope):
            case.hidden.add(each.id)
            case.effective.pop(each.id, None)
            if each.calculation is not None:
                values.pop(each.id, None)
            continue
        if each.calculation is not None:
            computed = stored(each.calculation.evaluate_in(scope))
        elif each.default is not None and unnamed is not None and each.id not in unnamed:
            computed = parser(each)(stored(each.default.evaluate_in(scope)))
        else:
            continue
        for target in (values, case.effective):
            target.pop(each.id, None)
            if computed is not None:
                target[each.id] = computed
    return case


def _rule_problems(kit: Kit, case: _Case, today: date, skip: Iterable[str] = frozenset()) -> list[FieldProblem]:
    """Return what the rules of the kit find wrong with the shown fields, except those to skip."""
    left_out = case.hidden.union(skip)
    scope = Scope(case.effective, today)
    return [
        FieldProblem(each.id, message)
        for each in _plan(kit).checked
        if each.id not in left_out and (message := _fault(each, scope))
    ]


def _fault(each: Field, scope: Scope) -> str | None:
    value = scope.values.get(each.id)
    if value is None:
        required = each.required if isinstance(each.required, bool) else each.required.evaluate_in(scope)
        return _("“{label}” is empty. Fill it in.").format(label=text(each.label)) if required else None
    if each.valid is not None and not each.valid.evaluate_in(scope):
        return _("“{label}”: {message}").format(label=text(each.label), message=text(each.valid_message))
    return _choice_fault(each, value, scope) if each.choices else None


def _choice_fault(each: Field, value: object, scope: Scope) -> str | None:
    """Return what is wrong when an answer isn't offered beside the other answers given."""
    chosen = value if isinstance(value, list) else [value]
    for choice in each.choices:
        if choice.when is not None and choice.value in chosen and not choice.when.evaluate_in(scope):
            return _("“{label}”: the answer “{choice}” doesn't go with the other answers. Choose another one.").format(
                label=text(each.label), choice=text(choice.label)
            )
    return None


def _in_form_order(kit: Kit, problems: list[FieldProblem]) -> tuple[FieldProblem, ...]:
    rank = {field_id: number for number, field_id in enumerate(kit.field_ids)}
    return tuple(sorted(problems, key=lambda problem: rank.get(problem.field, len(rank))))


def _refusal(kit: Kit, problems: list[FieldProblem]) -> Refused:
    ordered = _in_form_order(kit, problems)
    message = _("Nothing was saved; what is stored is safe. Correct this and try again:")
    return Refused("invalid", "\n".join([message, *(problem.message for problem in ordered)]), ordered)
