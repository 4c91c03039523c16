"""Keeps the snapshots that devices make, and gives them to others, with the log behind them. It reads none of it."""

import logging
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_thread

from sync import snapshot_wire, snapshots, wire
from sync.membership import Device
from sync.server.asked import Asked, Handler
from sync.server.blobs import Blobs
from sync.server.chunk_routes import ChunkRoutes
from sync.server.rejected import Rejected
from sync.server.store import KeptSnapshot, Reader, Store, StoreConflict, Writer
from sync.snapshot_wire import HistoryReply, HistoryRequest, SnapshotsReply, SnapshotsRequest
from sync.snapshots import BadSnapshot, Snapshot, Vote

_log = logging.getLogger("sprava.server")
_ATTEMPTS = 5
_OF_A_UNIT, _OF_A_DEVICE = 3, 2
"""How many snapshots of a unit are kept, and how many of those that one device made."""
_T = TypeVar("_T")


class Keeping:
    """The server's service about snapshots.

    Args:
        store: Keeps them.
        blobs: Keeps their parts, which travel as chunks do.
    """

    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs

    def answer(self, request: SnapshotsRequest, device: Device) -> SnapshotsReply:
        """Keep what a device gives, and return what it asks for.

        Args:
            request: The request.
            device: Who sends it, verified.

        Raises:
            Rejected: A snapshot or a vote is none, or is not the sender's own.
            StoreBusy: Not now.
        """
        given = [_of(device, request.community, body) for body in request.given]
        votes = [_vote_of(device, request.community, data) for data in request.votes]
        refused: list[tuple[bytes, str]] = []
        if given or votes:
            refused = self._keep(request.community, given, votes)
        units = frozenset(request.units) & device.units
        with self._store.reading() as reader:
            kept = reader.snapshots(request.community, units)
            listed = [
                (each.body, each.votes, not reader.chunks_missing(request.community, parts_of(each.body)))
                for each in kept
            ]
        return SnapshotsReply(wire.VERSION, listed, refused)

    def _keep(self, community: bytes, given: list[Snapshot], votes: list[Vote]) -> list[tuple[bytes, str]]:
        for attempt in range(_ATTEMPTS):
            try:
                with self._store.writing() as writer:
                    refused = [each for snapshot in given if (each := _add(writer, community, snapshot)) is not None]
                    gone = [
                        chunk
                        for unit in {each.manifest.unit for each in given}
                        for chunk in _tidy(writer, community, unit)
                    ]
                    for vote in votes:
                        writer.add_vote(community, vote)
                    writer.drop_chunks(community, gone)
                break
            except StoreConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
        for chunk in gone:
            self._blobs.remove(community, chunk)
        for _hash, reason in refused:
            _log.warning("snapshot refused", extra={"code": reason})
        return refused

    def history(self, request: HistoryRequest, device: Device, room: int) -> HistoryReply:
        """Return frames by their places.

        Args:
            request: Which.
            device: Who asks, verified.
            room: How many bytes the reply may have.

        Raises:
            Rejected: The device does not read that unit.
            StoreBusy: Not now.
        """
        if request.unit not in device.units:
            raise Rejected(403, "not_member")
        left = min(request.budget, room)
        found: list[bytes] = []
        with self._store.reading() as reader:
            for incarnation, first, last in request.ranges:
                bodies = reader.frames_between(request.community, request.unit, incarnation, (first, last), left)
                found += bodies
                left -= sum(map(len, bodies))
                if left <= 0:
                    break
        return HistoryReply(wire.VERSION, found, left <= 0)


def parts_of(body: bytes) -> list[bytes]:
    """Return the ids of the chunks that the parts of a snapshot are."""
    return [hash_ for _size, hash_ in snapshots.parse(body).manifest.parts]


def _of(device: Device, community: bytes, body: bytes) -> Snapshot:
    try:
        snapshot = snapshots.parse(body)
        snapshot.verify(device.entry.sign_key)
    except BadSnapshot as error:
        raise Rejected(400, "bad_request") from error
    manifest = snapshot.manifest
    if (manifest.community, manifest.device) != (community, device.entry.id) or manifest.unit not in device.units:
        raise Rejected(403, "not_member")
    return snapshot


