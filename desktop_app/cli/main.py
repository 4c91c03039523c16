"""Where a command line is understood and carried out."""

import os
import sys
from argparse import SUPPRESS, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import desktop_app
from desktop_app.audit import Origin, set_origin
from desktop_app.cli import (
    audit,
    backups,
    cases,
    community,
    exchange,
    files,
    kits,
    members,
    mending,
    output,
    server,
    snapshots,
    units,
    ways,
)
from desktop_app.cli.parser import Commands, Parser, common_options, use_own_translations
from sync import messages
from sync.errors import Failure, Misuse, whereabouts
from sync.messages import _

Handler = Callable[[Namespace], int]
BUG = 1
INTERRUPTED = 130
_ABOUT_BACKUPS = {"drill": "drill", "info": "backup-info", "list": "backup-info"}


def run(argv: Sequence[str], upper_floor: Mapping[str, Handler]) -> int:
    """Carry out one command line.

    Args:
        argv: The arguments after the program's name.
        upper_floor: What only the floors above can do, by name: ``desk``, ``tour`` and ``bench``.

    Returns:
        The exit code: 0 done, 1 a bug, 2 wrong usage, 3 refused, 4 damaged data, 5 not reachable now.
    """
    set_origin(Origin.CLI)
    argv = _joined(argv)
    _choose_language(argv)
    output.prepare(as_json="--json" in argv)
    # Until the arguments are understood, their own --json decides how a mistake in them is told.
    arguments = Namespace(json="--json" in argv)
    try:
        _require_text(argv)
        arguments = _parser(upper_floor).parse_args(argv)
        handler: Handler = arguments.handler
        return handler(arguments)
    except Failure as problem:
        return output.failure(arguments, problem)
    except KeyboardInterrupt:
        output.failure(arguments, Failure("interrupted", _("Interrupted. What was finished before is kept.")))
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort: a person gets a sentence, never a traceback
        message = _("A mistake in the program stopped this command ({where}). What was saved before is safe.")
        output.failure(arguments, Failure("program_error", message.format(where=whereabouts(error))))
        return BUG


def _joined(argv: Sequence[str]) -> list[str]:
    """Put ``--sort -FIELD`` together, since argparse takes what begins with a dash for an option.

    ``backup drill FILE``, ``backup info FILE`` and ``backup list FILE`` are commands too; a vault in a folder of such
    a name is called ``./drill``.
    """
    joined: list[str] = []
    for argument in argv:
        if joined and joined[-1] == "backup" and argument in _ABOUT_BACKUPS:
            joined[-1] = _ABOUT_BACKUPS[argument]
        elif joined and joined[-1] == "--sort" and argument.startswith("-") and not argument.startswith("--"):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _require_text(argv: Sequence[str]) -> None:
    """Refuse arguments that hold bytes of another encoding: nothing could keep or show them as they are."""
    for argument in argv:
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            shown = argument.encode("utf-8", "replace").decode()
            raise Misuse("usage", _("“{argument}” is not text in UTF-8.").format(argument=shown)) from error


def _choose_language(argv: Sequence[str]) -> None:
    for place, argument in enumerate(argv):
        chosen = argument.removeprefix("--lang=") if argument.startswith("--lang=") else ""
        if argument == "--lang" and place + 1 < len(argv):
            chosen = argv[place + 1]
        if chosen in messages.LANGUAGES:
            messages.set_language(chosen)
            return


def _parser(upper_floor: Mapping[str, Handler]) -> Parser:
    use_own_translations()
    common = common_options()
    parser = Parser(
        prog="sprava",
        description=_("Case management that works without a link. Without a command, the desk opens."),
        parents=[common],
    )
    parser.add_argument("--version", action="version", version=f"sprava {desktop_app.VERSION}")
    commands = Commands(parser, common)
    community.add_commands(commands)
    members.add_commands(commands)
    units.add_commands(commands)
    kits.add_commands(commands)
    cases.add_commands(commands)
    exchange.add_commands(commands)
    ways.add_commands(commands)
    server.add_commands(commands)
    audit.add_commands(commands)
    files.add_commands(commands)
    backups.add_commands(commands)
    mending.add_commands(commands)
    snapshots.add_commands(commands)
    desk = commands.add("desk", _("open the desk (the screens)"), upper_floor["desk"])
    desk.add_argument("--vault", metavar="VAULT", type=Path, help=_("offer this vault first"))
    tour = commands.add(
        "tour", _("the whole story on real parts, each step checked; leaves pictures and vaults"), upper_floor["tour"]
    )
    tour.add_argument("--out", metavar="DIR", type=Path, help=_("where to leave them; by default a temporary folder"))
    tour.add_argument("--register-in", metavar="VAULT", type=Path, help=SUPPRESS)
    bench = commands.add("bench", _("measure this program on this machine"), upper_floor["bench"])
    bench.add_argument("--size", metavar="N", type=int, default=10_000, help=_("how many cases"))
    return parser
