"""A statement: what one device has, signed by it, so that others write only what it lacks (docs/formats/stick.md)."""

import struct
from dataclasses import dataclass

import msgspec

from sync import changes, crypto, wire
from sync.crypto import CryptoError, Signer
from sync.ids import ID_BYTES
from sync.membership import Membership
from sync.replica import Heads

MAGIC = b"SPRH"
VERSION = 1
SUITE = 1
"""SHA-256 and Ed25519."""

MAX_BYTES = 16 * 2**20
MAX_WANTS = 16_384
"""How many chunks a device asks for at once."""

MAX_NUMBER = 2**48 - 1
_HEADER = struct.Struct(f">4sBBH{crypto.HASH_BYTES}s{ID_BYTES}sQQQ")
_SIGNED = b"sprava/stick/1\x00"
_decoder = msgspec.msgpack.Decoder(tuple[list[wire.UnitHeads], list[wire.Hash]])


class BadStatement(Exception):
    """Bytes that are not a statement."""


class NewerStatement(BadStatement):
    """A newer program made it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a device has.

    Args:
        community: 32-byte id.
        device: 16-byte id.
        stamp: Grows with every statement of the device, on whichever stick.
        visit: The number of the exchange, counted on this stick over all devices.
        time_ms: The device's clock; shown to people, decides nothing.
        heads: The last frame of every chain.
        wants: The ids of chunks of files that it lacks and would like to have.
    """

    community: bytes
    device: bytes
    stamp: int
    visit: int
    time_ms: int
    heads: Heads
    wants: tuple[bytes, ...] = ()

    def sign(self, signer: Signer) -> bytes:
        """Return the bytes of the file."""
        head = _HEADER.pack(MAGIC, VERSION, SUITE, 0, self.community, self.device, self.stamp, self.visit, self.time_ms)
        data = head + msgspec.msgpack.encode((wire.pack_heads(self.heads), self.wants))
        return data + signer.sign(_SIGNED + crypto.sha256(data))


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement as it was read, its signature not yet verified.

    Args:
        statement: What it says.
        digest: What the signature is over.
        signature: By whoever made it.
    """

    statement: Statement
    digest: bytes
    signature: bytes

    def is_vouched_for(self, members: Membership) -> bool:
        """Say whether the device that it is about signed it: a member, or one that waits to be confirmed."""
        for seat in members.seats(self.statement.device):
            try:
                crypto.verify(seat.entry.sign_key, self.signature, _SIGNED + self.digest)
            except CryptoError:
                continue
            return not members.is_turned_away(seat)
        return False


def parse(data: bytes) -> Signed:
    """Read the bytes of a file.

    Args:
        data: At most `MAX_BYTES`.

    Raises:
        NewerStatement: A newer program made it.
        BadStatement: It is no statement.
    """
    if not _HEADER.size + crypto.SIGNATURE_BYTES < len(data) <= MAX_BYTES or not data.startswith(MAGIC):
        raise BadStatement("not a statement")
    _magic, version, suite, reserved, community, device, stamp, visit, time_ms = _HEADER.unpack_from(data)
    if (version, suite, reserved) != (VERSION, SUITE, 0):
        raise NewerStatement(version)
    if stamp > MAX_NUMBER or visit > MAX_NUMBER or time_ms > changes.MAX_TIME_MS:
        raise BadStatement("a number out of bounds")
    signed = data[: -crypto.SIGNATURE_BYTES]
    try:
        packed, wants = _decoder.decode(signed[_HEADER.size :])
        heads = wire.unpack_heads(packed)
    except (msgspec.MsgspecError, wire.BadMessage) as error:
        raise BadStatement("not what a statement holds") from error
    statement = Statement(community, device, stamp, visit, time_ms, heads, tuple(wants))
    return Signed(statement, crypto.sha256(signed), data[-crypto.SIGNATURE_BYTES :])
