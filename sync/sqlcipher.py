"""The one SQL driver: SQLCipher for vaults, and the same modern SQLite without a key for the server."""

import ctypes
import sys
from pathlib import Path

import sqlcipher3
from sqlcipher3 import dbapi2
from sqlcipher3.dbapi2 import Connection, DatabaseError, IntegrityError

# sqlite-utils catches the exceptions of the driver it finds first; it looks for pysqlite3 before sqlite3.
sys.modules.setdefault("pysqlite3", sqlcipher3)
sys.modules.setdefault("pysqlite3.dbapi2", dbapi2)

__all__ = ["BUSY_SECONDS", "KEY_BYTES", "Connection", "DatabaseError", "IntegrityError", "connect", "connect_in_memory"]

KEY_BYTES = 32
BUSY_SECONDS = 30.0
# The driver looks for somebody who adapts each parameter that is no int, str or bytearray, and takes longer for that
# than for all else: so it finds somebody at once.
dbapi2.register_adapter(bytes, bytearray)
dbapi2.register_adapter(bool, int)
dbapi2.register_adapter(type(None), {}.get)
# SQLite's own 2 MiB would decrypt the pages of the larger indexes again for almost every row of a batch.
_WRITER_CACHE_KIB = 64 * 1024
_READER_CACHE_KIB = 16 * 1024


def connect(path: Path, key: bytes | bytearray | None, *, read_only: bool = False, create: bool = True) -> Connection:
    """Open a database with the settings that measured best.

    Args:
        path: The database file.
        key: The raw 32-byte SQLCipher key, or None for plain SQLite (the server's).
        read_only: Refuse every write on this connection.
        create: Make the file when it is missing; without it a missing file is an error.

    Raises:
        ValueError: The key is not 32 bytes: SQLCipher would silently take it for a pass phrase.
        DatabaseError: The key does not fit, the file is missing or not a database, or the driver can't encrypt.
    """
    if key is not None and len(key) != KEY_BYTES:
        raise ValueError("a raw SQLCipher key has 32 bytes")
    address = f"{path.absolute().as_uri()}?mode={'rwc' if create and not read_only else 'rw'}"
    connection = dbapi2.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    try:
        if key is not None:
            _set_key(connection, key)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        _keep_write_ahead_log(connection)
        cache = f"cache_size = -{_READER_CACHE_KIB if read_only else _WRITER_CACHE_KIB}"
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF", "temp_store = MEMORY", cache):
            connection.execute(f"PRAGMA {pragma}")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _keep_write_ahead_log(connection: Connection) -> None:
    """Turn the write-ahead log on; SQLite says nothing when a failing disk keeps it from doing so."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        error = dbapi2.OperationalError("the write-ahead log can't be turned on")
        error.sqlite_errorcode = dbapi2.SQLITE_IOERR
        raise error


def connect_in_memory() -> Connection:
    """Open an empty database that lives in memory alone."""
    return dbapi2.connect(":memory:", isolation_level=None, check_same_thread=False)


def _set_key(connection: Connection, key: bytes | bytearray) -> None:
    # A driver built without SQLCipher ignores the key and would write everything in the clear.
    if connection.execute("PRAGMA cipher_version").fetchone() is None:
        raise dbapi2.NotSupportedError("this driver is built without SQLCipher")
    connection.execute("PRAGMA cipher_log_level = NONE")  # what is damaged is told in a sentence, not on standard error
    # Freed text stays in memory. SQLite copies the key and wipes its copy; the text itself is wiped here.
    digits = key.hex()
    statement = f"PRAGMA key = \"x'{digits}'\""
    try:
        connection.executescript(statement)  # unlike execute(), it keeps no prepared statement with the text in it
    finally:
        _wipe_text(digits)
        _wipe_text(statement)
    connection.execute("PRAGMA cipher_memory_security = OFF")


def _wipe_text(text: str) -> None:
    """Overwrite a string of ASCII letters that nobody else holds, as far as this Python is CPython."""
    if sys.implementation.name == "cpython":
        ctypes.memset(id(text) + sys.getsizeof(text) - len(text) - 1, 0, len(text))
