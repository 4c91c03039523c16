"""The server's store in one embedded SQLite file."""

import os
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlcipher3 import dbapi2

from sync import wire
from sync.errors import Damaged, Failure, Refused
from sync.frames import NO_PREVIOUS, Frame
from sync.ids import ID_BYTES
from sync.membership import Link
from sync.messages import _
from sync.replica import Head, Heads
from sync.server.store import Batch, CommunityTaken, Ingested, Reader, Store, StoreBusy, StoreFull, Writer
from sync.sqlcipher import Connection, connect

_READERS = 4
_FORMAT = 1
_PRIMARY_CODE = 0xFF  # SQLite puts details into the higher bits
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE communities (community BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE links (
    number INTEGER PRIMARY KEY, community BLOB NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL,
    UNIQUE (community, hash)
);
CREATE TABLE incarnations (
    community BLOB NOT NULL, incarnation BLOB NOT NULL, device BLOB NOT NULL, PRIMARY KEY (community, incarnation)
) WITHOUT ROWID;
CREATE TABLE chains (
    id INTEGER PRIMARY KEY, community BLOB NOT NULL, unit BLOB NOT NULL, incarnation BLOB NOT NULL,
    seq INTEGER NOT NULL, hash BLOB NOT NULL, UNIQUE (community, unit, incarnation)
);
CREATE TABLE frames (
    chain INTEGER NOT NULL REFERENCES chains (id), seq INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE TABLE forks (
    chain INTEGER NOT NULL REFERENCES chains (id), seq INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (chain)
) WITHOUT ROWID;
CREATE TABLE known_heads (
    community BLOB NOT NULL, device BLOB NOT NULL, heads BLOB NOT NULL, PRIMARY KEY (community, device)
) WITHOUT ROWID;
"""
_heads_decoder = msgspec.msgpack.Decoder(list[wire.UnitHeads])


class _SqliteReader(Reader):
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def communities(self) -> list[bytes]:
        return [row[0] for row in self._db.execute("SELECT community FROM communities")]

    def link_count(self, community: bytes) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM links WHERE community = ?", (community,)).fetchone()
        return int(count)

    def links(self, community: bytes) -> list[bytes]:
        rows = self._db.execute("SELECT body FROM links WHERE community = ? ORDER BY number", (community,))
        return [row[0] for row in rows]

    def heads(self, community: bytes, units: frozenset[bytes]) -> Heads:
        heads: Heads = {}
        for unit in units:
            rows = self._db.execute(
                "SELECT incarnation, seq, hash FROM chains WHERE community = ? AND unit = ?", (community, unit)
            )
            chains: dict[bytes, Head] = {incarnation: (seq, frame_hash) for incarnation, seq, frame_hash in rows}
            if chains:
                heads[unit] = chains
        return heads

    def known_heads(self, community: bytes, device: bytes) -> Heads | None:
        row = self._db.execute(
            "SELECT heads FROM known_heads WHERE community = ? AND device = ?", (community, device)
        ).fetchone()
        return None if row is None else wire.unpack_heads(_heads_decoder.decode(row[0]))

    def frames_missing(self, community: bytes, units: frozenset[bytes], theirs: Heads, budget: int) -> Batch:
        frames: list[bytes] = []
        reached: Heads = {}
        missing = 0
        for unit, chains in sorted(self.heads(community, units).items()):
            for incarnation, (last, _hash) in sorted(chains.items()):
                seq, frame_hash = theirs.get(unit, {}).get(incarnation, (0, NO_PREVIOUS))
                if seq >= last:
                    continue
                chain = self._chain(community, unit, incarnation)
                if seq and self._hash_at(chain, seq) != frame_hash:
                    continue  # a fork: what follows here fits nowhere there
                missing += last - seq
                if budget <= 0:
                    continue
                for number, number_hash, body in self._db.execute(
                    "SELECT seq, hash, body FROM frames WHERE chain = ? AND seq > ? ORDER BY seq", (chain, seq)
                ):
                    frames.append(body)
                    reached.setdefault(unit, {})[incarnation] = (number, number_hash)
                    budget -= len(body)
                    if budget <= 0:
                        break
        return Batch(frames, reached, missing - len(frames))

    def _chain(self, community: bytes, unit: bytes, incarnation: bytes) -> int:
        (chain,) = self._db.execute(
            "SELECT id FROM chains WHERE community = ? AND unit = ? AND incarnation = ?", (community, unit, incarnation)
        ).fetchone()
        return int(chain)

    def _hash_at(self, chain: int, seq: int) -> bytes | None:
        row = self._db.execute("SELECT hash FROM frames WHERE chain = ? AND seq = ?", (chain, seq)).fetchone()
        return None if row is None else bytes(row[0])


class _SqliteWriter(_SqliteReader, Writer):
    def claim(self, community: bytes) -> None:
        served = self.communities()
        if community in served:
            return
        if served:
            raise CommunityTaken
        self._db.execute("INSERT INTO communities VALUES (?)", (community,))

    def add_links(self, community: bytes, links: Sequence[Link]) -> None:
        self._db.executemany(
            "INSERT INTO links (community, hash, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(community, link.hash, link.data) for link in links],
        )

    def ingest(self, community: bytes, frames: Sequence[Frame]) -> Ingested:
        done = Ingested([], [])
        chains: dict[tuple[bytes, bytes], list[Frame]] = {}
        for frame in frames:
            chains.setdefault((frame.header.unit, frame.header.incarnation), []).append(frame)
        for part in chains.values():
            self._ingest_chain(community, part, done)
        return done

    def _ingest_chain(self, community: bytes, frames: list[Frame], done: Ingested) -> None:
        """Take frames of one chain."""
        header = frames[0].header
        row = self._db.execute(
            "SELECT id, seq, hash FROM chains WHERE community = ? AND unit = ? AND incarnation = ?",
            (community, header.unit, header.incarnation),
        ).fetchone()
        chain, stored, head = row or (None, 0, NO_PREVIOUS)
        owner = self._owner(community, header.incarnation) or header.device
        fitting: dict[int, Frame] = {}
        for frame in sorted(frames, key=lambda frame: frame.header.seq):
            seq = frame.header.seq
            if frame.header.device != owner:
                done.refused.append((frame.hash, "incarnation"))
            elif seq == stored + len(fitting) + 1 and frame.header.previous == head:
                fitting[seq] = frame
                head = frame.hash
            elif seq > stored + len(fitting) + 1:
                done.refused.append((frame.hash, "gap"))
            elif seq in fitting and fitting[seq].hash == frame.hash:
                continue
            elif chain is not None and self._hash_at(chain, seq) == frame.hash:
                done.accepted.append(frame.hash)
            else:
                done.refused.append((frame.hash, "fork"))
                if chain is not None:
                    self._keep_fork(chain, frame)
        if fitting:
            self._append(community, chain, list(fitting.values()))
            done.accepted.extend(frame.hash for frame in fitting.values())

    def _owner(self, community: bytes, incarnation: bytes) -> bytes | None:
        """Return the device that a log's life belongs to: the first that used it."""
        row = self._db.execute(
            "SELECT device FROM incarnations WHERE community = ? AND incarnation = ?", (community, incarnation)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def _append(self, community: bytes, chain: int | None, frames: list[Frame]) -> None:
        last = frames[-1]
        header = last.header
        if chain is None:
            self._db.execute(
                "INSERT INTO incarnations VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (community, header.incarnation, header.device),
            )
            chain = self._db.execute(
                "INSERT INTO chains (community, unit, incarnation, seq, hash) VALUES (?, ?, ?, ?, ?)",
                (community, header.unit, header.incarnation, header.seq, last.hash),
            ).lastrowid
        else:
            self._db.execute("UPDATE chains SET seq = ?, hash = ? WHERE id = ?", (header.seq, last.hash, chain))
        self._db.executemany(
            "INSERT INTO frames VALUES (?, ?, ?, ?)",
            [(chain, frame.header.seq, frame.hash, frame.body) for frame in frames],
        )

    def _keep_fork(self, chain: int, frame: Frame) -> None:
        """Keep the first frame that contradicts a chain: with the one in the chain it proves the fork."""
        self._db.execute(
            "INSERT INTO forks VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (chain, frame.header.seq, frame.hash, frame.body),
        )

    def set_known_heads(self, community: bytes, device: bytes, heads: Heads) -> None:
        packed = msgspec.msgpack.encode(wire.pack_heads(heads))
        self._db.execute(
            "INSERT INTO known_heads VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET heads = excluded.heads",
            (community, device, packed),
        )


class SqliteStore(Store):
    """A store in one file.

    Args:
        path: The file; made with a new epoch id when missing.

    Raises:
        Damaged: The file is not such a store.
        Refused: It can't be used now: no room, no right, or another program holds it.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._readers: queue.LifoQueue[Connection] = queue.LifoQueue()
        self._connections: list[Connection] = []
        try:
            self._writer = self._connect(path)
            self._epoch = _prepare(self._writer)
            for _number in range(_READERS):
                self._readers.put(self._connect(path, read_only=True))
        except (dbapi2.DatabaseError, StoreBusy, StoreFull) as error:
            self.close()
            raise _unusable(path, error) from error
        except BaseException:
            self.close()
            raise

    def _connect(self, path: Path, *, read_only: bool = False) -> Connection:
        connection = connect(path, None, read_only=read_only)
        self._connections.append(connection)
        return connection

    @property
    def epoch(self) -> bytes:
        """The 16-byte random id made with the file."""
        return self._epoch

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Give one of a few read connections, in a transaction of its own."""
        connection = self._readers.get()
        try:
            with _transaction(connection, "BEGIN"):
                yield _SqliteReader(connection)
        finally:
            self._readers.put(connection)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Give the one write connection."""
        with self._lock, _transaction(self._writer, "BEGIN IMMEDIATE"):
            yield _SqliteWriter(self._writer)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()


@contextmanager
def _transaction(connection: Connection, begin: str) -> Iterator[None]:
    """Commit at the end, or roll back what an exception interrupted."""
    try:
        connection.execute(begin)
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except dbapi2.OperationalError as error:
        match error.sqlite_errorcode & _PRIMARY_CODE:
            case dbapi2.SQLITE_FULL:
                raise StoreFull from error
            case dbapi2.SQLITE_BUSY | dbapi2.SQLITE_LOCKED:
                raise StoreBusy from error
            case _:
                raise


def _prepare(connection: Connection) -> bytes:
    """Make the tables in a new file, or check the version of those in an old one; return the epoch id."""
    with _transaction(connection, "BEGIN IMMEDIATE"):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (os.urandom(ID_BYTES),))
            connection.execute(f"PRAGMA user_version = {_FORMAT}")
        elif version != _FORMAT:
            raise Damaged(
                "newer_server_data",
                _("The server's data was written by a newer version. Update the program; nothing was changed."),
            )
        (epoch,) = connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
    return bytes(epoch)


def _unusable(path: Path, error: Exception) -> Failure:
    """Say why a store can't be opened; only what SQLite itself calls damaged is called so, since it is thrown away."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    if code in {dbapi2.SQLITE_CORRUPT, dbapi2.SQLITE_NOTADB}:
        return _damaged(path)
    if isinstance(error, StoreFull) or code == dbapi2.SQLITE_FULL:
        message = _("There is no room for the server's database {path}. Free some disk space; nothing is lost.")
    elif isinstance(error, StoreBusy) or code in {dbapi2.SQLITE_BUSY, dbapi2.SQLITE_LOCKED}:
        message = _(
            "Another program holds the server's database {path}. Does the server run already? Stop the other program "
            "and start the server again; nothing is lost."
        )
    else:
        message = _(
            "The server's database {path} can't be opened and written: {reason}. Nothing says that it is damaged: keep "
            "it. Look at the disk and at the rights to the folder and its files, and start the server again."
        )
    return Refused("server_data", message.format(path=path, reason=error))


def _damaged(path: Path) -> Damaged:
    return Damaged(
        "damaged_server_data",
        _(
            "The server's database {path} is damaged, and nothing in it was changed. Move it away and start the server "
            "again: the devices give back everything they have at their next exchange."
        ).format(path=path),
    )
