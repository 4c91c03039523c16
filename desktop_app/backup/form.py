"""The form of a backup file: header, two roots, sealed indexes and blocks (docs/formats/backup.md)."""

import re
import struct
from typing import NamedTuple, TypeVar

import msgspec

from sync import crypto
from sync.crypto import CryptoError

MAGIC = b"SPRVBAK\x00"
VERSION = 1
SUITE = 1
"""AES-256-GCM, HKDF-SHA256, SHA-256."""
ID_BYTES = 16
HEADER_BYTES = 4096
ROOT_BYTES = 16384
ROOT_PLACES = (HEADER_BYTES, HEADER_BYTES + ROOT_BYTES)
DATA_START = HEADER_BYTES + 2 * ROOT_BYTES

DATABASE_BLOCK = 65536
FILE_BLOCK = 2**20 + 2**16
"""An attached file's stored chunk (a MiB and a little) is one block."""
MAX_BLOCK = FILE_BLOCK
OVERHEAD = crypto.NONCE_BYTES + crypto.TAG_BYTES
MAX_KEY_FILE = 8192
MAX_INDEX = 2**30
MAX_GENERATIONS = 30
MAX_FILES = 2_000_000
MAX_TOTAL = 2**46

_HEADER = struct.Struct(f">8sHBB{ID_BYTES}s{ID_BYTES}s")
_VERSION_AT = struct.Struct(">8sHB")
_ROOT_HEAD = struct.Struct(">8sQHH")
_ROOT_MAGIC = b"SPRVROOT"
_ENTRY = struct.Struct(">QI32s")
_NUMBER = struct.Struct(">Q")
_ROOT_FOR = b"sprava/v1/backup-root\x00"
_INDEX_FOR = b"sprava/v1/backup-index\x00"
_BLOCK_FOR = b"sprava/v1/backup-block\x00"
_ROOT_ROOM = ROOT_BYTES - _ROOT_HEAD.size - crypto.HASH_BYTES
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")
_MAX_DEPTH = 6
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)

_Kind = TypeVar("_Kind", "Root", "Index")


class BadForm(Exception):
    """The bytes are not what this format says; the argument is for the developer, not for a person."""


class NotABackup(BadForm):
    """The file begins as no backup does."""


class Newer(BadForm):
    """A newer program wrote it."""


class Header(NamedTuple):
    """What tells a backup file from others, in the clear.

    Args:
        backup: Random, made with the file.
        vault: The id of the vault it belongs to.
    """

    backup: bytes
    vault: bytes

    def pack(self) -> bytes:
        """Return the first 4,096 bytes of the file."""
        head = _HEADER.pack(MAGIC, VERSION, SUITE, 0, self.backup, self.vault)
        return (head + crypto.sha256(head)).ljust(HEADER_BYTES, b"\x00")

    @classmethod
    def unpack(cls, data: bytes) -> "Header":
        """Read the beginning of a file.

        Raises:
            NotABackup: It begins otherwise.
            Newer: A newer program wrote it.
            BadForm: It is damaged.
        """
        if len(data) < _VERSION_AT.size or not data.startswith(MAGIC):
            raise NotABackup("magic")
        _magic, version, suite = _VERSION_AT.unpack_from(data)
        if version > VERSION or (version == VERSION and suite > SUITE):
            raise Newer("version")
        head, checksum = data[: _HEADER.size], data[_HEADER.size : _HEADER.size + crypto.HASH_BYTES]
        if len(data) != HEADER_BYTES or checksum != crypto.sha256(head) or any(data[_HEADER.size + len(checksum) :]):
            raise BadForm("header")
        _magic, version, suite, flags, backup, vault = _HEADER.unpack(head)
        if version != VERSION or suite != SUITE or flags:
            raise BadForm("header")
        return cls(backup, vault)


