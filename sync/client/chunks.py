"""Chunks of files over one line to a server: asked about, given and got, in parts that the line can bear."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sync import chunkwire, wire
from sync.chunkwire import GetReply, GetRequest, MissingReply, MissingRequest, PutReply, PutRequest
from sync.client import failures
from sync.errors import Unreachable
from sync.replica import Replica

if TYPE_CHECKING:
    from sync.client.channel import Channel

_FIRST_BYTES = 256 * 1024
_SMALLEST_BYTES = 16 * 1024
_GROWTH = 4
_QUICK_SECONDS = 2.0
_ATTEMPTS = 3
_Message = TypeVar("_Message", bound=wire.Message)


@dataclass(frozen=True, slots=True)
class Given:
    """What a server said to chunks.

    Args:
        accepted: The ids of those that it has now.
        over_quota: It has no room for the others.
    """

    accepted: frozenset[bytes]
    over_quota: bool


class ChunkLine:
    """Chunks over an open channel.

    Args:
        replica: Whose device signs.
        channel: The channel.
        url: The server's address, for the sentences.
        key: The key that the server must have.
    """

    def __init__(self, replica: Replica, channel: "Channel", url: str, key: bytes) -> None:
        self._replica = replica
        self._channel = channel
        self._url = url
        self._key = key
        self.budget = _FIRST_BYTES

    def missing(self, ids: Sequence[bytes]) -> tuple[bytes, frozenset[bytes]]:
        """Ask which chunks the server lacks.

        Args:
            ids: At most `chunkwire.MAX_ASKED`.

        Returns:
            The epoch of the server, and the ids.

        Raises:
            Unreachable: The server or the network is away.
            Refused: The server says no, or what it says can't be right.
        """
        request = MissingRequest(wire.VERSION, self._replica.community, chunkwire.join(ids))
        reply = self._patiently(lambda: self._ask(chunkwire.MISSING_PATH, request, MissingReply))
        return reply.epoch, self._among(ids, reply.missing)

    def put(self, chunks: Sequence[bytes], ids: Sequence[bytes], *, last: bool = False) -> Given:
        """Give chunks.

        Args:
            chunks: Together at most `chunkwire.MAX_CARRIED_BYTES`.
            ids: Their ids.
            last: Nothing more is given for now.

        Raises:
            Unreachable: The server or the network is away; it may have taken them.
            Refused: The server says no, or what it says can't be right.
        """
        request = PutRequest(wire.VERSION, self._replica.community, list(chunks), last)
        reply = self._patiently(lambda: self._ask(chunkwire.PUT_PATH, request, PutReply))
        refused = {chunk for chunk, _reason in reply.refused}
        if not refused <= set(ids):
            raise failures.misbehaving(self._url)
        accepted = self._among(ids, reply.accepted) - refused
        return Given(accepted, any(reason == "quota" for _chunk, reason in reply.refused))

    def get(self, wanted: Sequence[tuple[bytes, int]]) -> list[tuple[int, bytes]]:
        """Get chunks, or parts of them: as many bytes as the line carried well before.

        Args:
            wanted: Ids, and from which byte on; at most `chunkwire.MAX_WANTED`.

        Returns:
            For each of the first of them the size of the whole (0: the server lacks it) and the bytes.

        Raises:
            Unreachable: The server or the network is away.
            Refused: The server says no, or what it says can't be right.
        """

        def ask() -> GetReply:
            request = GetRequest(wire.VERSION, self._replica.community, list(wanted), self.budget)
            return self._ask(chunkwire.GET_PATH, request, GetReply)

        reply = self._patiently(ask)
        beyond = any(start + len(part) > size for (_id, start), (size, part) in zip(wanted, reply.parts, strict=False))
        moved = any(part or not size for size, part in reply.parts)
        if len(reply.parts) > len(wanted) or beyond or not moved:
            raise failures.misbehaving(self._url)
        return reply.parts

    def _among(self, asked: Sequence[bytes], told: bytes) -> frozenset[bytes]:
        """Read ids of a reply, which must be among those asked about."""
        try:
            found = frozenset(chunkwire.split(told))
        except wire.BadMessage as error:
            raise failures.misbehaving(self._url) from error
        if not found.issubset(asked):
            raise failures.misbehaving(self._url)
        return found

    def _ask(self, path: str, request: wire.Message, kind: type[_Message]) -> _Message:
        try:
            return self._channel.ask(self._replica, self._key, path, request, kind)
        except failures.Problem as problem:
            raise failures.of_problem(problem, self._url) from problem

    def _patiently(self, ask: Callable[[], _Message]) -> _Message:
        """Ask; a few times where the line breaks, and for less each time."""
        for attempt in range(_ATTEMPTS):
            started = time.monotonic()
            try:
                answer = ask()
            except Unreachable:
                if attempt == _ATTEMPTS - 1:
                    raise
                self.budget = max(self.budget // _GROWTH, _SMALLEST_BYTES)
                time.sleep(random.uniform(0.1, 0.5) * 2**attempt)  # noqa: S311 - spreads devices, hides nothing
                continue
            if time.monotonic() - started < _QUICK_SECONDS:
                self.budget = min(self.budget * _GROWTH, chunkwire.MAX_CARRIED_BYTES)
            return answer
        raise AssertionError("unreachable")
