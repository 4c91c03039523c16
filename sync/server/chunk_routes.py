"""The routes about chunks of files: who sends is known before a long body is taken in."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
from anyio import to_thread

from sync import chunkwire, crypto, wire
from sync.chunkwire import GetReply, GetRequest, MissingReply, MissingRequest, PutReply, PutRequest
from sync.membership import Device
from sync.server.asked import Asked, Handler
from sync.server.bodies import Body, declared_size
from sync.server.carrying import Carrying
from sync.server.exchange import Exchange, read_as
from sync.server.limits import Limits, Room
from sync.server.rejected import Rejected
from sync.snapshot_wire import HistoryRequest, SnapshotsRequest

_T = TypeVar("_T")
_Request = TypeVar("_Request", MissingRequest, PutRequest, GetRequest, SnapshotsRequest, HistoryRequest)


class ChunkRoutes:
    """Answers requests about chunks.

    Args:
        exchange: Knows who is a member.
        carrying: Does what they ask for.
        limits: How slowly bodies may come.
        rooms: Room for bodies: ``short`` ones, and long ones of ``members``.
        reply_room: Says how many bytes the next reply may have.
        workers: How many requests are worked on at the same time.
    """

    def __init__(
        self,
        exchange: Exchange,
        carrying: Carrying,
        limits: Limits,
        rooms: Mapping[str, Room],
        reply_room: Callable[[], int],
        workers: anyio.CapacityLimiter,
    ) -> None:
        self._exchange = exchange
        self._carrying = carrying
        self._limits = limits
        self._rooms = rooms
        self._reply_room = reply_room
        self._workers = workers

    def handlers(self) -> dict[str, Handler]:
        """Return who answers where."""
        return {
            chunkwire.MISSING_PATH: self._missing,
            chunkwire.PUT_PATH: self._put,
            chunkwire.GET_PATH: self._get,
        }

    async def _missing(self, asked: Asked) -> MissingReply:
        async with self.member(asked, MissingRequest, chunkwire.MISSING_PATH, chunkwire.MISSING_BYTES) as (request, _):
            return await self._run(lambda: self._carrying.missing(request))

    async def _put(self, asked: Asked) -> PutReply:
        async with self.member(asked, PutRequest, chunkwire.PUT_PATH, chunkwire.PUT_BYTES) as (request, device):
            if sum(map(len, request.chunks)) > chunkwire.MAX_CARRIED_BYTES:
                raise wire.BadMessage("more than may travel at once")
            return await self._run(lambda: self._carrying.put(request, device.entry.id))

    async def _get(self, asked: Asked) -> GetReply:
        async with self.member(asked, GetRequest, chunkwire.GET_PATH, chunkwire.GET_BYTES) as (request, _):
            room = self._reply_room()
            return await self._run(lambda: self._carrying.get(request, room))

    @asynccontextmanager
    async def member(
        self, asked: Asked, kind: type[_Request], path: str, largest: int
    ) -> AsyncIterator[tuple[_Request, Device]]:
        """Take in a request and see that a member signed it; a long one only after that.

        Args:
            asked: The request.
            kind: The message in it.
            path: Where it was sent.
            largest: How many bytes it may have.
        """
        size = declared_size(asked.http, largest)
        body = Body(asked.http, size, self._limits)
        ahead = wire.envelope_size(size)
        if size <= wire.SHORT_BODY_BYTES:
            async with self._rooms["short"].of(size, asked.sender):
                envelope = asked.signed(bytes(await body.read(min(size, ahead))))
                message = await body.read(size - ahead)
                request = await self._run(lambda: read_as(kind, message))
                device = await self._check(envelope, request.community, crypto.sha256(message), path)
                yield request, device
            return
        envelope = asked.signed(bytes(await body.read(ahead)))
        device = await self._check(envelope, envelope.community, envelope.digest, path)
        async with self._rooms["members"].of(size, envelope.device):
            message = await body.read(size - ahead)
            yield await self._run(lambda: _opened(envelope, message, kind)), device

    async def _check(self, envelope: wire.Envelope, community: bytes, digest: bytes, path: str) -> Device:
        device = await self._run(lambda: self._exchange.member(envelope, community, digest, path))
        if not device.units:
            raise Rejected(403, "not_member")
        return device

    async def _run(self, job: Callable[[], _T]) -> _T:
        return await to_thread.run_sync(job, limiter=self._workers)


def _opened(envelope: wire.Envelope, message: bytearray, kind: type[_Request]) -> _Request:
    """Read a message that was signed ahead."""
    if crypto.sha256(message) != envelope.digest:
        raise Rejected(401, "bad_signature")
    request = read_as(kind, message)
    if request.community != envelope.community:
        raise Rejected(400, "bad_request")
    return request
