"""What a server gets from the open Internet: it refuses, keeps nothing of it, and goes on."""

import os
import socket
import struct
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from sync import wire
from sync.client import sync_with
from sync.crypto import Signer
from sync.ids import new_id
from sync.server import RunningServer
from tests.sync.replicas import Replica
from tests.sync.server.asking import ask, post, request_of, signed


@pytest.fixture(autouse=True)
def _honest_people_are_served_afterwards(server: RunningServer, first: Replica, second: Replica) -> Iterator[None]:
    first.set(new_id(), name="Олена")
    sync_with(first.log, server.url)
    yield
    first.set(new_id(), name="Ганна")
    assert sync_with(first.log, server.url).sent == 1
    assert sync_with(second.log, server.url).received == 2
    assert first.digest() == second.digest()


def _array(count: int) -> bytes:
    return b"\xdd" + struct.pack(">I", count)


GARBAGE = {
    "empty": b"",
    "short": b"x" * 95,
    "envelope only": b"x" * 96,
    "random": os.urandom(5_000),
    "not an array": bytes(96) + b"\x81\x01\x02",
    "huge array": bytes(96) + _array(2**32 - 1),
    "huge inner array": bytes(96) + b"\x98\x01" + _array(2**32 - 1) * 7,
    "huge bytes": bytes(96) + b"\x98\x01\xc6\xff\xff\xff\xff" + b"x",
    "deep": bytes(96) + b"\x91" * 2_000_000,
    "too few": bytes(96) + b"\x91\x01",
    "nan": bytes(96) + b"\x98\x01" + b"\xcb\x7f\xf8" + bytes(6) * 7,
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_garbage(server: RunningServer, body: bytes) -> None:
    answer = post(server, body)
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize("seed", range(40))
def test_a_right_request_with_one_byte_changed(server: RunningServer, first: Replica, seed: int) -> None:
    body = bytearray(signed(server, first, wire.encode(request_of(first))))
    place = (seed * 7_919) % len(body)
    body[place] ^= 1 + seed
    assert post(server, bytes(body)).status in {400, 401, 403}


def test_another_version(server: RunningServer, first: Replica) -> None:
    message = b"\x98\x02" + wire.encode(request_of(first))[2:]
    assert post(server, signed(server, first, message)).code == "unknown_version"


def _raw(server: RunningServer, data: bytes) -> bytes:
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    return answer


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 99999999999\r\n", b"413"),
        (b"Content-Length: 999999999999999999999999\r\n", b"400"),
        (b"Content-Length: -1\r\n", b"400"),
        (b"Transfer-Encoding: chunked\r\n", b"411"),
        (b"", b"411"),
    ],
)
def test_lengths(server: RunningServer, head: bytes, status: bytes) -> None:
    answer = _raw(server, b"POST /v1/exchange HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
    assert answer.split(b" ")[1:2] == [status]


def test_a_body_that_ends_early(server: RunningServer) -> None:
    assert _raw(server, b"POST /v1/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nshort") == b""


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/exchange/",
        "/v1/../server.db",
        "/v1/%2e%2e/server.key",
        "//server.key",
        "/server.db",
        "/v1/hello/x",
    ],
)
def test_other_paths_lead_nowhere(server: RunningServer, path: str) -> None:
    for method in (b"GET", b"POST", b"PUT", b"DELETE"):
        request = method + b" " + path.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        assert _raw(server, request).split(b" ")[1] in {b"404", b"405", b"307"}


def test_other_methods(server: RunningServer) -> None:
    assert requests.get(server.url + wire.EXCHANGE_PATH, timeout=30).status_code == 405


def test_hello_wants_a_nonce(server: RunningServer) -> None:
    assert post(server, b"short", wire.HELLO_PATH).code == "bad_request"
    assert wire.decode(wire.Hello, post(server, os.urandom(16), wire.HELLO_PATH).message).key == server.key


def test_a_signature_of_somebody_else(server: RunningServer, first: Replica) -> None:
    message = wire.encode(request_of(first))
    for wrong in (
        signed(server, first, message, signer=Signer.generate()),
        signed(server, first, message, key=Signer.generate().public_key),
        signed(server, first, message, community=os.urandom(32)),
    ):
        answer = post(server, wrong)
        assert (answer.status, answer.code) == (401, "bad_signature")


def test_a_device_that_nobody_invited(server: RunningServer, first: Replica) -> None:
    message = wire.encode(request_of(first))
    answer = post(server, signed(server, first, message, signer=Signer.generate(), device=os.urandom(16)))
    assert (answer.status, answer.code) == (403, "not_member")


def test_a_recorded_request_is_answered_once(server: RunningServer, first: Replica) -> None:
    body = signed(server, first, wire.encode(request_of(first)))
    assert post(server, body).status == 200
    answer = post(server, body)
    assert (answer.status, answer.code) == (409, "replayed")


def test_another_community(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    stranger = Replica.found(tmp_path_factory.mktemp("stranger") / "stranger.db")
    answer = ask(server, stranger, request_of(stranger))
    assert (answer.status, answer.code) == (403, "other_community")
    stranger.close()


@pytest.mark.parametrize("links", [[b"garbage"], [b"SPRM" + bytes(200)]])
def test_links_that_are_none(server: RunningServer, first: Replica, links: list[bytes]) -> None:
    assert ask(server, first, request_of(first, links=links)).code == "bad_link"


def test_a_link_signed_with_the_wrong_key(server: RunningServer, first: Replica, second: Replica) -> None:
    bent = [*second.log.links()[:-1], second.log.links()[-1][:-1] + bytes([second.log.links()[-1][-1] ^ 1])]
    assert ask(server, first, request_of(first, links=bent)).code == "bad_link"
