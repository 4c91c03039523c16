"""One trip of files to a server and back: what it lacks goes, what is wanted comes, chunk by chunk."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktop_app.attachments import chunks
from desktop_app.attachments.carried import require_fitting
from desktop_app.attachments.reading import Place, manifest_of
from desktop_app.attachments.rows import FileRow
from desktop_app.attachments.store import ChunkStore
from sync import chunkwire
from sync.errors import Damaged

if TYPE_CHECKING:
    from sync.client.chunks import ChunkLine

_PARTS = 256
"""How many chunks one request wants at most."""
MANIFEST = -1


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far the files of an exchange are, in bytes as they travel.

    Args:
        sent: Bytes that the server has now.
        received: Bytes that have come.
        total: All that are to go either way.
        name: The file under way.
    """

    sent: int
    received: int
    total: int
    name: str


@dataclass(slots=True)
class Moved:
    """What a trip did.

    Args:
        sent: Files that the server has whole now, because of it.
        received: Files that are here whole now.
        bytes_sent: Bytes of chunks that the server took.
        bytes_received: Bytes of chunks that came.
        waiting: Files of which the server still lacks something that is here.
        lacking: Files wanted here of which the server lacks something.
        wrong: Names of files of which the server gave something else than it should; it is asked again next time.
        damaged: Names of files that could not be sent, because they are damaged here.
        over_quota: The server has no more room for this community.
        complete: False when it was stopped before the end.
    """

    sent: int = 0
    received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    waiting: int = 0
    lacking: int = 0
    wrong: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    over_quota: bool = False
    complete: bool = True


@dataclass(slots=True)
class Parcel:
    """A file of which something is to go one way.

    Args:
        row: The file.
        place: How it is opened.
        content: Chunks of its content that are to go, and where in the file they belong.
        manifest: Whether its manifest is to go too.
        whole: Whether the file is whole there when all of that has gone.
        listed: Whether it is known what the content consists of; else all of it is to go after the manifest.
    """

    row: FileRow
    place: Place
    content: dict[bytes, int]
    manifest: bool
    whole: bool = True
    listed: bool = True

    @property
    def size(self) -> int:
        """How many bytes are to go."""
        size = self.place.size
        indexes = self.content.values() if self.listed else range(chunks.count_of(size))
        content = sum(chunks.stored_length(size, index) for index in indexes)
        return content + (chunks.manifest_length(size) if self.manifest else 0)


@dataclass(slots=True)
class Wanted:
    """A chunk that shall come.

    Args:
        parcel: The file.
        chunk: Its id.
        index: Where in the file it belongs, or `MANIFEST`.
        begun: As much of it as has come.
    """

    parcel: Parcel
    chunk: bytes
    index: int
    begun: bytearray = field(default_factory=bytearray)

    @property
    def length(self) -> int:
        """How many bytes it has as it is stored."""
        size = self.parcel.place.size
        return chunks.manifest_length(size) if self.index == MANIFEST else chunks.stored_length(size, self.index)


Done = Callable[[Parcel], None]


