"""Realistic examples of cases, the same for the same seed."""

import json
import re
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import accumulate
from random import Random

import resources
from desktop_app.kits import loader
from desktop_app.kits.model import FieldType, Kit, Value
from desktop_app.kits.people import FACTS, Facts
from desktop_app.kits.values import parse
from sync.errors import Refused
from sync.messages import _

# Fixed, so that an example depends on nothing but its seed, and past, so that it is valid on any day after.
LATEST = date(2026, 6, 30)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class _Alternative:
    fixed: dict[str, Value]
    made: tuple[tuple[str, Callable[[Facts], Value]], ...]


@dataclass(frozen=True, slots=True)
class _Set:
    alternatives: tuple[_Alternative, ...]
    limits: tuple[int, ...]  # running totals of the weights

    def draw(self, random: Random) -> _Alternative:
        return self.alternatives[bisect(self.limits, random.random() * self.limits[-1])]


def example(kit_id: str, seed: int = 0, until: date | None = None) -> dict[str, Value]:
    """Return the values of one invented, valid case of a shipped kit.

    Args:
        kit_id: The id of the kit.
        seed: The same seed gives the same case.
        until: The latest day in it; by default a fixed one.

    Raises:
        Refused: ``unknown_kit``, or ``no_examples``.
    """
    return examples(kit_id, 1, seed, until)[0]


def examples(kit_id: str, count: int, seed: int = 0, until: date | None = None) -> list[dict[str, Value]]:
    """Return the values of many invented, valid cases of a shipped kit.

    Args:
        kit_id: The id of the kit.
        count: How many.
        seed: The same seed gives the same cases.
        until: The latest day in them; by default a fixed one.

    Raises:
        Refused: ``unknown_kit``, or ``no_examples``.
    """
    sets = _sets(kit_id)
    random = Random(f"{kit_id} {seed}")
    return [_draw(sets, Facts(random, until or LATEST)) for _number in range(count)]


def _draw(sets: Sequence[_Set], facts: Facts) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for each in sets:
        alternative = each.draw(facts.random)
        values.update(alternative.fixed)
        for field_id, make in alternative.made:
            values[field_id] = make(facts)
    return values


@cache
def _sets(kit_id: str) -> tuple[_Set, ...]:
    found = loader.kit(kit_id)
    file = resources.path("kits", kit_id, "examples.json")
    if not file.exists():
        raise Refused("no_examples", _("The kit “{kit}” has no examples.").format(kit=kit_id))
    raw = json.loads(file.read_text(encoding="utf-8"))
    return tuple(
        _Set(
            tuple(_alternative(found, each["values"]) for each in alternatives),
            tuple(accumulate(each["weight"] for each in alternatives)),
        )
        for alternatives in raw["sets"]
    )


def _alternative(kit: Kit, values: dict[str, Value]) -> _Alternative:
    fixed: dict[str, Value] = {}
    made: list[tuple[str, Callable[[Facts], Value]]] = []
    for field_id, value in values.items():
        field = kit.field(field_id)
        if isinstance(value, str) and "{" in value:
            make = _template(value)
            made.append((field_id, _whole(make) if field.type is FieldType.INTEGER else make))
        else:
            fixed[field_id] = parse(field, value)
    return _Alternative(fixed, tuple(made))


def _template(source: str) -> Callable[[Facts], str]:
    """Return the function that fills a template with the facts of an example."""
    names = _PLACEHOLDER.findall(source)
    unknown = set(names) - FACTS.keys()
    if unknown:
        raise ValueError(f"no such fact in an example: {', '.join(sorted(unknown))}")
    if source == f"{{{names[0]}}}":
        only = names[0]
        return lambda facts: facts[only]
    return source.format_map


def _whole(make: Callable[[Facts], str]) -> Callable[[Facts], Value]:
    return lambda facts: int(make(facts))
