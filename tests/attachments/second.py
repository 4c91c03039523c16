"""Attached files a second time, written from docs/formats/attachment.md alone: nothing comes from the program."""

import hashlib
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEADER = b"SPRC" + bytes([1, 1, 0, 0])
CHUNK = 1 << 20


def bucket(length: int) -> int:
    if length <= 256:
        return 256
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return min(CHUNK, -(-length // step) * step)


def stored(key: bytes, nonce: bytes, plain: bytes, place: bytes) -> bytes:
    filled = plain + bytes(bucket(len(plain)) - len(plain))
    return HEADER + nonce + AESGCM(key).encrypt(nonce, filled, HEADER + place)


def plain_of(key: bytes, data: bytes, place: bytes) -> bytes:
    assert data[:8] == HEADER
    return AESGCM(key).decrypt(data[8:20], data[20:], HEADER + place)


def content_place(index: int, size: int) -> bytes:
    return b"\x00" + struct.pack(">IIQ", index, -(-size // CHUNK), size)


MANIFEST_PLACE = b"\x01" + bytes(16)


def id_of(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def write(key: bytes, content: bytes, nonces: list[bytes]) -> list[bytes]:
    """Return the stored chunks of a file, the manifest last."""
    size = len(content)
    parts = [content[at : at + CHUNK] for at in range(0, size, CHUNK)]
    found = [stored(key, nonces[i], part, content_place(i, size)) for i, part in enumerate(parts)]
    listed = struct.pack(">QI", size, len(found)) + b"".join(map(id_of, found))
    return [*found, stored(key, nonces[len(found)], listed, MANIFEST_PLACE)]


def read(key: bytes, manifest: bytes, chunks: dict[bytes, bytes]) -> bytes:
    """Return the content of a file from its stored chunks by their ids."""
    plain = plain_of(key, chunks[manifest], MANIFEST_PLACE)
    size, count = struct.unpack_from(">QI", plain)
    content = b""
    for index in range(count):
        name = plain[12 + 32 * index : 44 + 32 * index]
        assert id_of(chunks[name]) == name
        content += plain_of(key, chunks[name], content_place(index, size))[:CHUNK]
    return content[:size]
