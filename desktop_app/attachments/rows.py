"""Reading attached files out of their table and the log."""

from collections.abc import Iterator
from dataclasses import dataclass

from desktop_app.attachments import kinds
from desktop_app.attachments.model import NAME, FileEntry
from desktop_app.attachments.reading import Place, state_of
from desktop_app.attachments.store import ChunkStore
from desktop_app.attachments.whereabouts import Whereabouts
from desktop_app.cases.model import DELETED, HistoryEntry
from desktop_app.directory import Directory, moment
from sync import ids
from sync.changes import Dot
from sync.errors import Refused
from sync.log import Log, Record, Written
from sync.messages import _
from sync.sqlcipher import Connection

HISTORY_FIELD = "_file"
"""Under which the history of a case tells of its files: from nothing to a name, or back."""
_SELECT = "SELECT id, uuid, case_uuid, name, type, size, manifest, key, removed FROM file_row"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file as its table has it."""

    row: int
    id: bytes
    case: bytes
    name: str
    type: str
    size: int
    place: Place | None
    removed: bool


def _read(found: tuple[int, bytes, bytes, str, str, int, bytes | None, bytes | None, int]) -> FileRow:
    row, uuid, case, name, kind, size, manifest, key, removed = found
    place = Place(manifest, key, size) if manifest is not None and key is not None else None
    return FileRow(row, uuid, case, kinds.safe_name(name), kind, size, place, bool(removed))


def row_of(connection: Connection, file_id: str) -> FileRow:
    """Return a file by its id in text form.

    Raises:
        Refused: There is none.
    """
    identifier = ids.from_text(file_id)
    found = connection.execute(f"{_SELECT} WHERE uuid = ? LIMIT 1", (identifier or b"",)).fetchone()
    if found is None:
        raise Refused(
            "unknown_file",
            _(
                "There is no file “{id}” in this vault. Check the id; if a colleague added the file, exchange first."
            ).format(id=file_id),
        )
    return _read(found)


def rows_of_case(connection: Connection, case: Record) -> list[FileRow]:
    """Return the files of a case, removed ones too, in the order in which they came.

    A record of another unit that names the case is none of its files: its members may not write into this one.
    """
    rows = connection.execute(
        f"{_SELECT} WHERE case_uuid = ? AND unit = (SELECT id FROM unit WHERE uuid = ?) ORDER BY id",  # noqa: S608 - a constant
        (case.id, case.unit),
    )
    return [_read(found) for found in rows]


def all_rows(connection: Connection) -> Iterator[FileRow]:
    """Yield all files, removed ones too."""
    yield from map(_read, connection.execute(f"{_SELECT} ORDER BY id"))


def cases_of(connection: Connection, files: frozenset[bytes]) -> set[bytes]:
    """Return the 16-byte ids of the cases that some files belong to."""
    found = set()
    for file in files:
        found |= {case for (case,) in connection.execute("SELECT case_uuid FROM file_row WHERE uuid = ?", (file,))}
    return found - {b""}


class FileReader:
    """Reads files with what the log knows of them.

    Args:
        log: The vault's log.
        directory: Names of people.
        store: The vault's chunks.
        whereabouts: What is known of the server's files.
    """

    def __init__(self, log: Log, directory: Directory, store: ChunkStore, whereabouts: Whereabouts) -> None:
        self._log = log
        self._whereabouts = whereabouts
        self._directory = directory
        self._store = store

    def entry(self, connection: Connection, row: FileRow) -> FileEntry:
        """Return a file as it is shown; who added it is read from the log."""
        first = self._log.history(connection, row.id, present=True)[0]
        person, device = self._directory.author(connection, first.device)
        server = self._whereabouts.server() if row.place else None
        return FileEntry(
            id=ids.to_text(row.id),
            case=ids.to_text(row.case) if row.case else "",
            name=row.name,
            type=row.type,
            size=row.size,
            state=state_of(self._store, row.place),
            person=person,
            device=device,
            when=moment(first.time_ms),
            mine=first.device == self._log.device,
            removed=row.removed,
            at_server=None if server is None else self._is_at(connection, server, row),
        )

    def _is_at(self, connection: Connection, server: bytes, row: FileRow) -> bool:
        return row.place is not None and self._whereabouts.is_at(connection, server, row.place.manifest)


def history(connection: Connection, log: Log, directory: Directory, case: Record) -> list[tuple[Dot, HistoryEntry]]:
    """Return when files of a case were added, removed and brought back, each with its dot to be sorted by."""
    entries = []
    for row in rows_of_case(connection, case):
        for written in log.history(connection, row.id):
            told = _told(written)
            if told is None:
                continue
            person, device = directory.author(connection, written.device)
            before, after = (None, row.name) if told else (row.name, None)
            when, mine = moment(written.time_ms), written.device == log.device
            entry = HistoryEntry(when, person, device, HISTORY_FIELD, before, after, mine=mine)
            entries.append((written.dot, entry))
    return entries


def _told(written: Written) -> bool | None:
    """Return whether a change brought a file into its case or took it out; None when it did neither."""
    if NAME in written.fields:
        return True
    return not written.fields[DELETED] if DELETED in written.fields else None
