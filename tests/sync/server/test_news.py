"""Devices are told of what others brought, at once, by whichever server they wait at."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dev.postgres import Cluster
from sync.client import NewsWatch, sync_with
from sync.errors import Refused, Unreachable
from sync.ids import new_id
from sync.server import Options, RunningServer
from sync.server.limits import Limits
from sync.server.run import open_store
from tests.sync.replicas import Replica

_LONG = 30


class Waiting:
    """A device that waits on a thread."""

    def __init__(self, watch: NewsWatch) -> None:
        self._watch = watch
        self._stop = threading.Event()
        self._heard: list[bool | Exception] = []
        self.thread = threading.Thread(target=self._wait)
        self.thread.start()

    def _wait(self) -> None:
        try:
            self._heard.append(self._watch.wait(self._stop.is_set))
        except Exception as error:  # noqa: BLE001 - given to the test
            self._heard.append(error)

    def result(self, seconds: float = _LONG) -> bool | Exception:
        self.thread.join(seconds)
        assert self._heard, "nothing was heard"
        return self._heard[0]

    def stop(self) -> None:
        self._stop.set()
        self.thread.join()

    @property
    def silent(self) -> bool:
        self.thread.join(1.5)
        return not self._heard


@contextmanager
def _watching(replica: Replica, url: str) -> Iterator[Waiting]:
    """A device that knows how the server stands and waits."""
    sync_with(replica.log, url)
    watch = NewsWatch(replica.log, url)
    assert watch.wait(lambda: False)  # at first nobody knows
    sync_with(replica.log, url)
    waiting = Waiting(watch)
    time.sleep(0.3)
    try:
        yield waiting
    finally:
        waiting.stop()


def test_what_others_bring_is_told(server: RunningServer, first: Replica, second: Replica) -> None:
    with _watching(second, server.url) as waiting:
        first.set(new_id(), name="Олена")
        started = time.monotonic()
        sync_with(first.log, server.url)
        assert waiting.result() is True
        assert time.monotonic() - started < _LONG / 2  # the wait itself would take longer
    assert sync_with(second.log, server.url).received == 1


def test_what_one_brings_oneself_is_no_news(server: RunningServer, first: Replica, second: Replica) -> None:
    sync_with(second.log, server.url)
    with _watching(first, server.url) as waiting:
        first.set(new_id(), name="Олена")
        sync_with(first.log, server.url)
        assert waiting.silent


def test_a_new_member_is_news(server: RunningServer, first: Replica, tmp_path: Path) -> None:
    with _watching(first, server.url) as waiting:
        third = first.invite(tmp_path / "third.db")
        sync_with(third.log, server.url)
        assert waiting.result() is True
        third.close()


def test_nothing_new_is_said_after_a_while_and_nothing_is_missed_between(
    tmp_path: Path, database: str | None, first: Replica, second: Replica
) -> None:
    options = Options(database=database, limits=Limits(news_seconds=0.4, deaf_news_seconds=0.4))
    with RunningServer(tmp_path / "data", options=options) as server:
        sync_with(first.log, server.url)
        sync_with(second.log, server.url)
        watch = NewsWatch(second.log, server.url)
        assert [watch.wait(lambda: False) for _ in range(3)] == [True, False, False]
        first.set(new_id(), name="Олена")
        sync_with(first.log, server.url)
        assert [watch.wait(lambda: False) for _ in range(2)] == [True, False]


def test_whoever_waits_can_stop_at_once(server: RunningServer, first: Replica) -> None:
    with _watching(first, server.url) as waiting:
        started = time.monotonic()
        waiting.stop()
        assert waiting.result() is False
        assert time.monotonic() - started < 5


def test_a_server_that_ends_does_not_wait_for_those_who_wait(tmp_path: Path, first: Replica) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(RunningServer(tmp_path / "data"))
        with _watching(first, server.url) as waiting:
            started = time.monotonic()
            stack.close()
            assert time.monotonic() - started < 5
            assert waiting.result() is False
        with pytest.raises(Unreachable):
            NewsWatch(first.log, server.url).wait(lambda: False)


def test_who_is_suspended_is_not_told(
    server: RunningServer, first: Replica, tmp_path: Path, database: str | None
) -> None:
    sync_with(first.log, server.url)
    store = open_store(tmp_path / "server", database)
    with store.writing() as writer:
        writer.set_suspended(first.log.community, suspended=True)
    store.close()
    with pytest.raises(Refused) as caught:
        NewsWatch(first.log, server.url).wait(lambda: False)
    assert caught.value.code == "suspended"


def test_two_servers_on_one_database_tell_each_other(
    tmp_path: Path, cluster: Cluster, first: Replica, second: Replica
) -> None:
    options = Options(database=cluster.new_database())
    with (
        RunningServer(tmp_path / "data", options=options) as one,
        RunningServer(tmp_path / "data", options=options) as two,
    ):
        assert one.key == two.key
        sync_with(first.log, one.url)
        with _watching(second, two.url) as waiting:
            first.set(new_id(), name="Олена")
            assert sync_with(first.log, one.url).sent == 1
            assert waiting.result() is True
        assert sync_with(second.log, two.url).received == 1


def test_news_are_told_again_after_the_database_was_away(
    tmp_path: Path, own_cluster: Cluster, first: Replica, second: Replica
) -> None:
    options = Options(database=own_cluster.new_database())
    with (
        RunningServer(tmp_path / "data", options=options) as one,
        RunningServer(tmp_path / "data", options=options) as two,
    ):
        sync_with(first.log, one.url)
        sync_with(second.log, two.url)
        own_cluster.stop("immediate")
        with pytest.raises(Unreachable) as caught:
            sync_with(first.log, one.url)
        assert caught.value.code == "server_busy"
        own_cluster.start()
        _soon(lambda: sync_with(first.log, one.url).complete)
        time.sleep(3)  # until the servers listen again
        with _watching(second, two.url) as waiting:
            first.set(new_id(), name="Олена")
            sync_with(first.log, one.url)
            assert waiting.result() is True


def _soon(done: Callable[[], bool]) -> None:
    """Try again and again, as a device does."""
    for _ in range(50):
        try:
            if done():
                return
        except Unreachable:
            time.sleep(0.2)
    raise AssertionError("it never came about")
