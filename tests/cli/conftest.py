"""The command line as a person or a script calls it, in this process where a process of its own adds nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.cli.output import PASSPHRASE_VARIABLE
from desktop_app.opening import create_workspace, join_workspace
from desktop_app.vault import kdf
from tests.templates import forget_place
from ui.main import main

PASSPHRASE = "калина горить над ставом 77"


@dataclass
class Said:
    """What a command wrote and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:  # type: ignore[type-arg]
        """The one document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The code of the failure told, which is a sentence too and no traceback."""
        assert "Traceback" not in self.err
        assert "Traceback" not in self.out
        assert self.err.strip()
        return str(self.json["error"]["code"])


Sprava = Callable[..., Said]


@pytest.fixture
def sprava(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Sprava:
    """Run a command line in this process."""
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    monkeypatch.setattr(kdf, "calibrate", lambda: vault.KDF_FLOOR)

    def call(*argv: object) -> Said:
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in argv])
        except SystemExit as ended:
            code = int(ended.code or 0)
        sys.stdout.flush()
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def process(project: Path) -> Callable[..., Said]:
    """Run a command line in a process of its own."""

    def call(*argv: object, data: bytes | None = None, **environment: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "ui.main", *(os.fsencode(str(argument)) for argument in argv)],
            cwd=project,
            env={**os.environ, PASSPHRASE_VARIABLE: PASSPHRASE, **environment},
            input=data or b"",
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace"))

    return call


@pytest.fixture(scope="session")
def two_seats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two vaults of one community and the second one's invitation, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("seats")
    with create_workspace(
        folder / "oksana", PASSPHRASE, community="Громада", unit="ЦНАП", person="Оксана", kdf=vault.KDF_FLOOR
    ) as oksana:
        data = oksana.invite("clerk", "ЦНАП").data
    (folder / "ivan.invitation").write_bytes(data)
    join_workspace(folder / "ivan", PASSPHRASE, invitation=data, person="Іван", kdf=vault.KDF_FLOOR).close()
    for name in ("oksana", "ivan"):
        forget_place(folder / name, PASSPHRASE)
    return folder


@pytest.fixture
def seat(tmp_path: Path, two_seats: Path) -> Path:
    """A vault that a community was founded in."""
    return Path(shutil.copytree(two_seats / "oksana", tmp_path / "oksana"))


@pytest.fixture
def second(tmp_path: Path, two_seats: Path) -> Path:
    """A vault that joined."""
    shutil.copy(two_seats / "ivan.invitation", tmp_path)
    return Path(shutil.copytree(two_seats / "ivan", tmp_path / "ivan"))


@pytest.fixture
def appeal(tmp_path: Path, sprava: Sprava) -> Path:
    """A file with the fields of one appeal."""
    file = tmp_path / "appeal.json"
    file.write_text(sprava("kit", "example", "appeal", "--seed", "1").out, encoding="utf-8")
    return file
