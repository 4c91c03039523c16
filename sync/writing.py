"""Making the frames of this device's own changes."""

import time
from dataclasses import dataclass

from sync import changes, frames
from sync.applying import Applier
from sync.changes import Change
from sync.crypto import Opener, Signer
from sync.errors import Refused
from sync.frames import Header
from sync.membership import REGISTRAR, Device, Membership
from sync.messages import _
from sync.sqlcipher import Connection


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this vault is in its community.

    Args:
        community: 32-byte id.
        device: 16-byte id of this device, which is one person's seat on one computer.
        signer: The device's signing key.
        opener: The device's key for what is sealed to it.
        incarnation: 16-byte id of the present life of this device's log.
    """

    community: bytes
    device: bytes
    signer: Signer
    opener: Opener
    incarnation: bytes


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes.

    Args:
        identity: The device.
        members: The members.
        device: The device as the links make it.
    """

    identity: Identity
    members: Membership
    device: Device


def append(connection: Connection, applier: Applier, author: Author, unit: bytes, written: list[Change]) -> None:
    """Make a frame of changes, and apply it.

    Args:
        connection: Inside a write transaction that the caller commits.
        applier: Applies it, inside the same transaction.
        author: Who writes.
        unit: The 16-byte id of the unit that shall read it.
        written: As many changes as fit into one frame.

    Raises:
        Refused: This device is a registrar's there, and the unit is not ready for that yet.
    """
    identity = author.identity
    number = applier.incarnations.numbers.get(identity.incarnation)
    if number is None:
        number = applier.incarnations.add(connection, identity.incarnation, identity.device)
    epoch, key, intake = _sealing(connection, applier.units[unit], author, unit)
    header = _header(applier, identity, unit, number, epoch)
    batch = changes.group(written, applier.counter + 1, time.time_ns() // 1_000_000)
    payload = changes.encode(batch)
    if intake:
        frame = frames.build_for_intake(header, payload, key, identity.opener, identity.signer)
    else:
        frame = frames.build(header, payload, key, identity.signer)
    applier.take_own(frame, batch)


def _header(applier: Applier, identity: Identity, unit: bytes, number: int, epoch: bytes) -> Header:
    unit_row = applier.units[unit]
    head = applier.heads.get((unit_row, number))
    heads = []
    for (row, incarnation), other in applier.heads.items():
        if row == unit_row and incarnation != number and other.seq > other.told:
            heads.append((applier.incarnations.ids[incarnation], other.seq))
            applier.mark_told(row, incarnation)
    return Header(
        identity.community,
        unit,
        identity.device,
        identity.incarnation,
        head.seq + 1 if head else 1,
        head.hash if head else frames.NO_PREVIOUS,
        epoch,
        tuple(sorted(heads)),
    )


def _sealing(connection: Connection, unit_row: int, author: Author, unit: bytes) -> tuple[bytes, bytes, bool]:
    """Return the epoch and the key that a frame is sealed with, and whether the key is the intake's public one."""
    me = author.device
    if unit not in me.units and me.roles.get(unit) == REGISTRAR:
        known = author.members.intake(unit)
        if known is None:
            raise Refused(
                "no_intake",
                _(
                    "The administrator’s device has not prepared the unit for registrars yet. Exchange with it, "
                    "and try again. Nothing was changed."
                ),
            )
        return (*known, True)
    epoch, key = connection.execute(
        "SELECT epoch, key FROM epoch_key WHERE unit = ? AND newest", (unit_row,)
    ).fetchone()
    return epoch, key, False
