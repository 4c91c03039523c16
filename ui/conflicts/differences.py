"""Show which words of a value are new against the value that was there before."""

import re
from difflib import SequenceMatcher
from html import escape

_TOKENS = re.compile(r"\s+|[^\s]+")
_TOO_LONG = 4000


def marked(base: str, value: str, tint: str) -> str:
    """Return a value as HTML with the words that the base doesn't have on a tint.

    Args:
        base: The value before, empty where there was none.
        value: The value to show.
        tint: The colour behind new words, as ``#rrggbb``.
    """
    if not base or len(base) + len(value) > _TOO_LONG:
        return _html(value)
    before, after = _TOKENS.findall(base), _TOKENS.findall(value)
    parts = []
    for kind, _a, _b, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        words = _html("".join(after[start:end]))
        parts.append(words if kind == "equal" or not words else f'<span style="background-color:{tint}">{words}</span>')
    return "".join(parts)


def _html(words: str) -> str:
    return escape(words).replace("\n", "<br>")
