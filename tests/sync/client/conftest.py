from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.server import RunningServer
from tests.sync.replicas import Replica


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "server") as running:
        yield running


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Replica]:
    replica = Replica.found(tmp_path / "first.db")
    yield replica
    replica.close()


@pytest.fixture
def second(tmp_path: Path, first: Replica) -> Iterator[Replica]:
    replica = first.invite(tmp_path / "second.db")
    yield replica
    replica.close()
