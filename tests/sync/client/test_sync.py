"""The exchange between real logs and a real server over real HTTP."""

import contextlib
import os
import threading
from pathlib import Path

import pytest

from sync.changes import Change
from sync.client import Progress, SyncOutcome, sync_with
from sync.errors import Failure, Misuse, Refused, Unreachable
from sync.ids import new_id
from sync.pins import pin_server, pinned_server
from sync.server import RunningServer
from tests.sync.client.liars import Stranger
from tests.sync.client.lines import Line
from tests.sync.replicas import Replica


def test_what_one_writes_the_other_reads(server: RunningServer, first: Replica, second: Replica) -> None:
    record = new_id()
    first.set(record, name="Олена")
    assert sync_with(first.log, server.url).sent == 1
    assert sync_with(second.log, server.url).received == 1
    assert second.values(record, "name") == ["Олена"]
    second.set(record, name="Марія")
    sync_with(second.log, server.url)
    outcome = sync_with(first.log, server.url)
    assert (outcome.sent, outcome.received, outcome.waiting, outcome.disputed) == (0, 1, 0, 0)
    assert first.digest() == second.digest()


def test_two_values_of_one_field_are_both_kept(server: RunningServer, first: Replica, second: Replica) -> None:
    record = new_id()
    first.set(record, name="Олена")
    sync_with(first.log, server.url)
    sync_with(second.log, server.url)
    first.set(record, name="Ганна")
    second.set(record, name="Марія")
    sync_with(first.log, server.url)
    outcome = sync_with(second.log, server.url)
    assert (outcome.sent, outcome.received, outcome.round_trips) == (1, 1, 1)
    sync_with(first.log, server.url)
    assert sorted(map(str, first.values(record, "name"))) == ["Ганна", "Марія"]
    assert first.digest() == second.digest()


def test_one_edit_reaches_the_other_in_two_round_trips_under_two_kilobytes(
    server: RunningServer, first: Replica, second: Replica
) -> None:
    record = new_id()
    for name in ("Олена", "Ганна"):
        first.set(record, name=name)
        for replica in (first, second, first):
            sync_with(replica.log, server.url)
    with Line(server.url) as line:
        for replica in (first, second):
            pin_server(replica.log, line.url, server.key)
        first.set(record, name="Марія")
        push, pull = sync_with(first.log, line.url), sync_with(second.log, line.url)
    assert second.values(record, "name") == ["Марія"]
    assert push.round_trips + pull.round_trips == 2
    assert line.total < 2048
    assert (push.bytes_sent + pull.bytes_sent, push.bytes_received + pull.bytes_received) == (line.up, line.down)


def test_the_bytes_of_an_edit_do_not_depend_on_how_much_there_is(
    server: RunningServer, first: Replica, second: Replica
) -> None:
    record = new_id()
    sizes = []
    for more in (1, 5_000):
        first.log.write(first.unit, [Change("case", new_id(), {"name": "х"}) for _ in range(more)])
        for replica in (first, second, first):
            sync_with(replica.log, server.url)
        first.set(record, name="Марія")
        outcome = sync_with(first.log, server.url)
        sync_with(second.log, server.url)
        sizes.append(outcome.bytes_sent + outcome.bytes_received)
    assert sizes[1] - sizes[0] < 64


def test_nothing_new_is_one_small_round_trip(server: RunningServer, first: Replica) -> None:
    first.set(new_id(), name="Олена")
    sync_with(first.log, server.url)
    outcome = sync_with(first.log, server.url)
    assert (outcome.sent, outcome.received, outcome.round_trips) == (0, 0, 1)
    assert outcome.bytes_sent + outcome.bytes_received < 512


def _write_much(replica: Replica) -> None:
    """300 frames, more than a round takes."""
    for _ in range(300):
        replica.set(new_id(), name=os.urandom(1_500).hex())


