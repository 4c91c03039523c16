"""Turn the tree of an expression into Python closures, once, when a kit is loaded."""

import operator
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from desktop_app.kits.expressions.errors import ExpressionError
from desktop_app.kits.expressions.functions import FUNCTIONS, Evaluator, Scope
from desktop_app.kits.expressions.operands import (
    CONTEXT,
    Operand,
    add_days,
    equal,
    finite,
    ordered,
    to_date,
    to_number,
    to_truth,
)
from desktop_app.kits.expressions.parser import Binary, Call, FieldReference, Literal, Negation, Node, parse, walk
from sync.messages import _

# How the stored value of a field is read into an expression.
Reader: TypeAlias = Callable[[object], Operand]

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
    "div": CONTEXT.divide,
    "mod": CONTEXT.remainder,
}


class Expression:
    """A compiled expression; make one with ``compile_expression``."""

    __slots__ = ("_evaluate", "fields", "source", "tree")

    def __init__(self, source: str, tree: Node, fields: frozenset[str], evaluate: Evaluator) -> None:
        self.source = source
        self.tree = tree
        self.fields = fields
        self._evaluate = evaluate

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def evaluate(self, values: Mapping[str, object], today: date) -> Operand:
        """Return what the expression yields over the values of a case.

        Args:
            values: Stored values by field id; a missing one is empty.
            today: What ``today()`` gives.
        """
        return self._evaluate(Scope(values, today))

    def evaluate_in(self, scope: Scope) -> Operand:
        """Return what the expression yields in a scope that serves several expressions."""
        return self._evaluate(scope)

    def holds(self, values: Mapping[str, object], today: date) -> bool:
        """Return whether the expression is true over the values of a case."""
        return bool(self._evaluate(Scope(values, today)))


def compile_expression(source: str, readers: Mapping[str, Reader], own: str | None = None) -> Expression:
    """Check an expression fully and compile it.

    Args:
        source: The text of the expression.
        readers: How each known field is read, by field id.
        own: The field that a single dot means, if there is one.

    Raises:
        ExpressionError: It isn't written right, or names a function or field that doesn't exist.
    """
    tree = parse(source)
    compiler = _Compiler(readers, own)
    evaluate = compiler.node(tree)
    fields = frozenset(
        own if node.field is None else node.field for node in walk(tree) if isinstance(node, FieldReference)
    )
    return Expression(source, tree, frozenset(field for field in fields if field is not None), evaluate)


class _Compiler:
    def __init__(self, readers: Mapping[str, Reader], own: str | None) -> None:
        self.readers = readers
        self.own = own

    def node(self, node: Node) -> Evaluator:
        match node:
            case Literal(value=value):
                return lambda _scope: value
            case FieldReference(field=field):
                return self.reference(field)
            case Call():
                return self.call(node)
            case Negation(operand=operand):
                return _negation(self.node(operand))
            case Binary(operator=sign, left=left, right=right):
                if sign in {"=", "!="} and isinstance(right, Literal) and isinstance(right.value, str):
                    return _equals_text(self.node(left), right.value, wanted=sign == "=")
                return _binary(sign, self.node(left), self.node(right))

    def reference(self, field: str | None) -> Evaluator:
        name = self.own if field is None else field
        if name is None:
            raise ExpressionError(_("A single dot means the field's own value, and there is none here."))
        read = self.readers.get(name)
        if read is None:
            raise ExpressionError(_("There is no field “{field}” in this kit.").format(field=name))

        def evaluate(scope: Scope) -> Operand:
            value = scope.values.get(name)
            return None if value is None else read(value)

        return evaluate

    def call(self, call: Call) -> Evaluator:
        function = FUNCTIONS.get(call.name)
        if function is None:
            raise ExpressionError(
                _("There is no function “{name}()”. Those that exist: {known}.").format(
                    name=call.name, known=", ".join(sorted(FUNCTIONS))
                )
            )
        given = len(call.arguments)
        if given < function.low or (function.high is not None and given > function.high):
            raise ExpressionError(
                _("{name}() takes this many arguments: {wanted}, not {given}.").format(
                    name=call.name, wanted=_count(function.low, function.high), given=given
                )
            )
        return function.make([self.node(argument) for argument in call.arguments], call.arguments)


def _count(low: int, high: int | None) -> str:
    if high is None:
        return f"≥ {low}"
    return str(low) if low == high else f"{low}–{high}"


def _negation(operand: Evaluator) -> Evaluator:
    def evaluate(scope: Scope) -> Operand:
        number = to_number(operand(scope))
        return None if number is None else -number

    return evaluate


def _equals_text(left: Evaluator, literal: str, *, wanted: bool) -> Evaluator:
    """Compare with a text in quotes: what most rules do, and so made fast."""

    def evaluate(scope: Scope) -> Operand:
        value = left(scope)
        return (value == literal if isinstance(value, str) else equal(value, literal)) is wanted

    return evaluate


def _binary(sign: str, left: Evaluator, right: Evaluator) -> Evaluator:
    if sign == "and":
        return lambda scope: to_truth(left(scope)) and to_truth(right(scope))
    if sign == "or":
        return lambda scope: to_truth(left(scope)) or to_truth(right(scope))
    if sign == "=":
        return lambda scope: equal(left(scope), right(scope))
    if sign == "!=":
        return lambda scope: not equal(left(scope), right(scope))
    if sign in _ORDERS:
        test = _ORDERS[sign]
        return lambda scope: ordered(left(scope), right(scope), test)
    return _arithmetic(sign, left, right)


def _arithmetic(sign: str, left: Evaluator, right: Evaluator) -> Evaluator:
    compute = _ARITHMETIC[sign]

    def evaluate(scope: Scope) -> Operand:
        first, second = left(scope), right(scope)
        if sign in {"+", "-"} and (isinstance(first, date) or isinstance(second, date)):
            return _date_arithmetic(sign, first, second)
        a, b = to_number(first), to_number(second)
        return None if a is None or b is None else finite(compute(a, b))

    return evaluate


def _date_arithmetic(sign: str, first: Operand, second: Operand) -> Operand:
    """Add days to a date, or take a date from a date."""
    if sign == "-" and isinstance(second, date):
        start, end = to_number(to_date(second)), to_number(to_date(first))
        return None if start is None or end is None else end - start
    if not isinstance(first, date):
        first, second = second, first
    days = to_number(second)
    if days is None or not isinstance(first, date) or isinstance(second, date):
        return None
    return add_days(first, days if sign == "+" else -days)
