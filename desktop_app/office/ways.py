"""The ways by which a vault exchanges: the central server, office hubs found or typed, and the terms of each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

import msgspec

from desktop_app.exchange_watch import Reach
from sync.log import Log

CENTRAL = "central"
_NOTE = "ways"
_MOST_KNOWN = 50
KIB = 1024
DEFAULT_LARGEST = 1
"""MiB: larger files wait while a way is metered."""


class Kind(Enum):
    """What stands at the other end."""

    CENTRAL = "central"
    OWN = "own"
    FOUND = "found"
    TYPED = "typed"


class Terms(msgspec.Struct, frozen=True):
    """How a way may be used.

    Args:
        up: KiB a second that may be sent; None for any number.
        down: KiB a second that may be received; None for any number.
        metered: Traffic costs; None when the system is to tell.
        by_hand: While it is metered, exchange only when a person asks.
        largest: While it is metered, MiB of the largest file that is exchanged.
    """

    up: int | None = None
    down: int | None = None
    metered: bool | None = None
    by_hand: bool = False
    largest: int = DEFAULT_LARGEST


@dataclass(frozen=True, slots=True)
class Way:
    """One way.

    Args:
        id: `CENTRAL`, the hub's key in hexadecimal, or the address of a hub that was not met yet.
        kind: What stands at the other end.
        url: Its address.
        key: The 32-byte key that it must have; None where it is known by the address.
        device: The number of the device that serves the hub.
    """

    id: str
    kind: Kind
    url: str
    key: bytes | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class WayStatus:
    """How a way stands.

    Args:
        way: Which.
        reach: As far as is known.
        last: When all had been exchanged by it the last time.
        waiting: How many changes the other end has not got yet.
        terms: How it may be used.
        metered: Whether traffic costs now.
        person: Who sits at the device that serves the hub.
        problem: The sentence of the failure that made it stand so.
    """

    way: Way
    reach: Reach
    last: datetime | None
    waiting: int
    terms: Terms
    metered: bool
    person: str = ""
    problem: str = ""


class _Hub(msgspec.Struct, frozen=True):
    url: str
    device: str
    last: int = 0


class _Book(msgspec.Struct, frozen=True):
    serves: bool = False
    port: int = 0
    typed: list[str] = []
    terms: dict[str, Terms] = {}
    hubs: dict[str, _Hub] = {}


@dataclass
class WayBook:
    """What a vault keeps of its ways, encrypted, for itself alone.

    Args:
        log: The vault's log.
    """

    log: Log
    _book: _Book = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._book = msgspec.msgpack.decode(self.log.recall(_NOTE) or b"\x80", type=_Book)
        except msgspec.MsgspecError:
            self._book = _Book()  # of another version; nothing in it can't be said again

    @property
    def serves(self) -> bool:
        """Whether this desk serves its office."""
        return self._book.serves

    @property
    def port(self) -> int:
        """The port at which it last did; 0 for none."""
        return self._book.port

    @property
    def typed(self) -> list[str]:
        """The addresses of hubs that a person typed."""
        return self._book.typed

    def set_serves(self, *, serves: bool, port: int | None = None) -> None:
        """Keep whether this desk serves its office, and where."""
        self._keep(serves=serves, port=self._book.port if port is None else port)

    def add(self, url: str) -> None:
        """Keep the address of a hub."""
        if url not in self._book.typed:
            self._keep(typed=[*self._book.typed, url])

    def remove(self, url: str) -> None:
        """Forget the address of a hub."""
        self._keep(typed=[known for known in self._book.typed if known != url])

    def terms(self, way: str) -> Terms:
        """Return how a way may be used."""
        return self._book.terms.get(way, Terms())

    def set_terms(self, way: str, terms: Terms) -> None:
        """Keep how a way may be used."""
        self._keep(terms={**self._book.terms, way: terms})

    def hubs(self) -> dict[str, tuple[str, str, int]]:
        """Return the hubs exchanged with: address, device and moment of the last exchange, by key in hexadecimal."""
        return {key: (hub.url, hub.device, hub.last) for key, hub in self._book.hubs.items()}

    def note_hub(self, way: Way, last: int) -> None:
        """Keep that all was exchanged with a hub.

        Args:
            way: The hub.
            last: Milliseconds since 1970.
        """
        hubs = {**self._book.hubs, way.id: _Hub(way.url, way.device, last)}
        kept = sorted(hubs, key=lambda key: hubs[key].last)[-_MOST_KNOWN:]
        self._keep(hubs={key: hubs[key] for key in kept})

    def _keep(self, **changed: object) -> None:
        book = msgspec.structs.replace(self._book, **changed)
        if book != self._book:
            self.log.remember(_NOTE, msgspec.msgpack.encode(book))
            self._book = book


def pick(ways: list[Way], better: Callable[[Way, Way], bool]) -> list[Way]:
    """Return ways without those that lead to the same hub as a better one.

    Args:
        ways: All of them.
        better: Whether the first is better than the second.
    """
    chosen: dict[str, Way] = {}
    for way in ways:
        known = chosen.get(way.id)
        if known is None or better(way, known):
            chosen[way.id] = way
    return list(chosen.values())
