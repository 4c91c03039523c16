"""The server's face on HTTP: one ASGI application, two paths (docs/formats/http.md)."""

import asyncio
import logging

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from sync import wire
from sync.crypto import Signer
from sync.server.exchange import Exchange, Rejected
from sync.server.store import Store, StoreBusy, StoreFull

_log = logging.getLogger("sprava.server")
_NO_NONCE = bytes(wire.NONCE_BYTES)
_IDLE_SECONDS = 60
"""How long the next part of a body may take; a slow line sends something sooner than this."""


class _App:
    def __init__(self, store: Store, signer: Signer) -> None:
        self._store = store
        self._signer = signer
        self._exchange = Exchange(store, signer)

    async def hello(self, request: Request) -> Response:
        """Say who this server is."""
        try:
            nonce = await _read_body(request, wire.NONCE_BYTES)
            if len(nonce) != wire.NONCE_BYTES:
                raise wire.BadMessage("a greeting is a nonce")
        except ClientDisconnect:
            return _nobody()
        except (Rejected, wire.BadMessage) as error:
            return self._problem(_NO_NONCE, *_explain(error))
        return self._signed(nonce, 200, wire.Hello(wire.VERSION, self._signer.public_key, self._store.epoch))

    async def exchange(self, request: Request) -> Response:
        """Take a device's message and answer it, or say why not."""
        nonce = _NO_NONCE
        try:
            envelope = wire.open_request(await _read_body(request, wire.ENVELOPE_BYTES + wire.MAX_MESSAGE_BYTES))
            nonce = envelope.nonce
            reply = await run_in_threadpool(self._exchange.answer, envelope)
        except ClientDisconnect:
            return _nobody()
        except Exception as error:  # noqa: BLE001 - every failure gets a signed answer; bugs are logged whole
            return self._problem(nonce, *_explain(error))
        return self._signed(nonce, 200, reply)

    def _problem(self, nonce: bytes, status: int, code: str) -> Response:
        _log.info("request not answered: %s", code)
        return self._signed(nonce, status, wire.Problem(wire.VERSION, code))

    def _signed(self, nonce: bytes, status: int, message: wire.Reply | wire.Hello | wire.Problem) -> Response:
        body = wire.sign_reply(self._signer, nonce=nonce, status=status, message=wire.encode(message))
        return Response(body, status)


def _nobody() -> Response:
    """Nobody is left to read this."""
    return Response(status_code=499)


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


async def _read_body(request: Request, limit: int) -> bytes:
    """Read a body of limited size, in parts that may not come too slowly."""
    declared = request.headers.get("content-length", "")
    if not declared.isascii() or not declared.isdigit():
        raise Rejected(411, "length_required")
    if len(declared) > 12 or int(declared) > limit:
        raise Rejected(413, "too_large")
    body = bytearray()
    parts = request.stream()
    while True:
        try:
            part = await asyncio.wait_for(anext(parts, None), _IDLE_SECONDS)
        except TimeoutError as error:
            raise Rejected(408, "too_slow") from error
        if part is None:
            return bytes(body)
        body += part
        if len(body) > limit:
            raise Rejected(413, "too_large")


def create_app(store: Store, signer: Signer) -> Starlette:
    """Make the application.

    Args:
        store: What it keeps; the caller closes it.
        signer: The server's key.
    """
    app = _App(store, signer)
    return Starlette(
        routes=[
            Route(wire.HELLO_PATH, app.hello, methods=["POST"]),
            Route(wire.EXCHANGE_PATH, app.exchange, methods=["POST"]),
        ]
    )
