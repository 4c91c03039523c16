"""A vault with two cases, made once and copied for every test."""

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.attachments.service import FileService
from desktop_app.cases.model import CaseQuery
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.workspace import Workspace
from tests.templates import forget_place
from tests.workspace.conftest import PASSPHRASE, pull

MIB = 2**20


@dataclass
class Office:
    """An opened vault and its two cases."""

    workspace: Workspace
    first: str
    second: str

    @property
    def files(self) -> FileService:
        return self.workspace.files

    @property
    def stored(self) -> list[Path]:
        """Every file in the folder of chunks, whatever it is."""
        return sorted(path for path in self.files.chunks.folder.rglob("*") if path.is_file())


def content(size: int, seed: int = 0) -> bytes:
    return random.Random(f"{size}/{seed}").randbytes(size)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    with create_workspace(
        folder / "oksana", PASSPHRASE, community="Г", unit="ЦНАП", person="Оксана", kdf=vault.KDF_FLOOR
    ) as oksana:
        data = oksana.invite("clerk", "ЦНАП").data
        for seed in (1, 2):
            oksana.cases.register("appeal", examples.example("appeal", seed))
        with join_workspace(folder / "ivan", PASSPHRASE, invitation=data, person="Іван", kdf=vault.KDF_FLOOR) as ivan:
            pull(ivan, oksana)
            pull(oksana, ivan)
    for name in ("oksana", "ivan"):
        forget_place(folder / name, PASSPHRASE)
    return folder


def opened(folder: Path) -> Office:
    workspace = open_workspace(folder, PASSPHRASE)
    first, second = (row.id for row in workspace.cases.page(CaseQuery(sort="number", descending=False), 0, 2))
    return Office(workspace, first, second)


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Iterator[Office]:
    made = opened(Path(shutil.copytree(template / "oksana", tmp_path / "oksana")))
    yield made
    made.workspace.close()


@pytest.fixture
def colleague(template: Path, tmp_path: Path) -> Iterator[Office]:
    made = opened(Path(shutil.copytree(template / "ivan", tmp_path / "ivan")))
    yield made
    made.workspace.close()


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Makes a file of some size, the same for the same seed."""

    def make(size: int, name: str = "акт обстеження.pdf", seed: int = 0) -> Path:
        path = tmp_path / "disk" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content(size, seed))
        return path

    return make
