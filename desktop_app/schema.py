"""The tables of a vault, and how those of earlier versions become those of today.

A step is frozen once it was released; `tests/data/vaults/` holds a vault of every version, and a test opens each.
"""

from typing import TYPE_CHECKING

from sync.migrations import Schema
from sync.schema import LOG
from sync.sqlcipher import Connection

if TYPE_CHECKING:
    from sqlite_utils import Database

_FIRST_TABLES = (
    """CREATE TABLE case_row (
        id INTEGER PRIMARY KEY, uuid BLOB NOT NULL, unit INTEGER NOT NULL, kit TEXT NOT NULL, number TEXT NOT NULL,
        stage TEXT NOT NULL, final INTEGER NOT NULL, title TEXT NOT NULL, title_key TEXT NOT NULL,
        person TEXT NOT NULL, person_key TEXT NOT NULL, received_on TEXT, due_on TEXT, remind_on TEXT,
        updated INTEGER NOT NULL, incarnation BLOB NOT NULL, conflicts INTEGER NOT NULL, standing INTEGER NOT NULL
    )""",
    """CREATE TABLE standing (
        id INTEGER PRIMARY KEY, kit TEXT NOT NULL, stage TEXT NOT NULL, final INTEGER NOT NULL, cases INTEGER NOT NULL,
        UNIQUE (kit, stage, final)
    )""",
    # Each list is one index: in its order to the last tie, with what filters it, so that no row is read in vain.
    "CREATE INDEX case_received ON case_row (received_on, id, standing)",
    "CREATE INDEX case_due ON case_row (due_on, id, standing, final, remind_on)",
    "CREATE INDEX case_number ON case_row (number, id, standing)",
    "CREATE INDEX case_title ON case_row (title_key, id, standing)",
    "CREATE INDEX case_person ON case_row (person_key, id, standing)",
    "CREATE INDEX case_updated ON case_row (updated, id, standing, incarnation)",
    "CREATE INDEX case_standing ON case_row (standing)",
    "CREATE INDEX case_conflict ON case_row (id) WHERE conflicts > 0",
    """CREATE VIRTUAL TABLE case_search USING fts5 (
        words, content = '', contentless_delete = 1, detail = none, prefix = '1 2',
        tokenize = "unicode61 remove_diacritics 0"
    )""",
    # Smaller pages than its own 4,050 bytes: it merges 64 at a time, and whoever registers a case waits for that.
    "INSERT INTO case_search (case_search, rank) VALUES ('pgsz', 1000)",
    # What the index holds, word by word; the table itself keeps nothing.
    "CREATE VIRTUAL TABLE case_words USING fts5vocab(case_search, row)",
    "CREATE TABLE named (uuid BLOB PRIMARY KEY, collection TEXT NOT NULL, name TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE draft (
        id TEXT PRIMARY KEY, kit TEXT NOT NULL, fields TEXT NOT NULL, focus TEXT NOT NULL, saved_at INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE number_counter (
        kit TEXT, year INTEGER, value INTEGER NOT NULL, PRIMARY KEY (kit, year)
    ) WITHOUT ROWID""",
)


def m0001_desk(database: "Database") -> None:
    """Make what lists, search, drafts and numbers need."""
    for statement in _FIRST_TABLES:
        database.execute(statement)


_FILES = (
    """CREATE TABLE file_row (
        id INTEGER PRIMARY KEY, uuid BLOB NOT NULL, unit INTEGER NOT NULL, case_uuid BLOB NOT NULL, name TEXT NOT NULL,
        type TEXT NOT NULL, size INTEGER NOT NULL, manifest BLOB, key BLOB, removed INTEGER NOT NULL
    )""",
    "CREATE INDEX file_case ON file_row (case_uuid)",
    "CREATE INDEX file_uuid ON file_row (uuid)",
    # What this device has stored, so that the same content is stored once. It is nobody else's business.
    """CREATE TABLE file_content (
        hash BLOB PRIMARY KEY, size INTEGER NOT NULL, manifest BLOB NOT NULL, key BLOB NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX file_content_size ON file_content (size)",
    # Small pictures of files, made when they are wanted; the oldest go when there are many.
    "CREATE TABLE file_thumbnail (id INTEGER PRIMARY KEY, manifest BLOB NOT NULL UNIQUE, picture BLOB NOT NULL)",
)


def m0002_files(database: "Database") -> None:
    """Make what attached files need, and list those that came before this program knew of files."""
    from desktop_app.attachments.projection import fill

    for statement in _FILES:
        database.execute(statement)
    fill(database.conn)


_AUDIT_TABLES = (
    """CREATE TABLE audit_author (
        id INTEGER PRIMARY KEY, device BLOB NOT NULL, person BLOB NOT NULL, UNIQUE (device, person)
    )""",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY, time INTEGER NOT NULL, author INTEGER NOT NULL REFERENCES audit_author,
        origin TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL
    )""",
    # Each way of narrowing the list is one index in the order of the list.
    "CREATE INDEX audit_time ON audit (time, author)",
    "CREATE INDEX audit_kind ON audit (kind, time, author)",
    "CREATE INDEX audit_subject ON audit (subject, time, kind, author) WHERE subject <> ''",
    # A guard against our own mistakes; what somebody else does is told by the chain.
    """CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END""",
    """CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END""",
)


def m0003_audit(database: "Database") -> None:
    """Make the audit (docs/formats/audit.md)."""
    for statement in _AUDIT_TABLES:
        database.execute(statement)


def m0004_file_places(database: "Database") -> None:
    """Make the table of the files that a server is known to have whole."""
    database.execute(
        "CREATE TABLE file_at (server BLOB NOT NULL, manifest BLOB NOT NULL, PRIMARY KEY (server, manifest)) "
        "WITHOUT ROWID"
    )
    database.execute("CREATE INDEX file_at_manifest ON file_at (manifest)")


_MOVED = (
    """CREATE TABLE moved_row (
        id INTEGER PRIMARY KEY, uuid BLOB NOT NULL, unit INTEGER NOT NULL, number TEXT NOT NULL,
        moved_to BLOB NOT NULL, moved_on TEXT NOT NULL
    )""",
    "CREATE INDEX moved_uuid ON moved_row (uuid)",
    "CREATE INDEX moved_number ON moved_row (number)",
)


def m0005_moved(database: "Database") -> None:
    """Make what a unit keeps of cases that were moved to another one."""
    for statement in _MOVED:
        database.execute(statement)


DESK = Schema("desk", (m0001_desk, m0002_files, m0003_audit, m0004_file_places, m0005_moved))
"""The tables of the desk, beside those of the log."""
VERSION = len(LOG.steps) + len(DESK.steps)
"""The `user_version` of a vault whose tables are those of today; a larger one is a newer program's."""
_BEFORE_STEPS_WERE_NOTED = 1
"""The `user_version` of vaults that have the first step of both, but no table that says so."""


def create(connection: Connection) -> None:
    """Make the tables of the desk in a database that has those of the log, inside the caller's transaction."""
    DESK.apply(connection)


REBUILDING: frozenset[str] = frozenset()
"""Steps after which everything that follows from the log is built anew: they changed what is kept of it."""


def migrate(connection: Connection) -> None:
    """Bring the tables of an older vault up to date, inside the caller's transaction."""
    (present,) = connection.execute("PRAGMA user_version").fetchone()
    if present == _BEFORE_STEPS_WERE_NOTED:
        for schema in (LOG, DESK):
            schema.adopt(connection, 1)
    before = _had(connection)
    for schema in (LOG, DESK):
        schema.apply(connection)
    if REBUILDING & (_had(connection) - before):
        from desktop_app.rebuilding import rebuild_tables

        rebuild_tables(connection)


def _had(connection: Connection) -> set[str]:
    """Return the names of the steps that a database has had."""
    return {name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations")}
