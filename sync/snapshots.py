"""Snapshots: the state of one unit where its chains stood, in parts, sealed and signed (docs/formats/snapshot.md)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from sync import crypto, frames
from sync.crypto import CryptoError, Signer

MAGIC, VOTE_MAGIC = b"SPRS", b"SPRV"
VERSION = SUITE = 1
MAX_MANIFEST_BYTES = 4 * 2**20
MAX_PART_BYTES = 2**20 + 36
"""A part travels as a chunk of a file does."""
MAX_PARTS = 16_384
MAX_COUNTER = 2**61

_PREFIX = struct.Struct(">4sBBHI")
_HEADER = struct.Struct(">32s16s16s16sQQ32sII")
_CHAIN = struct.Struct(">16s16sQ32s")
_PART = struct.Struct(">I32s")
_LENGTH = struct.Struct(">I")
_STATE_CHAIN = struct.Struct(">16sQ32sQ")
_VOTE = struct.Struct(">4sBBH32s16s32s16s64s")
VOTE_BYTES = _VOTE.size
_counters = msgspec.msgpack.Decoder(list[int])


class BadSnapshot(Exception):
    """Bytes that are not a snapshot, or one whose parts do not fit."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Where one chain of the unit stood.

    Args:
        incarnation: 16-byte id of the life of the author's log.
        device: 16-byte id of the author.
        seq: Its last frame.
        hash: The 32-byte hash of that.
        counter: The largest Lamport counter in it; 0 while the snapshot is not opened.
    """

    incarnation: bytes
    device: bytes
    seq: int
    hash: bytes
    counter: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What everybody can read of a snapshot.

    Args:
        community: 32-byte id.
        unit: 16-byte id.
        device: 16-byte id of the device that made it.
        epoch: 16-byte id of the unit's key that it is sealed with.
        time_ms: That device's clock.
        records: How many records there are.
        state: The 32-byte hash of the state, which other devices confirm.
        chains: Where the chains stood, sorted by incarnation.
        parts: The size and the SHA-256 of each part as it travels.
    """

    community: bytes
    unit: bytes
    device: bytes
    epoch: bytes
    time_ms: int
    records: int
    state: bytes
    chains: tuple[Chain, ...]
    parts: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A manifest taken apart, not yet verified; the parts travel by themselves.

    Args:
        manifest: What everybody can read.
        hash: 32-byte hash that names the snapshot and that its signature covers.
        body: The manifest as it travels.
        bound: The bytes that its ciphertext is bound to.
        sealed: The counters of the chains, sealed.
        signature: The maker's signature over the hash.
    """

    manifest: Manifest
    hash: bytes
    body: bytes
    bound: bytes
    sealed: bytes
    signature: bytes

    def verify(self, public_key: bytes) -> None:
        """Check the maker's signature.

        Raises:
            BadSnapshot: It does not fit the key.
        """
        try:
            crypto.verify(public_key, self.signature, _signed(self.hash))
        except CryptoError as error:
            raise BadSnapshot("the signature does not fit") from error

    def open(self, key: bytes) -> Manifest:
        """Return the manifest with the counters of its chains.

        Raises:
            BadSnapshot: The unit's key does not open it.
        """
        try:
            counters = _counters.decode(crypto.unseal(key, self.sealed, self.bound))
        except (CryptoError, msgspec.MsgspecError) as error:
            raise BadSnapshot("the snapshot does not open") from error
        chains = self.manifest.chains
        if len(counters) != len(chains) or not all(0 < counter <= MAX_COUNTER for counter in counters):
            raise BadSnapshot("counters that no device can have come to")
        opened = (replace(chain, counter=counter) for chain, counter in zip(chains, counters, strict=True))
        return replace(self.manifest, chains=tuple(opened))


def _signed(snapshot: bytes) -> bytes:
    return b"sprava/snapshot/1\x00" + snapshot


def state_hash(community: bytes, unit: bytes, chains: Sequence[Chain], blocks: Sequence[bytes]) -> bytes:
    """Return what devices with the same frames agree on.

    Args:
        community: 32-byte id.
        unit: 16-byte id.
        chains: Where its chains stand, counters included.
        blocks: The SHA-256 of each block of the state.
    """
    return crypto.sha256(
        b"sprava/state/1\x00",
        community,
        unit,
        _LENGTH.pack(len(chains)),
        *(_STATE_CHAIN.pack(chain.incarnation, chain.seq, chain.hash, chain.counter) for chain in chains),
        _LENGTH.pack(len(blocks)),
        *blocks,
    )


def build(manifest: Manifest, key: bytes, signer: Signer) -> Snapshot:
    """Seal and sign a manifest whose parts are sealed already.

    Args:
        manifest: With the counters of its chains.
        key: The unit's 32-byte key of its epoch.
        signer: The maker's.
    """
    fields = _HEADER.pack(
        manifest.community,
        manifest.unit,
        manifest.device,
        manifest.epoch,
        manifest.time_ms,
        manifest.records,
        manifest.state,
        len(manifest.chains),
        len(manifest.parts),
    )
    fields += b"".join(_CHAIN.pack(each.incarnation, each.device, each.seq, each.hash) for each in manifest.chains)
    fields += b"".join(_PART.pack(*part) for part in manifest.parts)
    bound = _PREFIX.pack(MAGIC, VERSION, SUITE, 0, len(fields)) + fields
    sealed = crypto.seal(key, msgspec.msgpack.encode([chain.counter for chain in manifest.chains]), bound)
    named = crypto.sha256(bound, crypto.sha256(sealed))
    signature = signer.sign(_signed(named))
    body = bound + _LENGTH.pack(len(sealed)) + sealed + signature
    return Snapshot(manifest, named, body, bound, sealed, signature)


def parse(body: bytes) -> Snapshot:
    """Take a manifest apart without verifying it; every length is checked before it is used.

    Raises:
        BadSnapshot: It is not one, or a newer program made it.
    """
    if not _PREFIX.size + _HEADER.size <= len(body) <= MAX_MANIFEST_BYTES:
        raise BadSnapshot("not the size of a snapshot")
    magic, version, suite, reserved, length = _PREFIX.unpack_from(body)
    if (magic, version, suite, reserved) != (MAGIC, VERSION, SUITE, 0):
        raise BadSnapshot("not a snapshot of this version")
    header = _HEADER.unpack_from(body, _PREFIX.size)
    community, unit, device, epoch, time_ms, records, state, chain_count, part_count = header
    end = _PREFIX.size + length
    chains_end = _PREFIX.size + _HEADER.size + chain_count * _CHAIN.size
    if end != chains_end + part_count * _PART.size or len(body) < end + _LENGTH.size or part_count > MAX_PARTS:
        raise BadSnapshot("the header is not as long as it says")
    chains = tuple(Chain(*each) for each in _CHAIN.iter_unpack(body[_PREFIX.size + _HEADER.size : chains_end]))
    parts = tuple(_PART.iter_unpack(body[chains_end:end]))
    (sealed_length,) = _LENGTH.unpack_from(body, end)
    start = end + _LENGTH.size
    if len(body) != start + sealed_length + crypto.SIGNATURE_BYTES:
        raise BadSnapshot("the snapshot is not as long as it says")
    order = [chain.incarnation for chain in chains]
    if sorted(set(order)) != order or any(not chain.seq for chain in chains):
        raise BadSnapshot("the chains are not sorted")
    if any(size > MAX_PART_BYTES for size, _hash in parts):
        raise BadSnapshot("a part larger than parts may be")
    bound, sealed = body[:end], body[start : start + sealed_length]
    return Snapshot(
        Manifest(community, unit, device, epoch, time_ms, records, state, chains, parts),
        crypto.sha256(bound, crypto.sha256(sealed)),
        body,
        bound,
        sealed,
        body[start + sealed_length :],
    )


def _part_bound(community: bytes, unit: bytes, epoch: bytes, number: int) -> bytes:
    return b"sprava/snapshot-part/1\x00" + community + unit + epoch + _LENGTH.pack(number)


def seal_part(payload: bytes, key: bytes, manifest: Manifest, number: int) -> bytes:
    """Encrypt one part.

    Args:
        payload: A packed block.
        key: The unit's 32-byte key.
        manifest: Whose community, unit and epoch it is bound to.
        number: Its place among the parts.
    """
    plain = _LENGTH.pack(len(payload)) + payload
    bound = _part_bound(manifest.community, manifest.unit, manifest.epoch, number)
    return crypto.seal(key, plain.ljust(frames.padded_length(len(plain)), b"\x00"), bound)


def check_part(manifest: Manifest, number: int, part: bytes) -> bool:
    """Say whether a part is the one that the manifest names."""
    return number < len(manifest.parts) and (len(part), crypto.sha256(part)) == manifest.parts[number]


def open_part(part: bytes, key: bytes, manifest: Manifest, number: int) -> bytes:
    """Decrypt one part.

    Raises:
        BadSnapshot: It does not open, or is another.
    """
    try:
        bound = _part_bound(manifest.community, manifest.unit, manifest.epoch, number)
        padded = crypto.unseal(key, part, bound)
    except CryptoError as error:
        raise BadSnapshot("a part does not open") from error
    if len(padded) < _LENGTH.size:
        raise BadSnapshot("a part is too short")
    (length,) = _LENGTH.unpack_from(padded)
    if length > len(padded) - _LENGTH.size:
        raise BadSnapshot("a part is shorter than it says")
    return padded[_LENGTH.size : _LENGTH.size + length]


@dataclass(frozen=True, slots=True)
class Vote:
    """A device says that its own log gives a state.

    Args:
        community: 32-byte id.
        unit: 16-byte id.
        state: The 32-byte hash.
        device: 16-byte id of the device that says so.
        signature: Its signature.
    """

    community: bytes
    unit: bytes
    state: bytes
    device: bytes
    signature: bytes

    def verify(self, public_key: bytes) -> None:
        """Check the signature.

        Raises:
            BadSnapshot: It does not fit the key.
        """
        try:
            crypto.verify(public_key, self.signature, _vote_signed(self.community, self.unit, self.state))
        except CryptoError as error:
            raise BadSnapshot("the signature does not fit") from error

    def pack(self) -> bytes:
        """Return it as it travels."""
        return _VOTE.pack(
            VOTE_MAGIC, VERSION, SUITE, 0, self.community, self.unit, self.state, self.device, self.signature
        )


def _vote_signed(community: bytes, unit: bytes, state: bytes) -> bytes:
    return b"sprava/snapshot-vote/1\x00" + community + unit + state


def vote(manifest: Manifest, device: bytes, signer: Signer) -> Vote:
    """Sign that this device's own log gives the state of a snapshot."""
    signature = signer.sign(_vote_signed(manifest.community, manifest.unit, manifest.state))
    return Vote(manifest.community, manifest.unit, manifest.state, device, signature)


def read_vote(data: bytes) -> Vote:
    """Read a vote as it travels.

    Raises:
        BadSnapshot: It is not one.
    """
    if len(data) != _VOTE.size:
        raise BadSnapshot("not the size of a vote")
    magic, version, suite, reserved, *values = _VOTE.unpack(data)
    if (magic, version, suite, reserved) != (VOTE_MAGIC, VERSION, SUITE, 0):
        raise BadSnapshot("not a vote of this version")
    return Vote(*values)
