"""The server's store in one embedded SQLite file."""

import os
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
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
from sync.server import sqlite_schema
from sync.server.chains import Stored, by_chain, chain_of, decide
from sync.server.store import (
    Batch,
    Community,
    CommunityTaken,
    Ingested,
    KeptSnapshot,
    Reader,
    Store,
    StoreBusy,
    StoreFull,
    Ticket,
    Writer,
)
from sync.snapshots import Snapshot, Vote
from sync.sqlcipher import Connection, connect

_READERS = 4
_PRIMARY_CODE = 0xFF  # SQLite puts details into the higher bits
_FRAMES_OF = "SELECT id FROM chains WHERE community = ? AND unit = ? AND incarnation = ?"
_COMMUNITIES = "SELECT community, label, quota, used, suspended FROM communities"
_heads_decoder = msgspec.msgpack.Decoder(list[wire.UnitHeads])


class _SqliteReader(Reader):
    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def community(self, community: bytes) -> Community | None:
        row = self._db.execute(f"{_COMMUNITIES} WHERE community = ?", (community,)).fetchone()
        return None if row is None else _community(row)

    def suspended(self, community: bytes) -> bool | None:
        known = self.community(community)
        return None if known is None else known.suspended

    def communities(self) -> list[Community]:
        return [_community(row) for row in self._db.execute(f"{_COMMUNITIES} ORDER BY label, community")]

    def tickets(self) -> list[Ticket]:
        rows = self._db.execute("SELECT key, label, quota FROM tickets WHERE community IS NULL ORDER BY label, key")
        return [Ticket(*row) for row in rows]

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

    def incarnations_of(self, community: bytes, device: bytes) -> frozenset[bytes]:
        rows = self._db.execute(
            "SELECT incarnation FROM incarnations WHERE community = ? AND device = ?", (community, device)
        )
        return frozenset(row[0] for row in rows)

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

    def epoch(self) -> bytes:
        (epoch,) = self._db.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        return bytes(epoch)

    def chunks_missing(self, community: bytes, chunks: Sequence[bytes]) -> list[bytes]:
        find = "SELECT 1 FROM chunks WHERE community = ? AND id = ?"
        return [chunk for chunk in chunks if self._db.execute(find, (community, chunk)).fetchone() is None]

    def snapshots(self, community: bytes, units: frozenset[bytes]) -> list[KeptSnapshot]:
        rows = [
            row
            for unit in units
            for row in self._db.execute(
                "SELECT number, hash, body, state FROM snapshots WHERE community = ? AND unit = ?", (community, unit)
            )
        ]
        votes = "SELECT body FROM snapshot_votes WHERE community = ? AND state = ? ORDER BY device"
        return [
            KeptSnapshot(name, body, [vote for (vote,) in self._db.execute(votes, (community, state))])
            for _number, name, body, state in sorted(rows, reverse=True)
        ]

    def frames_between(
        self, community: bytes, unit: bytes, incarnation: bytes, ends: tuple[int, int], budget: int
    ) -> list[bytes]:
        found = []
        for (body,) in self._db.execute(
            f"SELECT body FROM frames WHERE chain = ({_FRAMES_OF}) AND seq BETWEEN ? AND ? ORDER BY seq",  # noqa: S608 - the words above
            (community, unit, incarnation, *ends),
        ):
            found.append(body)
            budget -= len(body)
            if budget <= 0:
                break
        return found

    def carried_by_others(self, community: bytes, device: bytes) -> int:
        (times,) = self._db.execute(
            "SELECT coalesce(sum(times), 0) FROM carried WHERE community = ? AND device <> ?", (community, device)
        ).fetchone()
        return int(times)

    def _chain(self, community: bytes, unit: bytes, incarnation: bytes) -> int:
        (chain,) = self._db.execute(_FRAMES_OF, (community, unit, incarnation)).fetchone()
        return int(chain)

    def _hash_at(self, chain: int, seq: int) -> bytes | None:
        row = self._db.execute("SELECT hash FROM frames WHERE chain = ? AND seq = ?", (chain, seq)).fetchone()
        return None if row is None else bytes(row[0])


