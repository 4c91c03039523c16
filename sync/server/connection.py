"""One connection: uvicorn's, with an end to the patience that it has with slow and silent peers."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync.server.limits import Limits

MAX_HEAD_BYTES = 16 * 1024


def patient_for(limits: Limits) -> type[H11Protocol]:
    """Return the kind of connection that keeps the limits.

    Args:
        limits: How long a head may take, and how long a reply may stand still.
    """

    class Limited(_LimitedConnection):
        head_seconds = limits.head_seconds
        still_seconds = limits.part_seconds

    return Limited


class _LimitedConnection(H11Protocol):
    head_seconds: float
    still_seconds: float

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - handed through as they come
        super().__init__(*arguments, **options)
        self._head_end: asyncio.TimerHandle | None = None
        self._still_end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the head of a request."""
        super().connection_made(transport)
        self._head_end = self.loop.call_later(self.head_seconds, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget all that was to happen."""
        for timer in (self._head_end, self._still_end):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in data; the time for a head, and for a body that nobody wants any more, does not begin anew with it."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """The reply is out, maybe before the body has come in."""
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        unwanted = self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY
        idle = self.timeout_keep_alive_task is not None and not unwanted  # uvicorn's own end is set already
        waiting = (self.conn.their_state is h11.IDLE or unwanted) and not idle
        if waiting and self._head_end is None:
            self._head_end = self.loop.call_later(self.head_seconds, self._give_up)
        elif not waiting and self._head_end is not None:
            self._head_end.cancel()
            self._head_end = None

    def pause_writing(self) -> None:
        """The other side does not read: give it some time for that."""
        super().pause_writing()
        if self._still_end is None:
            self._still_end = self.loop.call_later(self.still_seconds, self._give_up)

    def resume_writing(self) -> None:
        """The other side reads."""
        super().resume_writing()
        if self._still_end is not None:
            self._still_end.cancel()
            self._still_end = None

    def _give_up(self) -> None:
        self.transport.abort()
