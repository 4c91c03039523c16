"""Cut the text of an expression into tokens."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from desktop_app.kits.expressions.errors import ExpressionError
from sync.messages import _

MAX_SOURCE = 4_000


class TokenKind(Enum):
    """What a token is."""

    NUMBER = auto()
    STRING = auto()
    FIELD = auto()
    NAME = auto()
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token, its text without quotes and braces, and where it begins (from 1)."""

    kind: TokenKind
    text: str
    position: int


# A hyphen inside a name belongs to it, as in XPath: string-length is one name.
_TOKEN = re.compile(
    r"""\s+
    |(?P<NUMBER>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    |'(?P<SINGLE>[^']*)'
    |"(?P<DOUBLE>[^"]*)"
    |\$\{\s*(?P<FIELD>[A-Za-z_][A-Za-z0-9_.-]*)\s*\}
    |(?P<NAME>[A-Za-z_][A-Za-z0-9_-]*)
    |(?P<SYMBOL>!=|<=|>=|[-+*=<>(),.])""",
    re.VERBOSE,
)


def tokens(source: str) -> list[Token]:
    """Return the tokens of an expression, the last of them being the end.

    Raises:
        ExpressionError: The text is too long or holds a character that means nothing here.
    """
    if len(source) > MAX_SOURCE:
        raise ExpressionError(_("The expression is longer than {limit} characters.").format(limit=MAX_SOURCE))
    found: list[Token] = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise ExpressionError(
                _("The character “{character}” at position {position} can't be used there.").format(
                    character=source[position], position=position + 1
                )
            )
        if match.lastgroup is not None:
            kind = "STRING" if match.lastgroup in {"SINGLE", "DOUBLE"} else match.lastgroup
            found.append(Token(TokenKind[kind], match[match.lastgroup], position + 1))
        position = match.end()
    found.append(Token(TokenKind.END, "", len(source) + 1))
    return found
