"""A second implementation of the backup file, from its description alone (docs/formats/backup.md).

It shares no code with the program: `struct`, `hashlib`, `msgpack` written out by hand, and AES-GCM of `cryptography`.
"""

import hashlib
import hmac
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def backup_key(vault_key: bytes, backup_id: bytes) -> bytes:
    """HKDF-SHA256 with one block of output, written out."""
    info = b"sprava/v1/vault/backup/" + backup_id.hex().encode()
    extracted = hmac.digest(bytes(32), vault_key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def pack(value: object) -> bytes:
    """MessagePack of the few kinds that occur."""
    match value:
        case int() if value < 0x80:
            return bytes([value])
        case int():
            for code, size in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
                if value < 1 << (8 * size):
                    return bytes([code]) + value.to_bytes(size, "big")
        case str():
            data = value.encode()
            head = bytes([0xA0 | len(data)]) if len(data) < 32 else b"\xd9" + bytes([len(data)])
            return head + data
        case bytes():
            return (
                b"\xc4" + bytes([len(value)]) if len(value) < 256 else b"\xc5" + struct.pack(">H", len(value))
            ) + value
        case list():
            head = bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdc" + struct.pack(">H", len(value))
            return head + b"".join(pack(item) for item in value)
    raise TypeError(type(value))


@dataclass
class Forge:
    """Puts a backup file together, well or badly.

    Args:
        vault_key: 32 bytes.
        key_file: The bytes of the key file that goes into the roots.
        backup_id: 16 bytes.
        vault_id: 16 bytes.
        nonces: Where nonces come from: a counter, so that a vector is always the same.
    """

    vault_key: bytes
    key_file: bytes
    backup_id: bytes
    vault_id: bytes
    data: bytearray = field(default_factory=bytearray)
    nonces: int = 0

    def __post_init__(self) -> None:
        self.key = backup_key(self.vault_key, self.backup_id)
        head = b"SPRVBAK\x00" + struct.pack(">HBB", 1, 1, 0) + self.backup_id + self.vault_id
        self.head = head
        self.data[:] = (head + hashlib.sha256(head).digest()).ljust(4096, b"\x00") + bytes(2 * 16384)

    def seal(self, plain: bytes, bound: bytes) -> bytes:
        self.nonces += 1
        nonce = self.nonces.to_bytes(12, "big")
        return nonce + AESGCM(self.key).encrypt(nonce, plain, bound)

    def add(self, sealed: bytes) -> int:
        offset = len(self.data)
        self.data += sealed
        return offset

    def block(self, plain: bytes) -> bytes:
        """Add a block and return its 44 bytes."""
        hash_ = hashlib.sha256(plain).digest()
        sealed = self.seal(plain, b"sprava/v1/backup-block\x00" + self.backup_id + hash_)
        return struct.pack(">QI32s", self.add(sealed), len(sealed), hash_)

    def file(self, name: str, content: bytes, size: int = 65536) -> list[object]:
        """Add the blocks of a file and return its entry."""
        blocks = b"".join(self.block(content[at : at + size]) for at in range(0, len(content), size))
        return [name, len(content), 1_700_000_000_000_000_000, size, blocks]

    def index(self, number: int, files: list[object], units: list[object]) -> tuple[int, int]:
        """Add an index and return its place."""
        bound = b"sprava/v1/backup-index\x00" + self.backup_id + struct.pack(">Q", number)
        sealed = self.seal(pack([number, units, files]), bound)
        return self.add(sealed), len(sealed)

    def finish(self, generations: list[list[object]], sequence: int = 1, *, end: int | None = None) -> bytes:
        """Put the root into both places and return the file."""
        plain = pack([sequence, len(self.data) if end is None else end, 1_700_000_000_000, generations])
        head = b"SPRVROOT" + struct.pack(">QHH", sequence, len(self.key_file), len(plain) + 28) + self.key_file
        content = head + self.seal(plain, b"sprava/v1/backup-root\x00" + self.head + head)
        root = (content + hashlib.sha256(content).digest()).ljust(16384, b"\x00")
        self.data[4096:36864] = root + root
        return bytes(self.data)


def whole(forge: Forge, contents: dict[str, bytes], *, schema: int, cases: int = 0, digest: str = "0" * 64) -> bytes:
    """Return a backup file with one generation.

    Args:
        forge: Makes it.
        contents: Files by name.
        schema: The `user_version` of the database in it.
        cases: As the root shall say.
        digest: The same.
    """
    files: list[object] = [forge.file(name, data) for name, data in contents.items()]
    offset, length = forge.index(1, files, [])
    total = sum(len(data) for data in contents.values())
    made = 1_700_000_000_000
    return forge.finish([[1, offset, length, made, total, len(files), cases, 0, "0", schema, digest]])


def read(data: bytes, vault_key: bytes) -> dict[str, object]:
    """Read a backup file: its newest generation, and the contents of its files."""
    backup_id = data[12:28]
    key = AESGCM(backup_key(vault_key, backup_id))
    roots = []
    for place in (4096, 20480):
        slot = data[place : place + 16384]
        sequence, key_bytes, sealed_bytes = struct.unpack_from(">QHH", slot, 8)
        end = 20 + key_bytes + sealed_bytes
        if slot[:8] == b"SPRVROOT" and slot[end : end + 32] == hashlib.sha256(slot[:end]).digest():
            roots.append((sequence, slot[: 20 + key_bytes], slot[20 + key_bytes : end]))
    _sequence, head, sealed = max(roots)
    bound = b"sprava/v1/backup-root\x00" + data[:44] + head
    root = unpack(key.decrypt(sealed[:12], sealed[12:], bound))
    generation = root[3][-1]
    number, offset, length = generation[:3]
    sealed = data[offset : offset + length]
    bound = b"sprava/v1/backup-index\x00" + backup_id + struct.pack(">Q", number)
    index = unpack(key.decrypt(sealed[:12], sealed[12:], bound))
    files = {}
    for name, size, _modified, _block, blocks in index[2]:
        content = b""
        for at, stored, hash_ in struct.iter_unpack(">QI32s", blocks):
            sealed = data[at : at + stored]
            plain = key.decrypt(sealed[:12], sealed[12:], b"sprava/v1/backup-block\x00" + backup_id + hash_)
            if hashlib.sha256(plain).digest() != hash_:
                raise ValueError("a block's hash")
            content += plain
        if len(content) != size:
            raise ValueError("a file's size")
        files[name] = content
    return {"generation": generation, "units": index[1], "files": files, "key_file": head[20:]}


def unpack(data: bytes) -> list:  # type: ignore[type-arg]
    """MessagePack of the few kinds that occur."""
    value, end = _unpack(data, 0)
    if end != len(data):
        raise ValueError("more than one value")
    return value


def _unpack(data: bytes, at: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    first = data[at]
    if first < 0x80:
        return first, at + 1
    if first & 0xF0 == 0x90:
        return _unpack_list(data, at + 1, first & 0x0F)
    if first & 0xE0 == 0xA0:
        end = at + 1 + (first & 0x1F)
        return data[at + 1 : end].decode(), end
    sizes = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDC: 2, 0xDD: 4}
    size = sizes[first]
    number = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    start = at + 1 + size
    if first in {0xCC, 0xCD, 0xCE, 0xCF}:
        return number, start
    if first in {0xDC, 0xDD}:
        return _unpack_list(data, start, number)
    content = data[start : start + number]
    return (content.decode() if first in {0xD9, 0xDA} else content), start + number


def _unpack_list(data: bytes, at: int, count: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    items = []
    for _item in range(count):
        item, at = _unpack(data, at)
        items.append(item)
    return items, at
