"""Real logs on real SQLCipher files, without the floors above: what the tests of the log work with."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sync import digest, enrolment
from sync.changes import Change
from sync.enrolment import Start
from sync.ids import new_id
from sync.log import Heads, Log
from sync.merging import Touched
from sync.sqlcipher import Connection, connect


class FileStore:
    """A database file with one connection, written and read in turns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = connect(path, os.urandom(32))
        self._lock = threading.RLock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._lock:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._lock:
            yield self.connection


class NoProjection:
    """A projector for logs that nobody looks at."""

    def project(self, connection: Connection, touched: Sequence[Touched]) -> None:
        pass

    def expect(self, connection: Connection, changes: int) -> None:
        pass

    def settle(self, connection: Connection) -> None:
        pass

    def latest(self, connection: Connection, rows: Sequence[int]) -> dict[int, tuple[int, bytes]]:
        del connection, rows
        return {}

    def empty(self, connection: Connection) -> None:
        pass


class Replica:
    """One device of a community with the file its log lives in."""

    def __init__(self, path: Path, start: Start) -> None:
        self.store = FileStore(path)
        with self.store.write() as connection:
            enrolment.initialise(connection, start)
        self.log = Log(self.store, NoProjection())
        self.unit = [*start.units, start.common_unit][0]

    @classmethod
    def found(cls, path: Path) -> "Replica":
        return cls(path, enrolment.found(new_id()))

    def invite(self, path: Path, role: str = "clerk") -> "Replica":
        data = enrolment.write_invitation(enrolment.invite(self.log, role, [self.unit], None))
        return Replica(path, enrolment.accept(enrolment.read_invitation(data), new_id()))

    def welcome(self, *others: "Replica") -> None:
        """Exchange links, so that devices which this one invited are confirmed, and know it."""
        for other in others:
            self.log.apply([], other.log.links())
        for other in others:
            other.log.apply([], self.log.links())

    def set(self, record: bytes, *, replaces: bool = True, **fields: object) -> None:
        with self.store.read() as connection:
            known = self.log.record(connection, record)
        dots = {name: known.state.dots_of(name) for name in fields} if known and replaces else {}
        self.log.write(self.unit, [Change("case", record, dict(fields), dots)])

    def values(self, record: bytes, name: str) -> list[object]:
        with self.store.read() as connection:
            known = self.log.record(connection, record)
        assert known is not None
        return [value for _, value in known.state.current(name)]

    def pull(self, other: "Replica") -> None:
        self.log.apply(other.log.frames_missing(self.log.heads(), 2**30), other.log.links())

    def digest(self) -> str:
        with self.store.read() as connection:
            return digest.of_units(connection, list(self.log.membership.units))

    def frames(self, known: Heads | None = None) -> list[bytes]:
        return self.log.frames_missing(known or {}, 2**30)

    def close(self) -> None:
        self.store.connection.close()
