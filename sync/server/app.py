"""The server's face on HTTP: one ASGI application (docs/formats/http.md)."""

import asyncio
import ipaddress
import logging
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sync import crypto, wire
from sync.crypto import Signer
from sync.server import metrics, openapi
from sync.server.answers import Answer, Replies, explain, nobody
from sync.server.asked import Asked, Handler
from sync.server.blobs import Blobs
from sync.server.bodies import Body, declared_size
from sync.server.carrying import Carrying
from sync.server.chunk_routes import ChunkRoutes
from sync.server.exchange import Exchange
from sync.server.hub import Hub
from sync.server.limits import Rate, Room, network_of
from sync.server.metrics import Metrics
from sync.server.options import Options
from sync.server.rejected import Rejected
from sync.server.snapshots import Keeping, SnapshotRoutes
from sync.server.store import News, Store, StoreBusy
from sync.server.watching import Watching
from sync.wire import Envelope

_log = logging.getLogger("sprava.server")
_LARGEST_BODY = wire.LONG_ENVELOPE_BYTES + wire.MAX_MESSAGE_BYTES
_LARGEST_NEWS_REQUEST = 256
_FEW_BYTES = 256 * 1024
_SPREAD_SECONDS = 0.3
"""Those who are woken by the same news come back over this time."""
_COME_AGAIN = {429: "2", 503: "2"}
_T = TypeVar("_T")


