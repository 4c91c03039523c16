"""Writing what others lack into volumes that are read back from the medium before they count."""

import errno
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sync import frames, volume
from sync.files import sync_folder
from sync.log import Log
from sync.replica import Heads
from sync.stick import folder as places
from sync.stick.folder import NotAFile, VolumeName
from sync.stick.spans import Spans
from sync.stick.watching import Watcher
from sync.volume import BadVolume, Writer

BATCH_BYTES = 4 * 2**20
RESERVE_BYTES = 2**20
"""What is left free on the stick, for the statements of those who come next."""

LEAST_BYTES = 16 * 2**10
"""A volume smaller than this is not tried on a full stick."""

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class Supply:
    """The frames that are to be written: every chain from its beginning, what is on the stick already left out.

    Args:
        log: Where they come from.
        floor: What all who are served have.
        covered: What is on the stick.
    """

    def __init__(self, log: Log, floor: Heads, covered: Spans) -> None:
        self._log = log
        self._covered = covered
        self._heads = beyond(floor, covered)
        self._queue: deque[tuple[bytes, bytes, int, bytes]] = deque()
        self._asked = self.mark()

    def mark(self) -> Heads:
        """Return where the supply is, for `go_back`."""
        return {unit: dict(chains) for unit, chains in self._heads.items()}

    def go_back(self, mark: Heads) -> None:
        """Begin again where a mark was set."""
        self._heads = {unit: dict(chains) for unit, chains in mark.items()}
        self._asked = self.mark()
        self._queue.clear()

    def peek(self) -> bytes | None:
        """Return the next frame, or None when all were taken."""
        while True:
            if not self._queue and not self._fetch():
                return None
            unit, life, seq, body = self._queue[0]
            if not self._covered.holds((unit, life), seq):
                return body
            self.take()

    def take(self) -> None:
        """Take the frame that `peek` has returned."""
        unit, life, seq, _body = self._queue.popleft()
        self._heads.setdefault(unit, {})[life] = (seq, b"")

    def _fetch(self) -> bool:
        for body in self._log.frames_missing(self._asked, BATCH_BYTES):
            header = frames.parse(body).header
            self._queue.append((header.unit, header.incarnation, header.seq, body))
            self._asked.setdefault(header.unit, {})[header.incarnation] = (header.seq, b"")
        return bool(self._queue)


@dataclass
class Given:
    """What was written onto a stick.

    Args:
        frames: How many frames.
        bytes: How many bytes, of volumes.
        left: How many frames found no room.
        left_bytes: How large these are.
    """

    frames: int = 0
    bytes: int = 0
    left: int = 0
    left_bytes: int = 0


class Giving:
    """Writes volumes into one folder.

    Args:
        log: This device's log.
        folder: The community's folder on the stick.
        visit: The number of this exchange.
        limit: How large a volume may become, unless one frame alone is larger.
        watcher: Told of progress, asked whether to stop.
    """

    def __init__(self, log: Log, folder: Path, visit: int, limit: int, watcher: Watcher) -> None:
        self._log = log
        self._folder = folder
        self._visit = visit
        self._limit = limit
        self._watcher = watcher
        self._part = 0
        self.given = Given()

    def give(self, supply: Supply, links: list[bytes]) -> None:
        """Write volume after volume until nothing is left, the stick is full, or somebody says stop.

        Args:
            supply: The frames.
            links: The links that go into the first volume.

        Raises:
            Damaged: The stick does not give back what was written.
            OSError: It can't be written.
        """
        limit = self._limit
        while (supply.peek() is not None or links) and not self._watcher.cancelled():
            free = places.free_bytes(self._folder) - RESERVE_BYTES
            mark = supply.mark()
            portion = _portion(supply, self._cost(links), limit, free, self._watcher)
            written = self._write(portion, links) if free >= LEAST_BYTES else 0
            if written > 0:
                links = []
                continue
            if written < 0:  # the stick is fuller than it says
                supply.go_back(mark)
                limit = min(limit, -written) // 2
            if not self._watcher.cancelled() and (written == 0 or limit < LEAST_BYTES):
                self._count_left(supply)
                return

    def merge(self, bodies: Iterator[bytes], links: list[bytes]) -> bool:
        """Write one volume in place of several small ones; tell whether it is there, whole."""
        before = self.given.frames
        try:
            written = self._write(bodies, links) > 0
        except (BadVolume, NotAFile):  # one of them can't be read any more
            written = False
        self.given.frames = before
        return written

    def _cost(self, links: list[bytes]) -> int:
        return volume.CLOSING_BYTES + 256 + sum(len(link) + volume.SECTION_BYTES for link in self._with_founding(links))

    def _with_founding(self, links: list[bytes]) -> list[bytes]:
        founding = self._log.membership.links[self._log.community].data
        return [founding, *(link for link in links if link != founding)]

    def _write(self, bodies: Iterator[bytes], links: list[bytes]) -> int:
        """Write a volume; return its size: 0 when nothing fitted, below 0 when it was too much for the stick."""
        first = next(bodies, None)
        if first is None and not links:
            return 0
        name = VolumeName(self._visit, self._part, self._log.device)
        partial = self._folder / places.partial_name(name)
        writer: Writer | None = None
        try:
            with partial.open("xb") as file:
                writer = Writer(file, self._log.community, self._log.device)
                for link in self._with_founding(links):
                    writer.link(link)
                writer.heads({})
                if first is not None:
                    writer.frame(first)
                    self._watcher.moved(len(first))
                for body in bodies:
                    writer.frame(body)
                    self._watcher.moved(len(body))
                digest = writer.close(self._log.signer)
                volume.settle(file)
            self._read_back(partial, digest)
            partial.replace(self._folder / str(name))
            sync_folder(self._folder)
        except OSError as error:
            if not is_full(error):
                raise
            return -(writer.bytes if writer else 1)
        finally:
            places.remove(partial)
        self._part += 1
        self.given.frames += writer.frames
        self.given.bytes += writer.bytes
        return writer.bytes

    def _read_back(self, partial: Path, digest: bytes) -> None:
        try:
            with places.reading(partial) as file:
                if volume.check(file, self._log.community).digest == digest:
                    return
        except BadVolume:
            pass
        raise places.bad_medium(self._folder)

    def _count_left(self, supply: Supply) -> None:
        while (body := supply.peek()) is not None:
            self.given.left += 1
            self.given.left_bytes += len(body)
            supply.take()


def is_full(error: OSError) -> bool:
    """Say whether the stick has no more room."""
    return error.errno in _FULL


def beyond(floor: Heads, covered: Spans) -> Heads:
    """Return heads carried on over the frames that are on the stick already."""
    return {
        unit: {life: (covered.end((unit, life), seq + 1), b"") for life, (seq, _hash) in chains.items()}
        for unit, chains in floor.items()
    }


def _portion(supply: Supply, size: int, limit: int, free: int, watcher: Watcher) -> Iterator[bytes]:
    """Take frames for one volume: as many as find room, and as were taken before somebody said stop."""
    taken = False
    while (body := supply.peek()) is not None:
        size += len(body) + volume.SECTION_BYTES
        if size > free or (size > limit and taken) or watcher.cancelled():
            return
        supply.take()
        taken = True
        yield body
