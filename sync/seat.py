"""What makes a device itself: enough to make its database again and fill it from what others hold."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from sync import epochs, membership, schema
from sync.crypto import Opener
from sync.sqlcipher import Connection

_NOTE = "note:"
_IDENTITY = ("community", "device", "signer", "opener")


class SeatKey(msgspec.Struct, frozen=True, array_like=True):
    """The key of one epoch of one unit.

    Args:
        unit: 16-byte id.
        epoch: 16-byte id.
        key: 32 bytes.
        newest: Whether new frames are sealed with it.
    """

    unit: bytes
    epoch: bytes
    key: bytes
    newest: bool


class SeatHead(NamedTuple):
    """How far one chain had come when the seat was written.

    Args:
        unit: 16-byte id.
        incarnation: 16-byte id of the life of its author's log.
        seq: The number of its last frame.
    """

    unit: bytes
    incarnation: bytes
    seq: int


class Seat(msgspec.Struct, frozen=True):
    """One device's place in its community (docs/formats/vault.md).

    Args:
        community: 32-byte id.
        device: 16-byte id.
        signer: Seed of the signing key.
        opener: Secret of the key that things are sealed to.
        links: The membership links, parents before children.
        keys: The unit keys held.
        notes: Small notes of this device: the server's address and key, and how many lives its log had.
        salt: The first 16 bytes of the database file, which authenticate its pages.
        heads: How far the chains had come when the vault was last opened or closed, or later.
    """

    community: bytes
    device: bytes
    signer: bytes
    opener: bytes
    links: list[bytes]
    keys: list[SeatKey]
    notes: dict[str, bytes]
    salt: bytes = b""
    heads: list[SeatHead] = []


def stamp(connection: Connection) -> tuple[object, ...]:
    """Return what is different when links or keys have changed; cheap enough to ask after every write."""
    links = connection.execute("SELECT count(*), coalesce(max(id), 0) FROM link").fetchone()
    keys = connection.execute("SELECT unit, epoch, newest FROM epoch_key ORDER BY unit, epoch").fetchall()
    return (*links, *keys)


def notes(connection: Connection, kept: Callable[[str], bool]) -> dict[str, bytes]:
    """Return the notes of this device.

    Args:
        connection: A transaction to read in.
        kept: Which, by name.
    """
    rows = connection.execute("SELECT name, value FROM local WHERE name GLOB ? ORDER BY name", (_NOTE + "*",))
    found = {name.removeprefix(_NOTE): bytes(value) for name, value in rows}
    return {name: value for name, value in found.items() if kept(name)}


def read(connection: Connection, kept: Callable[[str], bool], salt: bytes = b"") -> Seat:
    """Read the seat out of a log's database.

    Args:
        connection: A transaction to read in.
        kept: Which notes belong to it, by name.
        salt: The first bytes of the database file.
    """
    local = dict(connection.execute("SELECT name, value FROM local").fetchall())
    links = [bytes(body) for (body,) in connection.execute("SELECT body FROM link ORDER BY id")]
    rows = connection.execute(
        "SELECT u.uuid, k.epoch, k.key, k.newest FROM epoch_key k JOIN unit u ON u.id = k.unit ORDER BY u.id, k.epoch"
    )
    keys = [SeatKey(unit, epoch, key, bool(newest)) for unit, epoch, key, newest in rows]
    heads = connection.execute(
        "SELECT u.uuid, i.uuid, h.seq FROM head h JOIN unit u ON u.id = h.unit"
        " JOIN incarnation i ON i.id = h.incarnation ORDER BY u.uuid, i.uuid"
    )
    ends = [SeatHead(*row) for row in heads]
    community, device, signer, opener = (bytes(local[name]) for name in _IDENTITY)
    return Seat(community, device, signer, opener, links, keys, notes(connection, kept), salt, ends)


def plant(connection: Connection, seat: Seat, incarnation: bytes) -> None:
    """Make the tables of a log and put a seat into them.

    Args:
        connection: An empty database, inside the caller's transaction.
        seat: What the log begins with.
        incarnation: 16-byte id of the new life of its log.
    """
    schema.create(connection)
    local = {"community": seat.community, "device": seat.device, "signer": seat.signer, "opener": seat.opener}
    local |= {"incarnation": incarnation} | {_NOTE + name: value for name, value in seat.notes.items()}
    connection.executemany("INSERT INTO local (name, value) VALUES (?, ?)", list(local.items()))
    links = [membership.parse(link) for link in seat.links]
    connection.executemany("INSERT INTO link (hash, body) VALUES (?, ?)", [(link.hash, link.data) for link in links])
    units = {unit: row for row, unit in enumerate(dict.fromkeys(key.unit for key in seat.keys), start=1)}
    connection.executemany("INSERT INTO unit (id, uuid) VALUES (?, ?)", [(row, unit) for unit, row in units.items()])
    connection.executemany(
        "INSERT INTO epoch_key (unit, epoch, key, newest) VALUES (?, ?, ?, ?)",
        [(units[key.unit], key.epoch, key.key, key.newest) for key in seat.keys],
    )
    # A registrar's unit has no key here, and gets its row by this.
    epochs.take(connection, membership.Membership.of(seat.links), seat.device, Opener(seat.opener))
