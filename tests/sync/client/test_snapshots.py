"""Snapshots by way of a real server: made, confirmed, taken by a new device, and the log fetched behind them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync import behind, snapshot_keeping
from sync.changes import Change
from sync.client import SyncOutcome, sync_with
from sync.client.channel import Channel
from sync.client.snapshots import SnapshotExchange
from sync.ids import new_id
from sync.server import RunningServer
from sync.server.run import open_store
from sync.snapshot_keeping import NotTaken
from tests.sync.replicas import Replica

_MANY = 600


@pytest.fixture
def third(tmp_path: Path, first: Replica) -> Iterator[Replica]:
    replica = first.invite(tmp_path / "third.db")
    yield replica
    replica.close()


@contextmanager
def dealing(of: Replica, server: RunningServer) -> Iterator[SnapshotExchange]:
    with Channel(server.url, lambda: False) as channel:
        yield SnapshotExchange(of.log, channel, server.key)


def begin(new: Replica, url: str) -> SyncOutcome:
    return sync_with(new.log, url, begin=lambda channel, key: SnapshotExchange(new.log, channel, key).begin())


@pytest.fixture
def filled(server: RunningServer, first: Replica, second: Replica) -> list[bytes]:
    """Many cases, edited one by one, that two devices and the server have."""
    cases = [new_id() for _ in range(_MANY)]
    first.log.write(first.unit, [Change("case", case, {"subject": "Дах", "phone": "1"}) for case in cases])
    for case in cases[:30]:
        first.set(case, phone="2")
    for each in (first, second, first, second):
        sync_with(each.log, server.url)
    second.set(cases[0], subject="Дах протікає")
    sync_with(second.log, server.url)
    sync_with(first.log, server.url)
    return cases


def test_a_new_device_begins_with_what_two_have_signed(
    server: RunningServer, first: Replica, second: Replica, third: Replica, filled: list[bytes]
) -> None:
    with dealing(first, server) as ours:
        assert ours.make_due(fewest=100) == 1
        assert ours.make_due(fewest=100) == 0  # it is there now
        assert ours.confirm() == 0
    with dealing(second, server) as theirs:
        assert theirs.make_due(fewest=100) == 0
        assert theirs.confirm() == 1
        assert theirs.confirm() == 0
    first.set(filled[1], phone="danach")
    sync_with(first.log, server.url)
    outcome = begin(third, server.url)
    assert outcome.complete
    assert outcome.waiting == 0
    assert outcome.received == 1
    assert snapshot_keeping.units_behind(third.log)
    assert third.digest() == first.digest()
    third.set(filled[2], phone="3")
    assert sync_with(third.log, server.url).sent == 1
    sync_with(first.log, server.url)
    assert third.digest() == first.digest()
    with dealing(third, server) as history:
        assert history.fetch([filled[0]])
        with third.store.read() as connection, first.store.read() as whole:
            assert third.log.history(connection, filled[0]) == first.log.history(whole, filled[0])
            assert behind.of_record(connection, filled[5]).missing
        assert snapshot_keeping.units_behind(third.log)
        assert history.fetch()
    assert not snapshot_keeping.units_behind(third.log)
    assert not snapshot_keeping.makers_of_false_ones(third.log)
    assert sorted(third.frames()) == sorted(first.frames())


def test_without_a_second_signature_the_log_comes_whole(
    server: RunningServer, first: Replica, third: Replica, filled: list[bytes]
) -> None:
    with dealing(first, server) as ours:
        assert ours.make_due(fewest=100) == 1
    outcome = begin(third, server.url)
    assert outcome.complete
    assert outcome.received > 30
    assert not snapshot_keeping.units_behind(third.log)
    assert third.digest() == first.digest()
    assert filled


def test_taking_goes_on_where_it_stopped(
    server: RunningServer,
    first: Replica,
    second: Replica,
    third: Replica,
    filled: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first.log.write(first.unit, [Change("case", new_id(), {"subject": f"{each}"}) for each in range(4_000)])
    for each in (first, second):
        sync_with(each.log, server.url)
    with dealing(first, server) as ours, dealing(second, server) as theirs:
        assert ours.make_due(fewest=100) == 1
        assert theirs.confirm() == 1
    monkeypatch.setattr("sync.client.snapshots._BUDGET", 20_000)  # less than a part with each request
    asked = 0

    def tired() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    def taking(channel: Channel, key: bytes) -> None:
        SnapshotExchange(third.log, channel, key, tired).begin()

    assert not sync_with(third.log, server.url, begin=taking).complete
    with third.store.read() as connection:
        (here,) = connection.execute("SELECT count(*) FROM snapshot_part").fetchone()
    assert here == 2
    asked = -10
    assert sync_with(third.log, server.url, begin=taking).complete
    assert asked == -10 + 1
    assert third.digest() == first.digest()
    assert filled


def test_a_device_that_lies_is_named_by_the_next_that_looks(
    server: RunningServer, first: Replica, second: Replica, third: Replica, filled: list[bytes]
) -> None:
    with first.store.write() as connection:
        connection.execute("UPDATE record SET fields = replace(fields, 'Дах', 'Підвал') WHERE id = 5")
    with dealing(first, server) as ours, dealing(second, server) as theirs:
        assert ours.make_due(fewest=100) == 1
        assert theirs.confirm() == 0
    assert snapshot_keeping.makers_of_false_ones(second.log) == [first.log.device]
    begin(third, server.url)
    assert third.digest() == second.digest() != first.digest()
    assert filled


def test_the_server_keeps_few_and_counts_them(
    server: RunningServer, first: Replica, filled: list[bytes], tmp_path: Path
) -> None:
    store = open_store(tmp_path / "server", None)
    sizes = []
    for each in range(4):
        first.set(filled[each], phone="neu")
        sync_with(first.log, server.url)
        with dealing(first, server) as ours:
            assert ours.make_due(fewest=0) == 1
        with store.reading() as reader:
            sizes.append(len(reader.snapshots(first.log.community, frozenset({first.unit}))))
    assert sizes == [1, 2, 2, 2]
    with store.writing() as writer:
        writer.set_quota(first.log.community, writer.communities()[0].used + 10)
    store.close()
    first.set(filled[0], phone="noch neuer")
    with dealing(first, server) as ours:
        assert not ours.give(snapshot_keeping.make(first.log, first.unit))
    with pytest.raises(NotTaken, match="nothing"):
        snapshot_keeping.make(first.log, first.log.membership.common_unit)


def test_asking_for_a_snapshot_disturbs_no_exchange(
    server: RunningServer, first: Replica, second: Replica, filled: list[bytes]
) -> None:
    second.set(filled[0], phone="9")
    sync_with(second.log, server.url)
    asked = []
    outcome = sync_with(first.log, server.url, begin=lambda _channel, _key: asked.append(1))
    assert (outcome.received, outcome.complete, asked) == (1, True, [1])
    assert first.digest() == second.digest()
