"""Slow, silent, greedy and hasty peers on real sockets: they cost little, and others are served meanwhile."""

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from sync import wire
from sync.client import sync_with
from sync.crypto import Signer
from sync.frames import NO_PREVIOUS, Header, build
from sync.ids import new_id
from sync.server import RunningServer
from sync.server.limits import Limits, Rate, network_of
from sync.server.options import Options
from tests.sync.replicas import Replica
from tests.sync.server.asking import ask, post, request_of, signed
from tests.sync.server.processes import server_process

_HASTE = Limits(head_seconds=0.5, part_seconds=0.5, grace_seconds=1.0, slowest=2_000_000, room_seconds=0.5)


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "hasty", options=Options(limits=_HASTE)) as running:
        yield running


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def _head(size: int, path: str = wire.EXCHANGE_PATH) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()


def _rest(connection: socket.socket) -> bytes:
    """What the server still says until it closes."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            answer += part
    return answer


@pytest.mark.parametrize("begun", [b"", b"POST /v1/exch", b"POST /v1/hello HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_never_ends(hasty: RunningServer, begun: bytes) -> None:
    with _connect(hasty.url) as connection:
        connection.sendall(begun)
        assert _rest(connection) == b""


def _dribble(connection: socket.socket, part: bytes) -> None:
    """Send a part again and again until the server has enough of it."""
    with contextlib.suppress(OSError):
        for _ in range(1_000):
            connection.sendall(part)
            time.sleep(0.02)
        raise AssertionError("nobody stopped it")


def test_a_head_that_dribbles(hasty: RunningServer) -> None:
    with _connect(hasty.url) as connection:
        connection.sendall(b"POST /v1/hello HTTP/1.1\r\n")
        _dribble(connection, b"X: 1\r\n")
    with _connect(hasty.url) as connection:  # the second head on one connection gets no more time than the first
        connection.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"404" in connection.recv(65_536)
        connection.sendall(b"GET /nothing HTTP/1.1\r\n")
        _dribble(connection, b"X: 1\r\n")


@pytest.mark.parametrize("size", [50_000, 3_000_000])
def test_a_body_that_stops_or_dribbles(hasty: RunningServer, size: int) -> None:
    with _connect(hasty.url) as connection:
        connection.sendall(_head(size) + os.urandom(1_000))
        assert b" 408 " in _rest(connection)
    with _connect(hasty.url) as connection:
        connection.sendall(_head(size))
        sending = threading.Thread(target=_dribble, args=(connection, b"x"))
        sending.start()
        assert b" 408 " in _rest(connection)
        connection.close()
        sending.join()


def test_a_body_that_nobody_wants_is_not_taken_for_ever(hasty: RunningServer) -> None:
    with _connect(hasty.url) as connection:
        connection.sendall(_head(3_000_000, "/nothing"))
        assert b" 404 " in connection.recv(65_536)
        _dribble(connection, b"x")


def test_a_reply_that_nobody_reads(hasty: RunningServer, first: Replica) -> None:
    sync_with(first.log, hasty.url)
    header = Header(first.log.community, first.unit, first.log.device, b"i" * 16, 1, NO_PREVIOUS, bytes(16))
    large = build(header, os.urandom(16_000_000), bytes(32), first.log.signer)  # more than the system takes in between
    assert ask(hasty, first, request_of(first, [large.body])).reply.accepted == large.hash
    body = signed(hasty, first, wire.encode(request_of(first)))
    with _connect(hasty.url) as connection:
        connection.sendall(_head(len(body)) + body)
        time.sleep(1.5)
        assert len(_rest(connection)) < len(large.body)
    assert ask(hasty, first, request_of(first)).reply.frames == [large.body]


def test_room_for_bodies_is_shared(tmp_path: Path, first: Replica) -> None:
    limits = Limits(room_seconds=0.3, short_bytes=200_000, strangers_bytes=2_000_000, stranger_bytes=1_000_000)
    with RunningServer(tmp_path / "data", options=Options(limits=limits)) as server, contextlib.ExitStack() as stack:
        for size in (60_000, 500_000):
            held = [stack.enter_context(_connect(server.url)) for _ in range(3)]
            for connection in held:
                connection.sendall(_head(size) + os.urandom(300))
            refused = [connection for connection in held if _says_busy(connection)]
            assert len(refused) == (2 if size == 60_000 else 1)
        for connection in held:
            connection.close()
        first.set(new_id(), name="Олена")
        assert sync_with(first.log, server.url).sent == 1


def _says_busy(connection: socket.socket) -> bool:
    connection.settimeout(1.5)
    try:
        answer = connection.recv(65_536)
    except TimeoutError:
        return False
    return b" 503 " in answer and b"retry-after" in answer.lower()


def test_a_stranger_can_not_send_much(server: RunningServer, first: Replica) -> None:
    sync_with(first.log, server.url)
    with _connect(server.url) as connection:
        body = signed(server, first, bytes(39_000_000), device=os.urandom(16))
        connection.sendall(_head(len(body)) + body[: wire.LONG_ENVELOPE_BYTES])
        assert b" 403 " in connection.recv(65_536)
    with _connect(server.url) as connection:
        body = signed(server, first, bytes(39_000_000), signer=Signer.generate())
        connection.sendall(_head(len(body)) + body[: wire.LONG_ENVELOPE_BYTES])
        assert b" 401 " in connection.recv(65_536)


def test_a_long_body_is_the_one_that_was_signed(server: RunningServer, first: Replica) -> None:
    sync_with(first.log, server.url)
    body = bytearray(signed(server, first, wire.encode(request_of(first, links=[os.urandom(100_000)]))))
    body[-1] ^= 1
    assert post(server, bytes(body)).code == "bad_signature"


def test_who_asks_too_often_is_told_to_come_later(tmp_path: Path, first: Replica) -> None:
    limits = Limits(device_rate=0.001, device_burst=3, failure_rate=0.001, failure_burst=2)
    with RunningServer(tmp_path / "data", options=Options(limits=limits)) as server:
        codes = [ask(server, first, request_of(first)).status for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        assert [post(server, b"x").status for _ in range(3)] == [400, 400, 429]
        assert requests.post(server.url + wire.HELLO_PATH, data=bytes(16), timeout=30).headers["retry-after"]


def test_a_rate_recovers_and_forgets() -> None:
    rate = Rate(1_000_000.0, 1)
    assert rate.take("a")
    time.sleep(0.001)
    assert rate.allows("a")
    slow = Rate(0.0, 2)
    assert [slow.take("a") for _ in range(3)] == [True, True, False]
    assert slow.take("b")
    for number in range(50_001):
        slow.take(number)
    assert len(slow._left) == 50_000


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_whose_address_it_is(host: str, network: str) -> None:
    assert network_of(host) == network


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process's memory like this")
def test_many_half_sent_bodies_do_not_fill_the_memory(tmp_path: Path, first: Replica) -> None:
    with server_process(tmp_path / "data") as (process, url):
        sync_with(first.log, url)
        before = _peak(process.pid)
        greeting = requests.post(url + wire.HELLO_PATH, data=os.urandom(16), timeout=30).content
        key = wire.decode(wire.Hello, greeting[64:]).key
        with contextlib.ExitStack() as stack:
            for number in range(20):
                connection = stack.enter_context(_connect(url))
                signer = first.log.signer if number % 2 else Signer.generate()
                body = wire.sign_request(
                    signer,
                    server=key,
                    community=first.log.community,
                    device=first.log.device,
                    nonce=os.urandom(16),
                    message=bytes(39_000_000),
                )
                connection.setblocking(False)  # noqa: FBT003
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    data = memoryview(_head(len(body)) + body)[:-1]
                    deadline = time.monotonic() + 0.5
                    while data and time.monotonic() < deadline:
                        try:
                            data = data[connection.send(data) :]
                        except BlockingIOError:
                            time.sleep(0.01)
            first.set(new_id(), name="Олена")
            assert sync_with(first.log, url).sent == 1
            print("peak", _peak(process.pid), before)
            assert _peak(process.pid) - before < 150_000  # KiB; 20 such bodies are 760 MB


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0])
