"""Reading a stored file chunk by chunk, each verified before any of it is given away."""

import os
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from desktop_app.attachments import chunks
from desktop_app.attachments.adding import require_going_on
from desktop_app.attachments.chunks import BadChunk, Manifest, Sealer
from desktop_app.attachments.model import Cancelled, FileState, Progress
from desktop_app.attachments.store import ROOM_BYTES, ChunkStore, damaged_chunk
from desktop_app.vault import failures
from sync import files
from sync.errors import Damaged, Misuse, Refused, Unreachable
from sync.messages import _

_AHEAD = 2
"""How many chunks are read and decrypted while the one before them is being used."""


@dataclass(frozen=True, slots=True)
class Place:
    """How a file is found and opened, as its record says.

    Args:
        manifest: The id of its manifest.
        key: Its key.
        size: Its size.
    """

    manifest: bytes
    key: bytes = field(repr=False)
    size: int


@dataclass(slots=True)
class _Room:
    stored: bytearray = field(default_factory=lambda: bytearray(ROOM_BYTES))
    plain: bytearray = field(default_factory=lambda: bytearray(chunks.CHUNK_BYTES))


class Content:
    """The content of one file that is here.

    Args:
        store: The vault's chunks.
        place: How it is opened.
        name: Its name, for the sentences.
        saving: Told when a copy of it is about to be written outside the vault.

    Raises:
        Unreachable: It is not on this computer yet.
        Damaged: Its manifest is damaged.
    """

    def __init__(self, store: ChunkStore, place: Place, name: str, saving: Callable[[], None] | None = None) -> None:
        self.name = name
        self._saving = saving
        self.size = place.size
        self._store = store
        manifest = manifest_of(store, place)
        if manifest is None:
            raise self._not_here()
        self._sealer = Sealer(place.key)
        self._ids = manifest.ids

    def blocks(self, cancelled: Cancelled | None = None) -> Iterator[memoryview]:
        """Yield the content in order; each part is gone when the next one is asked for.

        Args:
            cancelled: Asked before each part.

        Raises:
            Unreachable: A part is not on this computer yet.
            Damaged: A part is damaged.
            Refused: The person stopped it.
        """
        count = len(self._ids)
        free = [_Room() for _room in range(min(_AHEAD + 1, count))]
        waiting: deque[tuple[_Room, Future[memoryview]]] = deque()
        with ThreadPoolExecutor(min(_AHEAD, count), thread_name_prefix="file-read") as pool:
            try:
                begun = 0
                for _index in range(count):
                    require_going_on(cancelled)
                    while free and begun < count:
                        room = free.pop()
                        waiting.append((room, pool.submit(self._load, room, begun)))
                        begun += 1
                    room, done = waiting.popleft()
                    yield done.result()
                    free.append(room)
            finally:
                pool.shutdown(cancel_futures=True)

    def read(self, limit: int) -> bytes:
        """Return the beginning of the content, at most so many bytes."""
        found = bytearray()
        for block in self.blocks():
            found += block[: limit - len(found)]
            if len(found) >= limit:
                break
        return bytes(found)

    def save(
        self, path: Path, *, force: bool = False, progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> None:
        """Write a copy that anyone can read who gets at it; a person asked for it.

        Args:
            path: Where; what is written so far is removed again after a failure.
            force: Replace a file that is there.
            progress: Told after each part.
            cancelled: Asked before each part.

        Raises:
            Refused: There is a file already, or the person stopped it.
            Misuse: It can't be written there.
            Unreachable: A part is not on this computer yet.
            Damaged: A part is damaged.
        """
        if os.path.lexists(path) and not (force and (path.is_file() or path.is_symlink())):
            raise _taken(path)
        failures.require_outside(self._store.folder.parent, path)
        if self._saving is not None:
            self._saving()
        partial = path.with_name(f".{path.name[:100]}.part-{secrets.token_hex(4)}")
        with _writable(path), files.replacing(path, partial) as file:
            written = 0
            for block in self.blocks(cancelled):
                files.write_all(file, block)
                written += len(block)
                if progress is not None:
                    progress(written, self.size)

    def _load(self, room: _Room, index: int) -> memoryview:
        stored = self._store.read_into(self._ids[index], room.stored)
        if stored is None:
            raise self._not_here()
        try:
            return self._sealer.open(stored, self.size, index, room.plain)
        except BadChunk as error:
            raise damaged_chunk() from error

    def _not_here(self) -> Unreachable:
        return Unreachable(
            "file_not_here",
            _(
                "The file “{name}” is not on this computer yet; only its name has come. Nothing is lost: it is on the "
                "computer where it was added."
            ).format(name=self.name),
        )


def manifest_of(store: ChunkStore, place: Place) -> Manifest | None:
    """Return the manifest of a file, or None when it is not here.

    Raises:
        Damaged: It is damaged, or not what the record says.
    """
    manifest = manifest_in(store, place.manifest, place.key)
    if manifest is not None and manifest.size != place.size:
        raise damaged_chunk()
    return manifest


def manifest_in(store: ChunkStore, chunk: bytes, key: bytes) -> Manifest | None:
    """Return the manifest in a chunk, whatever size of the file its record gives; see `manifest_of`."""
    stored = store.read(chunk)
    if stored is None:
        return None
    try:
        return Sealer(key).open_manifest(stored)
    except BadChunk as error:
        raise damaged_chunk() from error


def state_of(store: ChunkStore, place: Place | None) -> FileState:
    """Return whether a file can be opened here; only the presence of its chunks is asked for.

    Args:
        store: The vault's chunks.
        place: How it is opened; None when its record does not say it in a way that this program knows.
    """
    if place is None:
        return FileState.UNREADABLE
    try:
        manifest = manifest_of(store, place)
    except Damaged:
        return FileState.UNREADABLE
    if manifest is None:
        return FileState.NOT_HERE
    here = sum(store.has(chunk) for chunk in manifest.ids)
    return FileState.HERE if here == len(manifest.ids) else FileState.PARTLY if here else FileState.NOT_HERE


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Misuse(
            "unwritable_file",
            _("The file {file} can't be written: {reason}. Choose another place.").format(
                file=path, reason=error.strerror or type(error).__name__
            ),
        ) from error


def _taken(path: Path) -> Refused:
    return Refused(
        "file_exists",
        _("There is a file {file} already; it was not touched. Choose another name.").format(file=path),
    )
