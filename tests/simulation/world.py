"""Devices, servers, sticks and people of one community, from a seed."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sync import enrolment, schema, sqlcipher
from sync.applying import Projector
from sync.ids import new_id
from sync.sqlcipher import Connection
from tests.simulation import network
from tests.simulation.chance import Chance, Clock
from tests.simulation.network import Server
from tests.simulation.oracle import Oracle
from tests.simulation.projection import Plain
from tests.simulation.seat import Seat

_ROLES = ("administrator", "clerk", "clerk", "head")


@dataclass
class World:
    """Everything there is.

    Attributes:
        sticks: Bundle files, with the device that wrote each.
        revoked: Devices that somebody has put out, by id.
        trace: What happened, to be read by a person.
    """

    chance: Chance
    clock: Clock
    folder: Path
    projector: Callable[[], Projector]
    tables: Connection
    oracle: Oracle = field(default_factory=Oracle)
    seats: list[Seat] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    sticks: list[Path] = field(default_factory=list)
    invitations: list[bytes] = field(default_factory=list)
    unit: bytes = b""
    records: list[bytes] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    exchange: Any = None

    @property
    def founder(self) -> Seat:
        return self.seats[0]

    def say(self, sentence: str) -> None:
        self.trace.append(sentence)

    def at_work(self, seat: Seat) -> Seat:
        """Let a device's own clock be the one that its program sees."""
        self.clock.wrong_by = seat.wrong_by
        return seat

    def seat(self) -> Seat:
        return self.at_work(self.chance.random.choice(self.seats))

    def others(self, seat: Seat) -> list[Seat]:
        return [other for other in self.seats if other is not seat]

    def join(self, invitation: bytes) -> Seat:
        """A new device enters with an invitation."""
        begin = enrolment.accept(enrolment.read_invitation(invitation), new_id())
        seat = Seat.start(chr(ord("a") + len(self.seats)), self.tables, begin, self.projector, self.oracle)
        self.seats.append(seat)
        return seat

    def endanger(self, seat: Seat) -> None:
        """An old copy of a device was put back: what nobody else has taken may be gone."""
        self.oracle.endanger(
            (unit, incarnation, seq)
            for other in self.others(seat)
            for unit, incarnation, seq in other.rows(
                "SELECT u.uuid, i.uuid, f.seq FROM frame f JOIN unit u ON u.id = f.unit"
                " JOIN incarnation i ON i.id = f.incarnation"
            )
        )


@cache
def _templates(tables: Callable[[Connection], None]) -> tuple[Connection, Connection]:
    """The empty tables of a device and of a server, made once for a process."""
    device = sqlcipher.connect_in_memory()
    tables(device)
    return device, network.empty_store()


@contextmanager
def community(
    seed: str,
    devices: int,
    projector: Callable[[], Projector] = Plain,
    tables: Callable[[Connection], None] = schema.create,
    faulty: Sequence[str] = ("central", "hub"),
) -> Iterator[World]:
    """A community whose devices know each other, and two servers that are still empty.

    Args:
        seed: Decides everything.
        devices: How many.
        projector: Makes what keeps the tables in step.
        tables: Makes the tables of a device.
        faulty: The names of the servers.
    """
    from tests.simulation.chance import governed

    chance, clock = Chance(), Clock()
    device_tables, server_tables = _templates(tables)
    folder = Path(tempfile.mkdtemp(prefix="sprava-simulation-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    chance.reseed(f"{seed}/people")
    try:
        with governed(chance, clock):
            world = World(chance, clock, folder, projector, device_tables)
            begin = enrolment.found(new_id())
            world.unit = begin.units[0]
            world.seats.append(Seat.start("a", device_tables, begin, projector, world.oracle))
            for place in range(1, devices):
                role = _ROLES[(place - 1) % len(_ROLES)]
                contents = enrolment.invite(world.founder.log, role, [world.unit], None)
                seat = world.join(enrolment.write_invitation(contents))
                world.founder.log.apply([], seat.log.links())
            for seat in world.seats[1:]:
                seat.log.apply([], world.founder.log.links())
            world.servers = [Server(name, server_tables) for name in faulty]
            with network.connected(world.servers, chance.random) as exchange:
                world.exchange = exchange
                yield world
    finally:
        shutil.rmtree(folder)
