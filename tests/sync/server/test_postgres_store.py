"""PostgreSQL away, back, full, new, and several servers on it at once: nothing that was acknowledged is lost."""

import os
import threading
import time
from pathlib import Path

import psycopg
import pytest

from dev.postgres import Cluster
from sync.client import sync_with
from sync.errors import Damaged, Misuse, Refused, Unreachable
from sync.ids import new_id
from sync.server import Options, RunningServer
from sync.server.run import open_store
from sync.server.store import Store, StoreBusy
from tests.sync.replicas import Replica
from tests.sync.server.filling import fill, stored


def _exchange_until_done(replica: Replica, url: str, failures: list[str]) -> None:
    while True:
        try:
            if sync_with(replica.log, url).complete:
                return
        except Unreachable as failure:
            failures.append(failure.code)
            time.sleep(0.1)


def test_stopped_and_started_in_the_middle_of_requests(
    tmp_path: Path, own_cluster: Cluster, first: Replica, second: Replica
) -> None:
    options = Options(database=own_cluster.new_database())
    failures: list[str] = []
    with RunningServer(tmp_path / "data", options=options) as server:
        for replica in (first, second):
            sync_with(replica.log, server.url)
        for how in ("immediate", "fast", "immediate"):
            for replica in (first, second):
                for _ in range(40):
                    replica.set(new_id(), name=os.urandom(2_000).hex())
            threads = [
                threading.Thread(target=_exchange_until_done, args=(replica, server.url, failures))
                for replica in (first, second)
            ]
            for thread in threads:
                thread.start()
            own_cluster.stop(how)
            own_cluster.start()
            for thread in threads:
                thread.join()
        for replica in (first, second, first):
            outcome = sync_with(replica.log, server.url)
            assert (outcome.waiting, outcome.disputed, outcome.server_lost) == (0, 0, False)
    assert first.digest() == second.digest()
    assert set(failures) <= {"server_busy", "server_error", "server_away", "connection_lost"}


def test_what_was_committed_survives_a_crash(own_cluster: Cluster, tmp_path: Path, first: Replica) -> None:
    url = own_cluster.new_database()
    store = open_store(tmp_path, url)
    first.set(new_id(), name="Олена")
    fill(store, first)
    own_cluster.stop("immediate")
    with pytest.raises(StoreBusy):
        fill(store, first)
    own_cluster.start()
    assert stored(store, first) == first.frames()
    first.set(new_id(), name="Ганна")
    fill(store, first)
    assert stored(store, first) == first.frames()
    store.close()
    again = open_store(tmp_path, url)
    assert (again.epoch, stored(again, first)) == (store.epoch, first.frames())
    again.close()


def test_several_servers_on_one_database(tmp_path: Path, cluster: Cluster, first: Replica) -> None:
    options = Options(database=cluster.new_database())
    replicas = [first, *(first.invite(tmp_path / f"{number}.db") for number in range(3))]
    failures: list[str] = []
    with (
        RunningServer(tmp_path / "data", options=options) as one,
        RunningServer(tmp_path / "data", options=options) as two,
    ):

        def work(number: int, replica: Replica) -> None:
            for turn in range(8):
                for _ in range(3):
                    replica.set(new_id(), name=f"{number} {turn}")
                _exchange_until_done(replica, (one, two)[(number + turn) % 2].url, failures)

        threads = [threading.Thread(target=work, args=item) for item in enumerate(replicas)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for replica in (*replicas, *replicas):
            outcome = sync_with(replica.log, one.url)
            assert (outcome.waiting, outcome.disputed, outcome.server_lost) == (0, 0, False)
    assert len({replica.digest() for replica in replicas}) == 1
    for replica in replicas[1:]:
        replica.close()


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        open_store(tmp_path, f"postgresql://nobody@/nothing?host={tmp_path}")
    assert caught.value.code == "server_database"
    with pytest.raises(Misuse):
        open_store(tmp_path, "mysql://host/name")


def test_data_of_a_newer_server(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.new_database()
    open_store(tmp_path, url).close()
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE meta SET value = '\\x63' WHERE name = 'steps'")
    with pytest.raises(Damaged) as caught:
        open_store(tmp_path, url)
    assert caught.value.code == "newer_server_data"


def test_servers_that_start_together_make_the_tables_once(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.new_database()
    opened: list[Store] = []
    threads = [threading.Thread(target=lambda: opened.append(open_store(tmp_path, url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({store.epoch for store in opened}) == 1
    assert len(opened) == 4
    for store in opened:
        store.close()
