"""A way that is limited moves no more bytes than it may; the clock is the test's own."""

import os

from sync.client import Bucket, Pace, sync_with
from sync.ids import new_id
from sync.server import RunningServer
from tests.sync.replicas import Replica


class Clock:
    """A clock that runs only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_bytes_take_their_time() -> None:
    clock = Clock()
    bucket = Bucket(10_000, clock, clock.sleep)
    for _ in range(100):
        bucket.take(1_000)
    assert 8.9 <= clock.now - 1_000 <= 9.1  # the first second's worth was there


def test_what_was_not_used_is_not_saved_up() -> None:
    clock = Clock()
    bucket = Bucket(10_000, clock, clock.sleep)
    clock.now += 3_600
    bucket.take(30_000)
    assert 1.9 <= clock.now - 4_600 <= 2.1


def test_whoever_is_cancelled_does_not_wait() -> None:
    clock = Clock()
    bucket = Bucket(2_048, clock, clock.sleep)
    bucket.take(10**9, lambda: True)
    assert clock.now == 1_000


def test_an_exchange_keeps_to_its_pace(server: RunningServer, first: Replica, second: Replica) -> None:
    first.welcome(second)
    for number in range(20):
        first.set(new_id(), text=os.urandom(3_000 + number).hex())
    clock = Clock()
    sent = sync_with(first.log, server.url, pace=Pace(up=Bucket(4_000, clock, clock.sleep)))
    assert clock.now - 1_000 >= (sent.bytes_sent - 2_000 * sent.round_trips) / 4_000 - 1
    clock.now = 1_000.0
    got = sync_with(second.log, server.url, pace=Pace(down=Bucket(4_000, clock, clock.sleep)))
    assert clock.now - 1_000 >= (got.bytes_received - 2_000 * got.round_trips) / 4_000 - 1
    assert first.digest() == second.digest()
