"""The server as a process of its own: started, stopped, killed, and where no Qt is."""

import os
import queue
import signal
import socket
import threading
from pathlib import Path

import pytest

from sync.client import Progress, sync_with
from sync.errors import Damaged, Failure, Misuse, Refused, Unreachable
from sync.ids import new_id
from sync.server import RunningServer, serve
from sync.sqlcipher import connect
from tests.sync.replicas import Replica
from tests.sync.server.processes import server_process


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order(tmp_path: Path, first: Replica, number: signal.Signals) -> None:
    with server_process(tmp_path / "data") as (process, url):
        sync_with(first.log, url)
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "stopped\n"


def test_killed_while_it_takes_frames_it_keeps_what_it_said_it_has(
    tmp_path: Path, first: Replica, second: Replica
) -> None:
    for _ in range(400):
        first.set(new_id(), name=os.urandom(1_500).hex())
    steps: queue.SimpleQueue[Progress] = queue.SimpleQueue()
    with server_process(tmp_path / "data") as (process, url):
        result: list[Failure] = []

        def push() -> None:
            try:
                sync_with(first.log, url, progress=steps.put)
            except Unreachable as failure:
                result.append(failure)

        pushing = threading.Thread(target=push)
        pushing.start()
        while not (step := steps.get(timeout=60)).sent:
            pass
        process.kill()
        pushing.join()
        process.wait()
    assert not result or result[0].code in {"server_away", "connection_lost"}
    while not steps.empty():
        step = steps.get()
    store = connect(tmp_path / "data" / "server.db", None)
    assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert step.sent <= store.execute("SELECT count(*) FROM frames").fetchone()[0] <= 400
    store.close()
    with server_process(tmp_path / "data", int(url.rsplit(":", 1)[1])) as (_again, same):
        assert same == url
        outcome = sync_with(first.log, url)
        assert (outcome.waiting, outcome.server_lost) == (0, False)
        assert sync_with(second.log, url).received == 400
    assert first.digest() == second.digest()


def test_killed_many_times(tmp_path: Path, first: Replica, second: Replica) -> None:
    port = 0
    for round_number in range(4):
        for replica in (first, second):
            for _ in range(20):
                replica.set(new_id(), name=os.urandom(3_000).hex())
        with server_process(tmp_path / "data", port) as (process, url):
            port = int(url.rsplit(":", 1)[1])
            killer = threading.Timer(0.02 + 0.06 * round_number, process.kill)
            killer.start()
            for replica in (first, second):
                try:
                    sync_with(replica.log, url)
                except Unreachable:
                    continue
            killer.cancel()
            killer.join()
    with server_process(tmp_path / "data", port) as (_last, url):
        for replica in (first, second, first):
            outcome = sync_with(replica.log, url)
            assert (outcome.waiting, outcome.disputed, outcome.server_lost) == (0, 0, False)
    assert first.digest() == second.digest()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Refused) as caught:
        serve(tmp_path / "data", "127.0.0.1", taken.getsockname()[1])
    assert caught.value.code == "port_taken"


@pytest.mark.parametrize("host", ["no such host.example", "192.0.2.77", "a..b", "a" * 70])
def test_an_address_that_is_none(tmp_path: Path, host: str) -> None:
    with pytest.raises(Refused) as caught:
        serve(tmp_path / "data", host, 0)
    assert caught.value.code == "address"


@pytest.mark.parametrize("port", [-1, 65_536, 10**9])
def test_a_port_that_is_none(tmp_path: Path, port: int) -> None:
    with pytest.raises(Misuse):
        serve(tmp_path / "data", "127.0.0.1", port)


def test_a_folder_that_can_not_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused) as caught:
        serve(tmp_path / "file" / "data", "127.0.0.1", 0)
    assert caught.value.code == "server_data"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("server.key", b"garbage", "damaged_server_key"),
        ("server.key", b"", "damaged_server_key"),
        ("server.db", b"garbage" * 1_000, "damaged_server_data"),
    ],
)
def test_damaged_files_are_named_and_left_alone(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    data = tmp_path / "data"
    with RunningServer(data):
        pass
    (data / name).write_bytes(content)
    with pytest.raises(Damaged) as caught:
        serve(data, "127.0.0.1", 0)
    assert (caught.value.code, (data / name).read_bytes()) == (code, content)


def test_data_of_a_newer_server(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data"):
        pass
    store = connect(tmp_path / "data" / "server.db", None)
    store.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(Damaged) as caught:
        serve(tmp_path / "data", "127.0.0.1", 0)
    assert caught.value.code == "newer_server_data"


def test_the_same_folder_is_the_same_server(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        key, fingerprint = server.key, server.fingerprint
    with RunningServer(tmp_path / "data") as again:
        assert (again.key, again.fingerprint) == (key, fingerprint)
    if os.name == "posix":
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0
        assert (tmp_path / "data" / "server.key").stat().st_mode & 0o077 == 0


def test_half_of_tls_is_none(tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        serve(tmp_path / "data", "127.0.0.1", 0, tls_cert=tmp_path / "cert.pem")
    with pytest.raises(Misuse):
        serve(tmp_path / "data", "127.0.0.1", 0, tls_cert=tmp_path / "cert.pem", tls_key=tmp_path / "key.pem")


def test_an_address_for_others_is_shown(tmp_path: Path) -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - what an operator gives
    with RunningServer(tmp_path / "data", host=everywhere) as server:
        assert server.url.startswith("http://")
        assert everywhere not in server.url
