"""The mark and the seat written and read by what docs/formats/vault.md says, and by nothing of the program."""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def subkey(vault_key: bytes, label: str) -> bytes:
    """HKDF-SHA256 (RFC 5869) without salt, one block."""
    pseudo_random = hmac.digest(bytes(32), vault_key, "sha256")
    return hmac.digest(pseudo_random, label.encode() + b"\x01", "sha256")


def write_mark(vault_key: bytes, nonce: bytes, sequence: int, note: bytes) -> bytes:
    """A mark whose other slot was never written."""
    plain = sequence.to_bytes(8, "big") + len(note).to_bytes(2, "big") + note.ljust(256, b"\x00")
    sealed = AESGCM(subkey(vault_key, "sprava/v1/mark")).encrypt(nonce, plain, b"sprava/v1/mark")
    slot = (b"SPRVMRK\x01" + nonce + sealed).ljust(512, b"\x00")
    return bytes(512) + slot if sequence % 2 else slot + bytes(512)


def read_mark(vault_key: bytes, data: bytes) -> bytes:
    notes = {}
    for start in (0, 512):
        slot = data[start : start + 512]
        if slot[:8] == b"SPRVMRK\x01":
            key = AESGCM(subkey(vault_key, "sprava/v1/mark"))
            plain = key.decrypt(slot[8:20], slot[20:302], b"sprava/v1/mark")
            notes[int.from_bytes(plain[:8], "big")] = plain[10 : 10 + int.from_bytes(plain[8:10], "big")]
    return notes[max(notes)]


def note(life: bytes, counter: int, lives: int, audit: tuple[int, bytes], place: bytes) -> bytes:
    head = b"\x02" + life + counter.to_bytes(8, "big") + lives.to_bytes(4, "big")
    return head + audit[0].to_bytes(8, "big") + audit[1] + place


def place(file: int, born: int, system: str, model: str, boards: list[str]) -> bytes:
    hashes = sorted(_hash("board", board) for board in boards)
    head = struct.pack(">Qq", file, born) + _hash("system", system) + _hash("model", model)
    return head + bytes([len(hashes)]) + b"".join(hashes)


def _hash(kind: str, text: str) -> bytes:
    return hashlib.sha256(b"sprava/place/1\x00" + kind.encode() + b"\x00" + text.lower().encode()).digest()[:8]


def write_seat(vault_key: bytes, nonce: bytes, contents: object) -> bytes:
    head = b"SPRVSEA\x00\x00\x01"
    return head + nonce + AESGCM(subkey(vault_key, "sprava/v1/seat")).encrypt(nonce, pack(contents), head)


def read_seat(vault_key: bytes, data: bytes) -> bytes:
    return AESGCM(subkey(vault_key, "sprava/v1/seat")).decrypt(data[10:22], data[22:], data[:10])


def pack(value: object) -> bytes:
    """MessagePack, as much of it as a seat needs."""
    match value:
        case bool():
            return b"\xc3" if value else b"\xc2"
        case str():
            data = value.encode()
            return (bytes([0xA0 | len(data)]) if len(data) < 32 else b"\xd9" + bytes([len(data)])) + data
        case bytes():
            return (
                b"\xc4" + bytes([len(value)]) if len(value) < 256 else b"\xc5" + struct.pack(">H", len(value))
            ) + value
        case list():
            return bytes([0x90 | len(value)]) + b"".join(pack(each) for each in value)
        case dict():
            return bytes([0x80 | len(value)]) + b"".join(pack(key) + pack(each) for key, each in value.items())
    raise TypeError(type(value).__name__)
