"""The tables of the embedded store, and how they came about: frozen steps, counted in `user_version`."""

import os

from sync.errors import Damaged
from sync.ids import ID_BYTES
from sync.messages import _
from sync.sqlcipher import Connection


def migrate(connection: Connection) -> None:
    """Do the steps that a database has not had.

    Args:
        connection: Inside a write transaction that the caller commits.

    Raises:
        Damaged: It was written by a newer program.
    """
    (done,) = connection.execute("PRAGMA user_version").fetchone()
    if done > len(_STEPS):
        raise newer_data()
    for step in _STEPS[done:]:
        step(connection)
    if done < len(_STEPS):
        connection.execute(f"PRAGMA user_version = {len(_STEPS)}")


def newer_data() -> Damaged:
    """Say that a newer program wrote the data."""
    return Damaged(
        "newer_server_data",
        _("The server's data was written by a newer version. Update the program; nothing was changed."),
    )


_FIRST = """
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

_MANY_COMMUNITIES = """
ALTER TABLE communities ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE communities ADD COLUMN quota INTEGER;
ALTER TABLE communities ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
ALTER TABLE communities ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;
UPDATE communities SET used = (
    SELECT coalesce(sum(length(body)), 0) FROM frames JOIN chains ON chains.id = frames.chain
    WHERE chains.community = communities.community
);
CREATE TABLE tickets (key BLOB PRIMARY KEY, label TEXT NOT NULL, quota INTEGER, community BLOB) WITHOUT ROWID;
"""


_CHUNKS = """
CREATE TABLE chunks (
    community BLOB NOT NULL, id BLOB NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (community, id)
) WITHOUT ROWID;
CREATE TABLE carried (
    community BLOB NOT NULL, device BLOB NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (community, device)
) WITHOUT ROWID;
"""


_SNAPSHOTS = """
CREATE TABLE snapshots (
    number INTEGER PRIMARY KEY, community BLOB NOT NULL, unit BLOB NOT NULL, hash BLOB NOT NULL, state BLOB NOT NULL,
    body BLOB NOT NULL, UNIQUE (community, hash)
);
CREATE INDEX snapshots_of_unit ON snapshots (community, unit);
CREATE TABLE snapshot_votes (
    community BLOB NOT NULL, state BLOB NOT NULL, device BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (community, state, device)
) WITHOUT ROWID;
"""


def _m1_first(connection: Connection) -> None:
    _run(connection, _FIRST)
    connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (os.urandom(ID_BYTES),))


def _m2_many_communities(connection: Connection) -> None:
    _run(connection, _MANY_COMMUNITIES)


def _m3_chunks(connection: Connection) -> None:
    """Which chunks of files are kept; they themselves lie elsewhere."""
    _run(connection, _CHUNKS)


def _run(connection: Connection, statements: str) -> None:
    for statement in statements.split(";"):
        connection.execute(statement)


def _m4_snapshots(connection: Connection) -> None:
    """Snapshots; their parts are chunks."""
    _run(connection, _SNAPSHOTS)


_STEPS = (_m1_first, _m2_many_communities, _m3_chunks, _m4_snapshots)
