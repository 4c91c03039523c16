"""How a file lies on the disk and travels: encrypted chunks and a manifest (docs/formats/attachment.md)."""

import os
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync import crypto
from sync.frames import padded_length

CHUNK_BYTES = 2**20
MAX_CHUNKS = 4_096
MAX_FILE_BYTES = CHUNK_BYTES * MAX_CHUNKS
HEADER = b"SPRC\x01\x01\x00\x00"
"""Magic, version 1, suite 1 (AES-256-GCM, SHA-256), two zero bytes."""
ADDED_BYTES = len(HEADER) + crypto.NONCE_BYTES + crypto.TAG_BYTES
MAX_STORED_BYTES = CHUNK_BYTES + ADDED_BYTES
_CONTENT, _MANIFEST = 0, 1
_PLACE = struct.Struct(">BIIQ")
_MANIFEST_HEAD = struct.Struct(">QI")
_SEALED_AT = len(HEADER) + crypto.NONCE_BYTES


class BadChunk(Exception):
    """Stored bytes that are not the chunk they should be."""


def count_of(size: int) -> int:
    """Return how many chunks a file of some size has."""
    return -(-size // CHUNK_BYTES)


def plain_length(size: int, index: int) -> int:
    """Return how many bytes of a file of some size are in one of its chunks."""
    return min(CHUNK_BYTES, size - index * CHUNK_BYTES)


def stored_length(size: int, index: int) -> int:
    """Return how many bytes one chunk of a file of some size takes up when stored."""
    return _padded(plain_length(size, index)) + ADDED_BYTES


def manifest_length(size: int) -> int:
    """Return how many bytes the manifest of a file of some size takes up when stored."""
    return _padded(_MANIFEST_HEAD.size + count_of(size) * crypto.HASH_BYTES) + ADDED_BYTES


def _padded(length: int) -> int:
    return min(CHUNK_BYTES, padded_length(length))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file consists of.

    Args:
        size: Its size in bytes.
        ids: The 32-byte ids of its chunks, in order.
    """

    size: int
    ids: tuple[bytes, ...]


class Sealer:
    """Seals and opens the chunks of one file, without making copies of them.

    Args:
        key: The file's own 32-byte key.

    Raises:
        BadChunk: It is not a key.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != crypto.KEY_BYTES:
            raise BadChunk("a file's key has 32 bytes")
        self._cipher = AESGCM(key)

    def seal(self, plain: bytearray, size: int, index: int, out: bytearray) -> memoryview:
        """Seal one chunk of content.

        Args:
            plain: At least as long as a chunk; what follows the content in it is overwritten with zeros.
            size: The size of the whole file.
            index: Which chunk.
            out: Room for `MAX_STORED_BYTES`.

        Returns:
            The part of `out` that holds the chunk.
        """
        length = plain_length(size, index)
        padded = _padded(length)
        plain[length:padded] = bytes(padded - length)
        return self._seal(memoryview(plain)[:padded], _bound(_CONTENT, index, count_of(size), size), out)

    def open(self, stored: memoryview, size: int, index: int, out: bytearray) -> memoryview:
        """Open one chunk of content.

        Args:
            stored: As it is stored.
            size: The size of the whole file.
            index: Which chunk.
            out: Room for a chunk.

        Returns:
            The part of `out` that holds the content.

        Raises:
            BadChunk: It is damaged, or another chunk.
        """
        if len(stored) != stored_length(size, index):
            raise BadChunk("a chunk of another length")
        self._open(stored, _bound(_CONTENT, index, count_of(size), size), out)
        return memoryview(out)[: plain_length(size, index)]

    def seal_manifest(self, manifest: Manifest) -> bytes:
        """Return a manifest as it is stored."""
        plain = _MANIFEST_HEAD.pack(manifest.size, len(manifest.ids)) + b"".join(manifest.ids)
        padded = plain.ljust(_padded(len(plain)), b"\x00")
        out = bytearray(len(padded) + ADDED_BYTES)
        return bytes(self._seal(memoryview(padded), _bound(_MANIFEST, 0, 0, 0), out))

    def open_manifest(self, stored: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            BadChunk: It is damaged, or none.
        """
        if not ADDED_BYTES + _MANIFEST_HEAD.size <= len(stored) <= MAX_STORED_BYTES:
            raise BadChunk("not the size of a manifest")
        plain = bytearray(len(stored) - ADDED_BYTES)
        self._open(memoryview(stored), _bound(_MANIFEST, 0, 0, 0), plain)
        size, count = _MANIFEST_HEAD.unpack_from(plain)
        start, end = _MANIFEST_HEAD.size, _MANIFEST_HEAD.size + count * crypto.HASH_BYTES
        if not 1 <= size <= MAX_FILE_BYTES or count != count_of(size) or end > len(plain):
            raise BadChunk("a manifest that contradicts itself")
        ids = bytes(plain[start:end])
        return Manifest(size, tuple(ids[at : at + crypto.HASH_BYTES] for at in range(0, len(ids), crypto.HASH_BYTES)))

    def _seal(self, plain: memoryview, bound: bytes, out: bytearray) -> memoryview:
        nonce = os.urandom(crypto.NONCE_BYTES)
        end = _SEALED_AT + len(plain) + crypto.TAG_BYTES
        out[:_SEALED_AT] = HEADER + nonce
        self._cipher.encrypt_into(nonce, plain, bound, memoryview(out)[_SEALED_AT:end])
        return memoryview(out)[:end]

    def _open(self, stored: memoryview, bound: bytes, out: bytearray) -> None:
        if bytes(stored[: len(HEADER)]) != HEADER:
            raise BadChunk("not a chunk that this program knows")
        sealed = stored[_SEALED_AT:]
        try:
            self._cipher.decrypt_into(
                bytes(stored[len(HEADER) : _SEALED_AT]),
                sealed,
                bound,
                memoryview(out)[: len(sealed) - crypto.TAG_BYTES],
            )
        except InvalidTag as error:
            raise BadChunk("a chunk does not open") from error


def _bound(kind: int, index: int, count: int, size: int) -> bytes:
    """Return what a chunk's ciphertext is bound to: it opens in its own place of its own file only."""
    return HEADER + _PLACE.pack(kind, index, count, size)
