"""What the server keeps, whatever database keeps it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sync.frames import Frame
from sync.membership import Link
from sync.replica import Heads


class StoreBusy(Exception):
    """The store can't take a request now; the same request may succeed later."""


class StoreFull(Exception):
    """The store has no room left."""


class CommunityTaken(Exception):
    """Another community claimed the server in the meantime."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames for a device.

    Args:
        frames: In chain order.
        reached: The last frame given of each chain.
        remaining: How many more there are.
    """

    frames: list[bytes]
    reached: Heads
    remaining: int


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of frames that a device gave.

    Args:
        accepted: Hashes of those that are in the store now.
        refused: Hashes of the others, and why.
    """

    accepted: list[bytes]
    refused: list[tuple[bytes, str]]


class Reader(ABC):
    """One consistent view of the store."""

    @abstractmethod
    def communities(self) -> list[bytes]:
        """Return the ids of the communities that are served."""

    @abstractmethod
    def link_count(self, community: bytes) -> int:
        """Return how many membership links are kept; it only grows."""

    @abstractmethod
    def links(self, community: bytes) -> list[bytes]:
        """Return the membership links in the order they came."""

    @abstractmethod
    def heads(self, community: bytes, units: frozenset[bytes]) -> Heads:
        """Return the last frame of every chain in some units."""

    @abstractmethod
    def known_heads(self, community: bytes, device: bytes) -> Heads | None:
        """Return the heads that a device last said it has."""

    @abstractmethod
    def frames_missing(self, community: bytes, units: frozenset[bytes], theirs: Heads, budget: int) -> Batch:
        """Return frames that somebody lacks.

        Args:
            community: Its id.
            units: Units that the asking device may read.
            theirs: What it has.
            budget: About how many bytes at most; at least one frame if the budget is not 0.
        """


class Writer(Reader):
    """The one transaction that may change the store; it is kept whole or not at all."""

    @abstractmethod
    def claim(self, community: bytes) -> None:
        """Serve a community from now on; nothing happens when it is served already.

        Raises:
            CommunityTaken: The store serves another one.
        """

    @abstractmethod
    def add_links(self, community: bytes, links: Sequence[Link]) -> None:
        """Keep membership links, known ones too."""

    @abstractmethod
    def ingest(self, community: bytes, frames: Sequence[Frame]) -> Ingested:
        """Keep verified frames that continue their chains; keep the evidence of those that fork one."""

    @abstractmethod
    def set_known_heads(self, community: bytes, device: bytes, heads: Heads) -> None:
        """Keep what a device says it has."""


class Store(ABC):
    """The server's memory; thread-safe."""

    @property
    @abstractmethod
    def epoch(self) -> bytes:
        """The 16-byte random id made with the store."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Reader]:
        """Give a consistent view.

        Raises:
            StoreBusy: Not now.
        """

    @abstractmethod
    def writing(self) -> AbstractContextManager[Writer]:
        """Give the transaction that may write, and keep what it did when the block ends without an exception.

        Raises:
            StoreBusy: Not now.
            StoreFull: There is no room.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the store; it may be opened again."""