class Trip:
    """Files on the way over one line.

    Args:
        store: The vault's chunks.
        line: The line to the server.
        progress: Told how far it is.
        stopped: Asked before each request.
    """

    def __init__(
        self,
        store: ChunkStore,
        line: "ChunkLine",
        progress: Callable[[FileProgress], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._store = store
        self._line = line
        self._progress = progress
        self._stopped = stopped
        self._total = 0
        self.moved = Moved()

    def expect(self, parcels: Iterable[Parcel]) -> None:
        """Count what is to go before it goes, for the progress."""
        self._total += sum(parcel.size for parcel in parcels)

    def push(self, parcels: list[Parcel], done: Done) -> None:
        """Give the server what it lacks: of each file the content, and its manifest once the rest is there.

        Args:
            parcels: The files.
            done: Called with each that the server has whole now.

        Raises:
            Unreachable: The server is away; what it has taken stays there.
            Refused: It says no, or misbehaves.
        """
        queue: deque[tuple[Parcel, bytes]] = deque()
        for parcel in parcels:
            queue.extend((parcel, chunk) for chunk in parcel.content)
            if not parcel.content:
                queue.append((parcel, parcel.place.manifest))
        left = {parcel.place.manifest: set(parcel.content) for parcel in parcels}
        while queue and not self.moved.over_quota and self._going_on():
            batch = list(self._load(queue))
            if not batch:
                continue
            given = self._line.put([data for _parcel, _chunk, data in batch], [chunk for _p, chunk, _d in batch])
            self.moved.over_quota = self.moved.over_quota or given.over_quota
            for parcel, chunk, data in batch:
                if chunk not in given.accepted:
                    parcel.whole = False
                    continue
                self.moved.bytes_sent += len(data)
                lacking = left[parcel.place.manifest]
                lacking.discard(chunk)
                if chunk == parcel.place.manifest or (not lacking and parcel.whole and not parcel.manifest):
                    self.moved.sent += 1
                    done(parcel)
                elif not lacking and parcel.whole:
                    queue.appendleft((parcel, parcel.place.manifest))
                self._tell(parcel)
        if self.moved.bytes_sent and self.moved.complete:
            self._line.put([], [], last=True)

    def pull(self, parcels: list[Parcel], done: Done, lost: Done) -> None:
        """Get what is wanted and keep what is right of it.

        Args:
            parcels: The files.
            done: Called with each that is here whole now.
            lost: Called with each of which the server lacks something.

        Raises:
            Unreachable: The server is away; what has come stays here.
            Refused: It says no, or misbehaves; or the disk is full.
        """
        queue: deque[Wanted] = deque()
        for parcel in parcels:
            if parcel.manifest:
                queue.append(Wanted(parcel, parcel.place.manifest, MANIFEST))
            queue.extend(Wanted(parcel, chunk, index) for chunk, index in parcel.content.items())
        left = {parcel.place.manifest: set(parcel.content) for parcel in parcels}
        while queue and self._going_on():
            arrived = self._fetch(queue, lost)
            self._store.put_all({wanted.chunk: bytes(wanted.begun) for wanted in arrived})
            for wanted in arrived:
                parcel, lacking = wanted.parcel, left[wanted.parcel.place.manifest]
                if wanted.index == MANIFEST:
                    self._unpack(parcel, queue, lacking)
                lacking.discard(wanted.chunk)
                if not lacking and parcel.whole:
                    self.moved.received += 1
                    done(parcel)
            self._tell((arrived or list(queue) or [Wanted(parcels[0], b"", 0)])[0].parcel)

    def _fetch(self, queue: "deque[Wanted]", lost: Done) -> "list[Wanted]":
        """Ask for the next chunks; return those that are here now and right. What has not come whole stays in front."""
        asked, size = [queue.popleft()], 0
        while (
            queue and len(asked) < _PARTS and (size := size + asked[-1].length) + queue[0].length <= self._line.budget
        ):
            asked.append(queue.popleft())
        try:
            parts = self._line.get([(wanted.chunk, len(wanted.begun)) for wanted in asked])
        except BaseException:
            queue.extendleft(reversed(asked))
            raise
        arrived: list[Wanted] = []
        gone: set[bytes] = set()
        rest = asked[len(parts) :]
        for wanted, (size, part) in zip(asked, parts, strict=False):
            wanted.begun += part
            self.moved.bytes_received += len(part)
            if not size:
                if wanted.parcel.place.manifest not in gone and wanted.parcel.whole:
                    self.moved.lacking += 1
                    lost(wanted.parcel)
                wanted.parcel.whole = False
                gone.add(wanted.parcel.place.manifest)
            elif len(wanted.begun) < size:
                rest.insert(0, wanted)
            elif self._fits(wanted):
                arrived.append(wanted)
        queue.extendleft(reversed(rest))
        if gone:
            others = [wanted for wanted in queue if wanted.parcel.place.manifest not in gone]
            queue.clear()
            queue.extend(others)
        return arrived

    def _load(self, queue: deque[tuple[Parcel, bytes]]) -> Iterator[tuple[Parcel, bytes, bytes]]:
        """Take chunks off the queue, as many as the line bears at once; at least one."""
        size = count = 0
        while queue and count < chunkwire.MAX_CARRIED:
            parcel, chunk = queue[0]
            length = self._store.stored_bytes(chunk) or 0
            if count and size + length > min(self._line.budget, chunkwire.MAX_CARRIED_BYTES):
                return
            queue.popleft()
            if not parcel.whole and chunk == parcel.place.manifest:
                continue
            data = self._read(parcel, chunk)
            if data is not None:
                size, count = size + len(data), count + 1
                yield parcel, chunk, data

    def _read(self, parcel: Parcel, chunk: bytes) -> bytes | None:
        try:
            data = self._store.read(chunk)
        except Damaged:
            data = None
            if parcel.row.name not in self.moved.damaged:
                self.moved.damaged.append(parcel.row.name)
        parcel.whole = parcel.whole and data is not None
        return data

    def _fits(self, wanted: "Wanted") -> bool:
        """Say whether a chunk is the one that was asked for and opens in its place."""
        parcel, data = wanted.parcel, bytes(wanted.begun)
        try:
            self._store.require(wanted.chunk, data)
            require_fitting(parcel.place, wanted.index, data)
        except Damaged:
            parcel.whole = False
            if parcel.row.name not in self.moved.wrong:
                self.moved.wrong.append(parcel.row.name)
            return False
        return True

    def _unpack(self, parcel: Parcel, queue: "deque[Wanted]", lacking: set[bytes]) -> None:
        """Ask for what a manifest names that has just come."""
        manifest = manifest_of(self._store, parcel.place)
        named = {} if manifest is None else {chunk: index for index, chunk in enumerate(manifest.ids)}
        lacking.update(chunk for chunk in named if not self._store.has(chunk))
        wanted = [Wanted(parcel, chunk, index) for chunk, index in named.items() if chunk in lacking]
        queue.extendleft(reversed(wanted))

    def _going_on(self) -> bool:
        self.moved.complete = not self._stopped()
        return self.moved.complete

    def _tell(self, parcel: Parcel) -> None:
        sent, received = self.moved.bytes_sent, self.moved.bytes_received
        self._progress(FileProgress(sent, received, max(self._total, sent + received), parcel.row.name))
