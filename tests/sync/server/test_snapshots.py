"""What the server does with snapshots that are none, or not the sender's own, and what either store keeps of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import crypto, snapshot_keeping, snapshot_wire, snapshots, wire
from sync.client import sync_with
from sync.ids import new_id, random_id
from sync.server import RunningServer
from sync.server.store import Store
from sync.snapshot_wire import HistoryReply, HistoryRequest, SnapshotsReply, SnapshotsRequest
from tests.sync.replicas import Replica
from tests.sync.server.asking import Answer, post, signed
from tests.sync.server.filling import fill


@pytest.fixture
def server(tmp_path: Path, first: Replica, second: Replica) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "server") as running:
        for each in range(3):
            first.set(new_id(), name=f"{each}")
        for replica in (first, second, first, second):
            sync_with(replica.log, running.url)
        yield running


def send(server: RunningServer, by: Replica, request: wire.Message, path: str) -> Answer:
    return post(server, signed(server, by, wire.encode(request), path=path), path)


def give(server: RunningServer, by: Replica, *, given: list[bytes] = [], votes: list[bytes] = []) -> Answer:  # noqa: B006 - not changed
    request = SnapshotsRequest(wire.VERSION, by.log.community, given, votes, [by.unit])
    return send(server, by, request, snapshot_wire.SNAPSHOTS_PATH)


def test_only_own_snapshots_and_votes_are_taken(server: RunningServer, first: Replica, second: Replica) -> None:
    made = snapshot_keeping.make(first.log, first.unit).snapshot
    vote = snapshots.vote(made.manifest, second.log.device, second.log.signer).pack()
    assert give(server, second, given=[made.body]).status == 400  # it is not signed with the key of the sender
    assert give(server, first, votes=[vote]).status == 400
    assert give(server, first, given=[made.body[:-1]]).code == "bad_request"
    assert give(server, first, given=[b"SPRS"]).code == "bad_request"
    # What is said of a state that nobody has given is not kept.
    assert give(server, second, votes=[vote]).status == 200
    listed = wire.decode(SnapshotsReply, give(server, first, given=[made.body]).message).snapshots
    assert listed == [(made.body, [], False)]
    assert give(server, second, votes=[vote, vote]).status == 200
    assert wire.decode(SnapshotsReply, give(server, first).message).snapshots == [(made.body, [vote], False)]


def test_parts_that_belong_to_something_else_are_not_claimed(server: RunningServer, first: Replica) -> None:
    from sync.chunkwire import PUT_PATH, PutRequest

    made = snapshot_keeping.make(first.log, first.unit)
    put = PutRequest(wire.VERSION, first.log.community, made.parts, last=False)
    assert send(server, first, put, PUT_PATH).status == 200
    reply = wire.decode(SnapshotsReply, give(server, first, given=[made.snapshot.body]).message)
    assert reply.refused == [(made.snapshot.hash, "parts")]
    assert reply.snapshots == []


def test_history_is_given_to_those_who_read_the_unit(server: RunningServer, first: Replica, second: Replica) -> None:
    def history(by: Replica, unit: bytes, ends: tuple[int, int], budget: int = 2**20) -> Answer:
        ranges = [(first.log.identity.incarnation, *ends)]
        request = HistoryRequest(wire.VERSION, by.log.community, unit, ranges, budget)
        return send(server, by, request, snapshot_wire.HISTORY_PATH)

    bodies = [body for body in first.frames() if first.unit in body]
    assert wire.decode(HistoryReply, history(second, first.unit, (1, 3)).message) == HistoryReply(1, bodies, more=False)
    some = wire.decode(HistoryReply, history(second, first.unit, (2, 9), 1).message)
    assert (some.frames, some.more) == (bodies[1:2], True)
    assert wire.decode(HistoryReply, history(second, first.unit, (4, 9)).message).frames == []
    assert history(second, random_id(), (1, 3)).code == "not_member"


def test_a_store_keeps_snapshots_and_votes(store: Store, first: Replica, second: Replica) -> None:
    fill(store, first)
    community, units = first.log.community, frozenset({first.unit})
    made = []
    for each in range(2):
        first.set(new_id(), name=f"{each}")
        made.append(snapshot_keeping.make(first.log, first.unit))
    vote = snapshots.vote(made[0].snapshot.manifest, second.log.device, second.log.signer)
    with store.writing() as writer:
        writer.add_vote(community, vote)
        for each in made:
            writer.add_snapshot(community, each.snapshot)
            writer.list_chunks(community, first.log.device, {crypto.sha256(part): len(part) for part in each.parts})
        writer.add_vote(community, vote)
        writer.add_vote(community, vote)
    with store.reading() as reader:
        kept = reader.snapshots(community, units)
        assert [each.body for each in kept] == [made[1].snapshot.body, made[0].snapshot.body]
        assert [each.votes for each in kept] == [[], [vote.pack()]]
        assert reader.snapshots(community, frozenset()) == reader.snapshots(bytes(32), units) == []
        used = reader.communities()[0].used
    parts = [crypto.sha256(part) for part in made[0].parts]
    with store.writing() as writer:
        epoch = writer.epoch()
        writer.drop_snapshot(community, made[0].snapshot.hash)
        writer.drop_chunks(community, parts)
        assert writer.epoch() == epoch  # nothing was lost, so nobody asks about everything again
        writer.add_vote(community, vote)
    with store.reading() as reader:
        assert [(each.hash, each.votes) for each in reader.snapshots(community, units)] == [(made[1].snapshot.hash, [])]
        assert reader.chunks_missing(community, parts) == parts
        assert reader.communities()[0].used == used - sum(map(len, made[0].parts))
