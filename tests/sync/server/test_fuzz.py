"""Every route under what Hypothesis thinks of: nothing but a described, signed answer, and the server lives on."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dev.postgres import Cluster
from sync import chunkwire, snapshot_keeping, snapshot_wire, wire
from sync.client import sync_with
from sync.ids import new_id
from sync.server import Options, RunningServer
from sync.server.limits import Limits
from sync.server.openapi import document
from tests.sync.replicas import Replica

# Fuzzing is hasty by its nature; here it is not the haste that is tried.
_PATIENT = Limits(
    failure_burst=10**6, address_burst=10**6, device_burst=10**6, news_seconds=0.01, deaf_news_seconds=0.01
)
_EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_CHUNK_PATHS = (chunkwire.MISSING_PATH, chunkwire.PUT_PATH, chunkwire.GET_PATH)
_SNAPSHOT_PATHS = (snapshot_wire.SNAPSHOTS_PATH, snapshot_wire.HISTORY_PATH)
_POSTS = tuple(path for path in document()["paths"] if path.startswith("/v1/"))


@pytest.fixture(scope="module", params=("sqlite", "postgres"))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    database = None
    if request.param == "postgres":
        cluster: Cluster = request.getfixturevalue("cluster")
        database = cluster.new_database()
    options = Options(database=database, limits=_PATIENT)
    with RunningServer(tmp_path_factory.mktemp("fuzzed") / "data", options=options) as running:
        yield running


@pytest.fixture(scope="module")
def member(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    folder: Path = tmp_path_factory.mktemp("member")
    replica = Replica.found(folder / "member.db")
    for _ in range(3):
        replica.set(new_id(), name="Олена")
    sync_with(replica.log, server.url)
    yield replica
    replica.set(new_id(), name="Ганна")
    assert sync_with(replica.log, server.url).sent == 1
    second = replica.invite(folder / "second.db")
    sync_with(second.log, server.url)
    assert second.digest() == replica.digest()
    for each in (second, replica):
        each.close()


def _check(server: RunningServer, path: str, body: bytes, nonces: tuple[bytes, ...]) -> None:
    answer = requests.post(server.url + path, data=body, timeout=30)
    assert answer.status_code < 500
    assert str(answer.status_code) in document()["paths"][path]["post"]["responses"]
    for nonce in nonces:
        try:
            wire.open_reply(answer.content, server=server.key, nonce=nonce, status=answer.status_code)
        except wire.crypto.CryptoError:
            continue
        return
    raise AssertionError("an answer that the server did not sign")


@pytest.mark.usefixtures("member")
@_EXAMPLES
@given(path=st.sampled_from(_POSTS), body=st.binary(max_size=400))
def test_bytes(server: RunningServer, path: str, body: bytes) -> None:
    _check(server, path, body, (bytes(16), body[:16], body[16:32]))


_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=80)
    | st.binary(min_size=32, max_size=32),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@_EXAMPLES
@given(
    path=st.sampled_from(
        (wire.EXCHANGE_PATH, wire.NEWS_PATH, wire.CARRY_PATH, wire.CARRIED_NEWS_PATH, *_CHUNK_PATHS, *_SNAPSHOT_PATHS)
    ),
    fields=st.lists(_values, max_size=9),
    keep=st.integers(0, 9),
)
def test_messages_of_a_member(server: RunningServer, member: Replica, path: str, fields: list[Any], keep: int) -> None:
    """Signed as they should be, right up to some field and anything from there on."""
    log = member.log
    right: list[Any] = [wire.VERSION, log.community, b"", wire.pack_heads(log.heads()), [], [], member.frames(), 1_000]
    others = {
        wire.NEWS_PATH: [b""],
        wire.CARRIED_NEWS_PATH: [b""],
        chunkwire.MISSING_PATH: [bytes(64)],
        chunkwire.PUT_PATH: [[b"chunk"], True],
        chunkwire.GET_PATH: [[[bytes(32), 0]], 1_000],
        snapshot_wire.SNAPSHOTS_PATH: [[snapshot_keeping.make(log, member.unit).snapshot.body], [], [member.unit]],
        snapshot_wire.HISTORY_PATH: [member.unit, [[log.identity.incarnation, 1, 3]], 1_000],
    }
    if path in others:
        right = [wire.VERSION, log.community, *others[path]]
    nonce = os.urandom(16)
    body = wire.sign_request(
        log.signer,
        server=server.key,
        community=log.community,
        device=log.device,
        nonce=nonce,
        message=msgspec.msgpack.encode([*right[:keep], *fields]),
        path=path,
    )
    if path in {wire.NEWS_PATH, wire.CARRIED_NEWS_PATH} and len(body) > 256:
        nonce = bytes(16)
    _check(server, path, body, (nonce,))


@_EXAMPLES
@given(
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=4),
    cut=st.integers(0, 600),
)
def test_frames_bent_by_a_member(
    server: RunningServer, member: Replica, flips: list[tuple[int, int]], cut: int
) -> None:
    log = member.log
    frame = bytearray(member.frames()[0])
    for place, bits in flips:
        frame[place % len(frame)] ^= bits
    if cut < len(frame):
        frame = frame[: len(frame) - cut]
    message = [wire.VERSION, log.community, b"", [], [], [], [bytes(frame)], 1_000]
    nonce = os.urandom(16)
    body = wire.sign_request(
        log.signer,
        server=server.key,
        community=log.community,
        device=log.device,
        nonce=nonce,
        message=msgspec.msgpack.encode(message),
    )
    _check(server, wire.EXCHANGE_PATH, body, (nonce,))


@pytest.mark.usefixtures("member")
@_EXAMPLES
@given(
    path=st.sampled_from([*document()["paths"], "/", "/v1", "/v2/exchange", "//v1/news"]),
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH"]),
    headers=st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z-]{0,15}", fullmatch=True).filter(
            lambda name: name.lower() not in {"content-length", "transfer-encoding", "expect", "connection", "host"}
        ),
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30),
        max_size=4,
    ),
)
def test_methods_and_headers(server: RunningServer, path: str, method: str, headers: dict[str, str]) -> None:
    answer = requests.request(method, server.url + path, headers=headers, timeout=30, allow_redirects=False)
    assert answer.status_code < 500
