"""What of a damaged database is worth keeping: frames, links, keys, drafts and the other rows that only it has."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from desktop_app.salvage.pages import Pages
from desktop_app.salvage.rows import Row, Table, Value, every_row, read_table, table_roots
from sync import frames, membership
from sync.crypto import HASH_BYTES
from sync.frames import BadFrame, Frame
from sync.membership import BadLink
from sync.seat import Seat, SeatKey

DRAFTS, AUDIT, AUTHORS = "draft", "audit", "audit_author"
_LOCAL, _EPOCHS, _UNITS = "local", "epoch_key", "unit"
_NOTE = "note:"
# What follows from the frames, or is made anew with the tables.
_NOT_CARRIED = re.compile(
    r"sqlite_.*|_sqlite_migrations|local|link|unit|incarnation|epoch_key|head|frame|waiting"
    r"|record|touched|early|behind|floor|case_row|standing|case_search.*|case_words|named|file_row"
)


@dataclass
class Found:
    """What was found in one or several damaged files.

    Args:
        frames: By hash, each with its contents whole as far as its hash tells.
        links: Membership links by hash.
        tables: The rows of other tables, by table; only those of the first file that had the table.
        whole: The tables of the first file that was there of which every row could be read in its newest state.
        pages: How many pages that file should have.
        bad_pages: How many of them could not be read.
    """

    frames: dict[bytes, Frame] = field(default_factory=dict)
    links: dict[bytes, bytes] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
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


def with_authors(found: Found, device: bytes, person: bytes) -> dict[str, list[Row]]:
    """Return what is carried over, with authors for entries of the audit whose author's row is lost.

    A wrong guess is no harm: the hash of an entry covers its author, so that a check tells.

    Args:
        found: What was found.
        device: The 16-byte id of this device, which writes the audit.
        person: The 16-byte id of the person whose seat it is.
    """
    carried = found.carried
    known = {row.rowid for row in carried.get(AUTHORS, [])}
    wanted = {row.values[2] for row in carried.get(AUDIT, []) if len(row.values) > 2}
    lost = [Row(number, (None, device, person)) for number in wanted - known if isinstance(number, int)]
    return {**carried, AUTHORS: [*carried.get(AUTHORS, []), *lost]}


def _collect(found: Found, pages: Pages) -> None:
    is_first = not found.pages
    if is_first:
        found.pages = pages.count
        found.bad_pages = sum(pages.page(number) is None for number in pages.numbers())
    shaped: dict[str, list[Row]] = {DRAFTS: [], AUDIT: []}
    for row in every_row(pages):
        for value in row.values:
            _take(found, value)
        if _is_draft(row.values):
            shaped[DRAFTS].append(row)
        elif _is_audit(row):
            shaped[AUDIT].append(row)
    roots = table_roots(pages)
    tables = {name: read_table(pages, root) for name, root in roots.items() if root}
    if is_first and pages.is_newest:
        found.whole = frozenset(name for name, table in tables.items() if table.whole)
    _add_by_shape(tables, shaped)
    for name, table in tables.items():
        found.tables.setdefault(name, table.rows)


def _add_by_shape(tables: dict[str, Table], shaped: dict[str, list[Row]]) -> None:
    """Add rows that no way leads to any more, but whose shape says what they are.

    An entry of the audit is never removed, so that each one found belongs to it; a draft may have been.
    """
    if DRAFTS not in tables and shaped[DRAFTS]:
        tables[DRAFTS] = Table(shaped[DRAFTS], whole=False)
    audit = tables.get(AUDIT, Table([], whole=False))
    if not audit.whole and shaped[AUDIT]:
        reached = {row.rowid for row in audit.rows}
        lost = {row.rowid: row for row in shaped[AUDIT] if row.rowid not in reached}
        tables[AUDIT] = Table([*audit.rows, *lost.values()], whole=False)


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


def _is_audit(row: Row) -> bool:
    match row.values:
        case (None, int(), int(), str(), str(), str(), str(), bytes(hash_)):
            return bool(row.rowid) and len(hash_) == HASH_BYTES
    return False


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
