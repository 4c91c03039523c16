"""What a clerk does with files of cases; screens and command line call these and nothing below them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from desktop_app.attachments import adding, carried, kinds, model, rows, thumbnails
from desktop_app.attachments.adding import Written
from desktop_app.attachments.carried import Intake
from desktop_app.attachments.chunks import Manifest
from desktop_app.attachments.cleaning import Cleaned, Doubt, clean
from desktop_app.attachments.model import COLLECTION, Cancelled, FileEntry, Progress
from desktop_app.attachments.painting import Painter, Picture, can_show
from desktop_app.attachments.reading import Content, Place, manifest_of
from desktop_app.attachments.rows import FileReader, FileRow
from desktop_app.attachments.sources import OpenSource, Source
from desktop_app.attachments.store import FOLDER_NAME, Adding, ChunkStore
from desktop_app.attachments.thumbnails import Thumbnails
from desktop_app.attachments.whereabouts import Whereabouts
from desktop_app.audit import Audit
from desktop_app.cases.model import DELETED
from desktop_app.cases.views import CaseReader
from desktop_app.directory import Directory
from desktop_app.exchange import LAST_EXCHANGE
from desktop_app.units import require_right
from desktop_app.vault import Vault
from sync import ids
from sync.changes import Change, Value
from sync.errors import Damaged, Refused, Unreachable
from sync.log import Log
from sync.messages import _
from sync.replica import Heads
from sync.sqlcipher import Connection

_UNSETTLED = "files-unsettled"
"""The note of the last exchange before the vault turned out to be an old copy."""
_CONTENT_LABEL = "attachments/content"


class FileService:
    """Adds, lists, opens and removes files of cases.

    Args:
        vault: The vault.
        log: Its log.
        cases: Finds cases.
        directory: Names of people.
        audit: Records what is seen and saved.

    Attributes:
        chunks: The stored chunks, for whoever carries them elsewhere.
    """

    def __init__(self, vault: Vault, log: Log, cases: CaseReader, directory: Directory, audit: Audit) -> None:
        self._vault = vault
        self._audit = audit
        self._log = log
        self._cases = cases
        self.chunks = ChunkStore(vault.folder / FOLDER_NAME)
        self._thumbnails = Thumbnails(vault)
        self._reader = FileReader(log, directory, self.chunks, Whereabouts(vault, log))

    def add(
        self, ref: str, path: Path, *, progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> FileEntry:
        """Add a file to a case: encrypted, durable, and only then named by a record.

        Args:
            ref: The case, by id or number.
            path: The file; it stays where it is.
            progress: Told as it goes on.
            cancelled: Asked whether to stop.

        Raises:
            Refused: The file is none, empty, too large, changes meanwhile or can't be read; there is no such case; the
                role may not write; the disk is full; the person stopped it. Nothing was added.
        """
        return self._add(ref, Source.of(path), progress, cancelled)

    def add_bytes(self, ref: str, name: str, data: bytes) -> FileEntry:
        """Add what was pasted; see `add`.

        Args:
            ref: The case, by id or number.
            name: The name that it shall have.
            data: Its bytes.
        """
        return self._add(ref, Source(kinds.safe_name(name), data=data), None, None)

    def list(self, ref: str, *, removed: bool = False) -> list[FileEntry]:
        """Return the files of a case, the newest first.

        Args:
            ref: The case, by id or number.
            removed: Those that were taken out as well.

        Raises:
            Refused: There is no such case.
        """
        with self._vault.read() as connection:
            case = self._cases.find(connection, ref)
            found = rows.rows_of_case(connection, case)
            entries = [self._reader.entry(connection, row) for row in reversed(found) if removed or not row.removed]
        self._audit.read("files_listed", [ids.to_text(case.id)])
        return entries

    def get(self, file_id: str) -> FileEntry:
        """Return one file, removed or not.

        Raises:
            Refused: There is none.
        """
        with self._vault.read() as connection:
            return self._reader.entry(connection, rows.row_of(connection, file_id))

    def content(self, file_id: str) -> Content:
        """Return the content of a file, to be read part by part.

        Raises:
            Refused: There is no such file.
            Unreachable: It is not on this computer yet.
            Damaged: It is damaged, or its record says nothing that this program knows.
        """
        with self._vault.read() as connection:
            row = rows.row_of(connection, file_id)
        case = ids.to_text(row.case)
        saving = partial(self._audit.record, "file_saved", case, name=row.name)
        content = Content(self.chunks, _required(row), row.name, saving)
        self._audit.read("file_opened", [case], name=row.name)
        return content

    def thumbnail(self, file_id: str, painter: Painter) -> Picture | None:
        """Return a small picture of a file, made now if there is none; None for files that have none.

        It tells no more than the list of files, so the audit has no entry of its own for it.

        Args:
            file_id: The file.
            painter: Draws it.

        Raises:
            Refused: There is no such file.
        """
        with self._vault.read() as connection:
            row = rows.row_of(connection, file_id)
        if row.place is None or not can_show(row.type, row.size) or row.size > thumbnails.MAX_BYTES:
            return None
        with suppress(LookupError):
            return self._thumbnails.known(row.place.manifest)
        with suppress(Unreachable, Damaged):
            content = Content(self.chunks, row.place, row.name)
            return self._thumbnails.make(row.place.manifest, row.type, content, painter)
        return None

    def remove(self, file_id: str) -> FileEntry:
        """Take a file out of its case; `restore` brings it back, and nothing is destroyed.

        Raises:
            Refused: There is no such file, or the role may not write.
        """
        return self._mark(file_id, removed=True)

    def restore(self, file_id: str) -> FileEntry:
        """Bring a removed file back; see `remove`."""
        return self._mark(file_id, removed=False)

    def missing(self, limit: int | None = None) -> Iterator[bytes]:
        """Yield the ids of chunks that records name and that are not here, the newest files first.

        A file that was removed is not asked for. Of a file whose manifest is missing only the manifest is known.

        Args:
            limit: No file that is larger than so many bytes; None for any size.
        """
        with self._vault.read() as connection:
            found = [row for row in rows.all_rows(connection) if not row.removed]
        if limit is not None:
            found = [row for row in found if row.size <= limit]
        for row in reversed(found):
            try:
                manifest = manifest_of(self.chunks, row.place) if row.place else Manifest(0, ())
            except Damaged:
                manifest = None
            if manifest is None and row.place is not None:
                yield row.place.manifest
            elif manifest is not None:
                yield from (chunk for chunk in manifest.ids if not self.chunks.has(chunk))

    def to_carry(self, known: Heads | None = None, limit: int | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Yield the chunks of files to take along by hand: the id of each, and the chunk as it is stored.

        Args:
            known: Whoever it is for has these frames: only files whose records they lack are given. None gives all.
            limit: No file that is larger than so many bytes; None for any size.
        """
        return carried.to_carry(self._vault, self.chunks, known, limit)

    def names_to_carry(self, known: Heads | None = None, limit: int | None = None) -> Iterator[bytes]:
        """Yield the ids of the chunks that `to_carry` gives, without reading these."""
        return carried.names_to_carry(self._vault, self.chunks, known, limit)

    def intake(self) -> Intake:
        """Return what takes in chunks that came by hand; the frames that came with them are applied before."""
        return Intake(self._vault, self.chunks)

    def clean(self, *, dry_run: bool = False, cancelled: Cancelled | None = None) -> Cleaned:
        """Remove stored chunks that no record names, such as those of an addition that was broken off.

        What any version of any record names stays: removed files, values in conflict, whatever was replaced. While
        frames wait, a manifest is missing, or an old copy of the vault was not exchanged yet, more may be named than
        is known here: then only what broken-off additions left is removed.

        Args:
            dry_run: Only count.
            cancelled: Asked now and then.

        Raises:
            Refused: The person stopped it; what was removed until then is gone.
        """
        doubts = {Doubt.SET_BACK} if self._log.recall(_UNSETTLED) == self._last_exchange() else set()
        return clean(self.chunks, self._vault, doubts, dry_run=dry_run, cancelled=cancelled)

    def distrust_past(self) -> None:
        """Keep all chunks until the next exchange: the database may be older than they are."""
        self._log.remember(_UNSETTLED, self._last_exchange())

    def _last_exchange(self) -> bytes:
        return self._log.recall(LAST_EXCHANGE) or b"never"

    def _add(self, ref: str, source: Source, progress: Progress | None, cancelled: Cancelled | None) -> FileEntry:
        with self._vault.read() as connection:
            unit = self._cases.find(connection, ref).unit
        require_right(self._log, unit)
        # A key for each unit: what two units hold must not be recognised as the same by those who carry it.
        secret = self._vault.subkey(f"{_CONTENT_LABEL}/{unit.hex()}")
        with source.open() as opened, self._stored(opened, secret, progress, cancelled) as written:
            return self._record(ref, source.name, written)

    @contextmanager
    def _stored(
        self, opened: OpenSource, secret: bytes, progress: Progress | None, cancelled: Cancelled | None
    ) -> Iterator[Written]:
        """Give the chunks of a file, which nobody cleans away inside the block: stored just now, or before."""
        with self._known(opened, secret, progress, cancelled) as known:
            if known is not None:
                yield known
                return
        writing = Adding(self.chunks)
        try:
            written = adding.write_chunks(opened, writing, secret, progress, cancelled)
            with self.chunks.claimed(written.ids):
                writing.publish()
                yield written
        finally:
            writing.discard()

    @contextmanager
    def _known(
        self, opened: OpenSource, secret: bytes, progress: Progress | None, cancelled: Cancelled | None
    ) -> Iterator[Written | None]:
        """Give the chunks of the same content when they are here; it is read for that only if the size is known."""
        if not self._content(opened.size):
            yield None
            return
        content, beginning = adding.content_hash(opened, secret, progress, cancelled)
        opened.rewind()
        place = self._content(opened.size).get(content)
        manifest = self._manifest(place) if place else None
        if place is None or manifest is None:
            yield None
            return
        all_ids = (*manifest.ids, place.manifest)
        with self.chunks.claimed(all_ids):
            here = all(self.chunks.has(chunk) for chunk in all_ids)
            yield Written(place.size, place.manifest, place.key, content, all_ids, beginning) if here else None

    def _content(self, size: int) -> dict[bytes, Place]:
        """Return the stored contents of some size by their keyed hash."""
        with self._vault.read() as connection:
            found = connection.execute("SELECT hash, manifest, key FROM file_content WHERE size = ?", (size,))
            return {content: Place(manifest, key, size) for content, manifest, key in found}

    def _manifest(self, place: Place) -> Manifest | None:
        try:
            return manifest_of(self.chunks, place)
        except Damaged:
            return None

    def _record(self, ref: str, name: str, written: Written) -> FileEntry:
        record = ids.new_id()

        def decide(connection: Connection) -> tuple[bytes, list[Change]]:
            case = self._cases.find(connection, ref)
            connection.execute(
                "INSERT OR REPLACE INTO file_content (hash, size, manifest, key) VALUES (?, ?, ?, ?)",
                (written.content, written.size, written.manifest, written.key),
            )
            fields: dict[str, Value] = {
                model.FORMAT: model.PRESENT_FORMAT,
                model.CASE: ids.to_text(case.id),
                model.NAME: name,
                model.TYPE: kinds.type_of(name, written.beginning),
                model.SIZE: written.size,
                model.MANIFEST: written.manifest.hex(),
                model.KEY: written.key.hex(),
            }
            return case.unit, [Change(COLLECTION, record, fields)]

        self._log.write_with(decide)
        return self.get(ids.to_text(record))

    def _mark(self, file_id: str, *, removed: bool) -> FileEntry:

        def decide(connection: Connection) -> tuple[bytes, list[Change]]:
            row = rows.row_of(connection, file_id)
            record = self._log.record(connection, row.id, row.unit)
            if record is None:
                raise Refused("unknown_file", _("The file is not in this vault any more."))
            require_right(self._log, record.unit)
            if row.removed == removed:
                return record.unit, []
            replaces = {DELETED: record.state.dots_of(DELETED)}
            return record.unit, [Change(COLLECTION, record.id, {DELETED: removed}, replaces)]

        self._log.write_with(decide)
        return self.get(file_id)


def _required(row: FileRow) -> Place:
    if row.place is None:
        raise Unreachable(
            "unknown_file_format",
            _(
                "The file “{name}” was added by a newer version of the program or by another one. It is kept as it is. "
                "Update the program to open it."
            ).format(name=row.name),
        )
    return row.place
