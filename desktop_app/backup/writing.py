"""How blocks, indexes and roots get into a backup file, in an order that a power cut can't spoil."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import msgspec

from desktop_app.backup.form import (
    DATA_START,
    HEADER_BYTES,
    ROOT_BYTES,
    ROOT_PLACES,
    BadForm,
    Block,
    Generation,
    Index,
    Root,
    Sealer,
)
from sync import crypto, files

_SYNC_BYTES = 16 * 2**20
"""So much is written before the medium is waited for: no call takes long, and progress is what is really there."""


class Writer:
    """Appends to a backup file; nothing counts until `commit`.

    Args:
        file: Open for reading and writing, unbuffered.
        path: Its name.
        sealer: Of the file.
        end: Where to go on.
        known: Blocks that the file holds already, by hash.
    """

    def __init__(self, file: FileIO, path: Path, sealer: Sealer, end: int, known: dict[bytes, Block]) -> None:
        self._file = file
        self.path = path
        self.sealer = sealer
        self._known = known
        self._unsynced = 0
        self.end = end
        self.added: list[Block] = []

    def known(self, hash_: bytes) -> Block | None:
        """Return the block with a hash, if the file holds it."""
        return self._known.get(hash_)

    def add(self, plain: bytes) -> Block:
        """Write a block, unless the file holds it."""
        hash_ = crypto.sha256(plain)
        return self.known(hash_) or self.add_sealed(self.sealer.seal_block(plain, hash_), hash_)

    def add_sealed(self, sealed: bytes, hash_: bytes) -> Block:
        """Write a block that is sealed already."""
        block = Block(self.append(sealed), len(sealed), hash_)
        self._known[hash_] = block
        self.added.append(block)
        return block

    def append(self, data: bytes) -> int:
        """Write bytes at the end and return where they begin."""
        offset = self.end
        _write_at(self._file, offset, data)
        self.end += len(data)
        self._unsynced += len(data)
        if self._unsynced >= _SYNC_BYTES:
            self.sync()
        return offset

    def place(self, generation: Generation, index: Index) -> Generation:
        """Write the index of a generation, and return the generation with the place of it."""
        sealed = self.sealer.seal_index(index)
        return msgspec.structs.replace(generation, offset=self.append(sealed), length=len(sealed))

    def sync(self) -> None:
        """Wait until the medium has all that was written."""
        os.fsync(self._file.fileno())
        self._unsynced = 0

    def write_header(self) -> None:
        """Begin a new file: its header, and two places for roots that hold none yet."""
        _write_at(self._file, 0, self.sealer.header.pack())
        _write_at(self._file, HEADER_BYTES, bytes(DATA_START - HEADER_BYTES))

    def commit(self, root: Root, key_file: bytes) -> None:
        """Make all that was written count: the root goes into both places, one after the other.

        Whatever happens in between, at least one place holds either the root before or this one.

        Args:
            root: What the file holds from now on.
            key_file: What opens it.

        Raises:
            BadForm: The medium gives back something else.
        """
        data = self.sealer.seal_root(root, key_file)
        first = root.sequence % 2
        for place in (ROOT_PLACES[first], ROOT_PLACES[1 - first]):
            _write_at(self._file, place, data)
            self.sync()
            _drop_cache(self._file)
            self._file.seek(place)
            if self._file.read(ROOT_BYTES) != data:
                raise BadForm("root")

    def cut_off(self) -> None:
        """Give back the room behind the end, which an interrupted backup had taken."""
        self._file.truncate(self.end)


@contextmanager
def new_file(path: Path) -> Iterator[tuple[FileIO, Path]]:
    """Give a file beside a path, and its name; it takes the path's at the end, or is gone after a failure.

    Raises:
        OSError: The medium refused; a file that was there before is whole.
    """
    beside = path.with_name(f".{path.name}.new")
    with files.replacing(path, beside) as file:
        yield file, beside


def _write_at(file: FileIO, offset: int, data: bytes) -> None:
    file.seek(offset)
    files.write_all(file, data)


def _drop_cache(file: FileIO) -> None:
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
