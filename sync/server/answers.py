"""Replies, and what a failure is called in one."""

import logging

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sync import wire
from sync.server.rejected import Rejected
from sync.server.store import StoreBusy, StoreFull

_log = logging.getLogger("sprava.server")
_PART_BYTES = 64 * 1024


class Replies:
    """How many bytes of replies are under way."""

    def __init__(self) -> None:
        self.bytes = 0


class Answer(Response):
    """A reply that is handed over in parts, so that what a slow reader has not taken yet is counted.

    Args:
        body: The whole of it.
        status: The HTTP status.
        headers: Further headers.
        replies: Where it is counted.
    """

    def __init__(self, body: bytes, status: int, headers: dict[str, str] | None, replies: Replies) -> None:
        super().__init__(body, status, headers)
        self._replies = replies

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        size = len(self.body)
        self._replies.bytes += size
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for start in range(0, size, _PART_BYTES):
                part, more = self.body[start : start + _PART_BYTES], start + _PART_BYTES < size
                await send({"type": "http.response.body", "body": bytes(part), "more_body": more})
        finally:
            self._replies.bytes -= size


def nobody() -> Response:
    """Nobody is left to read this."""
    return Response(status_code=499)


def explain(error: Exception) -> tuple[int, str]:
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
