"""The server's face on HTTP: one ASGI application, two paths (docs/formats/http.md)."""

import logging

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sync import crypto, wire
from sync.crypto import Signer
from sync.server.bodies import Body, declared_size
from sync.server.exchange import Exchange
from sync.server.limits import Limits, Rate, Room, network_of
from sync.server.rejected import Rejected
from sync.server.store import Store, StoreBusy, StoreFull
from sync.wire import Envelope

_log = logging.getLogger("sprava.server")
_NO_NONCE = bytes(wire.NONCE_BYTES)
_LARGEST_BODY = wire.LONG_ENVELOPE_BYTES + wire.MAX_MESSAGE_BYTES
_PART_BYTES = 64 * 1024
_FEW_BYTES = 256 * 1024
_COME_AGAIN = {429: "2", 503: "2"}


class _App:
    def __init__(self, store: Store, signer: Signer, limits: Limits) -> None:
        self._store = store
        self._signer = signer
        self._limits = limits
        self._exchange = Exchange(store, signer, limits)
        self._workers = anyio.CapacityLimiter(limits.workers)
        self._short = Room(limits.short_bytes, limits.room_seconds)
        self._strangers = Room(limits.strangers_bytes, limits.room_seconds)
        self._members = Room(limits.members_bytes, limits.room_seconds)
        self._replies = _Replies()
        self._rate = Rate(limits.address_rate, limits.address_burst)
        self._failures = Rate(limits.failure_rate, limits.failure_burst)

    async def hello(self, request: Request) -> Response:
        """Say who this server is."""
        try:
            self._admit(request)
            size = declared_size(request, wire.NONCE_BYTES)
            nonce = bytes(await Body(request, size, self._limits).read(size))
            if len(nonce) != wire.NONCE_BYTES:
                raise wire.BadMessage("a greeting is a nonce")
        except ClientDisconnect:
            return _nobody()
        except (Rejected, wire.BadMessage) as error:
            return self._problem(request, _NO_NONCE, error)
        return self._signed(nonce, 200, wire.Hello(wire.VERSION, self._signer.public_key, self._store.epoch))

    async def exchange(self, request: Request) -> Response:
        """Take a device's message and answer it, or say why not."""
        nonce = [_NO_NONCE]
        try:
            self._admit(request)
            reply = await self._answer(request, nonce)
        except ClientDisconnect:
            return _nobody()
        except Exception as error:  # noqa: BLE001 - every failure gets a signed answer; bugs are logged whole
            return self._problem(request, nonce[0], error)
        return self._signed(nonce[0], 200, reply)

    async def _answer(self, request: Request, nonce: list[bytes]) -> wire.Reply:
        """Take in a body, a long one only when room for its sender is there, and work on it."""
        size = declared_size(request, _LARGEST_BODY)
        body = Body(request, size, self._limits)
        ahead = wire.envelope_size(size)
        if size <= wire.SHORT_BODY_BYTES:
            async with self._short.of(size, _sender(request)):
                envelope = wire.open_envelope(bytes(await body.read(min(ahead, size))))
                nonce[0] = envelope.nonce
                return await self._work(envelope, await body.read(size - ahead), recognised=False)
        envelope = wire.open_envelope(bytes(await body.read(ahead)))
        nonce[0] = envelope.nonce
        member = await to_thread.run_sync(self._exchange.recognise, envelope, limiter=self._workers)
        if not member and size > self._limits.stranger_bytes:
            raise Rejected(403, "not_member")
        room, owner = (self._members, envelope.device) if member else (self._strangers, _sender(request))
        async with room.of(size, owner):
            return await self._work(envelope, await body.read(size - ahead), recognised=member)

    async def _work(self, envelope: Envelope, message: bytearray, *, recognised: bool) -> wire.Reply:
        few = self._replies.bytes > self._limits.replies_bytes
        room = _FEW_BYTES if few else wire.MAX_ROUND_BYTES

        def work() -> wire.Reply:
            if recognised and crypto.sha256(message) != envelope.digest:
                raise Rejected(401, "bad_signature")
            return self._exchange.answer(envelope, message, recognised=recognised, room=room)

        return await to_thread.run_sync(work, limiter=self._workers)

    def _admit(self, request: Request) -> None:
        sender = _sender(request)
        if not self._failures.allows(sender) or not self._rate.take(sender):
            raise Rejected(429, "slow_down")

    def _problem(self, request: Request, nonce: bytes, error: Exception) -> Response:
        status, code = _explain(error)
        if status < 500 and status not in {409, 429}:  # those are asked of honest devices too
            self._failures.take(_sender(request))
        _log.info("request not answered: %s", code)
        return self._signed(nonce, status, wire.Problem(wire.VERSION, code))

    def _signed(self, nonce: bytes, status: int, message: wire.Reply | wire.Hello | wire.Problem) -> Response:
        body = wire.sign_reply(self._signer, nonce=nonce, status=status, message=wire.encode(message))
        headers = {"retry-after": _COME_AGAIN[status]} if status in _COME_AGAIN else None
        return _Answer(body, status, headers, self._replies)


class _Replies:
    """How many bytes of replies are under way."""

    bytes = 0


class _Answer(Response):
    """A reply that is handed over in parts, so that what a slow reader has not taken yet is counted."""

    def __init__(self, body: bytes, status: int, headers: dict[str, str] | None, replies: _Replies) -> None:
        super().__init__(body, status, headers)
        self._replies = replies

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        size = len(self.body)
        self._replies.bytes += size
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for start in range(0, size, _PART_BYTES):
                part, more = self.body[start : start + _PART_BYTES], start + _PART_BYTES < size
                await send({"type": "http.response.body", "body": bytes(part), "more_body": more})
        finally:
            self._replies.bytes -= size


def _nobody() -> Response:
    """Nobody is left to read this."""
    return Response(status_code=499)


def _sender(request: Request) -> str:
    return network_of(request.client.host) if request.client else ""


def _explain(error: Exception) -> tuple[int, str]:
    """Return the HTTP status and the machine word for what went wrong."""
    match error:
        case wire.BadMessage():
            return 400, "bad_request"
        case Rejected(status=status, code=code):
            return status, code
        case StoreBusy():
            return 503, "busy"
        case StoreFull():
            _log.error("no room left for new frames")
            return 507, "full"
        case _:
            _log.error("a request failed", exc_info=error)
            return 500, "server_error"


def create_app(store: Store, signer: Signer, limits: Limits | None = None) -> Starlette:
    """Make the application.

    Args:
        store: What it keeps; the caller closes it.
        signer: The server's key.
        limits: How much it allows.
    """
    app = _App(store, signer, limits or Limits())
    return Starlette(
        routes=[
            Route(wire.HELLO_PATH, app.hello, methods=["POST"]),
            Route(wire.EXCHANGE_PATH, app.exchange, methods=["POST"]),
        ]
    )
