"""Counts and logs every request, without looking into it."""

import logging
import os
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync import chunkwire, wire
from sync.server.logs import request_id

_log = logging.getLogger("sprava.server")
_ROUTES = frozenset(
    {
        wire.HELLO_PATH,
        wire.EXCHANGE_PATH,
        wire.ADMISSION_PATH,
        wire.NEWS_PATH,
        chunkwire.MISSING_PATH,
        chunkwire.PUT_PATH,
        chunkwire.GET_PATH,
        wire.CARRY_PATH,
        wire.CARRIED_NEWS_PATH,
        wire.INTRODUCTION_PATH,
        "/healthz",
        "/metrics",
        "/openapi.json",
    }
)
Seen = Callable[[str, int, int, int, float], None]


class Watching:
    """The outermost layer of the application.

    Args:
        app: What answers.
        seen: Told path, status, bytes in, bytes out and seconds of each request.
    """

    def __init__(self, app: ASGIApp, seen: Seen) -> None:
        self._app = app
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id.set(os.urandom(6).hex())
        started = time.monotonic()
        status = received = sent = 0

        async def listen() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def tell(message: Message) -> None:
            nonlocal status, sent
            status = message.get("status", status)
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, listen, tell)
        finally:
            seconds = time.monotonic() - started
            path = scope["path"] if scope["path"] in _ROUTES else "other"
            self._seen(path, status, received, sent, seconds)
            about = {"route": path, "method": scope["method"], "status": status, "received": received, "sent": sent}
            _log.info("request", extra={**about, "ms": round(seconds * 1000, 1)})
