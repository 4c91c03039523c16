"""The functions that an expression can call. To add one, add a line to ``FUNCTIONS``."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import TypeAlias

from desktop_app.kits.expressions.errors import ExpressionError
from desktop_app.kits.expressions.operands import (
    CONTEXT,
    MAX_TEXT,
    Operand,
    finite,
    to_date,
    to_number,
    to_text,
    to_truth,
)
from desktop_app.kits.expressions.parser import Literal, Node
from desktop_app.kits.expressions.patterns import MAX_MATCHED_TEXT, safe_pattern
from sync.messages import _


class Scope:
    """What an expression is computed over: the values of a case, and the day."""

    __slots__ = ("today", "values")

    def __init__(self, values: Mapping[str, object], today: date) -> None:
        self.values = values
        self.today = today

    @property
    def now(self) -> datetime:
        """The present minute, on the day of this scope."""
        clock = datetime.now().astimezone().time()
        return datetime.combine(self.today, clock.replace(second=0, microsecond=0))


Evaluator: TypeAlias = Callable[[Scope], Operand]
Maker: TypeAlias = Callable[[Sequence[Evaluator], Sequence[Node]], Evaluator]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: how many arguments it takes, and how its evaluator is made from theirs.

    Args:
        low: The fewest arguments.
        high: The most arguments, or None for any number.
        make: Takes the arguments' evaluators and trees, and returns the evaluator of the call.
    """

    low: int
    high: int | None
    make: Maker


def _plain(function: Callable[..., Operand]) -> Maker:
    """Make the evaluator of a function that needs all its arguments."""

    def make(arguments: Sequence[Evaluator], _nodes: Sequence[Node]) -> Evaluator:
        if len(arguments) == 1:
            only = arguments[0]
            return lambda scope: function(only(scope))
        return lambda scope: function(*[argument(scope) for argument in arguments])

    return make


def _if(arguments: Sequence[Evaluator], _nodes: Sequence[Node]) -> Evaluator:
    condition, then, otherwise = arguments
    return lambda scope: then(scope) if to_truth(condition(scope)) else otherwise(scope)


def _coalesce(arguments: Sequence[Evaluator], _nodes: Sequence[Node]) -> Evaluator:
    def evaluate(scope: Scope) -> Operand:
        for argument in arguments:
            value = argument(scope)
            if value is not None and value not in {"", ()}:
                return value
        return None

    return evaluate


def _regex(arguments: Sequence[Evaluator], nodes: Sequence[Node]) -> Evaluator:
    pattern: re.Pattern[str] = safe_pattern(_literal_text("regex", nodes[1]))
    subject = arguments[0]

    def evaluate(scope: Scope) -> Operand:
        text = to_text(subject(scope))
        return len(text) <= MAX_MATCHED_TEXT and pattern.fullmatch(text) is not None

    return evaluate


_DATE_MARKS = {"Y": "%Y", "y": "%y", "m": "%m", "d": "%d", "H": "%H", "M": "%M", "n": "", "e": "", "%": "%%"}


def _format_date(arguments: Sequence[Evaluator], nodes: Sequence[Node]) -> Evaluator:
    pattern = _literal_text("format-date", nodes[1])
    parts = re.findall(r"%.|[^%]+|%$", pattern, re.DOTALL)
    unknown = [part for part in parts if part.startswith("%") and part[1:] not in _DATE_MARKS]
    if unknown:
        raise ExpressionError(_("format-date() doesn't know “{mark}”.").format(mark=unknown[0]))
    value = arguments[0]

    def evaluate(scope: Scope) -> Operand:
        moment = value(scope)
        day = moment if isinstance(moment, datetime) else to_date(moment)
        return None if day is None else "".join(_date_part(day, part) for part in parts)

    return evaluate


def _date_part(day: date, part: str) -> str:
    if part == "%n":
        return str(day.month)
    if part == "%e":
        return str(day.day)
    return day.strftime(_DATE_MARKS[part[1]]) if part.startswith("%") else part


def _literal_text(function: str, node: Node) -> str:
    if isinstance(node, Literal) and isinstance(node.value, str):
        return node.value
    raise ExpressionError(_("The pattern of {function}() must be a text in quotes.").format(function=function))


def _selected(value: Operand, choice: Operand) -> Operand:
    wanted = to_text(choice)
    return wanted in (value if isinstance(value, tuple) else to_text(value).split())


def _count_selected(value: Operand) -> Operand:
    return Decimal(len(value if isinstance(value, tuple) else to_text(value).split()))


def _concat(*values: Operand) -> Operand:
    return "".join(map(to_text, values))[:MAX_TEXT]


def _substr(value: Operand, start: Operand, end: Operand = None) -> Operand:
    first, last = to_number(start), to_number(end)
    if first is None:
        return None
    return to_text(value)[_place(first) : None if last is None else _place(last)]


def _place(number: Decimal) -> int:
    return int(max(Decimal(-MAX_TEXT), min(number, Decimal(MAX_TEXT))))


def _int(value: Operand) -> Operand:
    number = to_number(value)
    return None if number is None else number.to_integral_value(ROUND_DOWN)


def _round(value: Operand, places: Operand = None) -> Operand:
    number, digits = to_number(value), to_number(places) or Decimal(0)
    if number is None or not 0 <= digits <= 12:
        return None
    return finite(number.quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP, CONTEXT))


FUNCTIONS: Mapping[str, Function] = {
    "coalesce": Function(1, None, _coalesce),
    "concat": Function(1, None, _plain(_concat)),
    "contains": Function(2, 2, _plain(lambda text, part: to_text(part) in to_text(text))),
    "count-selected": Function(1, 1, _plain(_count_selected)),
    "date": Function(1, 1, _plain(to_date)),
    "ends-with": Function(2, 2, _plain(lambda text, part: to_text(text).endswith(to_text(part)))),
    "false": Function(0, 0, _plain(lambda: False)),
    "format-date": Function(2, 2, _format_date),
    "if": Function(3, 3, _if),
    "int": Function(1, 1, _plain(_int)),
    "not": Function(1, 1, _plain(lambda value: not to_truth(value))),
    "now": Function(0, 0, lambda _arguments, _nodes: lambda scope: scope.now),
    "number": Function(1, 1, _plain(to_number)),
    "regex": Function(2, 2, _regex),
    "round": Function(1, 2, _plain(_round)),
    "selected": Function(2, 2, _plain(_selected)),
    "starts-with": Function(2, 2, _plain(lambda text, part: to_text(text).startswith(to_text(part)))),
    "string-length": Function(1, 1, _plain(lambda value: Decimal(len(to_text(value))))),
    "substr": Function(2, 3, _plain(_substr)),
    "today": Function(0, 0, lambda _arguments, _nodes: lambda scope: scope.today),
    "true": Function(0, 0, _plain(lambda: True)),
}
