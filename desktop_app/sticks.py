"""Exchange by a stick that goes round between several devices, in both directions at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.attachments.carried import Intake
from desktop_app.attachments.service import FileService
from desktop_app.conflicts import ConflictService
from desktop_app.directory import Directory, moment
from desktop_app.exchange import BundleResult, bundle_warnings, revoked
from desktop_app.sizes import size_words
from desktop_app.vault import Vault, failures, stick
from sync.errors import Damaged
from sync.log import Log
from sync.messages import _, ngettext
from sync.replica import Heads

if TYPE_CHECKING:
    from sync.stick import Seen, Visit, Watcher

_PLACE = "stick-place"
_BY_ITSELF = "stick-by-itself"
_ATTACHMENTS = "stick-attachments"
_DELIVERED = "revoked-delivered"
_MANY = 10
"""How many faulty files are named; of more, their number is told."""


class Attachments(StrEnum):
    """Which attached files a stick carries, in both directions."""

    NONE = "none"
    SMALL = "small"
    ALL = "all"


SMALL_BYTES = 2 * 2**20
"""Up to this size a file is small."""


@dataclass(frozen=True, slots=True)
class StickDevice:
    """A device that uses the stick.

    Args:
        device: The number suffix of the device.
        person: Whose it is.
        when: When it was there the last time, by its own clock.
        behind: How many frames it had not got by then of what is here now.
    """

    device: str
    person: str
    when: datetime
    behind: int


@dataclass(frozen=True, slots=True)
class StickPlace:
    """A stick that is plugged in.

    Args:
        folder: Where it is.
        known: The community's devices have exchanged by it before.
        devices: Those that use it, as far as this one knows them.
    """

    folder: Path
    known: bool
    devices: tuple[StickDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class StickResult:
    """What an exchange by a stick did.

    Args:
        received: Frames taken in that were new here.
        changes: Changes in them.
        waiting: Frames kept aside here, because something before them has not come yet or a right is missing.
        refused: Frames left out here: not this community's, or not signed as they say.
        carried: Frames on the stick for units that this device does not read; they stay there for others.
        sent: Frames written onto the stick.
        bytes_written: How much was written.
        left: Frames that found no room on the stick.
        left_bytes: How large these are.
        removed: Files removed from the stick because everybody has what is in them.
        conflicts: How many fields have several values after it.
        complete: Everything was taken in and written.
        devices: The other devices that use the stick.
        troubles: Sentences about what on the stick could not be used.
        chunks_received: Parts of attached files taken in.
        chunks_sent: Parts of attached files written.
        chunks_left: Parts of attached files that found no room.
    """

    received: int
    changes: int
    waiting: int
    refused: int
    carried: int
    sent: int
    bytes_written: int
    left: int
    left_bytes: int
    removed: int
    conflicts: int
    complete: bool
    devices: tuple[StickDevice, ...]
    troubles: tuple[str, ...]
    chunks_received: int = 0
    chunks_sent: int = 0
    chunks_left: int = 0


class StickService:
    """Exchanges by sticks, and remembers which one was used.

    Args:
        log: The vault's log.
        vault: The vault, to read names from.
        directory: Knows whose device is whose.
        conflicts: Counted after an exchange.
        files: The attached files.
    """

    def __init__(
        self, log: Log, vault: Vault, directory: Directory, conflicts: ConflictService, files: FileService
    ) -> None:
        self._log = log
        self._vault = vault
        self._directory = directory
        self._conflicts = conflicts
        self._files = files

    @property
    def place(self) -> Path | None:
        """Where the stick was that was used the last time."""
        kept = self._log.recall(_PLACE)
        return Path(kept.decode()) if kept else None

    @property
    def by_itself(self) -> bool:
        """Whether the desk may exchange by a known stick as soon as it is plugged in."""
        return self._log.recall(_BY_ITSELF) == b"1"

    def allow_by_itself(self, *, allowed: bool) -> None:
        """Let the desk exchange by a known stick without being asked, or not."""
        self._log.remember(_BY_ITSELF, b"1" if allowed else b"0")

    @property
    def attachments(self) -> Attachments:
        """Which attached files are carried."""
        kept = (self._log.recall(_ATTACHMENTS) or b"").decode()
        return Attachments(kept) if kept in set(Attachments) else Attachments.SMALL

    def choose(self, attachments: Attachments) -> None:
        """Choose which attached files are carried from now on."""
        self._log.remember(_ATTACHMENTS, attachments.value.encode())

    def look(self, folder: Path) -> StickPlace:
        """Return what can be told of a stick without changing anything on it.

        Args:
            folder: The stick, or a folder on it.
        """
        from sync.stick import look

        seen = look(self._log, folder)
        return StickPlace(folder, seen is not None, self._devices(seen or ()))

    def plugged_in(self) -> list[StickPlace]:
        """Return the sticks that are plugged in now, those that this community uses first."""
        found = [self.look(folder) for folder in stick.removable()]
        there = [place for place in found if place.known or place.folder.is_mount()]
        return sorted(there, key=lambda place: not place.known)

    def exchange(
        self, folder: Path, watcher: "Watcher | None" = None, attachments: Attachments | None = None
    ) -> StickResult:
        """Take in what others left on a stick, and write what they lack.

        Args:
            folder: The stick, or a folder on it; the last one is remembered.
            watcher: Told of progress, asked whether to stop.
            attachments: Which attached files are carried this time; by default, as was chosen.

        Raises:
            Refused: There is no such place, it can't be written, or this device was revoked.
            Damaged: The stick does not give back what was written.
        """
        from sync.stick import visit

        failures.require_outside(self._vault.folder, folder)
        if self._log.is_revoked and self._log.recall(_DELIVERED):
            raise revoked()
        chosen = attachments or self.attachments
        chunks = None if chosen is Attachments.NONE else _Chunks(self._files, chosen)
        done = visit(self._log, folder, watcher=watcher, chunks=chunks)
        self._log.remember(_PLACE, str(folder.absolute()).encode())
        if self._log.is_revoked:
            if done.complete:  # what it wrote before it knew has been handed over for a decision
                self._log.remember(_DELIVERED, b"1")
            raise revoked()
        return self._result(done)

    def _result(self, done: "Visit") -> StickResult:
        sentences = [trouble.sentence for trouble in done.troubles]
        if len(sentences) > _MANY:
            more = len(sentences) - _MANY
            words = ngettext(
                "{count} more file could not be used.", "{count} more files could not be used.", more
            ).format(count=more)
            sentences = [*sentences[:_MANY], words]
        applied = done.applied
        return StickResult(
            received=applied.frames,
            changes=applied.changes,
            waiting=applied.waiting,
            refused=applied.refused,
            carried=done.carried,
            sent=done.frames,
            bytes_written=done.bytes,
            left=done.left,
            left_bytes=done.left_bytes,
            removed=done.removed,
            conflicts=self._conflicts.count(),
            complete=done.complete,
            devices=self._devices(done.seen),
            troubles=tuple(sentences),
            chunks_received=done.files.received,
            chunks_sent=done.files.sent,
            chunks_left=done.files.left,
        )

    def _devices(self, seen: "tuple[Seen, ...]") -> tuple[StickDevice, ...]:
        found = []
        with self._vault.read() as connection:
            for each in seen:
                seats = self._log.membership.seats(each.device)
                suffix = seats[0].entry.suffix if len(seats) == 1 else each.device.hex()
                person, _device = self._directory.author(connection, each.device)
                found.append(StickDevice(suffix, person, moment(each.time_ms), each.behind))
        return tuple(sorted(found, key=lambda device: device.when, reverse=True))


class _Chunks:
    """The chunks of a vault's attached files, as far as they are chosen.

    Args:
        files: The attached files.
        chosen: Which.
    """

    def __init__(self, files: FileService, chosen: Attachments) -> None:
        self._files = files
        self._limit = SMALL_BYTES if chosen is Attachments.SMALL else None
        self._chosen: set[bytes] | None = None
        self._intake: Intake | None = None

    def offered(self, known: Heads) -> Iterator[bytes]:
        """Yield the ids of chunks of files whose records somebody with these heads lacks."""
        return self._files.names_to_carry(known, self._limit)

    def read(self, chunk: bytes) -> bytes | None:
        """Return a chunk as it is stored, or None when it is not here or damaged."""
        try:
            return self._files.chunks.read(chunk)
        except Damaged:
            return None

    def wanted(self) -> Iterator[bytes]:
        """Yield the ids of chunks that are not here and wanted."""
        return self._files.missing(self._limit)

    def wants(self, chunk: bytes) -> bool:
        """Say whether a chunk is known to belong here, wanted, and not here."""
        if self._intake is None:
            self._intake = self._files.intake()
        if self._chosen is None:
            self._chosen = set(self.wanted())
        return chunk in self._chosen and self._intake.wants(chunk)

    def put(self, chunk: bytes, data: bytes) -> bool:
        """Take a chunk in; tell whether it was new."""
        if self._intake is None:
            self._intake = self._files.intake()
        new = self._intake.put(chunk, data)
        self._chosen = None  # a manifest may name more
        return new


def warnings(result: StickResult) -> list[str]:
    """Return what a person must be told of an exchange by a stick, besides what it moved."""
    found = list(result.troubles)
    if result.left:
        found.append(
            _(
                "The stick is full. Frames that found no room: {count} ({size}). What was written is whole and in "
                "order, the oldest first. Make room on the stick or take another one, and exchange again: the rest "
                "follows."
            ).format(count=result.left, size=size_words(result.left_bytes))
        )
    if result.chunks_left:
        found.append(
            _(
                "The stick is full: some attached files found no room. All changes are on it. Make room on the stick "
                "or take another one, and exchange again: the files follow."
            )
        )
    return [*found, *bundle_warnings(BundleResult(result.received, waiting=result.waiting, refused=result.refused))]