def test_progress_is_true_and_rounds_are_several(server: RunningServer, first: Replica, second: Replica) -> None:
    _write_much(first)
    steps: list[Progress] = []
    sync_with(first.log, server.url, progress=steps.append)
    assert len(steps) > 2
    assert {step.total for step in steps} == {300}
    assert [step.sent for step in steps] == sorted(step.sent for step in steps)
    steps.clear()
    outcome = sync_with(second.log, server.url, progress=steps.append)
    assert (outcome.received, steps[-1]) == (300, Progress(0, 300, 300))
    assert {step.total for step in steps} == {300}


def test_cancelled_between_rounds_keeps_what_was_done(server: RunningServer, first: Replica, second: Replica) -> None:
    _write_much(first)
    steps: list[Progress] = []
    outcome = sync_with(first.log, server.url, progress=steps.append, cancelled=lambda: len(steps) >= 2)
    assert not outcome.complete
    assert 0 < outcome.sent < 300
    assert outcome.waiting == 300 - outcome.sent
    assert sync_with(first.log, server.url).sent == 300 - outcome.sent
    assert sync_with(second.log, server.url).received == 300
    assert first.digest() == second.digest()


def test_two_devices_at_once(server: RunningServer, first: Replica, second: Replica) -> None:
    for replica in (first, second):
        for _ in range(200):
            replica.set(new_id(), name="Олена" * 20)
    outcomes: list[SyncOutcome] = []
    threads = [
        threading.Thread(target=lambda log=replica.log: outcomes.append(sync_with(log, server.url)))
        for replica in (first, second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.sent for outcome in outcomes] == [200, 200]
    for replica in (first, second):
        sync_with(replica.log, server.url)
    assert first.digest() == second.digest()


@pytest.mark.parametrize("upwards", [True, False])
def test_a_line_that_breaks_loses_nothing(
    server: RunningServer, first: Replica, second: Replica, *, upwards: bool
) -> None:
    for _ in range(120):
        first.set(new_id(), name="Олена" * 40)
        second.set(new_id(), name="Олена" * 40)
    sync_with(first.log, server.url)
    with Line(server.url, cut_after=5_000, cuts=6, upwards=upwards) as line:
        for _ in range(6):
            with contextlib.suppress(Unreachable):
                sync_with(second.log, line.url)
                break
        assert line.cuts_left < 6
    sync_with(first.log, server.url)
    sync_with(second.log, server.url)
    assert first.digest() == second.digest()


def test_a_server_restored_from_an_old_copy_gets_back_what_it_lost(
    tmp_path: Path, first: Replica, second: Replica
) -> None:
    record = new_id()
    first.set(record, name="Олена")
    with RunningServer(tmp_path / "server") as server:
        url = server.url
        port = int(url.rsplit(":", 1)[1])
        sync_with(first.log, url)
    backup = {path.name: path.read_bytes() for path in (tmp_path / "server").iterdir() if path.is_file()}
    with RunningServer(tmp_path / "server", port=port):
        first.set(record, name="Марія")
        sync_with(first.log, url)
        sync_with(second.log, url)
        second.set(record, name="Ганна")
        sync_with(second.log, url)
    for path in (tmp_path / "server").iterdir():
        if path.is_file():
            path.unlink()
    for name, data in backup.items():
        (tmp_path / "server" / name).write_bytes(data)
    before = first.digest()
    with RunningServer(tmp_path / "server", port=port):
        outcome = sync_with(first.log, url)
        assert (outcome.server_lost, outcome.sent) == (True, 1)
        assert first.digest() == before
        assert sync_with(second.log, url).server_lost
        sync_with(first.log, url)
    assert first.values(record, "name") == ["Ганна"]
    assert first.digest() == second.digest()


def test_an_emptied_server_is_filled_again(tmp_path: Path, first: Replica, second: Replica) -> None:
    for _ in range(5):
        first.set(new_id(), name="Олена")
    with RunningServer(tmp_path / "server") as server:
        url = server.url
        port = int(url.rsplit(":", 1)[1])
        for replica in (first, second):
            sync_with(replica.log, url)
    for path in (tmp_path / "server").glob("server.db*"):
        path.unlink()
    with RunningServer(tmp_path / "server", port=port):
        outcome = sync_with(second.log, url)
        assert (outcome.sent, outcome.received, outcome.server_lost) == (5, 0, True)
        assert sync_with(first.log, url).sent == 0
    assert first.digest() == second.digest()


def _failure(replica: Replica, url: str) -> Failure:
    before = (replica.digest(), replica.log.heads())
    with pytest.raises(Failure) as caught:
        sync_with(replica.log, url)
    assert (replica.digest(), replica.log.heads()) == before
    assert caught.value.message
    return caught.value


def test_another_community_keeps_everything_here(server: RunningServer, first: Replica, tmp_path: Path) -> None:
    sync_with(first.log, server.url)
    stranger = Replica.found(tmp_path / "stranger.db")
    stranger.set(new_id(), name="Олена")
    failure = _failure(stranger, server.url)
    assert (type(failure), failure.code) == (Refused, "other_community")
    assert pinned_server(stranger.log, server.url) is None
    stranger.close()


def test_a_server_with_another_key_is_refused_until_somebody_says_it_is_new(
    tmp_path: Path, server: RunningServer, first: Replica
) -> None:
    sync_with(first.log, server.url)
    with RunningServer(tmp_path / "other") as other, Line(other.url) as line:
        pin_server(first.log, line.url, server.key)
        first.set(new_id(), name="Олена")
        failure = _failure(first, line.url)
        assert (type(failure), failure.code) == (Refused, "wrong_server")
        assert sync_with(first.log, line.url, new_server=True).sent == 1
        assert pinned_server(first.log, line.url) == other.key
        first.set(new_id(), name="Ганна")
        assert sync_with(first.log, line.url).sent == 1
        url = line.url
    with pytest.raises(Unreachable):
        sync_with(first.log, url, new_server=True)
    assert pinned_server(first.log, url) == other.key  # a new key is for a server that answered


def test_a_server_that_is_away(first: Replica, tmp_path: Path) -> None:
    with RunningServer(tmp_path / "server") as server:
        url = server.url
        sync_with(first.log, url)
    failure = _failure(first, url)
    assert (type(failure), failure.code) == (Unreachable, "server_away")


@pytest.mark.parametrize(
    "url",
    ["", "server", "ftp://server.example", "http://", "http://a:b:c", "http://host:99999", "http://x/?q", "http://["],
)
def test_not_an_address(first: Replica, url: str) -> None:
    assert isinstance(_failure(first, url), Misuse)


def test_a_device_that_is_no_member(server: RunningServer, first: Replica, tmp_path: Path) -> None:
    sync_with(first.log, server.url)
    left_out = first.invite(tmp_path / "left-out.db")
    links = first.log.links()
    left_out.log.links = lambda: links  # type: ignore[method-assign] - as if its entry had been taken away
    failure = _failure(left_out, server.url)
    assert (type(failure), failure.code) == (Refused, "not_member")
    left_out.close()


def test_the_proxy_of_the_environment_is_used(
    server: RunningServer, first: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stranger(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert _failure(first, "http://server.invalid").code == "not_a_server"
        assert sync_with(first.log, server.url).round_trips  # no proxy leads to this very computer


def test_what_would_begin_first_and_has_nothing_to_bring_is_no_lie_of_the_server(
    server: RunningServer, first: Replica
) -> None:
    """A new unit without frames asks for a snapshot each time, also when nothing else is new."""
    first.set(new_id(), name="Олена")
    asked = []
    for _number in range(2):
        done = sync_with(first.log, server.url, begin=lambda _channel, _key: asked.append(1))
        assert done.complete
    assert len(asked) == 2
