"""The bytes of the database's file at one moment, read while others write."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from desktop_app.vault import failures
from sync.sqlcipher import Connection


class RawFile:
    """The database's file, opened once and kept open until the database is closed.

    Closing any descriptor of a file gives up every POSIX lock that the process holds on it (fcntl, SQLite's own
    included), so this one must not be closed before SQLite has closed its own.

    Args:
        path: The database file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None
        self._lock = threading.Lock()

    @contextmanager
    def opened(self) -> Iterator[FileIO]:
        """Give the file to one thread at a time."""
        with self._lock:
            if self._file is None:
                self._file = FileIO(self._path)
            yield self._file

    def close(self) -> None:
        """Close the file, after SQLite has."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


class Snapshot:
    """One state of the database, whose file nobody writes into while this lives.

    Args:
        connection: A reading transaction on the same state.
        file: The database's file.
        is_closing: Whether the database is to be closed.

    Attributes:
        connection: For questions about this state.
        size: Of the file, in bytes.
        modified_ns: When the file was last written.
    """

    def __init__(self, connection: Connection, file: FileIO, is_closing: Callable[[], bool]) -> None:
        self.connection = connection
        self._file = file
        self._is_closing = is_closing
        self._stamp = self._look()
        self.size, self.modified_ns = self._stamp

    def blocks(self, size: int) -> Iterator[bytes]:
        """Read the file from its beginning in blocks; the last one may be shorter.

        Args:
            size: Of a block, in bytes.

        Raises:
            Refused: The vault is being closed.
            OSError: The disk refused.
        """
        for offset in range(0, self.size, size):
            yield self.block(offset, size)

    def block(self, offset: int, size: int) -> bytes:
        """Read one block; the last one may be shorter.

        Args:
            offset: Where it begins.
            size: Of a whole block, in bytes.

        Raises:
            Refused: The vault is being closed.
            OSError: The disk refused.
        """
        if self._is_closing():
            raise failures.closed()
        self._file.seek(offset)
        return _read_exactly(self._file, min(size, self.size - offset))

    def require_unmoved(self) -> None:
        """Check that the file is what it was, after it was read: a trip wire, since nothing may write into it.

        Raises:
            RuntimeError: Somebody did.
        """
        if self._look() != self._stamp:
            raise RuntimeError("the database's file changed under a snapshot")

    def _look(self) -> tuple[int, int]:
        status = os.fstat(self._file.fileno())
        return status.st_size, status.st_mtime_ns


def _read_exactly(file: FileIO, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = file.read(size - len(parts))
        if not part:
            raise failures.broken_database()
        parts += part
    return bytes(parts)
