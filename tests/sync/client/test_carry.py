"""Frames pass from server to server by a device that reaches both, also those of units that it can't read."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import caretaking, enrolment, wire
from sync.client import NewsWatch, Server, carry, sync_with
from sync.client.channel import Channel
from sync.client.failures import Problem
from sync.errors import Refused
from sync.ids import new_id
from sync.server import RunningServer
from tests.sync.replicas import Replica


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def other_unit(tmp_path: Path, first: Replica) -> Iterator[Replica]:
    """A member of the common unit and of no other: it can't read the cases."""
    data = enrolment.write_invitation(enrolment.invite(first.log, "clerk", [], None))
    replica = Replica(tmp_path / "stranger.db", enrolment.accept(enrolment.read_invitation(data), new_id()))
    first.welcome(replica)
    yield replica
    replica.close()


def _ends(hub: RunningServer, server: RunningServer) -> tuple[Server, Server]:
    return Server(hub.url, hub.key), Server(server.url, server.key)


def test_what_the_carrier_can_not_read_passes_both_ways(
    hub: RunningServer, server: RunningServer, first: Replica, second: Replica, other_unit: Replica
) -> None:
    first.welcome(second)
    here, there = new_id(), new_id()
    first.set(here, name="Олена")
    second.set(there, name="Ганна")
    sync_with(first.log, hub.url)
    sync_with(second.log, server.url)
    for url in (hub.url, server.url):
        sync_with(other_unit.log, url)
    carried = carry(other_unit.log, *_ends(hub, server))
    assert carried.complete
    assert carried.there >= 1
    assert carried.back >= 1
    again = carry(other_unit.log, *_ends(hub, server))
    assert (again.there, again.back, again.complete) == (0, 0, True)
    sync_with(first.log, hub.url)
    sync_with(second.log, server.url)
    assert second.values(here, "name") == ["Олена"]
    assert first.digest() == second.digest()


def test_what_a_carrier_says_is_not_taken_for_what_its_device_has(
    hub: RunningServer, server: RunningServer, first: Replica, second: Replica
) -> None:
    """Else a server could believe that the device keeps what only the hub has."""
    first.welcome(second)
    first.set(new_id(), name="Олена")
    sync_with(second.log, server.url)
    sync_with(second.log, hub.url)
    sync_with(first.log, hub.url)
    assert carry(second.log, *_ends(hub, server)).there
    assert sync_with(second.log, server.url).received
    assert first.digest() == second.digest()


def test_a_new_central_server_is_filled_from_the_hub(
    tmp_path: Path, hub: RunningServer, server: RunningServer, first: Replica
) -> None:
    for number in range(60):
        first.set(new_id(), text="слово " * 2_000 + str(number))
    sync_with(first.log, hub.url)
    carried = carry(first.log, *_ends(hub, server))
    assert carried.complete
    assert carried.there == len(first.frames())
    third = first.invite(tmp_path / "third.db")
    sync_with(first.log, server.url)
    sync_with(third.log, server.url)
    assert third.digest() == first.digest()
    third.close()


def test_a_cancelled_carrier_goes_on_later(hub: RunningServer, server: RunningServer, first: Replica) -> None:
    for number in range(40):
        first.set(new_id(), text=os.urandom(30_000 + number).hex())
    sync_with(first.log, hub.url)
    asked = 0

    def soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 60

    begun = carry(first.log, *_ends(hub, server), cancelled=soon)
    assert not begun.complete
    rest = carry(first.log, *_ends(hub, server))
    assert rest.complete
    assert begun.there + rest.there == len(first.frames())


def test_only_confirmed_members_carry(server: RunningServer, first: Replica, second: Replica) -> None:
    sync_with(first.log, server.url)
    sync_with(second.log, server.url)  # it waits to be confirmed
    request = wire.Request(wire.VERSION, second.log.community, b"", [], [], [], [], 1000)
    with Channel(server.url, lambda: False) as channel, pytest.raises(Problem, match="not_member"):
        channel.exchange(second.log, server.key, request, wire.CARRY_PATH)


def test_a_revoked_device_carries_nothing_more(server: RunningServer, first: Replica, second: Replica) -> None:
    first.welcome(second)
    sync_with(second.log, server.url)
    caretaking.revoke(first.log, second.log.device)
    sync_with(first.log, server.url)
    request = wire.Request(wire.VERSION, second.log.community, b"", [], [], [], [], 1000)
    with Channel(server.url, lambda: False) as channel, pytest.raises(Problem, match="not_member"):
        channel.exchange(second.log, server.key, request, wire.CARRY_PATH)


def test_a_carrier_hears_of_units_that_it_can_not_read(
    server: RunningServer, first: Replica, second: Replica, other_unit: Replica
) -> None:
    first.welcome(second)
    sync_with(first.log, server.url)
    sync_with(other_unit.log, server.url)
    own, carrying = (NewsWatch(other_unit.log, server.url, carrying=carrying) for carrying in (False, True))
    for watch in (own, carrying):
        assert watch.wait(lambda: False)
    first.set(new_id(), name="Олена")
    sync_with(first.log, server.url)
    assert carrying.wait(lambda: False)


def test_a_hub_with_another_key_gets_nothing(hub: RunningServer, server: RunningServer, first: Replica) -> None:
    first.set(new_id(), name="Олена")
    sync_with(first.log, server.url)
    false = Server(hub.url, server.key)
    with pytest.raises(Refused) as refused:
        carry(first.log, false, Server(server.url, server.key))
    assert refused.value.code == "wrong_server"
    with pytest.raises(Refused):
        sync_with(first.log, hub.url, key=server.key)
