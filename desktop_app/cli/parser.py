"""How the command line is written: one parser, in the person's language."""

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from sync import messages
from sync.errors import Misuse
from sync.messages import N_, _

ARGPARSE_MESSAGES = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("the following arguments are required: %s"),
    N_("unrecognized arguments: %s"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("expected one argument"),
    N_("expected at least one argument"),
    N_("invalid %(type)s value: %(value)r"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("one of the arguments %s is required"),
    N_("not allowed with argument %s"),
    N_("ambiguous option: %(option)s could match %(matches)s"),
)
"""The words of argparse itself; it asks its own module for their translation."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `Misuse` instead of ending the process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed through as they come
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        Raises:
            Misuse: Always.
        """
        raise Misuse(
            "usage",
            _("The command can't be carried out: {problem}. “{command} --help” explains it.").format(
                problem=message, command=self.prog
            ),
        )


def use_own_translations() -> None:
    """Let argparse ask this program's catalogue for its words."""
    setattr(argparse, "_", messages._)  # noqa: B010 - a name that type checkers do not know
    setattr(argparse, "ngettext", messages.ngettext)  # noqa: B010 - the same


def common_options() -> Parser:
    """Return the options that stand anywhere on the line."""
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--json", action="store_true", help=_("write exactly one JSON document to standard output"))
    common.add_argument("--lang", choices=messages.LANGUAGES, help=_("language of the messages"))
    common.add_argument("--passphrase-file", metavar="FILE", help=_("file whose first line is the pass phrase"))
    common.add_argument(
        "--stick", metavar="FILE", help=_("key file on a stick, where the vault needs one beside the pass phrase")
    )
    return common


class Commands:
    """Adds subcommands that share the common options.

    Args:
        parser: The parser to add them to.
        common: What `common_options` made.
        name: Under which name the chosen subcommand is kept.
    """

    def __init__(self, parser: argparse.ArgumentParser, common: Parser, name: str = "command") -> None:
        self._common = common
        self._subparsers = parser.add_subparsers(dest=name, metavar=name.upper(), required=True, parser_class=Parser)

    def add(
        self, name: str, summary: str, handler: Callable[[argparse.Namespace], int] | None = None
    ) -> argparse.ArgumentParser:
        """Add a subcommand.

        Args:
            name: Its word.
            summary: One line for the help.
            handler: Called with the arguments; returns the exit code.
        """
        parser: argparse.ArgumentParser = self._subparsers.add_parser(
            name, help=summary, description=summary, parents=[self._common]
        )
        if handler is not None:
            parser.set_defaults(handler=handler)
        return parser

    def group(self, name: str, summary: str) -> "Commands":
        """Add a subcommand that has subcommands of its own."""
        return Commands(self.add(name, summary), self._common, "action")
