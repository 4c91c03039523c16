"""Chunks of files at the server: taken from members, kept whole, given back, counted, and never believed blindly."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from dev.postgres import Cluster
from sync import chunkwire, wire
from sync.chunkwire import GetReply, GetRequest, MissingReply, MissingRequest, PutReply, PutRequest
from sync.client import sync_with
from sync.crypto import sha256
from sync.server import Options, RunningServer
from sync.server.run import open_store
from tests.sync.replicas import Replica
from tests.sync.server.asking import Answer, post, signed


@pytest.fixture
def options(database: str | None) -> Options:
    return Options(database=database)


@pytest.fixture
def server(tmp_path: Path, options: Options, first: Replica) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "server", options=options) as running:
        sync_with(first.log, running.url)
        yield running


def _ask(server: RunningServer, replica: Replica, path: str, message: wire.Message) -> Answer:
    return post(server, signed(server, replica, wire.encode(message), path=path), path)


def missing(server: RunningServer, replica: Replica, ids: list[bytes]) -> MissingReply:
    request = MissingRequest(wire.VERSION, replica.log.community, b"".join(ids))
    answer = _ask(server, replica, chunkwire.MISSING_PATH, request)
    return wire.decode(MissingReply, answer.message)


def put(server: RunningServer, replica: Replica, chunks: list[bytes], *, last: bool = False) -> PutReply:
    request = PutRequest(wire.VERSION, replica.log.community, chunks, last)
    answer = _ask(server, replica, chunkwire.PUT_PATH, request)
    assert answer.status == 200, answer.code
    return wire.decode(PutReply, answer.message)


def get(
    server: RunningServer, replica: Replica, wanted: list[tuple[bytes, int]], budget: int = chunkwire.MAX_CARRIED_BYTES
) -> list[tuple[int, bytes]]:
    request = GetRequest(wire.VERSION, replica.log.community, wanted, budget)
    return wire.decode(GetReply, _ask(server, replica, chunkwire.GET_PATH, request).message).parts


def _chunks(count: int, size: int = 3_000) -> dict[bytes, bytes]:
    made = [os.urandom(size) for _ in range(count)]
    return {sha256(chunk): chunk for chunk in made}


def test_given_asked_and_got_back(server: RunningServer, first: Replica) -> None:
    chunks = _chunks(3) | _chunks(1, chunkwire.MAX_CHUNK_BYTES)
    ids = list(chunks)
    assert missing(server, first, ids).missing == b"".join(ids)
    assert put(server, first, list(chunks.values())[:2]).accepted == b"".join(ids[:2])
    assert missing(server, first, ids).missing == b"".join(ids[2:])
    assert put(server, first, list(chunks.values())).accepted == b"".join(ids)
    assert missing(server, first, ids).missing == b""
    absent = bytes(32)
    parts = get(server, first, [(ids[3], 0), (absent, 0), (ids[0], 0)])
    assert parts == [(len(chunks[ids[3]]), chunks[ids[3]]), (0, b""), (3_000, chunks[ids[0]])]
    # In parts: from some byte on, and no more than was asked for.
    assert get(server, first, [(ids[0], 2_900), (ids[1], 0), (ids[2], 0)], 1_000) == [
        (3_000, chunks[ids[0]][2_900:]),
        (3_000, chunks[ids[1]][:900]),
    ]


def test_members_alone_and_each_community_its_own(server: RunningServer, first: Replica, tmp_path: Path) -> None:
    chunks = _chunks(1)
    put(server, first, list(chunks.values()))
    stranger = Replica.found(tmp_path / "stranger.db")
    for path, message in (
        (chunkwire.GET_PATH, GetRequest(wire.VERSION, first.log.community, [(next(iter(chunks)), 0)], 1_000)),
        (chunkwire.PUT_PATH, PutRequest(wire.VERSION, first.log.community, [os.urandom(2**20)], last=True)),
        (chunkwire.MISSING_PATH, MissingRequest(wire.VERSION, first.log.community, bytes(32))),
    ):
        body = signed(server, stranger, wire.encode(message), path=path, community=first.log.community)
        answer = post(server, body, path)
        assert (answer.status, answer.code) == (403, "not_member")
        # A member's signature for another path is worth nothing here.
        answer = post(server, signed(server, first, wire.encode(message)), path)
        assert (answer.status, answer.code) == (401, "bad_signature")
    stranger.close()


def test_too_long_and_too_many(server: RunningServer, first: Replica) -> None:
    community = first.log.community
    long = chunkwire.MAX_CHUNK_BYTES
    for chunks in ([b"x" * (long + 1)], [b""], [os.urandom(1)] * 1_025, [os.urandom(long)] * 8):
        answer = _ask(server, first, chunkwire.PUT_PATH, PutRequest(wire.VERSION, community, chunks, last=False))
        assert (answer.status, answer.code) == (400, "bad_request")
    head = {"Content-Length": str(chunkwire.PUT_BYTES + 1)}
    answer_to_head = requests.post(server.url + chunkwire.PUT_PATH, headers=head, data=iter([b"x"]), timeout=30)
    assert answer_to_head.status_code == 413
    answer = _ask(server, first, chunkwire.MISSING_PATH, MissingRequest(wire.VERSION, community, bytes(33)))
    assert (answer.status, answer.code) == (400, "bad_request")


def test_the_quota_counts_them(server: RunningServer, first: Replica, tmp_path: Path, database: str | None) -> None:
    chunks = _chunks(4)
    store = open_store(tmp_path / "server", database)
    with store.writing() as writer:
        known = writer.community(first.log.community)
        assert known is not None
        writer.set_quota(first.log.community, known.used + 7_000)
    done = put(server, first, list(chunks.values()))
    assert [done.accepted, done.refused] == [b"".join(list(chunks)[:2]), [(name, "quota") for name in list(chunks)[2:]]]
    put(server, first, list(chunks.values())[:2])
    with store.reading() as reader:
        after = reader.community(first.log.community)
        assert after is not None
        assert after.used == known.used + 6_000
    store.close()
    assert get(server, first, [(name, 0) for name in chunks]) == [
        *((3_000, chunks[name]) for name in list(chunks)[:2]),
        (0, b""),
        (0, b""),
    ]


def _files(server_folder: Path) -> list[Path]:
    return [path for path in (server_folder / "files").rglob("*") if path.is_file() and len(path.name) == 64]


def test_what_was_lost_or_bent_is_owned_up_to(server: RunningServer, first: Replica, tmp_path: Path) -> None:
    chunks = _chunks(3)
    ids = list(chunks)
    put(server, first, list(chunks.values()))
    before = missing(server, first, ids).epoch
    paths = {bytes.fromhex(path.name): path for path in _files(tmp_path / "server")}
    paths[ids[0]].unlink()
    paths[ids[1]].write_bytes(b"?" * 3_000)
    told = missing(server, first, ids)
    assert told.missing == ids[0]
    assert told.epoch != before
    assert get(server, first, [(ids[1], 0), (ids[2], 0)]) == [(0, b""), (3_000, chunks[ids[2]])]
    again = missing(server, first, ids)
    assert again.missing == b"".join(ids[:2])
    assert again.epoch not in {before, told.epoch}
    put(server, first, list(chunks.values())[:2])
    assert missing(server, first, ids).missing == b""


@pytest.mark.parametrize("what", ["nothing", "files", "all"])
def test_started_again(
    tmp_path: Path, options: Options, first: Replica, cluster: Cluster, database: str | None, what: str
) -> None:
    """An emptied folder is noticed at the start: the devices are asked for all of it again, under another epoch."""
    chunks = _chunks(2)
    with RunningServer(tmp_path / "server", options=options) as server:
        sync_with(first.log, server.url)
        put(server, first, list(chunks.values()))
        before = missing(server, first, list(chunks))
    assert before.missing == b""
    if what != "nothing":
        (tmp_path / "server" / "files").rename(tmp_path / "away")
    if what == "all" and database is None:
        (tmp_path / "server" / "server.db").unlink()
    elif what == "all":
        options = Options(database=cluster.new_database())
    with RunningServer(tmp_path / "server", options=options) as server:
        sync_with(first.log, server.url)
        after = missing(server, first, list(chunks))
        assert (after.missing == b"", after.epoch == before.epoch) == ((what == "nothing"),) * 2
        put(server, first, list(chunks.values()))
        assert missing(server, first, list(chunks)).missing == b""


def test_others_are_told_when_a_device_is_done(server: RunningServer, first: Replica, second: Replica) -> None:
    sync_with(second.log, server.url)
    sync_with(first.log, server.url)

    def token(replica: Replica, known: bytes) -> bytes:
        request = wire.NewsRequest(wire.VERSION, replica.log.community, known)
        answer = _ask(server, replica, wire.NEWS_PATH, request)
        return wire.decode(wire.NewsReply, answer.message).token

    own, theirs = token(first, b""), token(second, b"")
    put(server, first, [os.urandom(10)])
    assert token(second, b"") == theirs
    put(server, first, [os.urandom(10)], last=True)
    assert token(second, theirs) != theirs
    assert token(first, b"") == own


def test_two_servers_take_the_same_at_once(
    tmp_path: Path, first: Replica, cluster: Cluster, run_at_once: Callable[[list[Callable[[], object]]], None]
) -> None:
    options = Options(database=cluster.new_database(), files=str(tmp_path / "shared"))
    chunks = _chunks(40, 500)
    with RunningServer(tmp_path / "data", options=options) as one:
        sync_with(first.log, one.url)
        with RunningServer(tmp_path / "data", options=options) as other:
            jobs = [
                lambda server=server, part=part: put(server, first, part)
                for server in (one, other)
                for part in (list(chunks.values()), list(chunks.values())[::-1], list(chunks.values())[10:30])
            ]
            run_at_once(jobs)
            assert missing(one, first, list(chunks)).missing == b""
            store = open_store(tmp_path, options.database)
            with store.reading() as reader:
                known = reader.community(first.log.community)
            store.close()
            assert known is not None
            assert known.used == 40 * 500 + sum(map(len, first.frames()))
