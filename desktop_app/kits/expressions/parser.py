"""Turn an expression into a tree, by the precedence of XPath."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from desktop_app.kits.expressions.errors import ExpressionError
from desktop_app.kits.expressions.tokens import Token, TokenKind, tokens
from sync.messages import _

# Every node is computed at most once, so this is also the most steps one evaluation can take.
MAX_NODES = 500
MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text written in the expression."""

    value: Decimal | str


@dataclass(frozen=True, slots=True)
class FieldReference:
    """``${field}``; a single dot is a reference without a name."""

    field: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Negation:
    """A minus before an operand."""

    operand: "Node"


Node: TypeAlias = Literal | FieldReference | Call | Binary | Negation

# From the loosest to the tightest.
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"=", "!="}),
    frozenset({"<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "div", "mod"}),
)


def parse(source: str) -> Node:
    """Return the tree of an expression.

    Raises:
        ExpressionError: It isn't written right, or is too long or too deep.
    """
    return _Parser(tokens(source)).whole()


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and every node below it."""
    yield node
    match node:
        case Call(arguments=arguments):
            for argument in arguments:
                yield from walk(argument)
        case Binary(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Negation(operand=operand):
            yield from walk(operand)


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.found = found
        self.at = 0
        self.nodes = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.level(0)
        if self.now.kind is not TokenKind.END:
            raise self.unexpected()
        return node

    @property
    def now(self) -> Token:
        return self.found[self.at]

    def take(self) -> Token:
        token = self.now
        self.at += 1
        return token

    def unexpected(self) -> ExpressionError:
        if self.now.kind is TokenKind.END:
            return ExpressionError(_("The expression breaks off: something is missing at its end."))
        return ExpressionError(
            _("“{text}” at position {position} isn't expected there.").format(
                text=self.now.text, position=self.now.position
            )
        )

    def made(self, node: Node) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ExpressionError(_("The expression has more than {limit} parts.").format(limit=MAX_NODES))
        return node

    def level(self, index: int) -> Node:
        if index == len(_LEVELS):
            return self.unary()
        node = self.level(index + 1)
        while self.now.kind in {TokenKind.SYMBOL, TokenKind.NAME} and self.now.text in _LEVELS[index]:
            operator = self.take().text
            node = self.made(Binary(operator, node, self.level(index + 1)))
        return node

    def unary(self) -> Node:
        if self.is_symbol("-"):
            self.take()
            self.deeper()
            node = self.made(Negation(self.unary()))
            self.depth -= 1
            return node
        return self.primary()

    def primary(self) -> Node:
        token = self.now
        match token.kind:
            case TokenKind.NUMBER:
                self.take()
                return self.made(Literal(Decimal(token.text)))
            case TokenKind.STRING:
                self.take()
                return self.made(Literal(token.text))
            case TokenKind.FIELD:
                self.take()
                return self.made(FieldReference(token.text))
            case TokenKind.NAME:
                return self.call()
            case TokenKind.SYMBOL if token.text == ".":
                self.take()
                return self.made(FieldReference(None))
            case TokenKind.SYMBOL if token.text == "(":
                return self.grouped()
            case _:
                raise self.unexpected()

    def grouped(self) -> Node:
        self.take()
        self.deeper()
        node = self.level(0)
        self.expect(")")
        self.depth -= 1
        return node

    def call(self) -> Node:
        name = self.take()
        if not self.is_symbol("("):
            raise ExpressionError(
                _(
                    "“{text}” at position {position} is no expression: a field is written ${{{text}}}, a text 'so', "
                    "a function with brackets."
                ).format(text=name.text, position=name.position)
            )
        self.take()
        self.deeper()
        arguments: list[Node] = []
        if not self.is_symbol(")"):
            arguments.append(self.level(0))
            while self.is_symbol(","):
                self.take()
                arguments.append(self.level(0))
        self.expect(")")
        self.depth -= 1
        return self.made(Call(name.text, tuple(arguments)))

    def is_symbol(self, text: str) -> bool:
        return self.now.kind is TokenKind.SYMBOL and self.now.text == text

    def expect(self, text: str) -> None:
        if not self.is_symbol(text):
            raise self.unexpected()
        self.take()

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(_("The expression is nested deeper than {limit} levels.").format(limit=MAX_DEPTH))
