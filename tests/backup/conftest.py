"""A vault with cases and files like attachments, made once, and copies of it for every test."""

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.backup.ways import Way
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.workspace import Workspace

PASSPHRASE = "калина горить над ставом 77"
WAY = Way(PASSPHRASE)
OTHER = "осінній дощ над містом 42"


unlock = WAY.vault_key
"""Opens a backup with the pass phrase."""


def add_file(folder: Path, name: str, size: int, seed: int) -> None:
    """Put a file into a vault as attachments lie there: never changed once it is written."""
    path = folder / "files" / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(random.Random(seed).randbytes(size))


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a vault that a backup must bring back byte by byte, beside the database."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (folder / "files").rglob("*")
        if path.is_file()
    }


def digest_of(folder: Path, passphrase: str = PASSPHRASE) -> tuple[str, int]:
    with open_workspace(folder, passphrase) as workspace:
        return workspace.digest(), workspace.info().cases


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "vault"
    with create_workspace(
        folder, PASSPHRASE, community="Громада", unit="ЦНАП", person="Оксана", kdf=vault.KDF_FLOOR
    ) as made:
        made.cases.register_many("appeal", examples.examples("appeal", 120, 1))
    add_file(folder, "aa01", 2**20 + 17, 1)
    add_file(folder, "ab02", 300, 2)
    add_file(folder, "ac00", 0, 3)
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A closed vault of its own."""
    return Path(shutil.copytree(template, tmp_path / "vault"))


@pytest.fixture
def workspace(folder: Path) -> Iterator[Workspace]:
    """The same, open."""
    with open_workspace(folder, PASSPHRASE) as opened:
        yield opened


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A folder that stands for a stick."""
    made = tmp_path / "stick"
    made.mkdir()
    return made


@pytest.fixture(autouse=True)
def _own_drills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", os.fspath(tmp_path / "data"))
