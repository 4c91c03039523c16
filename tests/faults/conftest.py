"""What the trials of faults share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.zygote import Zygote
from tests.workspace.conftest import appeal, office, pair, template_pair

__all__ = ["appeal", "office", "pair", "template_pair"]


@pytest.fixture
def in_memory(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder in which nothing waits for a disk; what a failed test left is kept in its ``tmp_path``."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="sprava-faults-", dir=memory))
    failed = request.session.testsfailed
    yield made
    if request.session.testsfailed > failed:
        shutil.copytree(made, tmp_path / "left")
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def zygote(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """A process that forks for each work that is to be killed or to fail."""
    with Zygote(project, tmp_path_factory.mktemp("zygote")) as begun:
        yield begun
