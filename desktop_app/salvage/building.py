"""A new database out of a seat and what was salvaged, put in the place of the damaged one."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from desktop_app import losses, schema
from desktop_app.audit import mending
from desktop_app.audit.mending import Mended
from desktop_app.exchange import LAST_EXCHANGE
from desktop_app.highwater import Contents, HighWater
from desktop_app.lives import LIVES, lives_by_chance
from desktop_app.losses import End, Loss
from desktop_app.projection import DeskProjection
from desktop_app.salvage.collecting import AUDIT, DRAFTS, Found, collect, with_authors
from desktop_app.salvage.ends import ends_before
from desktop_app.salvage.rows import Row
from desktop_app.seat import read_seat
from desktop_app.vault import failures, wal
from desktop_app.vault.custody import Custody
from desktop_app.vault.storage import Database
from sync import files, membership, seat, snapshot_loading
from sync.applying import Applier
from sync.errors import Damaged, Failure
from sync.ids import random_id
from sync.membership import BadLink, Membership
from sync.messages import _
from sync.seat import Seat
from sync.sqlcipher import Connection, IntegrityError

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Built:
    """What became of a damaged database.

    Args:
        pages: How many pages it should have had.
        bad_pages: How many of them could not be read.
        frames: How many frames the new one has.
        frames_waiting: How many are kept for when those before them come back.
        drafts: How many drafts the new one has.
        audit: What became of its audit.
        aside: The name under which the damaged one is kept, or empty when there was none.
    """

    pages: int
    bad_pages: int
    frames: int
    frames_waiting: int
    drafts: int
    audit: Mended
    aside: str


def rebuild_database(custody: Custody) -> Built:
    """Build a new database from the seat and everything that can still be read, and put the damaged one aside.

    The damaged files are only read and renamed. After a power cut there is the damaged database or the new one; the
    next repair finds both what is aside and what is not.

    Args:
        custody: The vault.

    Raises:
        Damaged: Neither the seat nor the database tells who this device is ("cannot_repair"); nothing was changed.
        Refused: The disk is full or read-only; nothing was changed.
    """
    known = _known_seat(custody)
    sources = [custody.database_path, *wal.put_aside_before(custody.database_path)]
    with failures.plainly():
        found = collect(sources, bytes(custody.database_key), known.salt if known else b"")
    whole = _whole_seat(known, found)
    path = custody.database_path
    building = path.with_name(f"{path.name}.new-{os.urandom(4).hex()}")
    aside = wal.next_aside(path)
    try:
        life = _NewLife(random_id(), lives_by_chance())
        before = _before(custody, known, found, aside.name if os.path.lexists(path) else "")
        filled = _fill(building, custody, _with_life(whole, found, life.lives), before, life.incarnation)
        with failures.plainly():
            _publish(building, path, aside)
    except BaseException:
        for file in (building, building.with_name(building.name + "-wal"), building.with_name(building.name + "-shm")):
            file.unlink(missing_ok=True)  # unfinished and only ours
        raise
    _note_life(custody, life, filled.audit.end)
    return Built(found.pages, found.bad_pages, filled.frames, filled.waiting, filled.drafts, filled.audit, before.aside)


@dataclass(frozen=True, slots=True)
class _NewLife:
    incarnation: bytes
    lives: int


@dataclass(frozen=True, slots=True)
class _Before:
    """What was found, what the files beside it tell, and the name under which the damaged database will be kept."""

    found: Found
    seat: Seat | None
    mark: Contents | None
    in_place: bool
    aside: str


@dataclass(frozen=True, slots=True)
class _Filled:
    """What a new database holds."""

    frames: int
    waiting: int
    drafts: int
    audit: Mended


def _before(custody: Custody, known: Seat | None, found: Found, aside: str) -> _Before:
    path = custody.database_path
    in_place = any(each.is_file() and each.stat().st_size for each in (path, path.with_name(path.name + "-wal")))
    try:
        mark = HighWater(custody.mark()).contents
    except Damaged:
        mark = None
    return _Before(found, known, mark, in_place, aside)


def _known_seat(custody: Custody) -> Seat | None:
    try:
        return read_seat(custody.seat)
    except Damaged:
        return None


def _whole_seat(known: Seat | None, found: Found) -> Seat:
    """Return the seat with every link that was found."""
    best = known or found.seat
    if best is None:
        raise Damaged(
            "cannot_repair",
            _(
                "Neither the database nor the file vault.seat tells any more who this device is, so nothing can be "
                "rebuilt. Nothing was changed. Restore the vault from a backup, or join the community again with a "
                "new invitation: the server and the colleagues hold what was exchanged."
            ),
        )
    try:
        members = Membership.of(_founding_first(best.links))
        members.add([membership.parse(link) for link in found.links.values()])
    except BadLink:
        members = Membership.of(_founding_first(best.links))
    return _with_links(best, [link.data for link in members.ordered])


def _founding_first(links: list[bytes]) -> list[bytes]:
    return sorted(links, key=lambda link: len(membership.parse(link).parents) > 0)


def _with_links(known: Seat, links: list[bytes]) -> Seat:
    """Return a seat with other links."""
    return msgspec.structs.replace(known, links=links)


def _with_life(known: Seat, found: Found, lives: int) -> Seat:
    """Return a seat with the notes that were found, and the number of its new life."""
    return msgspec.structs.replace(known, notes={**known.notes, **found.notes, LIVES: str(lives).encode()})


def _fill(path: Path, custody: Custody, known: Seat, before: _Before, incarnation: bytes) -> _Filled:
    found = before.found
    members = Membership.of(known.links)
    person = next((device.entry.person for device in members.seats(known.device)), known.device)
    database = Database(path, custody.database_key, create=True)
    try:
        with database.write() as connection:
            seat.plant(connection, known, incarnation)
            schema.create(connection)
            connection.execute(f"PRAGMA user_version = {schema.VERSION:d}")
            carried = with_authors(found, known.device, person)
            for table, rows in sorted(carried.items(), key=lambda each: _leans(connection, each[0])):
                _carry(connection, table, rows)
            snapshot_loading.load_readable(connection, DeskProjection())
            applier = Applier(connection, members, DeskProjection())
            order = sorted(found.frames.values(), key=lambda each: (each.header.incarnation, each.header.seq))
            for start in range(0, len(order), _AT_ONCE):
                applier.take([frame.body for frame in order[start : start + _AT_ONCE]])
            applier.finish()
            losses.note(connection, _loss(before, known, members))
            audit = mending.tell(
                connection,
                (known.device, person),
                before.mark.audit if before.mark else None,
                (found.bad_pages, found.pages),
                is_whole=AUDIT in found.whole,
                mark_known=before.mark is not None,
            )
            counts = [
                int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - the names here
                for table in ("frame", "waiting", DRAFTS)
            ]
    finally:
        database.close()
    path.chmod(0o600)
    return _Filled(counts[0], counts[1], counts[2], audit)


def _loss(before: _Before, known: Seat, members: Membership) -> Loss:
    """Return what is known of what there was; what the new database has of it is forgotten when it is noted."""
    found, mark = before.found, before.mark
    alone = members.devices.keys() | {each.device.entry.id for each in members.enrolments.values()} <= {known.device}
    ends = ends_before(found, before.seat, mark, in_place=before.in_place, alone=alone)
    return Loss(
        mark.incarnation if mark else b"",
        mark.counter if mark else 0,
        losses.now_ms(),
        before.aside,
        [End(unit, incarnation, seq) for (unit, incarnation), seq in sorted(ends.chains.items())],
        not ends.is_sure,
        found.bad_pages,
        found.pages,
        found.notes.get(LAST_EXCHANGE, b""),
    )


def _leans(connection: Connection, table: str) -> int:
    """Return on how many other tables a table leans: those that lean on none come first."""
    (count,) = connection.execute("SELECT count(*) FROM pragma_foreign_key_list(?)", (table,)).fetchone()
    return int(count)


def _carry(connection: Connection, table: str, rows: list[Row]) -> None:
    """Put rows into the table of the same name, as far as it has the same columns."""
    columns = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (table,)).fetchall()
    marks = ",".join("?" * len(columns))
    for row in rows:
        if len(row.values) != len(columns):
            continue
        # A column that is the row's own number is kept empty in the row itself.
        values = [
            row.rowid if value is None and pk else value for value, (_name, pk) in zip(row.values, columns, strict=True)
        ]
        with suppress(IntegrityError):  # what it leans on was lost
            connection.execute(f'INSERT OR IGNORE INTO "{table}" VALUES ({marks})', values)  # noqa: S608 - it exists


def _publish(building: Path, path: Path, aside: Path) -> None:
    """Put the new database in place of the damaged one, which is kept beside it under another name."""
    files.sync_file(building)
    if os.path.lexists(path):
        _keep_aside(path, aside)
    log = path.with_name(path.name + "-wal")
    if os.path.lexists(log):  # it belongs to what is aside, and would be taken for the new one's
        log.rename(aside.with_name(aside.name + "-wal"))
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    building.replace(path)
    files.sync_folder(path.parent)


def _keep_aside(path: Path, aside: Path) -> None:
    """Give the damaged database its second name before the new one takes the first; else move it."""
    if path.is_file():
        with suppress(OSError, NotImplementedError):
            os.link(path, aside)
            return
    path.rename(aside)


def _note_life(custody: Custody, life: _NewLife, audit: tuple[int, bytes]) -> None:
    """Tell the mark of the new life; without it the next opening begins one more, which harms nothing."""
    with suppress(Failure):
        custody.mark().store(Contents(life.incarnation, 0, life.lives, audit).pack())
