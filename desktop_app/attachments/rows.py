"""Reading attached files out of their table and the log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from desktop_app.attachments import kinds
from desktop_app.attachments.model import NAME, FileEntry, FileState
from desktop_app.attachments.reading import Place, state_of
from desktop_app.attachments.store import ChunkStore
from desktop_app.attachments.whereabouts import Whereabouts
from desktop_app.cases import passing
from desktop_app.cases.model import DELETED, HistoryEntry
from desktop_app.directory import Directory, moment
from sync import ids
from sync.changes import Dot, Value
from sync.errors import Refused
from sync.log import Log, Record
from sync.messages import _
from sync.sqlcipher import Connection

HISTORY_FIELD = "_file"
"""Under which the history of a case tells of its files: from nothing to a name, or back."""
_SELECT = (
    "SELECT id, uuid, case_uuid, name, type, size, manifest, key, removed,"
    " (SELECT u.uuid FROM unit u WHERE u.id = file_row.unit) FROM file_row"
)
# A file of a case that was moved lies in the old unit too: the one beside its case counts.
_BESIDE_ITS_CASE = (
    "EXISTS (SELECT 1 FROM record r JOIN case_row c ON c.id = r.id"
    " WHERE r.uuid = file_row.case_uuid AND r.unit = file_row.unit)"
)


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
    unit: bytes


def _read(found: tuple[int, bytes, bytes, str, str, int, bytes | None, bytes | None, int, bytes]) -> FileRow:
    row, uuid, case, name, kind, size, manifest, key, removed, unit = found
    place = Place(manifest, key, size) if manifest is not None and key is not None else None
    return FileRow(row, uuid, case, kinds.safe_name(name), kind, size, place, bool(removed), unit)


def row_of(connection: Connection, file_id: str) -> FileRow:
    """Return a file by its id in text form.

    Raises:
        Refused: There is none.
    """
    identifier = ids.from_text(file_id)
    found = connection.execute(
        f"{_SELECT} WHERE uuid = ? ORDER BY {_BESIDE_ITS_CASE} DESC LIMIT 1",
        (identifier or b"",),
    ).fetchone()
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
        author, time_ms = _added(connection, self._log, row)
        person, device = self._directory.author(connection, author)
        state = state_of(self._store, row.place)
        return FileEntry(
            id=ids.to_text(row.id),
            case=ids.to_text(row.case) if row.case else "",
            name=row.name,
            type=row.type,
            size=row.size,
            state=state,
            person=person,
            device=device,
            when=moment(time_ms),
            mine=author == self._log.device,
            removed=row.removed,
            at_server=self._at_server(connection, row, here=state is FileState.HERE),
        )

    def _at_server(self, connection: Connection, row: FileRow, *, here: bool) -> bool | None:
        """Say whether a file that is here has reached the server; one that is not may be at an office hub as well."""
        server = self._whereabouts.server()
        manifest = row.place.manifest if row.place else b""
        if not here and self._whereabouts.is_anywhere(connection, manifest):
            return True
        return None if server is None else self._whereabouts.is_at(connection, server, manifest)


def history(connection: Connection, log: Log, directory: Directory, case: Record) -> list[tuple[Dot, HistoryEntry]]:
    """Return when files of a case were added, removed and brought back, each with its dot to be sorted by."""
    entries = []
    for row in rows_of_case(connection, case):
        for dot, author, time_ms, brought in _comings(connection, log, row):
            person, device = directory.author(connection, author)
            before, after = (None, row.name) if brought else (row.name, None)
            mine = author == log.device
            entries.append(
                (dot, HistoryEntry(moment(time_ms), person, device, HISTORY_FIELD, before, after, mine=mine))
            )
    return entries


def _added(connection: Connection, log: Log, row: FileRow) -> tuple[bytes, int]:
    """Return whose device added a file, and when."""
    told = passing.told(log, connection, row.id, row.unit)
    if told:
        entry, _late = told[min(told)]
        return bytes.fromhex(entry.device), entry.time_ms
    first = log.history(connection, row.id, row.unit, present=True)[0]
    return first.device, first.time_ms


def _comings(connection: Connection, log: Log, row: FileRow) -> Iterator[tuple[Dot, bytes, int, bool]]:
    """Give when a file came into its case or was taken out, in other units too: dot, device, time, and which."""
    for dot, (entry, _late) in passing.told(log, connection, row.id, row.unit).items():
        brought = _brought({name: after for name, (_before, after) in entry.fields.items()})
        if brought is not None:
            yield dot, bytes.fromhex(entry.device), entry.time_ms, brought
    for written in log.history(connection, row.id, row.unit):
        brought = _brought(passing.of_own(written))
        if brought is not None:
            yield written.dot, written.device, written.time_ms, brought


def _brought(fields: Mapping[str, Value]) -> bool | None:
    """Return whether a change brought a file into its case or took it out; None when it did neither."""
    if NAME in fields:
        return True
    return not fields[DELETED] if DELETED in fields else None
