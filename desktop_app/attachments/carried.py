"""Chunks of files by hand: what a bundle or a stick takes along, and what is taken in from one."""

from collections.abc import Iterator

from desktop_app.attachments import rows
from desktop_app.attachments.chunks import BadChunk, Sealer
from desktop_app.attachments.reading import Place, manifest_of
from desktop_app.attachments.rows import FileRow
from desktop_app.attachments.store import ROOM_BYTES, ChunkStore, damaged_chunk
from sync.applying import Store
from sync.errors import Damaged
from sync.replica import Heads
from sync.sqlcipher import Connection

_BORN = """
SELECT f.id, u.uuid, i.uuid, fr.seq FROM file_row f
JOIN frame fr ON fr.id = (SELECT min(t.frame) FROM touched t WHERE t.record = f.id)
JOIN unit u ON u.id = fr.unit JOIN incarnation i ON i.id = fr.incarnation
"""


def to_carry(vault: Store, store: ChunkStore, known: Heads | None, limit: int | None) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks of files that `names_to_carry` names; what is not here, or is damaged, is left out.

    Args:
        vault: The database.
        store: The chunks.
        known: Whoever it is for has these frames: only files whose records they lack are given. None gives all.
        limit: No file that is larger; None for any size.
    """
    for chunk in names_to_carry(vault, store, known, limit):
        data = _read(store, chunk)
        if data is not None:
            yield chunk, data


def names_to_carry(vault: Store, store: ChunkStore, known: Heads | None, limit: int | None) -> Iterator[bytes]:
    """Yield the ids of chunks of files: of each file its manifest, then its content; the newest files first.

    Each is yielded once.

    Args:
        vault: The database.
        store: The chunks.
        known: Whoever it is for has these frames: only files whose records they lack are given. None gives all.
        limit: No file that is larger; None for any size.
    """
    with vault.read() as connection:
        found = [row for row in rows.all_rows(connection) if not row.removed]
        had = _had(connection, known) if known else set()
    given: set[bytes] = set()
    for row in reversed(found):
        if row.place is None or row.row in had or (limit is not None and row.size > limit):
            continue
        for chunk in _named(store, row.place):
            if chunk in given:
                continue
            given.add(chunk)
            yield chunk


def _had(connection: Connection, known: Heads) -> set[int]:
    """Return the rows of files whose first frame somebody has."""
    return {
        row
        for row, unit, incarnation, seq in connection.execute(_BORN)
        if seq <= known.get(unit, {}).get(incarnation, (0, b""))[0]
    }


def _named(store: ChunkStore, place: Place) -> list[bytes]:
    try:
        manifest = manifest_of(store, place)
    except Damaged:
        return []
    return [] if manifest is None else [place.manifest, *manifest.ids]


def _read(store: ChunkStore, chunk: bytes) -> bytes | None:
    try:
        return store.read(chunk)
    except Damaged:
        return None


class Intake:
    """Takes in chunks that records name and that are not here; all others are left out.

    A manifest must come before the content that it names, as `to_carry` gives them.

    Args:
        vault: The database, which has the records already.
        store: Where the chunks go.
    """

    def __init__(self, vault: Store, store: ChunkStore) -> None:
        self._store = store
        self._manifests: dict[bytes, Place] = {}
        self._content: dict[bytes, tuple[Place, int]] = {}
        with vault.read() as connection:
            found = list(rows.all_rows(connection))
        for row in found:
            if row.place is not None:
                self._expect(row)

    def put(self, chunk: bytes, data: bytes) -> bool:
        """Take a chunk in; return whether it was new and wanted.

        Args:
            chunk: Its id.
            data: As it is stored.

        Raises:
            Damaged: It is not the chunk that the id names, or does not open in the place that the record gives it;
                nothing was kept.
            Refused: The disk is full or read-only.
        """
        place = self._manifests.get(chunk)
        index = -1
        if place is None:
            place, index = self._content.get(chunk, (None, 0))
        if place is None or self._store.has(chunk):
            return False
        require_fitting(place, index, data)
        self._store.put(chunk, data)
        if index < 0:
            self._open(place)
        return True

    def wants(self, chunk: bytes) -> bool:
        """Return whether a record names a chunk and it is not here."""
        return (chunk in self._manifests or chunk in self._content) and not self._store.has(chunk)

    def _expect(self, row: FileRow) -> None:
        if row.place is not None:
            self._manifests[row.place.manifest] = row.place
            if self._store.has(row.place.manifest):
                self._open(row.place)

    def _open(self, place: Place) -> None:
        for index, chunk in enumerate(_named(self._store, place)[1:]):
            self._content[chunk] = (place, index)


def require_fitting(place: Place, index: int, data: bytes) -> None:
    """See that a chunk opens in its place of its file.

    Args:
        place: How the file is opened.
        index: Which chunk of its content; less than 0 for its manifest.
        data: As it is stored.

    Raises:
        Damaged: It does not.
    """
    sealer = Sealer(place.key)
    try:
        if index >= 0:
            sealer.open(memoryview(data), place.size, index, bytearray(ROOM_BYTES))
        elif sealer.open_manifest(data).size != place.size:
            raise damaged_chunk()
    except BadChunk as error:
        raise damaged_chunk() from error
