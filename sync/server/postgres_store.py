"""The server's store in PostgreSQL, for several servers at once.

Writers of different logs do not wait for each other: what a transaction locks are the lives of the logs whose frames it
brings, always in the same order.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg

from sync import wire
from sync.errors import Refused
from sync.frames import NO_PREVIOUS, Frame
from sync.ids import ID_BYTES
from sync.membership import Link
from sync.messages import _
from sync.replica import Heads
from sync.server import postgres_schema
from sync.server.chains import Chain, Decision, Stored, by_chain, chain_of, decide
from sync.server.postgres_news import Wire
from sync.server.postgres_pool import Cursor, Pool
from sync.server.store import (
    Batch,
    Community,
    CommunityTaken,
    Ingested,
    KeptSnapshot,
    News,
    Reader,
    Store,
    StoreBusy,
    StoreFull,
    Ticket,
    Writer,
)
from sync.snapshots import Snapshot, Vote

_CONNECTIONS = 12
_CHAINS_AT_ONCE = 50
_FRAMES_OF_A_CHAIN = 200
_NOBODY = bytes(ID_BYTES)
"""Under which it is counted what no device did."""
_COMMUNITIES = """
SELECT community, label, quota,
    coalesce((SELECT sum(bytes) FROM used WHERE used.community = communities.community), 0)::bigint, suspended
FROM communities
"""
_ROOM = """
SELECT CASE WHEN quota IS NOT NULL THEN
    quota - coalesce((SELECT sum(bytes) FROM used WHERE used.community = communities.community), 0) END::bigint
FROM communities WHERE community = %s
"""
_FRAMES_AFTER = """
SELECT n, seq, hash, body FROM (
    SELECT n, seq, hash, body, sum(size) OVER (ORDER BY n, seq) - size AS before FROM
    unnest(%(units)s::bytea[], %(incarnations)s::bytea[], %(after)s::bigint[])
        WITH ORDINALITY AS lacked (unit, incarnation, after, n)
    CROSS JOIN LATERAL (
        SELECT seq, hash, body, octet_length(body) AS size FROM frames
        WHERE frames.community = %(community)s AND frames.unit = lacked.unit
            AND frames.incarnation = lacked.incarnation AND frames.seq > lacked.after
        ORDER BY seq LIMIT %(most)s
    ) AS found
) AS counted WHERE before < %(budget)s ORDER BY n, seq
"""
_HASHES_AT = """
SELECT asked.unit, asked.incarnation, asked.seq, frames.hash
FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[]) AS asked (unit, incarnation, seq)
JOIN frames ON frames.community = %s AND frames.unit = asked.unit AND frames.incarnation = asked.incarnation
    AND frames.seq = asked.seq
