"""Regular expressions of kits: compiled once, and only such as can't run for hours."""

import re

from desktop_app.kits.expressions.errors import ExpressionError
from sync.messages import _

MAX_PATTERN = 200
# A pattern with three long repetitions needs at most some ten million steps on so short a text.
MAX_MATCHED_TEXT = 500
MAX_REPETITIONS = 3
_LONG_REPEAT = 20
_REPEAT = re.compile(r"([*+?])\??|\{(\d*)(,?)(\d*)\}\??")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")


def safe_pattern(source: str) -> re.Pattern[str]:
    """Return a compiled pattern for matching a whole text.

    Raises:
        ExpressionError: The pattern is no pattern, or could take too long on some text.
    """
    if len(source) > MAX_PATTERN:
        raise ExpressionError(_("The pattern is longer than {limit} characters.").format(limit=MAX_PATTERN))
    try:
        compiled = re.compile(source)
    except (re.error, OverflowError) as error:
        raise ExpressionError(_("“{pattern}” is no pattern.").format(pattern=source)) from error
    if not _Cost().bounded(source):
        raise ExpressionError(
            _(
                "The pattern “{pattern}” could take too long: use at most {limit} unlimited repetitions, and none of a "
                "group that holds a repetition or an alternative; no references back."
            ).format(pattern=source, limit=MAX_REPETITIONS)
        )
    return compiled


class _Cost:
    """Reads a valid pattern and finds what makes matching exponential."""

    def __init__(self) -> None:
        self.long_repeats = 0
        self.groups: list[bool] = []  # for each open group, whether it can match one text in several ways
        self.closed_varies = False  # the same for the element just read

    def bounded(self, source: str) -> bool:
        position = 0
        while position < len(source):
            if repeat := _REPEAT.match(source, position):
                if not self.repeat(repeat):
                    return False
                position = repeat.end()
                continue
            width = self.element(source, position)
            if not width:
                return False
            position += width
        return self.long_repeats <= MAX_REPETITIONS

    def repeat(self, found: re.Match[str]) -> bool:
        sign, least, comma, most = found.groups()
        if sign != "?" and self.closed_varies:
            return False
        fixed = sign is None and not comma
        upper = least if fixed else most
        self.long_repeats += sign in {"*", "+"} or (sign is None and (not upper or int(upper) > _LONG_REPEAT))
        if not fixed:
            self.groups = [True] * len(self.groups)
        return True

    def element(self, source: str, position: int) -> int:
        """Take in one element and return its width, or 0 where it is refused."""
        character = source[position]
        self.closed_varies = False
        if character == "\\":
            return 0 if source[position + 1].isdigit() else 2
        if character == "[":
            found = _CLASS.match(source, position)
            return len(found[0]) if found else 0
        if character == "(":
            self.groups.append(False)
            plain = source.startswith("(?:", position)
            return 3 if plain else 0 if source.startswith("(?", position) else 1
        if character == ")":
            self.closed_varies = self.groups.pop()
        elif character == "|":
            self.groups = [True] * len(self.groups)
        return 1
