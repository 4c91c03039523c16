import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
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


@dataclass(frozen=True)
class Bucket:
    """A bucket in a store that speaks S3 over HTTP."""

    endpoint: str
    name: str

    @property
    def _client(self) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
        return boto3.client("s3", endpoint_url=self.endpoint)

    def empty(self) -> None:
        """Delete all objects behind the server's back."""
        for found in self._client.list_objects_v2(Bucket=self.name).get("Contents", []):
            self._client.delete_object(Bucket=self.name, Key=found["Key"])

    def remove(self) -> None:
        self.empty()
        self._client.delete_bucket(Bucket=self.name)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    made = Bucket(s3, f"bucket-{os.urandom(6).hex()}")
    made._client.create_bucket(Bucket=made.name)
    return made


@pytest.fixture
def run_at_once() -> Callable[[list[Callable[[], object]]], None]:
    """Runs jobs in threads, and fails with the first that failed."""

    def run(jobs: list[Callable[[], object]]) -> None:
        with ThreadPoolExecutor(len(jobs)) as pool:
            for done in [pool.submit(job) for job in jobs]:
                done.result()

    return run
