"""Chunks of attached files on a stick: each a file under its own hash, so that any of them can be missing."""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sync import volume
from sync.errors import Damaged
from sync.files import sync_folder
from sync.messages import _
from sync.replica import Heads
from sync.stick import folder as places
from sync.stick.folder import NotAFile, Trouble
from sync.stick.giving import RESERVE_BYTES, is_full
from sync.stick.needs import Users
from sync.stick.watching import Watcher

FOLDER = "files"
MAX_CHUNK_BYTES = 2 * 2**20
"""Larger than any chunk is."""

IN_A_FOLDER = 4_096
"""FAT32 holds no more than some ten thousand long names in one folder."""

_FOLDER_NAME = re.compile(r"([0-9a-f]{12})-([0-9a-f]{4})")
_NAME = re.compile(r"[0-9a-f]{64}")
_MANY_FOLDERS = 4_096


class Chunks(Protocol):
    """The chunks of a vault as an exchange sees them."""

    def offered(self, known: Heads) -> Iterator[bytes]:
        """Yield the ids of chunks of files whose records somebody with these heads lacks."""

    def read(self, chunk: bytes) -> bytes | None:
        """Return a chunk as it is stored, or None when it is not here or damaged."""

    def wanted(self) -> Iterator[bytes]:
        """Yield the ids of chunks that are not here and wanted."""

    def wants(self, chunk: bytes) -> bool:
        """Say whether a chunk is known to belong here, wanted, and not here."""

    def put(self, chunk: bytes, data: bytes) -> bool:
        """Take a chunk in; tell whether it was new.

        Raises:
            Damaged: It does not fit.
        """


@dataclass
class Carried:
    """What was carried of files.

    Args:
        received: How many chunks were taken in.
        sent: How many were written.
        bytes: How large those written are.
        left: How many found no room.
    """

    received: int = 0
    sent: int = 0
    bytes: int = 0
    left: int = 0


