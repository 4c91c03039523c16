"""The vault's database: one writer, any number of readers beside it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlcipher3 import dbapi2

from desktop_app.vault import failures, keyfile
from desktop_app.vault.snapshot import RawFile, Snapshot
from sync import sqlcipher
from sync.sqlcipher import Connection

_IDLE_READERS = 4
"""How many read connections are kept ready; each holds a page cache of its own."""
_INTERRUPT_SECONDS = 0.02
_PIN_SECONDS = 60.0
"""How long a snapshot waits for readers of an older state; a person's reading takes a fraction of a second."""
_PIN_STEP_SECONDS = 0.02


class Database:
    """An open SQLCipher database.

    Args:
        path: The database file.
        key: The raw 32-byte key; it is wiped by `close`.
        create: Make the file; without it a missing file is an error.

    Raises:
        Failure: The file can't be opened; the sentence says why.
    """

    def __init__(self, path: Path, key: bytearray, *, create: bool = False) -> None:
        self._path = path
        self._key = key
        self._write_lock = threading.RLock()
        self._writing = False
        self._readers = threading.Condition()
        self._idle: list[Connection] = []
        self._active: dict[int, Connection] = {}
        self._raw = RawFile(path)
        self._closed = False
        try:
            with failures.plainly(path):
                self._writer = sqlcipher.connect(path, key, create=create)
        except BaseException:
            keyfile.wipe(key)
            raise

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """Give the write connection inside one transaction: committed at the end, rolled back on any exception.

        When the block has been left without an exception, what it wrote survives the end of the process.

        Args:
            durable: It survives a power cut too, with everything written before it. Without this it does so once
                something durable was written after it.

        Raises:
            RuntimeError: The thread is inside `write` already, or the block ended the transaction itself.
            Refused: The vault is closed, the disk is full or read-only; nothing of the block was kept.
            Damaged: The disk or the database is damaged; nothing of the block was kept.
        """
        with self._write_lock:
            if self._writing:
                raise RuntimeError("write() inside write(): one use case is one transaction")
            if self._closed:
                raise failures.closed()
            self._writing = True
            try:
                with _plain_database_errors(self._path), _synchronous(self._writer, durable=durable):
                    yield from self._transaction(self._writer)
            finally:
                self._writing = False

    @staticmethod
    def _transaction(connection: Connection) -> Iterator[Connection]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            if not connection.in_transaction:
                raise RuntimeError("the transaction was ended inside write(), by commit() or executescript()")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite itself rolls back after some errors
                connection.rollback()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give this thread a read-only connection that sees one unchanging state of the database.

        Inside `read` of the same thread it is the same connection and state. Inside `write` of the same thread it
        shows what was committed before that block.

        Raises:
            Refused: The vault is closed, also while reading.
            Damaged: The disk or the database is damaged.
        """
        thread = threading.get_ident()
        nested = self._active.get(thread)
        if nested is not None:
            yield nested
            return
        with self._plain_read_errors():
            connection = self._take(thread)
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                self._give_back(thread, connection)

    def drop_readers(self) -> None:
        """Close the read connections that are ready: they keep parts of a search index that was built anew."""
        with self._readers:
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    def checkpoint(self) -> None:
        """Bring what the write-ahead log holds into the database file, as far as no reader needs the older pages.

        After a power cut in the middle of just that, pages in the file are torn and whole in the log alone.

        Raises:
            RuntimeError: The thread is inside `write`.
            Refused: The vault is closed, the disk is full or read-only; nothing was lost.
            Damaged: The disk or the database is damaged.
        """
        with self._write_lock:
            if self._writing:
                raise RuntimeError("checkpoint() inside write()")
            if self._closed:
                raise failures.closed()
            with _plain_database_errors(self._path):
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Give one unchanging state of the database as the bytes of its file, while others go on writing.

        Inside, `read` of the same thread sees the same state (docs/decisions/0011-backup.md says why the file stays).

        Raises:
            RuntimeError: The thread is inside `write`, `read` or `snapshot`.
            Refused: The vault is closed, or somebody reads an older state for a minute ("vault_in_use").
            Damaged: The disk or the database is damaged.
        """
        thread = threading.get_ident()
        if thread in self._active:
            raise RuntimeError("snapshot() inside read()")
        with self._plain_read_errors(), self._raw.opened() as file:
            connection = self._pin(thread)
            try:
                yield Snapshot(connection, file, lambda: self._closed)
            finally:
                self._give_back(thread, connection)

    def _pin(self, thread: int) -> Connection:
        """Return a connection that reads from the main file alone, so that no checkpoint may write into it."""
        until = time.monotonic() + _PIN_SECONDS
        while True:
            with self._write_lock:
                if self._writing:
                    raise RuntimeError("snapshot() inside write()")
                if self._closed:
                    raise failures.closed()
                busy, frames, moved = self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if not busy and frames == moved:
                    return self._begin_reading(thread)
            if time.monotonic() > until:
                raise failures.busy()
            time.sleep(_PIN_STEP_SECONDS)

    def _begin_reading(self, thread: int) -> Connection:
        connection = self._take(thread)
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only now the state is chosen
        except BaseException:
            self._give_back(thread, connection)
            raise
        return connection

    def _take(self, thread: int) -> Connection:
        with self._readers:
            if self._closed:
                raise failures.closed()
            connection = self._idle.pop() if self._idle else sqlcipher.connect(self._path, self._key, read_only=True)
            self._active[thread] = connection
            return connection

    def _give_back(self, thread: int, connection: Connection) -> None:
        # rollback() also resets statements that were not read to their end: they would hold the old state.
        connection.rollback()
        with self._readers:
            del self._active[thread]
            if self._closed or len(self._idle) >= _IDLE_READERS:
                connection.close()
            else:
                self._idle.append(connection)
            self._readers.notify_all()

    @contextmanager
    def _plain_read_errors(self) -> Iterator[None]:
        try:
            with _plain_database_errors(self._path):
                yield
        except dbapi2.OperationalError as error:
            if self._closed:  # close() interrupts what is being read
                raise failures.closed() from error
            raise

    def close(self) -> None:
        """Wait for the write under way, stop what is being read, close all connections and wipe the key.

        Raises:
            RuntimeError: This thread is inside `write` or `read`.
        """
        if threading.get_ident() in self._active:
            raise RuntimeError("close() inside read()")
        with self._write_lock:
            if self._writing:
                raise RuntimeError("close() inside write()")
            with self._readers:
                if self._closed:
                    return
                self._closed = True
                while self._active:
                    for connection in self._active.values():
                        connection.interrupt()  # it stops only a statement that is running just now: so again and again
                    self._readers.wait(_INTERRUPT_SECONDS)
                for connection in self._idle:
                    connection.close()
                self._idle.clear()
            self._writer.close()
            keyfile.wipe(self._key)
        self._raw.close()  # not under the lock, for which a snapshot about to begin may be waiting with the file


@contextmanager
def _synchronous(connection: Connection, *, durable: bool) -> Iterator[None]:
    """Wait for the disk at the end of the transaction inside, or leave that to a later one."""
    if durable:
        yield
        return
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        connection.execute("PRAGMA synchronous = FULL")


@contextmanager
def _plain_database_errors(path: Path) -> Iterator[None]:
    """Turn the database's own errors into failures; an OSError of the block is the block's business."""
    try:
        yield
    except dbapi2.Error as error:
        failure = failures.of_database(error, path)
        if failure is None:
            raise
        raise failure from error