class Generation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One state of the vault that the file holds, as its root lists it.

    Args:
        number: Counts the backups into this file, from 1.
        offset: Where its sealed index begins.
        length: Of the sealed index.
        made_ms: When, milliseconds since 1970.
        total: Bytes of the vault's files.
        files: How many they are.
        cases: How many cases the vault held.
        frames: How many frames its log held.
        program: The version of the program that wrote it.
        schema: The version of the tables.
        digest: The digest over everything visible, 64 hexadecimal digits.
    """

    number: int
    offset: int
    length: int
    made_ms: int
    total: int
    files: int
    cases: int
    frames: int
    program: str
    schema: int
    digest: str


class Root(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is written last and makes all before it count.

    Args:
        sequence: The greater one of two is in force.
        end: Where the next block goes; what lies behind belongs to nobody.
        checked_ms: When every block of the file was last read back.
        generations: Oldest first.
    """

    sequence: int
    end: int
    checked_ms: int
    generations: tuple[Generation, ...]


class File(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One file of the vault.

    Args:
        name: Below the vault's folder, parts parted by ``/``.
        size: In bytes.
        modified_ns: Of the original, to know it again without reading it.
        block: The size of its blocks but the last.
        blocks: One `Block` after another, 44 bytes each.
    """

    name: str
    size: int
    modified_ns: int
    block: int
    blocks: bytes

    def places(self) -> list["Block"]:
        """Return where its blocks lie, in order."""
        return [Block(*entry) for entry in _ENTRY.iter_unpack(self.blocks)]


class Index(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """All that one generation is made of.

    Args:
        number: Of the generation.
        units: The units that the digest was made over.
        files: The files of the vault.
    """

    number: int
    units: tuple[bytes, ...]
    files: tuple[File, ...]


class Block(NamedTuple):
    """Where a sealed block lies.

    Args:
        offset: In the backup file.
        length: Of the sealed block.
        hash: SHA-256 of what is in it.
    """

    offset: int
    length: int
    hash: bytes

    def pack(self) -> bytes:
        """Return its 44 bytes."""
        return _ENTRY.pack(*self)


class Sealer:
    """Seals and opens the parts of one backup file.

    Args:
        header: Of the file.
        key: The 32-byte key of this file, derived from the vault key.
    """

    def __init__(self, header: Header, key: bytes) -> None:
        self.header = header
        self._key = key

    def seal_block(self, plain: bytes, hash_: bytes) -> bytes:
        """Return a block as it lies in the file."""
        return crypto.seal(self._key, plain, _BLOCK_FOR + self.header.backup + hash_)

    def open_block(self, sealed: bytes, hash_: bytes) -> bytes:
        """Return what is in a block.

        Raises:
            BadForm: It is not the block with this hash, or damaged.
        """
        return self._open(sealed, _BLOCK_FOR + self.header.backup + hash_)

    def seal_index(self, index: Index) -> bytes:
        """Return an index as it lies in the file."""
        bound = _INDEX_FOR + self.header.backup + _NUMBER.pack(index.number)
        return crypto.seal(self._key, msgspec.msgpack.encode(index), bound)

    def open_index(self, sealed: bytes, generation: Generation) -> Index:
        """Return the index of a generation.

        Raises:
            BadForm: It is not that, damaged, or says what no program writes.
        """
        plain = self._open(sealed, _INDEX_FOR + self.header.backup + _NUMBER.pack(generation.number))
        index = _decode(plain, Index)
        _require_sane(index, generation)
        return index

    def seal_root(self, root: Root, key_file: bytes) -> bytes:
        """Return a root as it lies in the file, with the key file in it.

        Raises:
            ValueError: It has no room.
        """
        plain = msgspec.msgpack.encode(root)
        length = len(plain) + OVERHEAD
        if len(key_file) > MAX_KEY_FILE or length + len(key_file) > _ROOT_ROOM:
            raise ValueError("a root has no room for this")
        head = _ROOT_HEAD.pack(_ROOT_MAGIC, root.sequence, len(key_file), length) + key_file
        content = head + crypto.seal(self._key, plain, _ROOT_FOR + self.header.pack()[: _HEADER.size] + head)
        return (content + crypto.sha256(content)).ljust(ROOT_BYTES, b"\x00")

    def open_root(self, slot: "Slot") -> Root:
        """Return what a root says.

        Raises:
            BadForm: It belongs to another file or another key, or says what no program writes.
        """
        plain = self._open(slot.sealed, _ROOT_FOR + self.header.pack()[: _HEADER.size] + slot.head)
        root = _decode(plain, Root)
        numbers = [generation.number for generation in root.generations]
        if (
            root.sequence != slot.sequence
            or not 1 <= len(numbers) <= MAX_GENERATIONS
            or numbers != sorted(set(numbers))
        ):
            raise BadForm("root")
        for generation in root.generations:
            if not OVERHEAD < generation.length <= MAX_INDEX:
                raise BadForm("root")
            if not DATA_START <= generation.offset <= root.end - generation.length:
                raise BadForm("root")
        return root

    def _open(self, sealed: bytes, bound: bytes) -> bytes:
        try:
            return crypto.unseal(self._key, sealed, bound)
        except CryptoError as error:
            raise BadForm("sealed") from error


class Slot(NamedTuple):
    """A root as it was read, before a key opens it.

    Args:
        sequence: The greater one of two is in force, if it opens.
        key_file: The vault's key file.
        sealed: The sealed root.
        head: What is bound to it.
    """

    sequence: int
    key_file: bytes
    sealed: bytes
    head: bytes


def read_slot(data: bytes) -> Slot | None:
    """Return a root place's content, or None when it is empty, torn or damaged."""
    if len(data) != ROOT_BYTES:
        return None
    magic, sequence, key_bytes, sealed_bytes = _ROOT_HEAD.unpack_from(data)
    end = _ROOT_HEAD.size + key_bytes + sealed_bytes
    if magic != _ROOT_MAGIC or key_bytes > MAX_KEY_FILE or end > ROOT_BYTES - crypto.HASH_BYTES:
        return None
    if data[end:] != crypto.sha256(data[:end]).ljust(ROOT_BYTES - end, b"\x00"):
        return None
    head_bytes = _ROOT_HEAD.size + key_bytes
    return Slot(sequence, data[_ROOT_HEAD.size : head_bytes], data[head_bytes:end], data[:head_bytes])


def is_safe_name(name: str) -> bool:
    """Return whether a file of a vault may have this name: no way out of the folder, on any system."""
    parts = name.split("/")
    return len(parts) <= _MAX_DEPTH and all(
        _NAME.fullmatch(part) and not part.endswith(".") and not _RESERVED.fullmatch(part) for part in parts
    )


def _decode(plain: bytes, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.msgpack.decode(plain, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadForm("msgpack") from error


def _require_sane(index: Index, generation: Generation) -> None:
    """Check that an index stays within what its generation says, before anything is allocated by it."""
    names = {file.name.casefold() for file in index.files}
    total = sum(file.size for file in index.files)
    if index.number != generation.number or len(names) != len(index.files) or len(names) > MAX_FILES:
        raise BadForm("index")
    if total != generation.total or total > MAX_TOTAL or any(file.size < 0 for file in index.files):
        raise BadForm("index")
    if not all(is_safe_name(file.name) for file in index.files):
        raise BadForm("name")
    if any("/".join(name.split("/")[:depth]) in names for name in names for depth in range(1, name.count("/") + 1)):
        raise BadForm("name")
    for file in index.files:
        _require_whole(file, generation)


def _require_whole(file: File, generation: Generation) -> None:
    """Check that a file's blocks make up its size and lie in the part of the backup that its index ends."""
    if not 1 <= file.block <= MAX_BLOCK or len(file.blocks) % _ENTRY.size:
        raise BadForm("blocks")
    left = file.size
    for block in file.places():
        size = min(file.block, left)
        if not size or block.length != size + OVERHEAD or block.offset < DATA_START:
            raise BadForm("blocks")
        if block.offset + block.length > generation.offset:
            raise BadForm("blocks")
        left -= size
    if left:
        raise BadForm("blocks")
