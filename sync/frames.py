"""Frames: batches of changes, encrypted for a unit and signed by a device (docs/formats/frame.md)."""

import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from sync import crypto
from sync.crypto import CryptoError, Opener, Signer

MAGIC = b"SPRF"
VERSION = 1
SUITE = 1
"""AES-256-GCM, Ed25519, SHA-256, zstd."""
INTAKE_SUITE = 2
"""The same with a key of its own, sealed with HPKE to the intake of the unit's epoch."""

MAX_FRAME_BYTES = 24 * 2**20
NO_PREVIOUS = bytes(crypto.HASH_BYTES)
_PREFIX = struct.Struct(">4sBBHI")
_HEADER = struct.Struct(">32s16s16s16sQ32s16sH")
_HEAD = struct.Struct(">16sQ")
_LENGTH = struct.Struct(">I")
_SIGNED = b"sprava/frame/1\x00"
_INTAKE = b"sprava/intake/1\x00"
_INTAKE_OWN = b"sprava/intake-own/1\x00"
_INTAKE_LABEL = "sprava/v1/intake"
_WRAPPED_BYTES = crypto.SEALED_OVERHEAD + crypto.KEY_BYTES
_MIN_PLAINTEXT_BYTES = 256


class BadFrame(Exception):
    """Bytes that are not a frame, or a frame whose signature or contents do not fit."""


class UnknownVersion(BadFrame):
    """A frame of a newer program: whoever has it offers it again, and it is taken once this program is updated."""


