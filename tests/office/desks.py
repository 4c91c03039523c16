"""Desks and servers as processes of their own, in an office network of this computer alone."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from desktop_app.cli.output import PASSPHRASE_VARIABLE
from desktop_app.office.sight import ADDRESSES_VARIABLE

PASSPHRASE = "калина горить над ставом 77"
PATIENCE = 60.0


def wait_for(what: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait until something is so; the time only bounds a failure."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.1)
    return False


def environment() -> dict[str, str]:
    return {**os.environ, PASSPHRASE_VARIABLE: PASSPHRASE, ADDRESSES_VARIABLE: "127.0.0.1"}


class Process:
    """A command that runs until it is told to stop."""

    def __init__(self, project: Path, *argv: object) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "ui.main", *map(str, argv), "--json", "--lang", "en"],
            cwd=project,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.told = _document(self.child.stdout)

    @property
    def url(self) -> str:
        return str(self.told["url"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> str:
        """Ask for the end; return what was said on standard error."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            _out, err = self.child.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise
        return err.decode()

    def kill(self) -> None:
        self.child.kill()
        self.child.communicate(timeout=60)


def _document(stream: IO[bytes] | None) -> dict[str, Any]:
    assert stream is not None
    text = b""
    while line := stream.readline():
        text += line
        if line.rstrip() == b"}":
            return dict(json.loads(text))
    raise AssertionError(f"it said nothing: {text!r}")


def run(project: Path, *argv: object) -> tuple[int, dict[str, Any], str]:
    """Run a command to its end; return code, document and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "ui.main", *map(str, argv), "--json", "--lang", "en"],
        cwd=project,
        env=environment(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or b"{}"), done.stderr.decode()
