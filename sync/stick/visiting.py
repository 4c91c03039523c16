"""One exchange by a stick, in both directions: take in, say what is here, make room, write what others lack."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from sync import volume
from sync.errors import Refused
from sync.files import write_durably
from sync.log import Log
from sync.messages import _
from sync.replica import Applied, Heads
from sync.stick import folder as places
from sync.stick import needs, statement
from sync.stick.chunks import MAX_CHUNK_BYTES, Carried, ChunkFiles, Chunks
from sync.stick.folder import Trouble
from sync.stick.giving import RESERVE_BYTES, Giving, Supply, beyond
from sync.stick.needs import Users
from sync.stick.spans import Spans
from sync.stick.statement import Statement
from sync.stick.taking import Held, Taking
from sync.stick.watching import Watcher

_STAMP = "stick-stamp"
_SMALL_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Options:
    """How volumes are kept on a stick.

    Args:
        volume_bytes: How large one becomes at most; well below what FAT32 can hold.
        keep_bytes: How much of what everybody has stays for devices that come for the first time.
        volumes: From how many small volumes of its own on a device puts them together.
        keep_chunks_bytes: How much of chunks stays that nobody wants any more.
    """

    volume_bytes: int = 64 * 2**20
    keep_bytes: int = 256 * 2**20
    volumes: int = 32
    keep_chunks_bytes: int = 2**30


@dataclass(frozen=True, slots=True)
class Seen:
    """A device that uses the stick.

    Args:
        device: Its 16-byte id.
        time_ms: When it was there the last time, by its own clock.
        behind: How many frames it lacks of what is here now; what of that is on the stick it gets when it comes.
    """

    device: bytes
    time_ms: int
    behind: int


@dataclass(frozen=True, slots=True)
class Visit:
    """What one exchange by a stick did.

    Args:
        applied: What came of the frames taken in.
        carried: How many frames on the stick are for units that this device does not read; they stay there.
        frames: How many frames were written.
        bytes: How many bytes were written, statements left out.
        left: How many frames found no room.
        left_bytes: How large these are.
        removed: How many volumes were removed because everybody has what is in them.
        seen: The other devices that use the stick.
        troubles: What on the stick could not be used.
        complete: Everything was taken in and written; False when somebody stopped it or there was no room.
        files: What was carried of attached files.
    """

    applied: Applied = field(default_factory=Applied)
    carried: int = 0
    frames: int = 0
    bytes: int = 0
    left: int = 0
    left_bytes: int = 0
    removed: int = 0
    seen: tuple[Seen, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    complete: bool = True
    files: Carried = field(default_factory=Carried)


def visit(
    log: Log,
    root: Path,
    options: Options | None = None,
    watcher: Watcher | None = None,
    chunks: Chunks | None = None,
) -> Visit:
    """Exchange with the devices that use a stick.

    Args:
        log: This device's log.
        root: The stick, or a folder on it.
        options: How volumes are kept.
        watcher: Told of progress, asked whether to stop.
        chunks: Those of the vault's attached files; none are carried without.

    Raises:
        Refused: There is no such place, or it can't be written; what was taken in until then stays.
        Damaged: The stick does not give back what was written; what was taken in until then stays.
    """
    try:
        return _Round(log, root, options or Options(), watcher or Watcher(), chunks).run()
    except OSError as error:
        if not root.is_dir() or isinstance(error, FileNotFoundError):
            raise Refused(
                "stick_gone",
                _(
                    "The stick in {folder} is gone. What was taken from it is in order and stays, and what was written "
                    "whole stays on it. Put it in and exchange again: it goes on where it stopped."
                ).format(folder=root),
            ) from error
        raise Refused(
            "unwritable",
            _(
                "The stick in {folder} can't be read or written: {reason}. What was taken from it is in order and "
                "stays; all data is safe on this computer. Take another stick."
            ).format(folder=root, reason=error.strerror or error),
        ) from error


def look(log: Log, root: Path) -> tuple[Seen, ...] | None:
    """Return which devices use a stick, or None when it was never used in this community; nothing is changed.

    Args:
        log: This device's log.
        root: The stick.
    """
    try:
        place = places.open_for(root, log.community, make=False)
        if not place.is_dir():
            return None
        users = needs.read_users(log, place, places.listing(place).statements)
    except (OSError, Refused):
        return None
    return _seen(log.heads(), users)


class _Round:
    """One exchange."""

    def __init__(self, log: Log, root: Path, options: Options, watcher: Watcher, chunks: Chunks | None) -> None:
        self._log = log
        self._options = options
        self._watcher = watcher
        self._folder = places.open_for(root, log.community, make=True)
        self._listing = places.listing(self._folder)
        self._taking = Taking(log, self._folder, watcher)
        self._chunks = chunks
        self._files = ChunkFiles(self._folder, chunks, watcher) if chunks else None
        self._removed = 0

    def run(self) -> Visit:
        """Do it; every step leaves the stick and the log in order."""
        taking, troubles = self._taking, []
        places.remove_own_partials(self._folder, self._listing.partial, self._log.device)
        taking.check(self._listing.volumes)
        taking.take_links()
        taking.take_frames()
        if self._files:
            self._files.take()
        users = needs.read_users(self._log, self._folder, self._listing.statements)
        self._notice_copies(users)
        if self._listing.overfull:
            troubles.append(Trouble("", _("There are too many files in the folder; not all of them were looked at.")))
        if self._watcher.cancelled():
            return self._outcome(users, None, troubles)
        self._state(users)
        self._remove_damaged()
        giving = self._give(users)
        if not self._watcher.cancelled():
            self._merge(giving)
        return self._outcome(users, giving, troubles)

    def _outcome(self, users: Users, giving: Giving | None, troubles: list[Trouble]) -> Visit:
        taking = self._taking
        given = giving.given if giving else None
        files = self._files.carried if self._files else Carried()
        of_files = self._files.troubles if self._files else []
        return Visit(
            taking.applied,
            taking.carried,
            given.frames if given else 0,
            given.bytes if given else 0,
            given.left if given else 0,
            given.left_bytes if given else 0,
            self._removed,
            _seen(self._log.heads(), users),
            (*troubles, *taking.troubles, *self._unsigned(), *of_files, *users.troubles),
            given is not None and not given.left and not files.left and not self._watcher.cancelled(),
            files,
        )

    def _unsigned(self) -> Iterator[Trouble]:
        for held in self._taking.held:
            if not held.vouched:
                words = _(
                    "{file} was not made by a device of this community. Only what proves itself was taken from it."
                )
                yield Trouble(str(held.name), words.format(file=held.name))

    def _notice_copies(self, users: Users) -> None:
        """Notice that somebody has seen frames of this device's own log that it has not: a copy of it is in use."""
        heads = self._log.heads()
        own = self._log.identity.incarnation
        for user in users.others:
            told = {unit: chains[own] for unit, chains in user.statement.heads.items() if own in chains}
            if any(seq and heads.get(unit, {}).get(own, (0, b""))[0] < seq for unit, (seq, _hash) in told.items()):
                self._log.check_own_chain({unit: {own: head} for unit, head in told.items()})

    def _state(self, users: Users) -> None:
        """Leave this device's statement."""
        now = time.time_ns() // 1_000_000
        last = int(self._log.recall(_STAMP) or b"0")
        found = users.own.stamp if users.own else 0
        stamp = min(max(now, last + 1, found + 1), statement.MAX_NUMBER)
        self._log.remember(_STAMP, str(stamp).encode())
        own = Statement(
            self._log.community,
            self._log.device,
            stamp,
            users.visit,
            now,
            {unit: chains for unit, chains in self._log.heads().items() if chains},
            tuple(islice(self._chunks.wanted(), statement.MAX_WANTS)) if self._chunks else (),
        )
        write_durably(self._folder / places.statement_name(self._log.device), own.sign(self._log.signer))

    def _remove_damaged(self) -> None:
        """Remove those of this device's own volumes that are damaged; what others still need is written anew."""
        for name in self._taking.damaged:
            if name.device == self._log.device:
                places.remove(self._folder / str(name))

    def _give(self, users: Users) -> Giving:
        """Write what is lacked and not there yet, after making room; all links are always there, for newcomers."""
        mine = self._log.heads()
        sound = [held for held in self._taking.held if held.vouched]
        floor = needs.floor_of(mine, users.served, self._log.begins())
        needed = self._log.bytes_missing(beyond(floor, _covered(sound)))
        due = self._files.due(floor, users) if self._files else []
        if self._files:
            self._files.make_room(users, self._options.keep_chunks_bytes, needed + len(due) * MAX_CHUNK_BYTES // 2)
        sound = self._make_room(sound, users, needed)
        covered = _covered(sound)
        there = set[bytes]().union(*(held.links for held in sound))
        links = [link.data for link in self._log.membership.ordered if link.hash not in there]
        giving = Giving(self._log, self._folder, users.visit, self._options.volume_bytes, self._watcher)
        self._watcher.begin("writing", needed)
        giving.give(Supply(self._log, floor, covered), links)
        if self._files and not giving.given.left:
            self._files.give(due, users.visit)
        return giving

    def _make_room(self, sound: list[Held], users: Users, needed: int) -> list[Held]:
        """Remove volumes that everybody has, oldest first, as far as room is short; return those that stay."""
        if not users.served:
            return sound
        read = frozenset().union(*(seat.units for seat in self._log.membership.seats(self._log.device)))
        mine = {unit: chains for unit, chains in self._log.heads().items() if unit in read}
        total = sum(held.size for held in self._taking.held)
        free = places.free_bytes(self._folder)
        staying = []
        for held in sound:
            short = total > self._options.keep_bytes or free < needed + RESERVE_BYTES
            if short and needs.have_all(held.spans, mine, users.served):
                places.remove(self._folder / str(held.name))
                total, free = total - held.size, free + held.size
                self._removed += 1
            else:
                staying.append(held)
        return staying

    def _merge(self, giving: Giving) -> None:
        """Put small volumes of this device together, so that there are never very many."""
        own = [
            held
            for held in self._taking.held
            if held.vouched
            and held.name.device == self._log.device
            and held.size < _SMALL_BYTES
            and (self._folder / str(held.name)).exists()
        ]
        if len(own) < self._options.volumes:
            return
        links: dict[bytes, bytes] = {}
        known = self._log.membership.links
        for held in own:
            links |= {name: known[name].data for name in held.links if name in known}
        ordered = [link.data for link in self._log.membership.ordered if link.hash in links]
        if giving.merge(self._frames_of(own), ordered):
            for held in own:
                places.remove(self._folder / str(held.name))

    def _frames_of(self, own: list[Held]) -> Iterator[bytes]:
        for held in own:
            with places.reading(self._folder / str(held.name)) as file:
                volume.read_header(file)
                yield from (payload for tag, payload in volume.sections(file) if tag == volume.FRAME)


def _covered(sound: list[Held]) -> Spans:
    covered = Spans()
    for held in sound:
        covered.update(held.spans)
    return covered


def _seen(mine: Heads, users: Users) -> tuple[Seen, ...]:
    return tuple(Seen(user.device, user.statement.time_ms, needs.behind(mine, user)) for user in users.others)