"""
_ENDS = """
SELECT chains.unit, chains.incarnation, chains.seq, chains.hash
FROM unnest(%s::bytea[], %s::bytea[]) AS asked (unit, incarnation)
JOIN chains ON chains.community = %s AND chains.unit = asked.unit AND chains.incarnation = asked.incarnation
"""
_heads_decoder = msgspec.msgpack.Decoder(list[wire.UnitHeads])


class _PostgresReader(Reader):
    def __init__(self, cursor: Cursor) -> None:
        self._db = cursor

    def community(self, community: bytes) -> Community | None:
        row = self._one(f"{_COMMUNITIES} WHERE community = %s", (community,))
        return None if row is None else Community(*row)

    def suspended(self, community: bytes) -> bool | None:
        row = self._one("SELECT suspended FROM communities WHERE community = %s", (community,))
        return None if row is None else bool(row[0])

    def communities(self) -> list[Community]:
        return [Community(*row) for row in self._all(f"{_COMMUNITIES} ORDER BY label, community")]

    def tickets(self) -> list[Ticket]:
        rows = self._all("SELECT key, label, quota FROM tickets WHERE community IS NULL ORDER BY label, key")
        return [Ticket(*row) for row in rows]

    def link_count(self, community: bytes) -> int:
        row = self._one("SELECT count(*) FROM links WHERE community = %s", (community,))
        return 0 if row is None else int(row[0])

    def links(self, community: bytes) -> list[bytes]:
        rows = self._all("SELECT body FROM links WHERE community = %s ORDER BY number", (community,))
        return [row[0] for row in rows]

    def heads(self, community: bytes, units: frozenset[bytes]) -> Heads:
        heads: Heads = {}
        for unit, incarnation, seq, frame_hash in self._all(
            "SELECT unit, incarnation, seq, hash FROM chains WHERE community = %s AND unit = ANY(%s)",
            (community, list(units)),
        ):
            heads.setdefault(unit, {})[incarnation] = (seq, frame_hash)
        return heads

    def incarnations_of(self, community: bytes, device: bytes) -> frozenset[bytes]:
        rows = self._all(
            "SELECT incarnation FROM incarnations WHERE community = %s AND device = %s", (community, device)
        )
        return frozenset(row[0] for row in rows)

    def known_heads(self, community: bytes, device: bytes) -> Heads | None:
        row = self._one("SELECT heads FROM known_heads WHERE community = %s AND device = %s", (community, device))
        return None if row is None else wire.unpack_heads(_heads_decoder.decode(row[0]))

    def frames_missing(self, community: bytes, units: frozenset[bytes], theirs: Heads, budget: int) -> Batch:
        lacked: dict[Chain, int] = {}
        ends: dict[Chain, int] = {}
        known: dict[Chain, tuple[int, bytes]] = {}
        for unit, chains in sorted(self.heads(community, units).items()):
            for incarnation, (last, _hash) in sorted(chains.items()):
                seq, frame_hash = theirs.get(unit, {}).get(incarnation, (0, NO_PREVIOUS))
                if seq < last:
                    lacked[unit, incarnation], ends[unit, incarnation] = seq, last
                    if seq:
                        known[unit, incarnation] = (seq, frame_hash)
        for chain in self._forked(community, known):
            del lacked[chain]  # what follows here fits nowhere there
        missing = sum(ends[chain] - seq for chain, seq in lacked.items())
        batch = Batch([], {}, 0)
        while lacked and budget > 0:
            budget -= self._gather(community, lacked, ends, batch, budget)
        return Batch(batch.frames, batch.reached, missing - len(batch.frames))

    def epoch(self) -> bytes:
        row = self._one("SELECT value FROM meta WHERE name = 'epoch'")
        return bytes(row[0]) if row else b""

    def chunks_missing(self, community: bytes, chunks: Sequence[bytes]) -> list[bytes]:
        rows = self._all("SELECT id FROM chunks WHERE community = %s AND id = ANY(%s)", (community, list(chunks)))
        known = {row[0] for row in rows}
        return [chunk for chunk in chunks if chunk not in known]

    def snapshots(self, community: bytes, units: frozenset[bytes]) -> list[KeptSnapshot]:
        rows = self._all(
            "SELECT s.hash, s.body, (SELECT coalesce(array_agg(v.body ORDER BY v.device), '{}') FROM snapshot_votes v "
            "WHERE v.community = s.community AND v.state = s.state) FROM snapshots s "
            "WHERE s.community = %s AND s.unit = ANY(%s) ORDER BY s.number DESC",
            (community, sorted(units)),
        )
        return [KeptSnapshot(bytes(name), bytes(body), list(map(bytes, votes))) for name, body, votes in rows]

    def frames_between(
        self, community: bytes, unit: bytes, incarnation: bytes, ends: tuple[int, int], budget: int
    ) -> list[bytes]:
        found: list[bytes] = []
        first, last = ends
        while first <= last and (budget > 0 or not found):
            rows = self._all(
                "SELECT seq, body FROM frames WHERE community = %s AND unit = %s AND incarnation = %s "
                "AND seq BETWEEN %s AND %s ORDER BY seq LIMIT %s",
                (community, unit, incarnation, first, last, _FRAMES_OF_A_CHAIN),
            )
            if not rows:
                break
            for seq, body in rows:
                found.append(bytes(body))
                budget -= len(body)
                first = seq + 1
                if budget <= 0:
                    break
        return found

    def carried_by_others(self, community: bytes, device: bytes) -> int:
        row = self._one(
            "SELECT coalesce(sum(times), 0)::bigint FROM carried WHERE community = %s AND device <> %s",
            (community, device),
        )
        return int(row[0]) if row else 0

    def _gather(
        self, community: bytes, lacked: dict[Chain, int], ends: dict[Chain, int], batch: Batch, budget: int
    ) -> int:
        """Add frames of the first few chains; return how many bytes they have."""
        first = list(lacked)[:_CHAINS_AT_ONCE]
        asked = {
            "community": community,
            "units": [unit for unit, _incarnation in first],
            "incarnations": [incarnation for _unit, incarnation in first],
            "after": [lacked[chain] for chain in first],
            "most": _FRAMES_OF_A_CHAIN,
            "budget": budget,
        }
        size = 0
        for number, seq, frame_hash, body in self._all(_FRAMES_AFTER, asked):
            unit, incarnation = chain = first[number - 1]
            batch.frames.append(body)
            batch.reached.setdefault(unit, {})[incarnation] = (seq, frame_hash)
            lacked[chain] = seq
            size += len(body)
        for chain in first:
            if lacked[chain] >= ends[chain]:
                del lacked[chain]
        return size or budget

    def _forked(self, community: bytes, known: dict[Chain, tuple[int, bytes]]) -> list[Chain]:
        """Return the chains that have another frame at the place that somebody has reached."""
        found = self._hashes_at(community, [(chain, seq) for chain, (seq, _hash) in known.items()])
        return [chain for chain, (seq, frame_hash) in known.items() if found.get((chain, seq)) != frame_hash]

    def _hashes_at(self, community: bytes, places: list[tuple[Chain, int]]) -> dict[tuple[Chain, int], bytes]:
        if not places:
            return {}
        units = [unit for (unit, _incarnation), _seq in places]
        incarnations = [incarnation for (_unit, incarnation), _seq in places]
        rows = self._all(_HASHES_AT, (units, incarnations, [seq for _chain, seq in places], community))
        return {((unit, incarnation), seq): frame_hash for unit, incarnation, seq, frame_hash in rows}

    def _one(self, query: str, values: Any = ()) -> tuple[Any, ...] | None:  # noqa: ANN401 - as psycopg takes them
        return self._db.execute(query.encode(), values).fetchone()

    def _all(self, query: str, values: Any = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - as psycopg takes them
        return self._db.execute(query.encode(), values).fetchall()


class _PostgresWriter(_PostgresReader, Writer):
    def claim(self, community: bytes) -> None:
        if self._one("SELECT 1 FROM communities WHERE community = %s", (community,)):
            return
        self._lock_communities()
        served = {row[0] for row in self._all("SELECT community FROM communities")}
        if served - {community}:
            raise CommunityTaken
        self._db.execute("INSERT INTO communities (community) VALUES (%s) ON CONFLICT DO NOTHING", (community,))

    def add_ticket(self, ticket: Ticket) -> None:
        self._db.execute(
            "INSERT INTO tickets (key, label, quota) VALUES (%s, %s, %s)", (ticket.key, ticket.label, ticket.quota)
        )

    def use_ticket(self, key: bytes, community: bytes) -> bool:
        row = self._one("SELECT label, quota, community FROM tickets WHERE key = %s FOR UPDATE", (key,))
        if row is None or row[2] not in {None, community}:
            return False
        if row[2] is None:
            self._lock_communities()
            self._db.execute("UPDATE tickets SET community = %s WHERE key = %s", (community, key))
            self._db.execute(
                "INSERT INTO communities (community, label, quota) VALUES (%s, %s, %s) ON CONFLICT (community) "
                "DO UPDATE SET label = excluded.label, quota = excluded.quota",
                (community, row[0], row[1]),
            )
        return True

    def set_quota(self, community: bytes, quota: int | None) -> None:
        self._db.execute("UPDATE communities SET quota = %s WHERE community = %s", (quota, community))

    def set_suspended(self, community: bytes, *, suspended: bool) -> None:
        self._db.execute("UPDATE communities SET suspended = %s WHERE community = %s", (suspended, community))

    def add_links(self, community: bytes, links: Sequence[Link]) -> None:
        # One at a time, so that parents have the smaller numbers and nobody waits in a ring for each other's links.
        self._one("SELECT 1 FROM communities WHERE community = %s FOR UPDATE", (community,))
        self._many(
            "INSERT INTO links (community, hash, body) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [(community, link.hash, link.data) for link in links],
        )

    def ingest(self, community: bytes, frames: Sequence[Frame]) -> Ingested:
        if not frames:
            return Ingested([], [])
        owners = self._lock_incarnations(community, frames)
        decision = decide(frames, self._stored(community, frames, owners))
        self._append(community, decision)
        self._many(
            "INSERT INTO forks VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [(community, *chain_of(frame), frame.header.seq, frame.hash, frame.body) for frame in decision.forks],
        )
        return decision.done

    def set_known_heads(self, community: bytes, device: bytes, heads: Heads) -> None:
        packed = msgspec.msgpack.encode(wire.pack_heads(heads))
        self._db.execute(
            "INSERT INTO known_heads VALUES (%s, %s, %s) ON CONFLICT (community, device) "
            "DO UPDATE SET heads = excluded.heads",
            (community, device, packed),
        )

    def list_chunks(self, community: bytes, device: bytes, sizes: Mapping[bytes, int]) -> None:
        names = sorted(sizes)  # in one order, so that nobody waits in a ring
        rows = self._all(
            "INSERT INTO chunks SELECT %s, * FROM unnest(%s::bytea[], %s::bigint[]) ON CONFLICT DO NOTHING "
            "RETURNING size",
            (community, names, [sizes[name] for name in names]),
        )
        self._count(community, device, sum(size for (size,) in rows))

    def unlist_chunks(self, community: bytes, chunks: Sequence[bytes]) -> None:
        rows = self._all(
            "DELETE FROM chunks WHERE community = %s AND id = ANY(%s) RETURNING size", (community, list(chunks))
        )
        self._count(community, _NOBODY, -sum(size for (size,) in rows))
        self._begin_anew()

    def unlist_all_chunks(self) -> None:
        rows = self._all("SELECT community, sum(size)::bigint FROM chunks GROUP BY community ORDER BY community")
        for community, size in rows:
            self._count(community, _NOBODY, -size)
        if rows:
            self._db.execute("DELETE FROM chunks")
            self._begin_anew()

    def drop_chunks(self, community: bytes, chunks: Sequence[bytes]) -> None:
        rows = self._all(
            "DELETE FROM chunks WHERE community = %s AND id = ANY(%s) RETURNING size", (community, list(chunks))
        )
        if rows:
            self._count(community, _NOBODY, -sum(size for (size,) in rows))

    def add_snapshot(self, community: bytes, snapshot: Snapshot) -> None:
        manifest = snapshot.manifest
        self._db.execute(
            "INSERT INTO snapshots (community, unit, hash, state, body) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            (community, manifest.unit, snapshot.hash, manifest.state, snapshot.body),
        )

    def drop_snapshot(self, community: bytes, snapshot: bytes) -> None:
        self._db.execute("DELETE FROM snapshots WHERE community = %s AND hash = %s", (community, snapshot))
        self._db.execute(
            "DELETE FROM snapshot_votes WHERE community = %s AND state NOT IN "
            "(SELECT state FROM snapshots WHERE community = %s)",
            (community, community),
        )

    def add_vote(self, community: bytes, vote: Vote) -> None:
        self._db.execute(
            "INSERT INTO snapshot_votes SELECT %s, %s, %s, %s WHERE EXISTS "
            "(SELECT 1 FROM snapshots WHERE community = %s AND unit = %s AND state = %s) ON CONFLICT DO NOTHING",
            (community, vote.state, vote.device, vote.pack(), community, vote.unit, vote.state),
        )

    def note_carried(self, community: bytes, device: bytes) -> None:
        self._db.execute(
            "INSERT INTO carried VALUES (%s, %s, 1) ON CONFLICT (community, device) "
            "DO UPDATE SET times = carried.times + 1",
            (community, device),
        )

    def _count(self, community: bytes, device: bytes, size: int) -> None:
        self._db.execute(
            "INSERT INTO used VALUES (%s, %s, %s) ON CONFLICT (community, device) "
            "DO UPDATE SET bytes = used.bytes + excluded.bytes",
            (community, device, size),
        )

    def _begin_anew(self) -> None:
        self._db.execute("UPDATE meta SET value = %s WHERE name = 'epoch'", (os.urandom(ID_BYTES),))

    def _many(self, query: str, rows: Sequence[tuple[Any, ...]]) -> None:
        for row in rows:
            self._db.execute(query.encode(), row)

    def _lock_communities(self) -> None:
        self._one("SELECT 1 FROM meta WHERE name = 'epoch' FOR UPDATE")

    def _lock_incarnations(self, community: bytes, frames: Sequence[Frame]) -> dict[bytes, bytes]:
        """Let nobody else write to the logs that some frames belong to; return whose they are.

        A log that begins belongs to the first that brings a beginning of it.
        """
        begun = {
            frame.header.incarnation: frame.header.device
            for frame in reversed(frames)
            if frame.header.seq == 1 and frame.header.previous == NO_PREVIOUS
        }
        if begun:
            lives = sorted(begun)
            self._db.execute(
                "INSERT INTO incarnations SELECT %s, * FROM unnest(%s::bytea[], %s::bytea[]) ON CONFLICT DO NOTHING",
                (community, lives, [begun[life] for life in lives]),
            )
        incarnations = sorted({frame.header.incarnation for frame in frames})
        rows = self._all(
            "SELECT incarnation, device FROM incarnations WHERE community = %s AND incarnation = ANY(%s) "
            "ORDER BY incarnation FOR UPDATE",
            (community, incarnations),
        )
        return dict(rows)

    def _stored(self, community: bytes, frames: Sequence[Frame], owners: dict[bytes, bytes]) -> Stored:
        """Look up what is there of the chains of some frames."""
        chains = by_chain(frames)
        ends = {
            (unit, incarnation): (seq, frame_hash)
            for unit, incarnation, seq, frame_hash in self._all(
                _ENDS, ([unit for unit, _life in chains], [life for _unit, life in chains], community)
            )
        }
        places = [
            (chain, frame.header.seq)
            for chain, part in chains.items()
            for frame in part
            if chain in ends and frame.header.seq <= ends[chain][0]
        ]
        row = self._one(_ROOM, (community,))
        room = None if row is None or row[0] is None else max(0, int(row[0]))
        return Stored(ends, owners, self._hashes_at(community, places), room)

    def _append(self, community: bytes, decision: Decision) -> None:
        if not decision.append:
            return
        frames = [(*chain, frame) for chain, appended in decision.append.items() for frame in appended]
        self._db.execute(
            "INSERT INTO frames SELECT %s, * FROM "
            "unnest(%s::bytea[], %s::bytea[], %s::bigint[], %s::bytea[], %s::bytea[])",
            (
                community,
                [unit for unit, _life, _frame in frames],
                [life for _unit, life, _frame in frames],
                [frame.header.seq for _unit, _life, frame in frames],
                [frame.hash for _unit, _life, frame in frames],
                [frame.body for _unit, _life, frame in frames],
            ),
        )
        ends = [(*chain, appended[-1]) for chain, appended in decision.append.items()]
        self._db.execute(
            "INSERT INTO chains SELECT %s, * FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[], %s::bytea[]) "
            "ON CONFLICT (community, unit, incarnation) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
            (
                community,
                [unit for unit, _life, _last in ends],
                [life for _unit, life, _last in ends],
                [last.header.seq for _unit, _life, last in ends],
                [last.hash for _unit, _life, last in ends],
            ),
        )
        device = next(iter(decision.append.values()))[0].header.device
        self._count(community, device, decision.size)


class PostgresStore(Store):
    """A store in a PostgreSQL database.

    Args:
        url: ``postgresql://...``; the tables are made in an empty database.

    Raises:
        Damaged: A newer program wrote the data.
        Refused: The database can't be used now.
    """

    def __init__(self, url: str) -> None:
        self._pool = Pool(url, _CONNECTIONS)
        self._wire = Wire(url)
        try:
            with self._pool.transaction("BEGIN") as cursor:
                postgres_schema.migrate(cursor)
                row = cursor.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        except (psycopg.Error, StoreBusy, StoreFull) as error:
            self._pool.close()
            raise _unusable(error.__cause__ or error) from error
        except BaseException:
            self._pool.close()
            raise
        self._epoch = bytes(row[0]) if row else b""

    @property
    def epoch(self) -> bytes:
        """The 16-byte random id made with the tables."""
        return self._epoch

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Give a snapshot."""
        with self._pool.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as cursor:
            yield _PostgresReader(cursor)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Give a transaction; it locks what it changes."""
        with self._pool.transaction("BEGIN ISOLATION LEVEL READ COMMITTED") as cursor:
            yield _PostgresWriter(cursor)

    def announce(self, news: News) -> None:
        """Tell the other servers on this database."""
        self._wire.send(news)

    def listen(self, heard: Callable[[News], None]) -> None:
        """Call somebody with what the other servers announce."""
        self._wire.start(heard)

    @property
    def hears_others(self) -> bool:
        """Whether the connection that listens is up."""
        return self._wire.up

    def close(self) -> None:
        """Close every connection."""
        self._wire.close()
        self._pool.close()


def _unusable(error: BaseException) -> Refused:
    reason = str(error).strip().splitlines()
    return Refused(
        "server_database",
        _(
            "The server's database can't be used: {reason}. Nothing is lost: see that it runs and that this server may "
            "use it, and start the server again."
        ).format(reason=reason[0] if reason else type(error).__name__),
    )
