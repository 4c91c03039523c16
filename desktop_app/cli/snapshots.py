"""Commands about snapshots, and about the history behind them."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from sync.messages import _


def add_commands(commands: Commands) -> None:
    """Add ``snapshot``."""
    snapshot = commands.group("snapshot", _("what a new device begins with, so that it is ready in seconds"))
    make = snapshot.add(
        "make", _("make a snapshot of every unit now, confirm those of others, give them to the server"), _make
    )
    make.add_argument("vault", metavar="VAULT", type=Path)
    history = snapshot.add("history", _("fetch the older history that a vault with a snapshot lacks"), _history)
    history.add_argument("vault", metavar="VAULT", type=Path)
    history.add_argument("case", metavar="CASE", nargs="?", help=_("only that of one case, by its number or id"))


def _make(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        done = workspace.snapshots.make()
    lines = [_("Snapshots made: {made}; confirmed: {confirmed}.").format(made=done.made, confirmed=done.confirmed)]
    if not done.whole:
        lines.append(
            _("A vault that lacks older history makes none: fetch it first, with: sprava snapshot history VAULT")
        )
    return output.result(arguments, asdict(done), *lines)


def _history(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        case = None if arguments.case is None else workspace.cases.peek(arguments.case).id
        done = workspace.snapshots.fetch(case)
        warnings = workspace.snapshots.warnings()
        whole = workspace.snapshots.is_whole
    for warning in warnings:
        output.tell(warning)
    words = (
        _("The history that was asked for is here.")
        if done
        else _("The server has not all of it. Exchange on other devices first, then try again.")
    )
    return output.result(arguments, {"done": done, "whole": whole}, words)
