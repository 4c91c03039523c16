"""The one SQL driver: SQLCipher for vaults, and the same modern SQLite without a key for the server."""

import sys
from pathlib import Path

import sqlcipher3
from sqlcipher3 import dbapi2

# sqlite-utils catches the exceptions of the driver it finds first; it looks for pysqlite3 before sqlite3.
sys.modules.setdefault("pysqlite3", sqlcipher3)
sys.modules.setdefault("pysqlite3.dbapi2", dbapi2)

Connection = dbapi2.Connection
DatabaseError = dbapi2.DatabaseError
KEY_BYTES = 32


def connect(path: Path, key: bytes | None, *, read_only: bool = False) -> Connection:
    """Open a database with the settings that measured best.

    Args:
        path: The database file; made when missing, unless read-only.
        key: The raw 32-byte SQLCipher key, or None for plain SQLite (the server's).
        read_only: Refuse every write on this connection.

    Raises:
        ValueError: The key is not 32 bytes: SQLCipher would silently take it for a pass phrase.
        DatabaseError: The key does not fit or the file is not a database.
    """
    if key is not None and len(key) != KEY_BYTES:
        raise ValueError("a raw SQLCipher key has 32 bytes")
    connection = dbapi2.connect(str(path), isolation_level=None, check_same_thread=False, timeout=30)
    try:
        if key is not None:
            connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            connection.execute("PRAGMA cipher_memory_security = OFF")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA journal_mode = WAL")
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection
