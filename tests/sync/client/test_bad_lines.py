"""Lines that are slow, late and cut: a transfer goes on where it stopped, and a person can always stop waiting."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sync import frames
from sync.client import sync_with
from sync.errors import Unreachable
from sync.ids import new_id
from sync.pins import pin_server
from sync.server import RunningServer
from tests.sync.client.bad_lines import BadLine
from tests.sync.replicas import Replica

_CASES = 60
_TRIES = 20


@pytest.fixture
def met(tmp_path: Path, first: Replica, second: Replica) -> Iterator[RunningServer]:
    """A server that both devices have met, and much that only the first one has."""
    with RunningServer(tmp_path / "server") as server:
        for device in (first, second, first, second):
            sync_with(device.log, server.url)
        for number in range(_CASES):
            first.set(new_id(), subject=f"Дах протікає, {number}", text="а" * 300)
        yield server


def at(line: BadLine, server: RunningServer, *devices: Replica) -> str:
    """Let devices know the server behind a line."""
    for device in devices:
        pin_server(device.log, line.url, server.key)
    return line.url


def until_done(device: Replica, url: str) -> int:
    """Exchange again and again as the desk does; return how many tries it took."""
    for tried in range(1, _TRIES):
        with suppress(Unreachable):
            outcome = sync_with(device.log, url)
            if outcome.complete and not outcome.waiting:
                return tried
    raise AssertionError("it never came to an end")


@pytest.mark.parametrize("cut_after", [4_000, 7_000, 30_000])
def test_cuts_every_few_kilobytes(met: RunningServer, first: Replica, second: Replica, cut_after: int) -> None:
    with BadLine(met.url, cut_after=cut_after) as line:
        url = at(line, met, first, second)
        until_done(first, url)
        bodies = first.frames()
        sent = [line.up.count(frames.parse(body).sealed) for body in bodies]
        size = sum(len(body) for body in bodies)
        assert max(sent) <= 3, "only what a break hits a second time goes a third time"
        assert sum(times > 2 for times in sent) <= len(sent) // 10
        assert len(line.up) < 3 * size
        before = line.down
        until_done(second, url)
        assert line.down - before < 3 * size
    assert second.digest() == first.digest()


def test_9600_bits_a_second(met: RunningServer, first: Replica, second: Replica) -> None:
    """Ten times as fast here, so that the test takes seconds."""
    with BadLine(met.url, rate=12_000, dribble=400) as line:
        url = at(line, met, first, second)
        assert until_done(first, url) == 1
        assert until_done(second, url) == 1
    assert second.digest() == first.digest()


def test_two_seconds_late(met: RunningServer, first: Replica) -> None:
    """A few round trips at most: with 2 s each way, all that waits goes in well under a minute."""
    with BadLine(met.url, latency=2, dribble=2**20) as line:
        outcome = sync_with(first.log, at(line, met, first))
    assert outcome.waiting == 0
    assert outcome.round_trips <= 4


def test_dribbling(met: RunningServer, first: Replica) -> None:
    with BadLine(met.url, dribble=64, latency=0.0005) as line:
        assert sync_with(first.log, at(line, met, first)).waiting == 0


def test_a_half_open_connection_can_be_waited_for_no_longer(
    met: RunningServer, first: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.client.channel._READ_SECONDS", 1)
    before = first.digest()
    with BadLine(met.url, half_open=True) as line, pytest.raises(Unreachable):
        sync_with(first.log, at(line, met, first))
    assert first.digest() == before
    assert until_done(first, met.url) == 1


def test_stopping_while_a_reply_trickles_in(met: RunningServer, first: Replica, second: Replica) -> None:
    sync_with(first.log, met.url)
    stopped_at = 0.0

    def stopped() -> bool:
        nonlocal stopped_at
        if line.down > 2_000 and not stopped_at:
            stopped_at = time.monotonic()
        return bool(stopped_at)

    with BadLine(met.url, rate=2_000, dribble=200) as line:
        outcome = sync_with(second.log, at(line, met, second), cancelled=stopped)
        assert not outcome.complete
        assert time.monotonic() - stopped_at < 60  # far from what the rest would take; a loaded machine is slow
    assert until_done(second, met.url) == 1
    assert second.digest() == first.digest()
