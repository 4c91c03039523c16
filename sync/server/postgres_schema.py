"""The tables in PostgreSQL, and how they came about: frozen steps, counted in `meta`.

Every table begins with the community, so that an engine that spreads tables over machines can do so by it. A step
only adds: servers of the version before go on working on the same database until they are replaced too.
"""

import os

from sync.ids import ID_BYTES
from sync.server.postgres_pool import Cursor
from sync.server.sqlite_schema import newer_data

_LOCK = 0x5350_5241_5641
"""Held by whoever makes or changes the tables."""

_FIRST = """
CREATE TABLE meta (name text PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE communities (
    community bytea PRIMARY KEY, label text NOT NULL DEFAULT '', quota bigint, suspended boolean NOT NULL DEFAULT false
);
CREATE TABLE used (
    community bytea, device bytea, bytes bigint NOT NULL, PRIMARY KEY (community, device)
);
CREATE TABLE tickets (key bytea PRIMARY KEY, label text NOT NULL, quota bigint, community bytea);
CREATE TABLE links (
    community bytea, number bigint GENERATED ALWAYS AS IDENTITY, hash bytea, body bytea NOT NULL,
    PRIMARY KEY (community, hash)
);
CREATE TABLE incarnations (
    community bytea, incarnation bytea, device bytea NOT NULL, PRIMARY KEY (community, incarnation)
);
CREATE TABLE chains (
    community bytea, unit bytea, incarnation bytea, seq bigint NOT NULL, hash bytea NOT NULL,
    PRIMARY KEY (community, unit, incarnation)
);
CREATE TABLE frames (
    community bytea, unit bytea, incarnation bytea, seq bigint, hash bytea NOT NULL, body bytea NOT NULL,
    PRIMARY KEY (community, unit, incarnation, seq)
);
CREATE TABLE forks (
    community bytea, unit bytea, incarnation bytea, seq bigint NOT NULL, hash bytea NOT NULL, body bytea NOT NULL,
    PRIMARY KEY (community, unit, incarnation)
);
CREATE TABLE known_heads (
    community bytea, device bytea, heads bytea NOT NULL, PRIMARY KEY (community, device)
);
"""

_CHUNKS = """
CREATE TABLE chunks (community bytea, id bytea, size bigint NOT NULL, PRIMARY KEY (community, id));
CREATE TABLE carried (community bytea, device bytea, times bigint NOT NULL, PRIMARY KEY (community, device));
"""

_SNAPSHOTS = """
CREATE TABLE snapshots (
    number bigint GENERATED ALWAYS AS IDENTITY, community bytea, unit bytea NOT NULL, hash bytea, state bytea NOT NULL,
    body bytea NOT NULL, PRIMARY KEY (community, hash)
);
CREATE INDEX snapshots_of_unit ON snapshots (community, unit);
CREATE TABLE snapshot_votes (
    community bytea, state bytea, device bytea, body bytea NOT NULL, PRIMARY KEY (community, state, device)
);
"""


def migrate(cursor: Cursor) -> None:
    """Do the steps that a database has not had.

    Args:
        cursor: Inside a transaction that the caller commits.

    Raises:
        Damaged: It was written by a newer program.
    """
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    done = steps_done(cursor)
    if done == len(_STEPS):
        return
    if done > len(_STEPS):
        raise newer_data()
    for step in _STEPS[done:]:
        step(cursor)
    cursor.execute(
        "INSERT INTO meta VALUES ('steps', %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (bytes([len(_STEPS)]),),
    )


def steps_done(cursor: Cursor) -> int:
    """Return how many steps a database has had."""
    row = cursor.execute("SELECT to_regclass('meta')").fetchone()
    if row is None or row[0] is None:
        return 0
    row = cursor.execute("SELECT value FROM meta WHERE name = 'steps'").fetchone()
    return 0 if row is None else int(row[0][0])


def _m1_first(cursor: Cursor) -> None:
    _run(cursor, _FIRST)
    cursor.execute("INSERT INTO meta VALUES ('epoch', %s)", (os.urandom(ID_BYTES),))


def _m2_chunks(cursor: Cursor) -> None:
    """Which chunks of files are kept; they themselves lie elsewhere."""
    _run(cursor, _CHUNKS)


def _run(cursor: Cursor, statements: str) -> None:
    for statement in statements.split(";"):
        if statement.strip():
            cursor.execute(statement.encode())


def _m3_snapshots(cursor: Cursor) -> None:
    """Snapshots; their parts are chunks."""
    _run(cursor, _SNAPSHOTS)


_STEPS = (_m1_first, _m2_chunks, _m3_snapshots)
