"""Takes chunks of files and gives them to members. It can't read them, and knows no more than which it has."""

import logging
from collections.abc import Callable, Sequence

from sync import crypto, wire
from sync.chunkwire import GetReply, GetRequest, MissingReply, MissingRequest, PutReply, PutRequest, join, split
from sync.server.blobs import Blobs
from sync.server.store import News, Store, StoreConflict

_log = logging.getLogger("sprava.server")
_ATTEMPTS = 5


class Carrying:
    """The server's service about chunks.

    Args:
        store: Lists which are kept, and counts them against the quota of their community.
        blobs: Keeps them.
        publish: Called when others are to be told that a device has brought chunks.
        count: Called with what became of chunks, and of how many.
    """

    def __init__(
        self, store: Store, blobs: Blobs, publish: Callable[[News], None], count: Callable[[str, int], None]
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._publish = publish
        self._count = count

    def missing(self, request: MissingRequest) -> MissingReply:
        """Say which chunks are not here.

        Raises:
            BadMessage: The ids are not whole.
            StoreBusy: Not now.
        """
        asked = split(request.ids)
        with self._store.reading() as reader:
            unlisted = reader.chunks_missing(request.community, asked)
            epoch = reader.epoch()
        known = set(unlisted)
        lost = self._blobs.gone(request.community, [chunk for chunk in asked if chunk not in known])
        if lost:
            epoch = self._lose(request.community, lost)
            known.update(lost)
        return MissingReply(wire.VERSION, epoch, join(chunk for chunk in asked if chunk in known))

    def put(self, request: PutRequest, device: bytes) -> PutReply:
        """Keep chunks for which there is room; those that are here already cost nothing.

        Args:
            request: The chunks.
            device: Who brings them.

        Raises:
            StoreBusy: Not now.
            StoreFull: There is no room.
        """
        given = {crypto.sha256(chunk): chunk for chunk in request.chunks}
        with self._store.reading() as reader:
            new = reader.chunks_missing(request.community, list(given))
            known = reader.community(request.community)
        room = None if known is None or known.quota is None else max(0, known.quota - known.used)
        taken: dict[bytes, bytes] = {}
        refused: list[tuple[bytes, str]] = []
        for chunk in new:
            size = len(given[chunk])
            if room is not None and size > room:
                refused.append((chunk, "quota"))
                continue
            taken[chunk] = given[chunk]
            room = None if room is None else room - size
        if taken:
            self._blobs.put(request.community, taken)
        self._keep(request, device, {chunk: len(data) for chunk, data in taken.items()})
        self._count("accepted", len(taken))
        if refused:
            _log.warning("chunks refused", extra={"code": "quota"})
            self._count("quota", len(refused))
        left_out = {chunk for chunk, _reason in refused}
        return PutReply(wire.VERSION, join(chunk for chunk in given if chunk not in left_out), refused)

    def get(self, request: GetRequest, room: int) -> GetReply:
        """Give chunks, as many as there is room for; those that are not what they were are as good as lost.

        Args:
            request: Which.
            room: How many bytes the reply may have.

        Raises:
            StoreBusy: Not now.
        """
        with self._store.reading() as reader:
            absent = set(reader.chunks_missing(request.community, [chunk for chunk, _start in request.wanted]))
        left = min(request.budget, room)
        parts: list[tuple[int, bytes]] = []
        lost = []
        for chunk, start in request.wanted:
            data = None if chunk in absent else self._blobs.get(request.community, chunk)
            if data is not None and crypto.sha256(data) != chunk:
                self._blobs.remove(request.community, chunk)
                data = None
            if data is None:
                if chunk not in absent:
                    lost.append(chunk)
                parts.append((0, b""))
                continue
            part = data[start : start + left]
            parts.append((len(data), part))
            left -= len(part)
            if left <= 0:
                break
        if lost:
            self._lose(request.community, lost)
        self._count("given", sum(bool(part) for _size, part in parts))
        return GetReply(wire.VERSION, parts)

    def _keep(self, request: PutRequest, device: bytes, sizes: dict[bytes, int]) -> None:
        """List what was kept; another server on the same store may get in the way a few times."""
        if not (sizes or request.last):
            return
        for attempt in range(_ATTEMPTS):
            try:
                with self._store.writing() as writer:
                    writer.list_chunks(request.community, device, sizes)
                    if request.last:
                        writer.note_carried(request.community, device)
                break
            except StoreConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
        if request.last:
            self._publish(News(request.community, device, frozenset(), links=True))

    def _lose(self, community: bytes, chunks: Sequence[bytes]) -> bytes:
        """Own up to having lost chunks; return the epoch that begins with it."""
        _log.error("chunks of files were lost, %s; the devices will give them back", len(chunks))
        self._count("lost", len(chunks))
        with self._store.writing() as writer:
            writer.unlist_chunks(community, chunks)
            epoch = writer.epoch()
        self._blobs.belong_to(epoch)
        return epoch
