"""The folder of stored chunks: each under the hash of what it holds, whole or not at all."""

import hashlib
import os
import re
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from desktop_app.attachments import chunks
from desktop_app.vault import failures
from sync import crypto, files
from sync.errors import Damaged
from sync.messages import _

FOLDER_NAME = "files"
_NEW = "new-"
_CHUNK_NAME = re.compile(r"[0-9a-f]{64}")
ROOM_BYTES = chunks.MAX_STORED_BYTES + 1
"""Room for any chunk, and for one byte that shows that a file is longer than one."""
_AT_ONCE = 4
_O_BINARY = getattr(os, "O_BINARY", 0)


class ChunkStore:
    """The chunks of one vault; no name or content of a file can be read from them.

    What is being added, or was just named by somebody, is `claimed`: the clean-up leaves it alone.

    Args:
        folder: Where they lie; made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._claims: Counter[str] = Counter()
        self._spared: set[str] | None = None
        self._holds = 0

    def path(self, chunk: bytes) -> Path:
        """Return where a chunk lies or would lie."""
        name = chunk.hex()
        return self.folder / name[:2] / name

    def has(self, chunk: bytes) -> bool:
        """Return whether a chunk is here."""
        return self.path(chunk).is_file()

    def stored_bytes(self, chunk: bytes) -> int | None:
        """Return how many bytes a chunk takes up, or None when it is not here."""
        try:
            return self.path(chunk).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, chunk: bytes) -> bytes | None:
        """Return a chunk as it is stored, or None when it is not here.

        Raises:
            Damaged: It is not what it was.
        """
        room = bytearray(ROOM_BYTES)
        found = self.read_into(chunk, room)
        return None if found is None else bytes(found)

    def read_into(self, chunk: bytes, room: bytearray) -> memoryview | None:
        """Read a chunk into a buffer of `ROOM_BYTES`; see `read`."""
        with failures.plainly():
            try:
                with files.open_own(self.path(chunk)) as file:
                    length = file.readinto(room) or 0
            except FileNotFoundError:
                return None
            except IsADirectoryError as error:
                raise damaged_chunk() from error
        data = memoryview(room)[:length]
        if _name_of(data) != chunk:
            raise damaged_chunk()
        return data

    def put(self, chunk: bytes, data: bytes) -> None:
        """Keep a chunk that came from elsewhere; see `put_all`."""
        self.put_all({chunk: data})

    def put_all(self, given: Mapping[bytes, bytes]) -> None:
        """Keep chunks that came from elsewhere, durably; those that are here already are left as they are.

        Args:
            given: Chunks as they are stored, by their ids.

        Raises:
            Damaged: One is not the chunk that its id names; nothing was kept.
            Refused: The disk is full or read-only.
        """
        for chunk, data in given.items():
            self.require(chunk, data)
        with self.claimed(given):
            # One that is here but shorter or longer was damaged: it is replaced.
            new = [data for chunk, data in given.items() if self.stored_bytes(chunk) != len(data)]
            if not new:
                return
            adding = Adding(self)
            try:
                with ThreadPoolExecutor(min(len(new), _AT_ONCE), thread_name_prefix="file-put") as pool:
                    list(pool.map(lambda data: adding.write(memoryview(data)), new))
                adding.publish()
            finally:
                adding.discard()

    def mend(self, chunk: bytes, data: Callable[[], bytes]) -> bool:
        """Put a chunk in the place of one that is damaged or not here, durably; one that is whole stays.

        Args:
            chunk: Its id.
            data: Gives it as it is stored; called only where it is needed.

        Returns:
            Whether it was needed.

        Raises:
            Damaged: What was given is not the chunk that the id names; nothing was changed.
            Refused: The disk is full or read-only.
        """
        try:
            if self.read(chunk) is not None:
                return False
        except Damaged:
            pass  # it is replaced by what it was
        found = data()
        self.require(chunk, found)
        with self.claimed([chunk]):
            adding = Adding(self)
            try:
                adding.write(memoryview(found))
                adding.publish()
            finally:
                adding.discard()
        return True

    @staticmethod
    def require(chunk: bytes, data: bytes) -> None:
        """See that data are the chunk that an id names.

        Raises:
            Damaged: They are not.
        """
        if len(chunk) != crypto.HASH_BYTES or len(data) > chunks.MAX_STORED_BYTES or _name_of(data) != chunk:
            raise damaged_chunk()

    def ids(self) -> Iterator[bytes]:
        """Yield the ids of all chunks that are here."""
        if not self.folder.is_dir():
            return
        for folder in sorted(self.folder.iterdir()):
            if folder.is_dir() and len(folder.name) == 2:
                yield from (bytes.fromhex(path.name) for path in folder.iterdir() if _CHUNK_NAME.fullmatch(path.name))

    def unfinished(self) -> list[Path]:
        """Return the folders of additions that were broken off."""
        if not self.folder.is_dir():
            return []
        with self._lock:
            return [
                path
                for path in self.folder.iterdir()
                if path.name.startswith(_NEW) and path.is_dir() and not self._claims[path.name]
            ]

    @contextmanager
    def claimed(self, ids: Iterable[bytes]) -> Iterator[None]:
        """Keep chunks from being cleaned away, whether they are here already or not."""
        names = [chunk.hex() for chunk in ids]
        self.claim(names)
        try:
            yield
        finally:
            self.release(names)

    def claim(self, names: Iterable[str]) -> None:
        """Keep chunks, or folders of additions, from being cleaned away until they are released as often."""
        with self._lock:
            for name in names:
                self._claims[name] += 1
                if self._spared is not None:
                    self._spared.add(name)

    def release(self, names: Iterable[str]) -> None:
        """Take claims back."""
        with self._lock:
            for name in names:
                self._claims[name] -= 1
                if self._claims[name] <= 0:
                    del self._claims[name]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let nothing be removed, such as while a backup copies the chunks that a state of the database names."""
        with self._lock:
            self._holds += 1
        try:
            yield
        finally:
            with self._lock:
                self._holds -= 1

    @contextmanager
    def cleaning(self) -> Iterator[None]:
        """Note from now on what is claimed; `remove` spares it, although it may be named by nothing yet."""
        with self._lock:
            self._spared = set(self._claims)
        try:
            yield
        finally:
            with self._lock:
                self._spared = None

    def removable(self, chunk: bytes) -> bool:
        """Return whether `remove` would remove a chunk now."""
        with self._lock:
            return self._spared is not None and chunk.hex() not in self._spared and not self._holds

    def remove(self, chunk: bytes) -> bool:
        """Remove a chunk that nothing names, inside `cleaning`.

        Returns:
            Whether it was removed; one that somebody claims, or all while a backup runs, stay.
        """
        name = chunk.hex()
        # The lock is held while the file goes: who claims it afterwards finds that it is not here.
        with self._lock:
            if self._spared is None or name in self._spared or self._holds:
                return False
            with failures.plainly():
                self.path(chunk).unlink(missing_ok=True)
            return True

    def remove_unfinished(self, folder: Path) -> bool:
        """Remove what a broken-off addition left; see `remove`."""
        with self._lock:
            if self._claims[folder.name] or self._holds:
                return False
            shutil.rmtree(folder, ignore_errors=True)
            return not folder.exists()


