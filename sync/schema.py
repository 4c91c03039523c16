"""The tables of the log (docs/decisions/0008-log-and-merge.md)."""

from typing import TYPE_CHECKING

from sync.migrations import Schema
from sync.sqlcipher import Connection

if TYPE_CHECKING:
    from sqlite_utils import Database

_FIRST_TABLES = """
CREATE TABLE local (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE link (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE unit (id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE);
CREATE TABLE incarnation (id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, device BLOB NOT NULL);
CREATE TABLE epoch_key (
    unit INTEGER NOT NULL REFERENCES unit, epoch BLOB NOT NULL, key BLOB NOT NULL, newest INTEGER NOT NULL,
    PRIMARY KEY (unit, epoch)
) WITHOUT ROWID;
CREATE TABLE head (
    unit INTEGER NOT NULL REFERENCES unit, incarnation INTEGER NOT NULL REFERENCES incarnation,
    seq INTEGER NOT NULL, hash BLOB NOT NULL, counter INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (unit, incarnation)
) WITHOUT ROWID;
CREATE TABLE frame (
    id INTEGER PRIMARY KEY, unit INTEGER NOT NULL REFERENCES unit,
    incarnation INTEGER NOT NULL REFERENCES incarnation, seq INTEGER NOT NULL, hash BLOB NOT NULL,
    changes INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (unit, incarnation, seq)
);
CREATE TABLE record (
    id INTEGER PRIMARY KEY, collection TEXT NOT NULL, unit INTEGER NOT NULL REFERENCES unit, uuid BLOB NOT NULL,
    fields TEXT NOT NULL, dots BLOB NOT NULL, siblings BLOB, UNIQUE (uuid, unit)
);
CREATE INDEX record_in_conflict ON record (id) WHERE siblings IS NOT NULL;
CREATE TABLE touched (
    record INTEGER NOT NULL REFERENCES record, frame INTEGER NOT NULL REFERENCES frame, PRIMARY KEY (record, frame)
) WITHOUT ROWID;
CREATE TABLE early (
    unit INTEGER NOT NULL, uuid BLOB NOT NULL, field TEXT NOT NULL, counter INTEGER NOT NULL, incarnation BLOB NOT NULL,
    PRIMARY KEY (unit, uuid, field, counter, incarnation)
) WITHOUT ROWID;
CREATE TABLE waiting (
    hash BLOB PRIMARY KEY, unit BLOB NOT NULL, device BLOB NOT NULL, incarnation BLOB NOT NULL, seq INTEGER NOT NULL,
    previous BLOB NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL,
    since TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) WITHOUT ROWID;
"""
PROJECTED = ("behind", "touched", "early", "record")
"""Tables that follow from the frames, in the order in which they can be emptied."""


def m0001_log(database: "Database") -> None:
    """Make the first tables of the log."""
    for statement in _FIRST_TABLES.split(";"):
        if statement.strip():
            database.execute(statement)


_SNAPSHOT_TABLES = """
CREATE TABLE snapshot (unit BLOB PRIMARY KEY, hash BLOB NOT NULL, body BLOB NOT NULL, taken INTEGER NOT NULL);
CREATE TABLE snapshot_part (
    id INTEGER PRIMARY KEY, snapshot BLOB NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,
    UNIQUE (snapshot, number)
);
CREATE TABLE floor (
    unit INTEGER NOT NULL REFERENCES unit, incarnation INTEGER NOT NULL REFERENCES incarnation,
    seq INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (unit, incarnation)
) WITHOUT ROWID;
CREATE TABLE behind (record INTEGER PRIMARY KEY, frames BLOB NOT NULL);
"""


def m0002_snapshots(database: "Database") -> None:
    """Make what a log needs whose beginning is a snapshot (docs/formats/snapshot.md)."""
    for statement in _SNAPSHOT_TABLES.split(";"):
        if statement.strip():
            database.execute(statement)


LOG = Schema("log", (m0001_log, m0002_snapshots))
"""The tables of the log, whoever keeps it."""


def create(connection: Connection) -> None:
    """Make the tables of the log in an empty database, inside the caller's transaction."""
    LOG.apply(connection)
