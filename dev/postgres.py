"""A PostgreSQL cluster for tests and measurements: real, with fsync, thrown away at the end."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dev.process import SetupError

_USER = "postgres"
_SHORT = "/tmp" if sys.platform == "linux" else None  # noqa: S108 - a socket's name has 107 bytes at most


def programs() -> Path | None:
    """Return where the newest PostgreSQL of this machine has its programs; None when there is none."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster:
    """One cluster in a folder of its own; it listens on a socket there and nowhere else.

    Args:
        folder: An empty folder with a short name.

    Raises:
        SetupError: There is no PostgreSQL here.
    """

    def __init__(self, folder: Path) -> None:
        found = programs()
        if found is None:
            raise SetupError("This needs PostgreSQL; `python3 -m dev test` installs it.")
        self._bin = found
        self._folder = folder
        self._data = folder / "data"
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            shutil.chown(folder, _USER, _USER)
        self._run("initdb", "--pgdata", str(self._data), "--username=sprava", "--auth=trust", "--encoding=UTF8")

    def _command(self, program: str, *arguments: str) -> list[str]:
        prefix = ["runuser", "-u", _USER, "--"] if os.geteuid() == 0 else []
        return [*prefix, str(self._bin / program), *arguments]

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(self._command(program, *arguments), check=True, capture_output=True, cwd=self._folder)

    def start(self) -> None:
        """Let it run."""
        options = f"-k {self._folder} -h '' -c max_connections=60 -c shared_buffers=32MB"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "--wait", "--pgdata", str(self._data), "--log", log, "--options", options)

    def stop(self, how: str = "fast") -> None:
        """End it; ``immediate`` is like a crash."""
        self._run("pg_ctl", "stop", "--wait", "--pgdata", str(self._data), "--mode", how)

    def new_database(self) -> str:
        """Return the address of a new and empty database."""
        name = f"t{secrets.token_hex(8)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql://sprava@/{name}?host={self._folder}"


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Give a cluster that runs, and throw it away."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_SHORT))
    try:
        cluster = Cluster(folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