class _App:
    def __init__(self, store: Store, blobs: Blobs, signer: Signer, options: Options) -> None:
        self._store = store
        self._signer = signer
        self._limits = limits = options.limits
        self._introductions = options.introductions
        self._monitors = [ipaddress.ip_network(network, strict=False) for network in options.monitors]
        self.hub = Hub()
        self._replies = Replies()
        self.metrics = Metrics(lambda: self.hub.waiting, lambda: self._replies.bytes)
        self._exchange = Exchange(
            store,
            signer,
            limits,
            admits_first=options.admits_first,
            publish=self._publish,
            count=self.metrics.frames,
        )
        self._workers = anyio.CapacityLimiter(limits.workers)
        self._short = Room(limits.short_bytes, limits.room_seconds)
        self._strangers = Room(limits.strangers_bytes, limits.room_seconds)
        self._members = Room(limits.members_bytes, limits.room_seconds)
        self._rate = Rate(limits.address_rate, limits.address_burst)
        self._failures = Rate(limits.failure_rate, limits.failure_burst)
        carrying = Carrying(store, blobs, self._publish, self.metrics.chunks)
        rooms = {"short": self._short, "members": self._members}
        self._chunks = ChunkRoutes(self._exchange, carrying, limits, rooms, self._room, self._workers)
        self._snapshots = SnapshotRoutes(self._chunks, Keeping(store, blobs), self._room, self._workers)
        store.listen(self.hub.publish)

    def routes(self) -> list[Route]:
        """Return who answers where."""
        signed: dict[str, Handler] = {
            wire.HELLO_PATH: self._hello,
            wire.EXCHANGE_PATH: self._answer,
            wire.ADMISSION_PATH: self._admit,
            wire.NEWS_PATH: self._news,
            **self._chunks.handlers(),
            **self._snapshots.handlers(),
            wire.CARRY_PATH: partial(self._answer, path=wire.CARRY_PATH),
            wire.CARRIED_NEWS_PATH: partial(self._news, path=wire.CARRIED_NEWS_PATH),
            wire.INTRODUCTION_PATH: self._introduce,
        }
        return [
            *(Route(path, self._signing(handler), methods=["POST"]) for path, handler in signed.items()),
            Route("/healthz", self._health, methods=["GET"]),
            Route("/metrics", self._figures, methods=["GET"]),
            Route("/openapi.json", self._describe, methods=["GET"]),
        ]

    def _signing(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Sign what a handler answers, and say why when it does not."""

        async def endpoint(request: Request) -> Response:
            asked = Asked(request)
            try:
                if not self._failures.allows(asked.sender) or not self._rate.take(asked.sender):
                    raise Rejected(429, "slow_down")
                message = await handler(asked)
            except ClientDisconnect:
                return nobody()
            except Exception as error:  # noqa: BLE001 - every failure gets a signed answer; bugs are logged whole
                return self._problem(asked, error)
            return self._sign(asked.nonce, 200, message)

        return endpoint

    async def _hello(self, asked: Asked) -> wire.Hello:
        """Say who this server is."""
        asked.nonce = await self._nonce(asked.http)
        return self._greeting()

    async def _admit(self, asked: Asked) -> wire.Hello:
        """Serve a community from now on, by an operator's code."""
        size = declared_size(asked.http, wire.ADMISSION_BYTES)
        request = wire.open_admission(bytes(await Body(asked.http, size, self._limits).read(size)))
        asked.nonce = request.nonce
        await self._run(lambda: self._exchange.admit(request))
        return self._greeting()

    async def _introduce(self, asked: Asked) -> wire.Introductions:
        """Show which device stands behind this server, if one does."""
        asked.nonce = await self._nonce(asked.http)
        return wire.Introductions(wire.VERSION, await self._run(self._introductions))

    async def _nonce(self, request: Request) -> bytes:
        size = declared_size(request, wire.NONCE_BYTES)
        nonce = bytes(await Body(request, size, self._limits).read(size))
        if len(nonce) != wire.NONCE_BYTES:
            raise wire.BadMessage("a greeting is a nonce")
        return nonce

    async def _answer(self, asked: Asked, path: str = wire.EXCHANGE_PATH) -> wire.Reply:
        """Take in a body, a long one only when room for its sender is there, and work on it."""
        size = declared_size(asked.http, _LARGEST_BODY)
        body = Body(asked.http, size, self._limits)
        ahead = wire.envelope_size(size)
        if size <= wire.SHORT_BODY_BYTES:
            async with self._short.of(size, asked.sender):
                envelope = await self._envelope(asked, body, min(size, ahead))
                return await self._work(envelope, await body.read(size - ahead), path, recognised=False)
        envelope = await self._envelope(asked, body, ahead)
        member = await self._run(lambda: self._exchange.recognise(envelope, path))
        if not member and size > self._limits.stranger_bytes:
            raise Rejected(403, "not_member")
        room, owner = (self._members, envelope.device) if member else (self._strangers, asked.sender)
        async with room.of(size, owner):
            return await self._work(envelope, await body.read(size - ahead), path, recognised=member)

    @staticmethod
    async def _envelope(asked: Asked, body: Body, size: int) -> Envelope:
        return asked.signed(bytes(await body.read(size)))

    async def _work(self, envelope: Envelope, message: bytearray, path: str, *, recognised: bool) -> wire.Reply:
        room = self._room()

        def work() -> wire.Reply:
            if recognised and crypto.sha256(message) != envelope.digest:
                raise Rejected(401, "bad_signature")
            return self._exchange.answer(envelope, message, recognised=recognised, room=room, path=path)

        return await self._run(work)

    def _room(self) -> int:
        """Return how many bytes the next reply may have."""
        return _FEW_BYTES if self._replies.bytes > self._limits.replies_bytes else wire.MAX_ROUND_BYTES

    async def _news(self, asked: Asked, path: str = wire.NEWS_PATH) -> wire.NewsReply:
        """Answer as soon as others brought something that concerns a device, or after a while."""
        size = declared_size(asked.http, _LARGEST_NEWS_REQUEST)
        body = Body(asked.http, size, self._limits)
        envelope = await self._envelope(asked, body, min(size, wire.ENVELOPE_BYTES))
        message = bytes(await body.read(size - wire.ENVELOPE_BYTES))
        device = await self._run(lambda: self._exchange.asked_for_news(envelope, message, path))
        request = wire.decode(wire.NewsRequest, message)
        with self.hub.attending(request.community, device) as heard:
            until = time.monotonic() + self._patience()
            while True:
                token = await self._run(lambda: self._exchange.token(request.community, device))
                left = until - time.monotonic()
                if token != request.token or left <= 0 or self.hub.closed:
                    return wire.NewsReply(wire.VERSION, token)
                await self._wait(asked.http, heard, left)
                heard.clear()

    def _patience(self) -> float:
        """Return how long a device waits for news; not long while others' news can't be heard."""
        return self._limits.news_seconds if self._store.hears_others else self._limits.deaf_news_seconds

    async def _wait(self, request: Request, heard: asyncio.Event, seconds: float) -> None:
        """Wait for news, or so many seconds.

        Raises:
            ClientDisconnect: Nobody waits any more.
        """
        told, gone = asyncio.ensure_future(heard.wait()), asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({told, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                raise ClientDisconnect
        finally:
            told.cancel()
            gone.cancel()
        if heard.is_set() and not self.hub.closed:
            await asyncio.sleep(random.uniform(0, _SPREAD_SECONDS))  # noqa: S311 - spreads devices, hides nothing

    def _publish(self, news: News) -> None:
        self.hub.publish(news)
        self._store.announce(news)

    async def _health(self, _request: Request) -> Response:
        """Say whether this server can serve now."""

        def look() -> None:
            with self._store.reading() as reader:
                reader.tickets()

        try:
            await self._run(look)
        except StoreBusy:
            return JSONResponse({"status": "busy"}, 503)
        return JSONResponse({"status": "ending"}, 503) if self.hub.closed else JSONResponse({"status": "ok"})

    async def _figures(self, request: Request) -> Response:
        """Give Prometheus its figures, if it is who asks; a proxy in between would ask for anybody."""
        address = ipaddress.ip_address(network_of(request.client.host).split("/")[0]) if request.client else None
        proxied = any(name in request.headers for name in ("x-forwarded-for", "forwarded"))
        if address is None or proxied or not any(address in network for network in self._monitors):
            return PlainTextResponse("Not Found", 404)

        def look() -> bytes:
            with self._store.reading() as reader:
                return self.metrics.page(reader.communities())

        try:
            return Response(await self._run(look), media_type=metrics.CONTENT_TYPE)
        except StoreBusy:
            return Response(self.metrics.page([]), media_type=metrics.CONTENT_TYPE)

    async def _describe(self, _request: Request) -> Response:
        return JSONResponse(openapi.document())

    async def _run(self, job: Callable[[], _T]) -> _T:
        return await to_thread.run_sync(job, limiter=self._workers)

    def _greeting(self) -> wire.Hello:
        return wire.Hello(wire.VERSION, self._signer.public_key, self._store.epoch)

    def _problem(self, asked: Asked, error: Exception) -> Response:
        status, code = explain(error)
        if status < 500 and status not in {409, 429}:  # those are asked of honest devices too
            self._failures.take(asked.sender)
        _log.info("request not answered", extra={"code": code})
        return self._sign(asked.nonce, status, wire.Problem(wire.VERSION, code))

    def _sign(self, nonce: bytes, status: int, message: wire.Message) -> Response:
        body = wire.sign_reply(self._signer, nonce=nonce, status=status, message=wire.encode(message))
        headers = {"retry-after": _COME_AGAIN[status]} if status in _COME_AGAIN else None
        return Answer(body, status, headers, self._replies)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def create_app(store: Store, blobs: Blobs, signer: Signer, options: Options | None = None) -> tuple[Starlette, Hub]:
    """Make the application.

    Args:
        store: What it keeps; the caller closes it.
        blobs: Where it keeps chunks of files; the caller closes it too.
        signer: The server's key.
        options: How it serves.

    Returns:
        The application, and who waits in it: to be closed when the server is to end.
    """
    app = _App(store, blobs, signer, options or Options())
    return Starlette(routes=app.routes(), middleware=[Middleware(Watching, seen=app.metrics.answered)]), app.hub
