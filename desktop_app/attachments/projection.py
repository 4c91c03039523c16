"""The table of attached files, kept in step with the log inside its own transaction."""

from collections.abc import Sequence

import msgspec

from desktop_app.attachments import chunks
from desktop_app.attachments.model import (
    CASE,
    COLLECTION,
    FORMAT,
    KEY,
    MANIFEST,
    NAME,
    PRESENT_FORMAT,
    SIZE,
    TYPE,
)
from desktop_app.attachments.reading import Place
from desktop_app.cases.model import DELETED
from sync import crypto, ids
from sync.changes import Value
from sync.merging import Touched
from sync.sqlcipher import Connection

PROJECTED = ("file_row",)
_INSERT = (
    "INSERT OR REPLACE INTO file_row (id, uuid, unit, case_uuid, name, type, size, manifest, key, removed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class FileProjection:
    """Projects attached files; see `sync.applying.Projector`."""

    def project(self, connection: Connection, touched: Sequence[Touched]) -> None:
        """Bring the table up to date for some records."""
        connection.executemany(
            _INSERT,
            [
                _row(entry.row, entry.record, entry.unit, entry.state.fields)
                for entry in touched
                if entry.collection == COLLECTION
            ],
        )


def fill(connection: Connection) -> None:
    """List the files whose records came before there was a table of files, in the caller's transaction."""
    rows = connection.execute("SELECT id, uuid, unit, fields FROM record WHERE collection = ?", (COLLECTION,))
    connection.executemany(
        _INSERT, [_row(row, uuid, unit, msgspec.json.decode(fields)) for row, uuid, unit, fields in rows.fetchall()]
    )


def place_of(fields: dict[str, Value]) -> Place | None:
    """Return how a file is opened, or None when its record does not say it in a way that this program knows.

    Args:
        fields: The fields of its record; another program may have put anything into them.
    """
    manifest, key = bytes_of(fields.get(MANIFEST)), bytes_of(fields.get(KEY))
    size = fields.get(SIZE)
    if manifest is None or key is None or not isinstance(size, int) or fields.get(FORMAT) != PRESENT_FORMAT:
        return None
    return Place(manifest, key, size) if 1 <= size <= chunks.MAX_FILE_BYTES else None


def _row(row: int, record: bytes, unit: int, fields: dict[str, Value]) -> tuple[object, ...]:
    case = fields.get(CASE)
    place = place_of(fields)
    return (
        row,
        record,
        unit,
        (ids.from_text(case) if isinstance(case, str) else None) or b"",
        _text(fields.get(NAME)),
        _text(fields.get(TYPE)),
        place.size if place else 0,
        place.manifest if place else None,
        place.key if place else None,
        bool(fields.get(DELETED)),
    )


def bytes_of(value: Value) -> bytes | None:
    """Return the 32 bytes that hexadecimal text stands for, or None."""
    try:
        found = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return None
    return found if len(found) == crypto.HASH_BYTES else None


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
