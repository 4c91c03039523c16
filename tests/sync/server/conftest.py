from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.postgres import Cluster, running_cluster
from sync.server import Options, RunningServer
from sync.server.run import open_store
from sync.server.store import Store
from tests.sync.replicas import Replica

KINDS = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A cluster that a test may stop."""
    with running_cluster() as running:
        yield running


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> str | None:
    """Where the server's data lie: in its folder, or in a new PostgreSQL database."""
    if request.param == "sqlite":
        return None
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.new_database()


@pytest.fixture
def server(tmp_path: Path, database: str | None) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "server", options=Options(database=database)) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path, database: str | None) -> Iterator[Store]:
    (tmp_path / "store").mkdir()
    opened = open_store(tmp_path / "store", database)
    yield opened
    opened.close()


@pytest.fixture
def again(tmp_path: Path, database: str | None) -> Callable[[], Store]:
    """Opens the same store once more, as another process would."""
    return lambda: open_store(tmp_path / "store", database)


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
