"""Connections to PostgreSQL that are kept for the next request, and what its errors mean to the server."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import TupleRow

from sync.server.store import StoreBusy, StoreConflict, StoreFull

_CONNECT_SECONDS = 5
_WAIT_SECONDS = 20
_TRUSTED_SECONDS = 1.0
# A server that stopped in the middle of something must not hold the others up.
_OPTIONS = "-c statement_timeout=60s -c lock_timeout=20s -c idle_in_transaction_session_timeout=60s"

Connection = psycopg.Connection[TupleRow]
Cursor = psycopg.Cursor[TupleRow]


def connect(url: str, **options: Any) -> Connection:  # noqa: ANN401 - as psycopg has them
    """Open a connection.

    Args:
        url: ``postgresql://...``.
        **options: Further ones of psycopg.
    """
    settings = {"connect_timeout": _CONNECT_SECONDS, "application_name": "sprava", "options": _OPTIONS}
    return psycopg.connect(url, **{**settings, **options})


class Pool:
    """Connections that are made when wanted and kept.

    Args:
        url: Where the database is.
        size: How many at most.
    """

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._free = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._idle: list[tuple[Connection, float]] = []
        self._closed = False

    @contextmanager
    def transaction(self, begin: str) -> Iterator[Cursor]:
        """Give a cursor inside a transaction; commit at the end, or roll back what an exception interrupted.

        Args:
            begin: How the transaction begins.

        Raises:
            StoreBusy: The database is away, or was lost meanwhile.
            StoreConflict: Another transaction got in the way.
            StoreFull: It has no room.
        """
        if not self._free.acquire(timeout=_WAIT_SECONDS):
            raise StoreBusy
        try:
            with _translated():
                connection = self._take()
                try:
                    with connection.cursor(binary=True) as cursor:
                        cursor.execute(begin)
                        yield cursor
                        cursor.execute("COMMIT")
                except BaseException:
                    with suppress(psycopg.Error):
                        connection.execute("ROLLBACK")
                    raise
                finally:
                    self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close what is idle; what is under way closes at its end."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection, _since in idle:
            connection.close()

    def _take(self) -> Connection:
        while True:
            with self._lock:
                connection, since = self._idle.pop() if self._idle else (None, 0.0)
            if connection is None:
                return connect(self._url, autocommit=True)
            if time.monotonic() - since < _TRUSTED_SECONDS:
                return connection
            try:
                connection.execute("")  # a database that was restarted meanwhile has left dead connections behind
            except psycopg.Error:
                connection.close()
            else:
                return connection

    def _give_back(self, connection: Connection) -> None:
        fine = not connection.broken and connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with self._lock:
            if fine and not self._closed:
                self._idle.append((connection, time.monotonic()))
                return
            # Where one was lost, the others are too, most likely; those that are not are made again.
            others, self._idle = self._idle, []
        for lost, _since in [(connection, 0.0), *others]:
            lost.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation) as error:
        raise StoreConflict from error
    except errors.DiskFull as error:
        raise StoreFull from error
    except psycopg.OperationalError as error:  # lost, stopping, starting, out of connections, too slow
        raise StoreBusy from error
