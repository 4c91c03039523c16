"""What every store does, whatever database it is in."""

import os
import threading
from collections.abc import Callable

import pytest

from sync import frames
from sync.client.failures import Problem, of_problem
from sync.errors import Unreachable
from sync.frames import NO_PREVIOUS, Frame, Header, build
from sync.server.answers import explain
from sync.server.store import CommunityTaken, Store, StoreBusy, StoreFull, Ticket
from tests.sync.replicas import Replica
from tests.sync.server.filling import fill, stored


def test_a_block_that_fails_leaves_nothing(store: Store, first: Replica) -> None:
    first.set(b"r" * 16, name="Олена")

    def half_way() -> None:
        with store.writing() as writer:
            writer.claim(first.log.community)
            writer.ingest(first.log.community, [frames.parse(body) for body in first.frames()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    with store.reading() as reader:
        assert reader.communities() == []
    assert stored(store, first) == []


def test_one_community_only(store: Store, first: Replica) -> None:
    fill(store, first)
    fill(store, first)
    with pytest.raises(CommunityTaken), store.writing() as writer:
        writer.claim(bytes(32))


@pytest.mark.parametrize(
    ("error", "code"),
    [(StoreBusy(), "server_busy"), (StoreFull(), "server_full"), (ZeroDivisionError(), "server_error")],
)
def test_what_a_person_is_told(error: Exception, code: str) -> None:
    status, word = explain(error)
    failure = of_problem(Problem(word, status), "http://server.example")
    assert isinstance(failure, Unreachable)
    assert failure.code == code


def _chain(replica: Replica, life: bytes, count: int, size: int = 100) -> list[Frame]:
    """Frames of one log, with nothing in them."""
    made: list[Frame] = []
    for seq in range(1, count + 1):
        previous = made[-1].hash if made else NO_PREVIOUS
        header = Header(replica.log.community, replica.unit, replica.log.device, life, seq, previous, bytes(16))
        made.append(build(header, os.urandom(size), bytes(32), replica.log.signer))
    return made


def test_long_chains_come_in_parts(store: Store, first: Replica) -> None:
    fill(store, first)
    chains = [_chain(first, bytes([number]) * 16, 250) for number in range(3)]
    with store.writing() as writer:
        for chain in chains:
            assert writer.ingest(first.log.community, chain).refused == []
    theirs = {first.unit: {bytes(16): (10, chains[0][9].hash), b"\x01" * 16: (9, bytes(32))}}
    with store.reading() as reader:
        batch = reader.frames_missing(first.log.community, frozenset({first.unit}), theirs, 2**30)
        assert (len(batch.frames), batch.remaining) == (240 + 250, 0)
        for expected in (chains[0][10:], [], chains[2]):  # the second one is forked
            bodies = [frame.body for frame in expected]
            assert [body for body in batch.frames if body in bodies] == bodies
        small = reader.frames_missing(first.log.community, frozenset({first.unit}), theirs, len(batch.frames[0]) * 5)
        assert (small.frames, small.remaining) == (batch.frames[:5], 485)
        assert small.reached == {first.unit: {bytes(16): (15, chains[0][14].hash)}}


def test_a_quota_is_kept_to_the_byte(store: Store, first: Replica) -> None:
    fill(store, first)
    chain = _chain(first, b"i" * 16, 5, 1_000)
    with store.writing() as writer:
        known = writer.community(first.log.community)
        assert known is not None
        writer.set_quota(first.log.community, known.used + 3 * len(chain[0].body))
        done = writer.ingest(first.log.community, chain)
    assert done.accepted == [frame.hash for frame in chain[:3]]
    assert done.refused == [(frame.hash, "quota") for frame in chain[3:]]
    with store.writing() as writer:
        assert writer.ingest(first.log.community, chain).refused == [(frame.hash, "quota") for frame in chain[3:]]
        writer.set_quota(first.log.community, None)
        assert writer.ingest(first.log.community, chain).refused == []
        known = writer.community(first.log.community)
    assert known is not None
    assert known.used == sum(map(len, [*(frame.body for frame in chain), *first.frames()]))


def test_a_code_serves_one_community_once(store: Store, again: Callable[[], Store]) -> None:
    with store.writing() as writer:
        writer.add_ticket(Ticket(b"k" * 32, "Лісова громада", 5_000))
    other = again()
    with other.writing() as writer:
        assert not writer.use_ticket(b"x" * 32, b"a" * 32)
        assert [writer.use_ticket(b"k" * 32, community) for community in (b"a" * 32, b"b" * 32, b"a" * 32)] == [
            True,
            False,
            True,
        ]
    other.close()
    with store.writing() as writer:
        assert writer.tickets() == []
        writer.set_suspended(b"a" * 32, suspended=True)
        (known,) = writer.communities()
    assert (known.id, known.label, known.quota, known.used, known.suspended) == (
        b"a" * 32,
        "Лісова громада",
        5_000,
        0,
        True,
    )


def test_two_processes_write_the_same_at_once(store: Store, again: Callable[[], Store], first: Replica) -> None:
    """Everybody brings the same frames, some more of them: each is there once, and no chain has a hole."""
    fill(store, first)
    chains = [_chain(first, bytes([number]) * 16, 30) for number in range(6)]
    other = again()
    failed: list[BaseException] = []

    def bring(where: Store, number: int) -> None:
        try:
            for end in range(5, 31, 5):
                for chain in chains if number % 2 else reversed(chains):
                    while True:
                        try:
                            with where.writing() as writer:
                                assert writer.ingest(first.log.community, chain[:end]).refused == []
                            break
                        except StoreBusy:
                            continue
        except BaseException as error:  # noqa: BLE001 - told by the test
            failed.append(error)

    threads = [threading.Thread(target=bring, args=(where, number)) for where in (store, other) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert failed == []
    expected = [frame.body for chain in chains for frame in chain]
    assert sorted(stored(store, first)) == sorted([*expected, *first.frames()])
    with store.reading() as reader:
        known = reader.community(first.log.community)
    assert known is not None
    assert known.used == sum(map(len, stored(store, first)))


def test_one_community_claims_an_empty_store(store: Store, again: Callable[[], Store]) -> None:
    other = again()
    won: list[bytes] = []

    def claim(where: Store, community: bytes) -> None:
        while True:
            try:
                with where.writing() as writer:
                    writer.claim(community)
                won.append(community)
            except StoreBusy:
                continue
            except CommunityTaken:
                pass
            return

    threads = [
        threading.Thread(target=claim, args=(where, bytes([number]) * 32))
        for number, where in enumerate([store, other] * 4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    with store.reading() as reader:
        assert [known.id for known in reader.communities()] == won
