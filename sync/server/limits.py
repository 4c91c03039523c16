"""How much the server lets anybody have: room for bodies, time, and requests in a while."""

import asyncio
import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sync import wire
from sync.server.rejected import Rejected

_MIB = 2**20
_MOST_KEYS = 50_000
_IPV6_PREFIX = 64  # whoever has one address of version 6 has all of such a network


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server allows. The whole of it bounds its memory, whoever asks.

    Args:
        head_seconds: How long the head of a request may take.
        part_seconds: How long the next part of a body may take, and how long a reply may stand still.
        grace_seconds: How long a body may take whatever its size.
        slowest: Bytes in a second that a body makes on average after the grace; a line of 9.6 kbit/s makes more.
        short_bytes: Room for short bodies that are being taken in; one address gets half of it.
        stranger_bytes: The longest body of somebody not known yet: a round of membership links.
        strangers_bytes: Room for long bodies of those not known yet; one address gets half of it.
        members_bytes: Room for long bodies of members; one device gets half of it.
        replies_bytes: Room for replies under way; while it is taken, further ones carry few frames.
        room_seconds: How long a request waits for room before it is asked to come again.
        workers: Requests worked on at the same time.
        connections: Open connections at the same time.
        address_rate: Requests in a second from one address, in the long run.
        address_burst: As many at once.
        failure_rate: Requests in a second from one address that come to nothing, in the long run.
        failure_burst: As many at once.
        news_seconds: How long a device waits for something new before it is asked to ask again.
        deaf_news_seconds: The same while nothing is heard of what other servers took in.
        device_rate: Requests in a second of one device, in the long run.
        device_burst: As many at once.
    """

    head_seconds: float = 20
    part_seconds: float = 60
    grace_seconds: float = 60
    slowest: float = 500
    short_bytes: int = 32 * _MIB
    stranger_bytes: int = wire.MAX_LINKS_BYTES + _MIB
    strangers_bytes: int = 20 * _MIB
    members_bytes: int = 96 * _MIB
    replies_bytes: int = 64 * _MIB
    room_seconds: float = 20
    workers: int = 8
    connections: int = 8_000
    address_rate: float = 200
    address_burst: int = 4_000
    failure_rate: float = 2
    failure_burst: int = 200
    news_seconds: float = 50
    deaf_news_seconds: float = 5
    device_rate: float = 20
    device_burst: int = 400


class Room:
    """A number of bytes that bodies share; whoever finds none waits a while for it.

    Args:
        size: All of it.
        seconds: How long to wait.
    """

    def __init__(self, size: int, seconds: float) -> None:
        self._size = size
        self._seconds = seconds
        self._taken: dict[Hashable, int] = {}
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def of(self, size: int, owner: Hashable) -> AsyncIterator[None]:
        """Take some room for the block.

        Args:
            size: How much; at most half of all.
            owner: Who takes it; nobody gets more than half.

        Raises:
            Rejected: There was none for too long.
        """
        try:
            async with self._freed, asyncio.timeout(self._seconds):
                await self._freed.wait_for(lambda: self._fits(size, owner))
                self._taken[owner] = self._taken.get(owner, 0) + size
        except TimeoutError as error:
            raise Rejected(503, "busy") from error
        try:
            yield
        finally:
            self._taken[owner] -= size
            if not self._taken[owner]:
                del self._taken[owner]
            async with self._freed:
                self._freed.notify_all()

    def _fits(self, size: int, owner: Hashable) -> bool:
        own = self._taken.get(owner, 0)
        return sum(self._taken.values()) + size <= self._size and own + size <= self._size // 2


class Rate:
    """How often somebody may do something: so many at once, and so many a second in the long run.

    Args:
        rate: In a second.
        burst: At once.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._lock = threading.Lock()
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, who: Hashable) -> bool:
        """Count one more; say whether it was still allowed."""
        with self._lock:
            left = self._now(who)
            allowed = left >= 1
            self._left[who] = (left - 1 if allowed else left, time.monotonic())
            self._left.move_to_end(who)
            if len(self._left) > _MOST_KEYS:
                self._left.popitem(last=False)
            return allowed

    def allows(self, who: Hashable) -> bool:
        """Say whether one more would be allowed."""
        with self._lock:
            return self._now(who) >= 1

    def _now(self, who: Hashable) -> float:
        left, at = self._left.get(who, (float(self._burst), 0.0))
        return min(float(self._burst), left + (time.monotonic() - at) * self._rate)


def network_of(host: str) -> str:
    """Return what of an address tells one sender from another."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)