class _SqliteWriter(_SqliteReader, Writer):
    def claim(self, community: bytes) -> None:
        served = {known.id for known in self.communities()}
        if community in served:
            return
        if served:
            raise CommunityTaken
        self._db.execute("INSERT INTO communities (community) VALUES (?)", (community,))

    def add_ticket(self, ticket: Ticket) -> None:
        self._db.execute(
            "INSERT INTO tickets (key, label, quota) VALUES (?, ?, ?)", (ticket.key, ticket.label, ticket.quota)
        )

    def use_ticket(self, key: bytes, community: bytes) -> bool:
        row = self._db.execute("SELECT label, quota, community FROM tickets WHERE key = ?", (key,)).fetchone()
        if row is None or row[2] not in {None, community}:
            return False
        if row[2] is None:
            self._db.execute("UPDATE tickets SET community = ? WHERE key = ?", (community, key))
            self._db.execute(
                "INSERT INTO communities (community, label, quota) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
                "label = excluded.label, quota = excluded.quota",
                (community, row[0], row[1]),
            )
        return True

    def set_quota(self, community: bytes, quota: int | None) -> None:
        self._db.execute("UPDATE communities SET quota = ? WHERE community = ?", (quota, community))

    def set_suspended(self, community: bytes, *, suspended: bool) -> None:
        self._db.execute("UPDATE communities SET suspended = ? WHERE community = ?", (suspended, community))

    def add_links(self, community: bytes, links: Sequence[Link]) -> None:
        self._db.executemany(
            "INSERT INTO links (community, hash, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(community, link.hash, link.data) for link in links],
        )

    def ingest(self, community: bytes, frames: Sequence[Frame]) -> Ingested:
        decision = decide(frames, self._stored(community, frames))
        self._db.executemany(
            "INSERT INTO incarnations VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(community, incarnation, device) for incarnation, device in decision.owners.items()],
        )
        for (unit, incarnation), appended in decision.append.items():
            last = appended[-1]
            self._db.execute(
                "INSERT INTO chains (community, unit, incarnation, seq, hash) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
                (community, unit, incarnation, last.header.seq, last.hash),
            )
            chain = self._chain(community, unit, incarnation)
            self._db.executemany(
                "INSERT INTO frames VALUES (?, ?, ?, ?)",
                [(chain, frame.header.seq, frame.hash, frame.body) for frame in appended],
            )
        for frame in decision.forks:
            self._keep_fork(self._chain(community, *chain_of(frame)), frame)
        self._count(community, decision.size)
        return decision.done

    def _stored(self, community: bytes, frames: Sequence[Frame]) -> Stored:
        """Look up what is there of the chains of some frames."""
        stored = Stored({}, {}, {}, self._room(community))
        for chain, part in by_chain(frames).items():
            row = self._db.execute(
                "SELECT id, seq, hash FROM chains WHERE community = ? AND unit = ? AND incarnation = ?",
                (community, *chain),
            ).fetchone()
            owner = self._owner(community, chain[1])
            if owner is not None:
                stored.owners[chain[1]] = owner
            if row is None:
                continue
            number, seq, frame_hash = row
            stored.ends[chain] = (seq, frame_hash)
            for frame in part:
                known = self._hash_at(number, frame.header.seq) if frame.header.seq <= seq else None
                if known is not None:
                    stored.hashes[chain, frame.header.seq] = known
        return stored

    def _room(self, community: bytes) -> int | None:
        known = self.community(community)
        return None if known is None or known.quota is None else max(0, known.quota - known.used)

    def _owner(self, community: bytes, incarnation: bytes) -> bytes | None:
        """Return the device that a log's life belongs to: the first that used it."""
        row = self._db.execute(
            "SELECT device FROM incarnations WHERE community = ? AND incarnation = ?", (community, incarnation)
        ).fetchone()
        return None if row is None else bytes(row[0])

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

    def list_chunks(self, community: bytes, device: bytes, sizes: Mapping[bytes, int]) -> None:  # noqa: ARG002
        new = self.chunks_missing(community, list(sizes))
        self._db.executemany("INSERT INTO chunks VALUES (?, ?, ?)", [(community, chunk, sizes[chunk]) for chunk in new])
        self._count(community, sum(sizes[chunk] for chunk in new))

    def unlist_chunks(self, community: bytes, chunks: Sequence[bytes]) -> None:
        for chunk in chunks:
            lost = self._db.execute(
                "DELETE FROM chunks WHERE community = ? AND id = ? RETURNING size", (community, chunk)
            ).fetchall()
            self._count(community, -sum(size for (size,) in lost))
        self._begin_anew()

    def unlist_all_chunks(self) -> None:
        rows = self._db.execute("SELECT community, sum(size) FROM chunks GROUP BY community").fetchall()
        for community, size in rows:
            self._count(community, -size)
        if rows:
            self._db.execute("DELETE FROM chunks")
            self._begin_anew()

    def drop_chunks(self, community: bytes, chunks: Sequence[bytes]) -> None:
        for chunk in chunks:
            dropped = self._db.execute(
                "DELETE FROM chunks WHERE community = ? AND id = ? RETURNING size", (community, chunk)
            ).fetchall()
            self._count(community, -sum(size for (size,) in dropped))

    def add_snapshot(self, community: bytes, snapshot: Snapshot) -> None:
        manifest = snapshot.manifest
        self._db.execute(
            "INSERT INTO snapshots (community, unit, hash, state, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (community, manifest.unit, snapshot.hash, manifest.state, snapshot.body),
        )

    def drop_snapshot(self, community: bytes, snapshot: bytes) -> None:
        self._db.execute("DELETE FROM snapshots WHERE community = ? AND hash = ?", (community, snapshot))
        self._db.execute(
            "DELETE FROM snapshot_votes WHERE community = ? AND state NOT IN "
            "(SELECT state FROM snapshots WHERE community = ?)",
            (community, community),
        )

    def add_vote(self, community: bytes, vote: Vote) -> None:
        self._db.execute(
            "INSERT INTO snapshot_votes SELECT ?, ?, ?, ? WHERE EXISTS "
            "(SELECT 1 FROM snapshots WHERE community = ? AND unit = ? AND state = ?) ON CONFLICT DO NOTHING",
            (community, vote.state, vote.device, vote.pack(), community, vote.unit, vote.state),
        )

    def note_carried(self, community: bytes, device: bytes) -> None:
        self._db.execute(
            "INSERT INTO carried VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1", (community, device)
        )

    def _count(self, community: bytes, size: int) -> None:
        self._db.execute("UPDATE communities SET used = used + ? WHERE community = ?", (size, community))

    def _begin_anew(self) -> None:
        self._db.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (os.urandom(ID_BYTES),))


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


def _community(row: tuple[bytes, str, int | None, int, int]) -> Community:
    community, label, quota, used, suspended = row
    return Community(community, label, quota, used, bool(suspended))


def _prepare(connection: Connection) -> bytes:
    """Bring the tables up to date; return the epoch id."""
    with _transaction(connection, "BEGIN IMMEDIATE"):
        sqlite_schema.migrate(connection)
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
