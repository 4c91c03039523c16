"""Everything that a server's store holds, read past the program."""

from pathlib import Path
from typing import Any

import psycopg

from sync.sqlcipher import connect

Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(data: Path, database: str | None) -> Rows:
    if database is None:
        store = connect(data / "server.db", None, read_only=True)
        try:
            tables = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {table: store.execute(f"SELECT * FROM {table}").fetchall() for table in tables}  # noqa: S608 - our own names
        finally:
            store.close()
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {table: connection.execute(f"SELECT * FROM {table}".encode()).fetchall() for (table,) in found}  # noqa: S608
