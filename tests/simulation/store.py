"""A vault's database in memory, which loses what was not committed when the power goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sync import sqlcipher
from sync.sqlcipher import Connection


class PowerCut(BaseException):
    """The computer is off; nobody catches this but the world."""


class MemoryStore:
    """See `sync.applying.Store`.

    Args:
        connection: An empty database, or a copy of another one.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.cut_in: int | None = None
        self.off = False

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self._require_power()
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection if self.cut_in is None else _Watched(self)  # type: ignore[misc]
            self.count_down()
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        self.count_down()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._require_power()
        yield self.connection

    def _require_power(self) -> None:
        if self.off:
            raise PowerCut  # what a dying program still tries to keep

    def count_down(self) -> None:
        """Come nearer to the power cut, if one is due."""
        if self.cut_in is not None:
            self.cut_in -= 1
            if self.cut_in <= 0:
                self.cut_in, self.off = None, True
                raise PowerCut

    def copy(self) -> Connection:
        return copied(self.connection)


def copied(connection: Connection) -> Connection:
    copy = sqlcipher.connect_in_memory()
    connection.backup(copy)
    return copy


class _Watched:
    """A connection on which the power may go before any statement."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def execute(self, *arguments: Any) -> Any:  # noqa: ANN401 - as the driver has it
        self._store.count_down()
        return self._store.connection.execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:  # noqa: ANN401 - as the driver has it
        self._store.count_down()
        return self._store.connection.executemany(*arguments)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the driver has it
        return getattr(self._store.connection, name)
