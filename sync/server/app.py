"""The server's face on HTTP: one ASGI application, two paths (docs/formats/http.md)."""

import asyncio
import logging

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from sync import crypto, wire
from sync.crypto import Signer
from sync.ids import ID_BYTES
from sync.server.exchange import Envelope, Exchange, Rejected
from sync.server.store import Store, StoreBusy, StoreFull

_log = logging.getLogger("sprava.server")
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
            nonce = wire.from_header(request.headers.get(wire.NONCE_HEADER), wire.NONCE_BYTES)
        except wire.BadMessage:
            return self._problem(bytes(wire.NONCE_BYTES), 400, "bad_request")
        hello = wire.Hello(wire.VERSION, self._signer.public_key, self._store.epoch)
        return self._signed(nonce, 200, wire.encode(hello))

    async def exchange(self, request: Request) -> Response:
        """Take a device's message and answer it, or say why not."""
        nonce = bytes(wire.NONCE_BYTES)
        try:
            nonce = wire.from_header(request.headers.get(wire.NONCE_HEADER), wire.NONCE_BYTES)
            device = wire.from_header(request.headers.get(wire.DEVICE_HEADER), ID_BYTES)
            signature = wire.from_header(request.headers.get(wire.SIGNATURE_HEADER), crypto.SIGNATURE_BYTES)
            body = await _read_body(request)
            reply = await run_in_threadpool(self._exchange.answer, Envelope(device, nonce, signature, body))
        except ClientDisconnect:
            return Response(status_code=499)  # nobody is left to read it
        except Exception as error:  # noqa: BLE001 - every failure gets a signed answer; bugs are logged whole
            return self._problem(nonce, *_explain(error))
        return self._signed(nonce, 200, wire.encode(reply))

    def _problem(self, nonce: bytes, status: int, code: str) -> Response:
        _log.info("request not answered: %s", code)
        return self._signed(nonce, status, wire.encode(wire.Problem(wire.VERSION, code)))

    def _signed(self, nonce: bytes, status: int, body: bytes) -> Response:
        message = wire.reply_message(server=self._signer.public_key, nonce=nonce, status=status, body=body)
        signature = wire.to_header(self._signer.sign(message))
        return Response(body, status, {wire.SIGNATURE_HEADER: signature}, wire.CONTENT_TYPE)


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


async def _read_body(request: Request) -> bytes:
    """Read a body that may not be larger than a message, in parts that may not come too slowly."""
    declared = request.headers.get("content-length", "")
    if not declared.isascii() or not declared.isdigit():
        raise Rejected(411, "length_required")
    if len(declared) > 12 or int(declared) > wire.MAX_MESSAGE_BYTES:
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
        if len(body) > wire.MAX_MESSAGE_BYTES:
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
            Route(wire.HELLO_PATH, app.hello, methods=["GET"]),
            Route(wire.EXCHANGE_PATH, app.exchange, methods=["POST"]),
        ]
    )
