"""Who waits for what is new in this process, and how they come to hear of it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sync.membership import Device
from sync.server.store import News


@dataclass(eq=False, slots=True)
class _Waiter:
    device: bytes
    units: frozenset[bytes]
    heard: asyncio.Event


class Hub:
    """Wakes those who wait. A waiting device costs a few hundred bytes and no thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: dict[bytes, set[_Waiter]] = {}
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiters.values()))

    @property
    def closed(self) -> bool:
        """Whether the server is about to end."""
        return self._closed

    @contextmanager
    def attending(self, community: bytes, device: Device) -> Iterator[asyncio.Event]:
        """Give what is set as soon as something concerns a device.

        Args:
            community: Its community.
            device: The device.
        """
        self._loop = asyncio.get_running_loop()
        waiter = _Waiter(device.entry.id, device.units, asyncio.Event())
        waiters = self._waiters.setdefault(community, set())
        waiters.add(waiter)
        if self._closed:
            waiter.heard.set()
        try:
            yield waiter.heard
        finally:
            waiters.discard(waiter)
            if not waiters and self._waiters.get(community) is waiters:
                del self._waiters[community]

    def publish(self, news: News) -> None:
        """Wake those whom something new concerns; may be called from any thread."""
        self._call(news)

    def close(self) -> None:
        """Wake all, for the end; may be called from any thread."""
        self._closed = True
        self._call(None)

    def _call(self, news: News | None) -> None:
        loop = self._loop
        if loop is None:
            return
        with suppress(RuntimeError):  # it has ended meanwhile, and with it all that waited
            loop.call_soon_threadsafe(self._wake, news)

    def _wake(self, news: News | None) -> None:
        communities = list(self._waiters) if news is None else [news.community]
        for community in communities:
            for waiter in self._waiters.get(community, ()):
                if news is None or news.links or (news.units & waiter.units and news.device != waiter.device):
                    waiter.heard.set()
