"""Expected failures: what a person is told, and the exit code a script is given."""

from dataclasses import dataclass


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