@dataclass(frozen=True, slots=True)
class Header:
    """What everybody can read of a frame.

    Args:
        community: 32-byte id of the community.
        unit: 16-byte id of the unit it is encrypted for.
        device: 16-byte id of the author.
        incarnation: 16-byte id of the life of the author's log.
        seq: Its number in the chain of that unit and incarnation, from 1.
        previous: 32-byte hash of the frame before it; zeros for the first.
        epoch: 16-byte id of the unit's key.
        heads: Frames of others that the author had seen since its own last frame: incarnation and seq.
    """

    community: bytes
    unit: bytes
    device: bytes
    incarnation: bytes
    seq: int
    previous: bytes
    epoch: bytes
    heads: tuple[tuple[bytes, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame taken apart, not yet verified.

    Args:
        header: What everybody can read.
        hash: 32-byte hash that names the frame and that its signature covers.
        body: The whole frame as it travels.
        bound: The bytes that the ciphertext is bound to.
        sealed: Nonce, ciphertext and tag.
        signature: The author's signature over the hash.
        suite: How it is sealed: `SUITE` or `INTAKE_SUITE`.
    """

    header: Header
    hash: bytes
    body: bytes
    bound: bytes
    sealed: bytes
    signature: bytes
    suite: int = SUITE

    def verify(self, public_key: bytes) -> None:
        """Check the author's signature.

        Raises:
            BadFrame: It does not fit the key.
        """
        try:
            crypto.verify(public_key, self.signature, _SIGNED + self.hash)
        except CryptoError as error:
            raise BadFrame("the signature does not fit") from error

    def signed_with(self, public_keys: Iterable[bytes]) -> bytes:
        """Return the one of some keys with which the frame is signed.

        Raises:
            BadFrame: It is none of them.
        """
        for key in public_keys:
            with suppress(BadFrame):
                self.verify(key)
                return key
        raise BadFrame("the signature does not fit")

    def open(self, key: bytes) -> bytes:
        """Decrypt the payload with the unit's epoch key.

        Raises:
            BadFrame: The key does not open it.
        """
        if self.suite == SUITE:
            return self._opened(key, self.sealed)
        wrapped, sealed = self.sealed[:_WRAPPED_BYTES], self.sealed[_WRAPPED_BYTES:]
        try:
            content_key = _intake(key).open(wrapped, _INTAKE + crypto.sha256(self.bound))
            crypto.require_key(content_key)
        except CryptoError as error:
            raise BadFrame("the frame does not open") from error
        return self._opened(content_key, sealed)

    def open_own(self, opener: Opener) -> bytes:
        """Decrypt the payload of a frame for an intake, as its author.

        Args:
            opener: The author device's own key.

        Raises:
            BadFrame: It is no such frame, or another device's.
        """
        if self.suite != INTAKE_SUITE:
            raise BadFrame("not a frame for an intake")
        return self._opened(opener.own_key(_INTAKE_OWN + crypto.sha256(self.bound)), self.sealed[_WRAPPED_BYTES:])

    def _opened(self, key: bytes, sealed: bytes) -> bytes:
        try:
            padded = crypto.unseal(key, sealed, self.bound)
        except CryptoError as error:
            raise BadFrame("the frame does not open") from error
        if len(padded) < _LENGTH.size:
            raise BadFrame("the payload is too short")
        (length,) = _LENGTH.unpack_from(padded)
        if length > len(padded) - _LENGTH.size:
            raise BadFrame("the payload is shorter than it says")
        return padded[_LENGTH.size : _LENGTH.size + length]


def padded_length(length: int) -> int:
    """Return the bucket that a plaintext of some length is padded to, in bytes.

    Padmé of Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs"
    (2019): at most 12 % more, and few different sizes; never under 256 bytes.
    """
    if length <= _MIN_PLAINTEXT_BYTES:
        return _MIN_PLAINTEXT_BYTES
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def build(header: Header, payload: bytes, key: bytes, signer: Signer) -> Frame:
    """Encrypt and sign a payload.

    Args:
        header: What everybody may read; also bound to the ciphertext.
        payload: The compressed batch, as `changes.encode` gives it.
        key: The unit's 32-byte epoch key.
        signer: The author device's key.
    """
    bound = _bound(header, SUITE)
    return _signed(header, SUITE, bound, crypto.seal(key, _padded(payload), bound), signer)


def build_for_intake(header: Header, payload: bytes, intake: bytes, opener: Opener, signer: Signer) -> Frame:
    """Encrypt a payload for those who hold a unit's key, without holding it, and sign it.

    The author can open it again: the content key follows from the device's own key and the header.

    Args:
        header: What everybody may read; also bound to the ciphertext.
        payload: The compressed batch, as `changes.encode` gives it.
        intake: The public key of the epoch's intake, as `intake_key` gives it.
        opener: The author device's own key.
        signer: The author device's signing key.
    """
    bound = _bound(header, INTAKE_SUITE)
    named = crypto.sha256(bound)
    content_key = opener.own_key(_INTAKE_OWN + named)
    wrapped = crypto.seal_to(intake, content_key, _INTAKE + named)
    return _signed(header, INTAKE_SUITE, bound, wrapped + crypto.seal(content_key, _padded(payload), bound), signer)


def intake_key(epoch_key: bytes) -> bytes:
    """Return the public key to which frames are sealed for those who hold an epoch's key."""
    return _intake(epoch_key).public_key


@lru_cache(maxsize=256)
def _intake(epoch_key: bytes) -> Opener:
    return Opener.from_secret(crypto.derive(epoch_key, _INTAKE_LABEL))


def _padded(payload: bytes) -> bytes:
    plain = _LENGTH.pack(len(payload)) + payload
    return plain.ljust(padded_length(len(plain)), b"\x00")


def _bound(header: Header, suite: int) -> bytes:
    fields = _HEADER.pack(
        header.community,
        header.unit,
        header.device,
        header.incarnation,
        header.seq,
        header.previous,
        header.epoch,
        len(header.heads),
    ) + b"".join(_HEAD.pack(incarnation, seq) for incarnation, seq in header.heads)
    return _PREFIX.pack(MAGIC, VERSION, suite, 0, len(fields)) + fields


def _signed(header: Header, suite: int, bound: bytes, sealed: bytes, signer: Signer) -> Frame:
    frame_hash = crypto.sha256(bound, crypto.sha256(sealed))
    signature = signer.sign(_SIGNED + frame_hash)
    body = bound + _LENGTH.pack(len(sealed)) + sealed + signature
    return Frame(header, frame_hash, body, bound, sealed, signature, suite)


def parse(body: bytes) -> Frame:
    """Take a frame apart without verifying it; every length is checked before it is used.

    Raises:
        UnknownVersion: A newer program made it.
        BadFrame: It is not a frame.
    """
    if len(body) < _PREFIX.size or len(body) > MAX_FRAME_BYTES:
        raise BadFrame("not the size of a frame")
    magic, version, suite, reserved, header_length = _PREFIX.unpack_from(body)
    if magic != MAGIC:
        raise BadFrame("not a frame")
    if version != VERSION or suite not in {SUITE, INTAKE_SUITE} or reserved:
        raise UnknownVersion(f"frame version {version}, suite {suite}")
    bound_length = _PREFIX.size + header_length
    if header_length < _HEADER.size or len(body) < bound_length + _LENGTH.size:
        raise BadFrame("the header is cut short")
    community, unit, device, incarnation, seq, previous, epoch, count = _HEADER.unpack_from(body, _PREFIX.size)
    if header_length != _HEADER.size + count * _HEAD.size:
        raise BadFrame("the header is not as long as it says")
    heads = tuple(_HEAD.iter_unpack(body[_PREFIX.size + _HEADER.size : bound_length]))
    (sealed_length,) = _LENGTH.unpack_from(body, bound_length)
    start = bound_length + _LENGTH.size
    if len(body) != start + sealed_length + crypto.SIGNATURE_BYTES:
        raise BadFrame("the frame is not as long as it says")
    bound, sealed = body[:bound_length], body[start : start + sealed_length]
    return Frame(
        Header(community, unit, device, incarnation, seq, previous, epoch, heads),
        crypto.sha256(bound, crypto.sha256(sealed)),
        body,
        bound,
        sealed,
        body[start + sealed_length :],
        suite,
    )