class ChunkFiles:
    """The chunks in one community's folder on a stick.

    Args:
        place: The community's folder.
        chunks: Those of the vault.
        watcher: Told of progress, asked whether to stop.
    """

    def __init__(self, place: Path, chunks: Chunks, watcher: Watcher) -> None:
        self._folder = place / FOLDER
        self._chunks = chunks
        self._watcher = watcher
        self._there = dict(self._list())
        self.carried = Carried()
        self.troubles: list[Trouble] = []

    def _list(self) -> Iterator[tuple[bytes, Path]]:
        """Yield the chunks that are there, by name; what broke off is removed."""
        if not _is_folder(self._folder):
            return
        with os.scandir(self._folder) as entries:
            folders = sorted(entry.name for entry, _n in zip(entries, range(_MANY_FOLDERS), strict=False))
        for name in folders:
            if not _FOLDER_NAME.fullmatch(name) or not _is_folder(self._folder / name):
                continue
            with os.scandir(self._folder / name) as entries:
                for entry, _count in zip(entries, range(places.MANY), strict=False):
                    if _NAME.fullmatch(entry.name):
                        yield bytes.fromhex(entry.name), Path(entry.path)
                    elif entry.name.endswith(".partial"):
                        places.remove(Path(entry.path))

    def take(self) -> None:
        """Take in what is wanted; what one manifest names may be wanted only after it is here."""
        while due := [chunk for chunk in self._there if self._chunks.wants(chunk)]:
            before = self.carried.received
            self._watcher.begin("files", len(due) * MAX_CHUNK_BYTES // 2)
            for chunk in due:
                if self._watcher.cancelled():
                    return
                self._take_one(chunk)
            if self.carried.received == before:
                return

    def _take_one(self, chunk: bytes) -> None:
        path = self._there[chunk]
        try:
            with places.reading(path) as file:
                data = file.read(MAX_CHUNK_BYTES + 1)
            self.carried.received += self._chunks.put(chunk, data)
            self._watcher.moved(len(data))
        except FileNotFoundError:
            if not self._folder.is_dir():
                raise
        except (NotAFile, OSError) as error:
            self.troubles.append(places.describe(error, path.name))
        except Damaged:
            words = _("{file}, a part of an attached file, is damaged. It was not taken; it will be written anew.")
            self.troubles.append(Trouble(path.name, words.format(file=path.name)))

    def due(self, floor: Heads, users: Users) -> list[bytes]:
        """Return the chunks that are to be written.

        Args:
            floor: What all who are provided for have.
            users: Those who use the stick, with what they want.
        """
        wanted = {chunk for user in users.served for chunk in user.statement.wants}
        offered = dict.fromkeys(chunk for chunk in self._chunks.offered(floor) if chunk not in self._there)
        again = [chunk for chunk in wanted if chunk not in self._there or not self._is_whole(chunk)]
        return [*offered, *(chunk for chunk in sorted(again) if chunk not in offered)]

    def make_room(self, users: Users, keep: int, needed: int) -> None:
        """Remove chunks, oldest first, that everybody could have taken and nobody wants, as far as room is short."""
        if not users.served or not self._there:
            return
        wanted = {chunk for user in users.served for chunk in user.statement.wants}
        seen = min(user.statement.visit for user in users.served)
        sizes = {chunk: _size(path) for chunk, path in self._there.items()}
        total, free = sum(sizes.values()), places.free_bytes(self._folder)
        for chunk, path in list(self._there.items()):
            if total <= keep and free >= needed + RESERVE_BYTES:
                return
            if chunk in wanted or int(path.parent.name[:12], 16) >= seen:
                continue
            places.remove(path)
            del self._there[chunk]
            total, free = total - sizes[chunk], free + sizes[chunk]
            if not any(path.parent.iterdir()):
                path.parent.rmdir()

    def give(self, due: Iterable[bytes], visit: int) -> None:
        """Write chunks until all are there, the stick is full, or somebody says stop."""
        due = list(due)
        self._watcher.begin("files", len(due) * MAX_CHUNK_BYTES // 2)
        for count, chunk in enumerate(due):
            if self._watcher.cancelled():
                return
            data = self._chunks.read(chunk)
            if data is None:
                continue
            free = places.free_bytes(self._folder.parent)
            if free < len(data) + RESERVE_BYTES or not self._write(chunk, data, visit):
                self.carried.left = len(due) - count
                return
            self._watcher.moved(len(data))

    def _write(self, chunk: bytes, data: bytes, visit: int) -> bool:
        """Write one chunk and read it back; tell whether there was room for it."""
        part = self.carried.sent // IN_A_FOLDER
        folder = self._folder / f"{visit:012x}-{part:04x}"
        for each in (self._folder, folder):
            each.mkdir(exist_ok=True)
            if not _is_folder(each):
                raise NotADirectoryError(each)
        path = folder / chunk.hex()
        partial = folder / f"{chunk.hex()}.partial"
        try:
            with partial.open("xb") as file:
                file.write(data)
                volume.settle(file)
            with places.reading(partial) as file:
                sound = hashlib.sha256(file.read(MAX_CHUNK_BYTES)).digest() == chunk
            if not sound:
                raise places.bad_medium(self._folder)
            if old := self._there.get(chunk):
                places.remove(old)
            partial.replace(path)
            sync_folder(folder)
        except OSError as error:
            if not is_full(error):
                raise
            return False
        finally:
            places.remove(partial)
        self._there[chunk] = path
        self.carried.sent += 1
        self.carried.bytes += len(data)
        return True

    def _is_whole(self, chunk: bytes) -> bool:
        try:
            with places.reading(self._there[chunk]) as file:
                return hashlib.sha256(file.read(MAX_CHUNK_BYTES)).digest() == chunk
        except (NotAFile, OSError):
            return False


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