class Adding:
    """Chunks that are being written: durable at once, but in their places only with `publish`.

    Until then they lie in a folder of their own, so that what a crash leaves is known for what it is.

    Args:
        store: Where they go.
    """

    def __init__(self, store: ChunkStore) -> None:
        self._store = store
        self._folder = store.folder / f"{_NEW}{secrets.token_hex(8)}"
        self._written: set[str] = set()
        store.claim([self._folder.name])
        try:
            with failures.plainly():
                _make_folder(store.folder)
                self._folder.mkdir(mode=0o700)
        except BaseException:
            store.release([self._folder.name])
            raise

    def write(self, data: memoryview) -> bytes:
        """Write one chunk durably and return its id; several threads may.

        Raises:
            Refused: The disk is full or read-only.
        """
        chunk = _name_of(data)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | _O_BINARY
        with failures.plainly():
            descriptor = os.open(self._folder / chunk.hex(), flags, 0o600)
            try:
                rest = data
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._written.add(chunk.hex())
        return chunk

    def publish(self) -> None:
        """Bring all chunks to their places, durably.

        Raises:
            Refused: The disk is full or read-only.
        """
        folders = {name[:2] for name in self._written}
        with failures.plainly():
            for folder in sorted(folders):
                (self._store.folder / folder).mkdir(mode=0o700, exist_ok=True)
            files.sync_folder(self._store.folder)
            for name in self._written:
                (self._folder / name).replace(self._store.folder / name[:2] / name)
            for folder in folders:
                files.sync_folder(self._store.folder / folder)

    def discard(self) -> None:
        """Remove what was not published."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._store.release([self._folder.name])


def damaged_chunk() -> Damaged:
    """Return the failure of a chunk that is not what its id names."""
    return Damaged(
        "damaged_file",
        _(
            "A part of the file is damaged on this disk. The record of the file and everything else is intact, and "
            "nothing was deleted. Take the file from another computer or a backup that has it."
        ),
    )


def _name_of(data: bytes | memoryview) -> bytes:
    """Return the id of a chunk: the hash of what is stored."""
    return hashlib.sha256(data).digest()


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700)
        files.sync_folder(folder.parent)
