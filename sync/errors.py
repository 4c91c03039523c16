"""Expected failures: what a person is told, and the exit code a script is given."""

import traceback
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One faulty field and the sentence that says what is wrong with it."""

    field: str
    message: str


class Failure(Exception):
    """Something expected went wrong; the message says what happened, what is safe and what to do.

    Args:
        code: A machine word in snake_case, stable across languages.
        message: One or more sentences in the person's language.
        fields: The faulty fields, when the failure is about some.
    """

    exit_code = 1

    def __init__(self, code: str, message: str, fields: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields


class Misuse(Failure):
    """The command or the arguments are not such as the program understands."""

    exit_code = 2


class Refused(Failure):
    """A pass phrase, a right or a validation rule said no; nothing was changed."""

    exit_code = 3


class Damaged(Failure):
    """Data is damaged; the message says what was kept and what to do."""

    exit_code = 4


class Unreachable(Failure):
    """Something can't be reached now; nothing is lost."""

    exit_code = 5


def whereabouts(error: BaseException) -> str:
    """Return the kind of an exception and its place in the code, without any data that its text may hold."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__}, {place}"
