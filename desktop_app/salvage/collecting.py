"""What of a damaged database is worth keeping: frames, links, keys, drafts and the other rows that only it has."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from desktop_app.salvage.pages import Pages
from desktop_app.salvage.rows import Row, Value, every_row, rows_of, table_roots
from sync import frames, membership
from sync.frames import BadFrame, Frame
from sync.membership import BadLink
from sync.seat import Seat, SeatKey

DRAFTS = "draft"
_LOCAL, _EPOCHS, _UNITS = "local", "epoch_key", "unit"
_NOTE = "note:"
# What follows from the frames, or is made anew with the tables.
_NOT_CARRIED = re.compile(
    r"sqlite_.*|_sqlite_migrations|local|link|unit|incarnation|epoch_key|head|frame|waiting"
    r"|record|touched|early|case_row|standing|case_search.*|case_words|named|file_row"
)


@dataclass
class Found:
    """What was found in one or several damaged files.

    Args:
        frames: By hash, each with its contents whole as far as its hash tells.
        links: Membership links by hash.
        tables: The rows of other tables, by table; only those of the first file that had the table.
        pages: How many pages there should be.
        bad_pages: How many could not be read.
    """

    frames: dict[bytes, Frame] = field(default_factory=dict)
    links: dict[bytes, bytes] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    pages: int = 0
    bad_pages: int = 0

    @property
    def notes(self) -> dict[str, bytes]:
        """The notes of the device."""
        return {name.removeprefix(_NOTE): value for name, value in self._local.items() if name.startswith(_NOTE)}

    @property
    def seat(self) -> Seat | None:
        """The seat as the database had it, or None when a piece is missing."""
        local = self._local
        units = {row.rowid: row.values[1] for row in self.tables.get(_UNITS, []) if len(row.values) == 2}
        keys = [
            SeatKey(unit, epoch, key, bool(newest))
            for unit, epoch, key, newest in _typed(self.tables.get(_EPOCHS, []), units)
        ]
        try:
            identity = [local[name] for name in ("community", "device", "signer", "opener")]
        except KeyError:
            return None
        if not keys or not self.links:
            return None
        community, device, signer, opener = identity
        return Seat(community, device, signer, opener, list(self.links.values()), keys, self.notes)

    @property
    def carried(self) -> dict[str, list[Row]]:
        """The rows to put into a new database as they are."""
        return {name: rows for name, rows in self.tables.items() if not _NOT_CARRIED.fullmatch(name)}

    @property
    def _local(self) -> dict[str, bytes]:
        found = {}
        for row in self.tables.get(_LOCAL, []):
            match row.values:
                case (str(name), bytes(value)):
                    found[name] = value
        return found


def collect(files: Iterable[Path], key: bytes, salt: bytes) -> Found:
    """Read what can be read of some databases of one vault; they are not changed.

    Args:
        files: The database files, the one to be believed first; each with its write-ahead log beside it.
        key: The raw key.
        salt: The first bytes of the database as the seat has them.
    """
    found = Found()
    for path in files:
        pages = Pages(path, key, salt)
        try:
            _collect(found, pages)
        finally:
            pages.close()
    return found


def _collect(found: Found, pages: Pages) -> None:
    found.pages += pages.count
    found.bad_pages += sum(pages.page(number) is None for number in pages.numbers())
    drafts: list[Row] = []
    for row in every_row(pages):
        for value in row.values:
            _take(found, value)
        if _is_draft(row.values):
            drafts.append(row)
    roots = table_roots(pages)
    for name, root in roots.items():
        if name not in found.tables and root:
            found.tables[name] = list(rows_of(pages, root))
    if DRAFTS not in roots and drafts and DRAFTS not in found.tables:
        found.tables[DRAFTS] = drafts  # the list of tables is lost; a draft is known by its shape


def _take(found: Found, value: Value) -> None:
    """Keep a frame or a link; both say by themselves whether they are whole."""
    if not isinstance(value, bytes):
        return
    if value.startswith(frames.MAGIC):
        try:
            frame = frames.parse(value)
        except BadFrame:
            return
        found.frames[frame.hash] = frame
    elif value.startswith(membership.MAGIC):
        try:
            link = membership.parse(value)
        except BadLink:
            return
        found.links[link.hash] = link.data


def _is_draft(values: tuple[Value, ...]) -> bool:
    match values:
        case (str(), str(), str(fields), str(), int()):
            try:
                return isinstance(msgspec.json.decode(fields), dict)
            except msgspec.MsgspecError:
                return False
    return False


def _typed(rows: list[Row], units: dict[int | None, Value]) -> list[tuple[bytes, bytes, bytes, int]]:
    found = []
    for row in rows:
        match row.values:
            case (int(unit), bytes(epoch), bytes(key), int(newest)):
                uuid = units.get(unit)
                if isinstance(uuid, bytes):
                    found.append((uuid, epoch, key, newest))
    return found