def _vote_of(device: Device, community: bytes, data: bytes) -> Vote:
    try:
        vote = snapshots.read_vote(data)
        vote.verify(device.entry.sign_key)
    except BadSnapshot as error:
        raise Rejected(400, "bad_request") from error
    if (vote.community, vote.device) != (community, device.entry.id) or vote.unit not in device.units:
        raise Rejected(403, "not_member")
    return vote


def _add(writer: Writer, community: bytes, snapshot: Snapshot) -> tuple[bytes, str] | None:
    """List a snapshot before its parts come: what is here already under their names belongs to something else."""
    if any(each.hash == snapshot.hash for each in writer.snapshots(community, frozenset({snapshot.manifest.unit}))):
        return None
    names = [hash_ for _size, hash_ in snapshot.manifest.parts]
    if len(writer.chunks_missing(community, names)) != len(set(names)):
        return snapshot.hash, "parts"
    known = writer.community(community)
    size = sum(size for size, _hash in snapshot.manifest.parts)
    if known is not None and known.quota is not None and known.used + size > known.quota:
        return snapshot.hash, "quota"
    writer.add_snapshot(community, snapshot)
    return None


def _tidy(writer: Writer, community: bytes, unit: bytes) -> list[bytes]:
    """Take old snapshots off the list, and return what is left of their parts."""
    kept = writer.snapshots(community, frozenset({unit}))
    old = _superseded(writer, community, kept)
    for each in old:
        writer.drop_snapshot(community, each.hash)
    return [chunk for each in old for chunk in parts_of(each.body)]


def _superseded(reader: Reader, community: bytes, kept: list[KeptSnapshot]) -> list[KeptSnapshot]:
    """Return what is not worth keeping; the newest whole one is, whatever has come after it."""
    whole = {each.hash for each in kept if not reader.chunks_missing(community, parts_of(each.body))}
    newest = next((each.hash for each in kept if each.hash in whole), None)
    of_device: dict[bytes, int] = {}
    old = []
    for place, each in enumerate(kept):
        maker = snapshots.parse(each.body).manifest.device
        of_device[maker] = of_device.get(maker, 0) + 1
        if each.hash != newest and (of_device[maker] > _OF_A_DEVICE or place >= _OF_A_UNIT):
            old.append(each)
    return old


class SnapshotRoutes:
    """Answers requests about snapshots.

    Args:
        members: Knows how a request is taken in whose sender is a member.
        keeping: Does what they ask for.
        reply_room: Says how many bytes the next reply may have.
        workers: How many requests are worked on at the same time.
    """

    def __init__(
        self, members: ChunkRoutes, keeping: Keeping, reply_room: Callable[[], int], workers: anyio.CapacityLimiter
    ) -> None:
        self._members = members
        self._keeping = keeping
        self._reply_room = reply_room
        self._workers = workers

    def handlers(self) -> dict[str, Handler]:
        """Return who answers where."""
        return {snapshot_wire.SNAPSHOTS_PATH: self._snapshots, snapshot_wire.HISTORY_PATH: self._history}

    async def _snapshots(self, asked: Asked) -> SnapshotsReply:
        path, most = snapshot_wire.SNAPSHOTS_PATH, snapshot_wire.SNAPSHOTS_BYTES
        async with self._members.member(asked, SnapshotsRequest, path, most) as (request, device):
            return await self._run(lambda: self._keeping.answer(request, device))

    async def _history(self, asked: Asked) -> HistoryReply:
        path, most = snapshot_wire.HISTORY_PATH, snapshot_wire.HISTORY_BYTES
        async with self._members.member(asked, HistoryRequest, path, most) as (request, device):
            room = self._reply_room()
            return await self._run(lambda: self._keeping.history(request, device, room))

    async def _run(self, job: Callable[[], _T]) -> _T:
        return await to_thread.run_sync(job, limiter=self._workers)
