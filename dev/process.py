"""Child processes: each is named before it runs, and a failure ends the command with one sentence."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from dev.paths import ROOT


class SetupError(Exception):
    """Something the machine lacks or refuses; the message says what to do."""


def run(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT, quiet: bool = False
) -> None:
    """Run a command to its end.

    Args:
        command: The program and its arguments.
        env: Variables to set beside those already there.
        cwd: The folder to run in.
        quiet: Keep its standard output to ourselves; what it has to complain about still shows.

    Raises:
        SetupError: The command could not start or failed.
    """
    if status(command, env=env, cwd=cwd, quiet=quiet) != 0:
        raise SetupError(f"This command failed: {shown(command)}")


def status(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT, quiet: bool = False
) -> int:
    """Run a command to its end and return its exit code; 127 when it could not start."""
    output = subprocess.DEVNULL if quiet else None
    environment = {**os.environ, **(env or {})}
    try:
        return subprocess.run(
            [str(part) for part in command], cwd=cwd, env=environment, stdout=output, check=False
        ).returncode
    except FileNotFoundError:
        return 127


def become(command: Sequence[str | Path]) -> NoReturn:
    """Let a command take over this process, so that signals and the exit code are its own."""
    parts = [str(part) for part in command]
    sys.stdout.flush()
    if os.name == "nt":  # execv on Windows returns to the shell at once
        raise SystemExit(status(parts))
    os.execv(parts[0], parts)  # noqa: S606 - no shell is wanted


def say(sentence: str) -> None:
    """Tell the person at the terminal what happens next."""
    print(sentence, flush=True)


def shown(command: Sequence[str | Path]) -> str:
    """Return a command as a person would type it."""
    return shlex.join(str(part) for part in command)
