"""The commands of ``python3 -m dev``."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from dev import checks, environment, soak, system
from dev.paths import script
from dev.process import SetupError, become, say, status


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: The command's name and what follows it.
    """
    parser = argparse.ArgumentParser(prog="python3 -m dev", description="Set up, run and test Sprava.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (help_text, _, _) in _COMMANDS.items():
        commands.add_parser(name, help=help_text, add_help=False)
    chosen, rest = parser.parse_known_args(arguments[:1])[0], list(arguments[1:])
    _, dev, action = _COMMANDS[chosen.command]
    try:
        environment.ensure(dev=dev)
        return action(rest)
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command takes it up again.", file=sys.stderr)
        return 130


def _setup(_arguments: list[str]) -> int:
    say("Everything is set up.")
    return 0


def _run(arguments: list[str]) -> int:
    if not arguments and not _has_display():
        from sync.messages import _

        say(_("There is no display to open the desk on, so Sprava tells its story here instead (sprava tour)."))
        arguments = ["tour"]
    become([script("sprava"), *arguments])


def _has_display() -> bool:
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _lock(_arguments: list[str]) -> int:
    from dev import lock

    lock.renew()
    return 0


def _translations(arguments: list[str]) -> int:
    return status(
        [script("python"), "-m", "dev.catalogues", "update", *(str(Path(name).resolve()) for name in arguments)]
    )


def _installer(arguments: list[str]) -> int:
    from dev import installer

    system.ensure_installer_packages()
    return installer.main(arguments)


# name -> (help, whether the development packages are needed, what to do)
_COMMANDS: dict[str, tuple[str, bool, Callable[[list[str]], int]]] = {
    "run": ("open the desk; further words go to the sprava command", False, _run),
    "test": ("every check and every test; further words go to pytest alone", True, checks.test),
    "soak": ("the simulation of whole communities with new seeds, for so many minutes (60)", True, soak.soak),
    "check": ("the checks without the tests", True, checks.check),
    "setup": ("set everything up for run and test", True, _setup),
    "translations": (
        "bring the catalogues up to date with the code and merge the .po files named",
        True,
        _translations,
    ),
    "lock": ("renew the lock files from pyproject.toml", True, _lock),
    "installer": ("build the installer; --check tries it where nothing of the project is reachable", True, _installer),
}
