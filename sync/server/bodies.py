"""Takes in bodies: of limited size, in parts that may not come too slowly."""

import asyncio
import time
from collections.abc import AsyncIterator

from starlette.requests import Request

from sync.server.limits import Limits
from sync.server.rejected import Rejected

_LONGEST_NUMBER = 12


def declared_size(request: Request, largest: int) -> int:
    """Return the size that the head of a request declares for its body.

    Args:
        request: The request.
        largest: The largest that is taken.

    Raises:
        Rejected: There is none, or it is larger.
    """
    declared = request.headers.get("content-length", "")
    if not declared.isascii() or not declared.isdigit():
        raise Rejected(411, "length_required")
    if len(declared) > _LONGEST_NUMBER or int(declared) > largest:
        raise Rejected(413, "too_large")
    return int(declared)


class Body:
    """A body as it comes in; nothing of it is held that was not asked for, but the part that came last.

    Args:
        request: The request.
        size: Its declared size.
        limits: How slowly it may come.
    """

    def __init__(self, request: Request, size: int, limits: Limits) -> None:
        self._parts: AsyncIterator[bytes] = request.stream()
        self._rest = b""
        self._limits = limits
        self._until = time.monotonic() + limits.grace_seconds + size / limits.slowest

    async def read(self, size: int) -> bytearray:
        """Return the next bytes.

        Args:
            size: How many.

        Raises:
            Rejected: They come too slowly, or fewer come.
            ClientDisconnect: The sender has gone.
        """
        data = bytearray()
        while True:
            lacking = size - len(data)
            data += self._rest[:lacking]
            self._rest = self._rest[lacking:]
            if len(data) == size:
                return data
            self._rest = await self._next()

    async def _next(self) -> bytes:
        patience = min(self._limits.part_seconds, self._until - time.monotonic())
        try:
            part = await asyncio.wait_for(anext(self._parts, None), max(patience, 0))
        except TimeoutError as error:
            raise Rejected(408, "too_slow") from error
        if part is None:
            raise Rejected(400, "bad_request")
        return part
