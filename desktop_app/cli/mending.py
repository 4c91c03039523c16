"""Commands that check whether a vault is whole, and mend it."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from desktop_app.checks.model import Check
from desktop_app.cli import output
from desktop_app.cli.parser import Commands
from sync.messages import _

DAMAGED = 4
"""The exit code when something is damaged."""


def add_commands(commands: Commands) -> None:
    """Add ``verify`` and ``repair``."""
    verify = commands.add("verify", _("check every part of a vault and name what is damaged; changes nothing"), _verify)
    verify.add_argument("vault", metavar="VAULT", type=Path)
    repair = commands.add("repair", _("mend what is damaged in a vault; deletes nothing"), _repair)
    repair.add_argument("vault", metavar="VAULT", type=Path)
    repair.add_argument(
        "--from",
        dest="sources",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help=_("bundle or backup file to take back from; may be given several times"),
    )
    repair.add_argument(
        "--accept-loss", action="store_true", help=_("what is still missing after this is given up; verify is content")
    )


def _verify(arguments: Namespace) -> int:
    from desktop_app.verify import LOSSES, verify_folder

    checks = verify_folder(arguments.vault, output.passphrase(arguments))
    sound = all(check.sound for check in checks)
    output.result(arguments, {"sound": sound, "checks": [asdict(check) for check in checks]}, *_lines(checks))
    if sound:
        return 0
    if all(check.sound or check.part == LOSSES for check in checks):
        output.tell(
            _("The vault is whole, and you can work on; but a repair could not find everything that was in it.")
        )
        return DAMAGED
    output.tell(
        _(
            "Something in this vault is not as it should be. Nothing was changed. Make a copy of the folder, then run "
            "“sprava repair {vault}”: it mends what can be mended and deletes nothing."
        ).format(vault=arguments.vault)
    )
    return DAMAGED


def _repair(arguments: Namespace) -> int:
    from desktop_app.repair import repair

    report = repair(
        arguments.vault,
        output.passphrase(arguments),
        arguments.sources,
        progress=output.tell,
        accept_loss=arguments.accept_loss,
    )
    output.result(
        arguments,
        {
            "sound": report.sound,
            "done": report.done,
            "missing": report.missing,
            "taken_back": report.taken_back,
            "parts_back": report.parts_back,
            "built": asdict(report.built) if report.built else None,
            "before": [asdict(check) for check in report.before],
            "after": [asdict(check) for check in report.after],
        },
        *(report.done or [_("There was nothing to mend.")]),
        *(_("Still missing: {what}").format(what=each) for each in report.missing),
        *_lines(report.after),
    )
    return 0 if report.sound else DAMAGED


def _lines(checks: Sequence[Check]) -> list[str]:
    return [f"{'✓' if check.sound else '✗'} {check.title}: {check.finding}" for check in checks]
