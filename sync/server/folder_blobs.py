"""Chunks of files in a folder: one file each, whole or not there."""

import errno
import logging
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from sync import files
from sync.errors import Refused
from sync.messages import _
from sync.server.blobs import Blobs
from sync.server.store import StoreBusy, StoreFull

_log = logging.getLogger("sprava.server")
_NEW = "new"
_DAY = 86_400
_AT_ONCE = 4
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_O_BINARY = getattr(os, "O_BINARY", 0)


class FolderBlobs(Blobs):
    """Chunks in a folder, which several servers may share.

    Args:
        folder: The folder; made when missing.

    Raises:
        Refused: It can't be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new = folder / _NEW
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sprava-files")
        try:
            self._new.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep()
        except OSError as error:
            raise Refused(
                "server_files",
                _("The folder {folder} can't be used for the server's files: {reason}").format(
                    folder=folder, reason=error.strerror or error
                ),
            ) from error

    def put(self, community: bytes, chunks: Mapping[bytes, bytes]) -> None:
        """Write each beside its place, sync it, and only then give it its name; several at once, as disks like it."""
        paths = {chunk: self._path(community, chunk) for chunk in chunks}
        folders = {path.parent for path in paths.values()}
        with _plainly():
            for folder in sorted(folders):
                self._make(folder)
            list(self._pool.map(lambda chunk: self._write(paths[chunk], chunks[chunk]), chunks))
            list(self._pool.map(files.sync_folder, folders))

    def get(self, community: bytes, chunk: bytes) -> bytes | None:
        """Read it."""
        with _plainly():
            try:
                return self._path(community, chunk).read_bytes()
            except FileNotFoundError:
                return None

    def gone(self, community: bytes, chunks: Sequence[bytes]) -> list[bytes]:
        """Look for each."""
        with _plainly():
            return [chunk for chunk in chunks if not self._path(community, chunk).is_file()]

    def remove(self, community: bytes, chunk: bytes) -> None:
        """Unlink it."""
        with _plainly():
            self._path(community, chunk).unlink(missing_ok=True)

    def knows(self, epoch: bytes) -> bool:
        """Look for the mark."""
        return self._mark(epoch).is_file()

    def belong_to(self, epoch: bytes) -> None:
        """Leave a mark."""
        with _plainly():
            files.write_durably(self._mark(epoch), b"")

    def close(self) -> None:
        """End the threads that write."""
        self._pool.shutdown()

    def _write(self, path: Path, data: bytes) -> None:
        temporary = self._new / secrets.token_hex(16)
        try:
            _write(temporary, data)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _path(self, community: bytes, chunk: bytes) -> Path:
        name = chunk.hex()
        return self._folder / community.hex() / name[:2] / name

    def _mark(self, epoch: bytes) -> Path:
        return self._folder / f"store-{epoch.hex()}"

    def _make(self, folder: Path) -> None:
        """Make a folder, and those that it lies in, durably."""
        if folder.is_dir():
            return
        if folder.parent != self._folder:
            self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        files.sync_folder(folder.parent)

    def _sweep(self) -> None:
        """Remove what a crash left half written; what another server writes just now is younger."""
        long_ago = time.time() - _DAY
        for path in self._new.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < long_ago:
                    path.unlink()


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _O_BINARY, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _plainly() -> Iterator[None]:
    """Say what went wrong without the names of files, which name communities."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFull from None
        _log.error("the folder of files can't be used: %s", error.strerror)
        raise StoreBusy from None
