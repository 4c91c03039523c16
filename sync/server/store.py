"""What the server keeps, whatever database keeps it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sync.frames import Frame
from sync.membership import Link
from sync.replica import Heads
from sync.snapshots import Snapshot, Vote


class StoreBusy(Exception):
    """The store can't take a request now; the same request may succeed later."""


class StoreFull(Exception):
    """The store has no room left."""


class StoreConflict(StoreBusy):
    """Another process did something that does not go together with this; the same block may succeed at once."""


class CommunityTaken(Exception):
    """Another community claimed the server in the meantime."""


@dataclass(frozen=True, slots=True)
class Community:
    """A community that is served.

    Args:
        id: Its 32-byte id.
        label: What the operator calls it.
        quota: How many bytes it may have here; None for any number.
        used: How many it has.
        suspended: Nothing is taken from it or given to it for now.
    """

    id: bytes
    label: str
    quota: int | None
    used: int
    suspended: bool


@dataclass(frozen=True, slots=True)
class Ticket:
    """An admission code that nobody has used yet.

    Args:
        key: The 32-byte key that verifies what the code signs.
        label: What the operator calls the community that it is for.
        quota: How many bytes that may have.
    """

    key: bytes
    label: str
    quota: int | None


@dataclass(frozen=True, slots=True)
class News:
    """Something new in the store.

    Args:
        community: Whose.
        device: Who brought it.
        units: Where there are new frames.
        links: Whether there are new links, or chunks of files have come; they concern every device.
    """

    community: bytes
    device: bytes
    units: frozenset[bytes]
    links: bool


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


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """A snapshot that is listed, whether its parts have come or not.

    Args:
        hash: What names it.
        body: Its manifest as it travels.
        votes: What devices say of its state, as that travels.
    """

    hash: bytes
    body: bytes
    votes: list[bytes]


class Reader(ABC):
    """One consistent view of the store."""

    @abstractmethod
    def community(self, community: bytes) -> Community | None:
        """Return a community by its id, or None when it is not served."""

    @abstractmethod
    def suspended(self, community: bytes) -> bool | None:
        """Return whether a community is suspended, or None when it is not served."""

    @abstractmethod
    def communities(self) -> list[Community]:
        """Return the communities that are served."""

    @abstractmethod
    def tickets(self) -> list[Ticket]:
        """Return the admission codes that nobody has used yet."""

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
    def incarnations_of(self, community: bytes, device: bytes) -> frozenset[bytes]:
        """Return the lives of logs that belong to a device."""

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

    @abstractmethod
    def epoch(self) -> bytes:
        """Return the 16-byte random id of the life of the store."""

    @abstractmethod
    def chunks_missing(self, community: bytes, chunks: Sequence[bytes]) -> list[bytes]:
        """Return those of some chunks that are not listed, in the order given."""

    @abstractmethod
    def snapshots(self, community: bytes, units: frozenset[bytes]) -> list[KeptSnapshot]:
        """Return the snapshots of some units, those listed last first."""

    @abstractmethod
    def frames_between(
        self, community: bytes, unit: bytes, incarnation: bytes, ends: tuple[int, int], budget: int
    ) -> list[bytes]:
        """Return frames of one chain, from a first to a last one.

        Args:
            community: Its id.
            unit: The unit.
            incarnation: The chain.
            ends: The numbers of the first and the last.
            budget: About how many bytes at most; at least one frame.
        """

    @abstractmethod
    def carried_by_others(self, community: bytes, device: bytes) -> int:
        """Return how often other devices said that they had no more chunks to give; it only grows."""


class Writer(Reader):
    """The one transaction that may change the store; it is kept whole or not at all."""

    @abstractmethod
    def claim(self, community: bytes) -> None:
        """Serve a community from now on as the only one; nothing happens when it is served already.

        Raises:
            CommunityTaken: The store serves another one.
        """

    @abstractmethod
    def add_ticket(self, ticket: Ticket) -> None:
        """Keep an admission code, to be used once."""

    @abstractmethod
    def use_ticket(self, key: bytes, community: bytes) -> bool:
        """Serve a community from now on by an admission code.

        Returns:
            False when the code is not known or another community has used it.
        """

    @abstractmethod
    def set_quota(self, community: bytes, quota: int | None) -> None:
        """Set how many bytes a community may have."""

    @abstractmethod
    def set_suspended(self, community: bytes, *, suspended: bool) -> None:
        """Stop serving a community for now, or serve it again."""

    @abstractmethod
    def add_links(self, community: bytes, links: Sequence[Link]) -> None:
        """Keep membership links, known ones too."""

    @abstractmethod
    def ingest(self, community: bytes, frames: Sequence[Frame]) -> Ingested:
        """Keep verified frames that continue their chains and for which there is room in the community's quota.

        The evidence of those that fork a chain is kept too.
        """

    @abstractmethod
    def set_known_heads(self, community: bytes, device: bytes, heads: Heads) -> None:
        """Keep what a device says it has."""

    @abstractmethod
    def list_chunks(self, community: bytes, device: bytes, sizes: Mapping[bytes, int]) -> None:
        """List chunks that are kept, and count those that were not listed before.

        Args:
            community: Whose.
            device: Who brought them.
            sizes: How many bytes each has.
        """

    @abstractmethod
    def unlist_chunks(self, community: bytes, chunks: Sequence[bytes]) -> None:
        """Take chunks that were lost off the list, and begin a new life: the devices ask about all of them again."""

    @abstractmethod
    def unlist_all_chunks(self) -> None:
        """Take all chunks of all communities off the list; see `unlist_chunks`. Nothing happens when there are none."""

    @abstractmethod
    def drop_chunks(self, community: bytes, chunks: Sequence[bytes]) -> None:
        """Take chunks that nobody needs any more off the list."""

    @abstractmethod
    def add_snapshot(self, community: bytes, snapshot: Snapshot) -> None:
        """List a snapshot."""

    @abstractmethod
    def drop_snapshot(self, community: bytes, snapshot: bytes) -> None:
        """Take a snapshot off the list, with what was said of its state unless another has the same."""

    @abstractmethod
    def add_vote(self, community: bytes, vote: Vote) -> None:
        """Keep what a device says of a state, if a snapshot of that is listed."""

    @abstractmethod
    def note_carried(self, community: bytes, device: bytes) -> None:
        """Note that a device has no more chunks to give for now."""


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
            StoreBusy: Not now; nothing was kept, or nobody knows whether it was.
            StoreConflict: The same block may succeed at once.
            StoreFull: There is no room.
        """

    def announce(self, news: News) -> None:  # noqa: B027 - a store of one process has nobody to tell
        """Tell the other processes on this store of something new; nothing is promised."""

    def listen(self, heard: Callable[[News], None]) -> None:  # noqa: B027 - the same
        """Call somebody, on a thread of its own, with what other processes announce."""

    @property
    def hears_others(self) -> bool:
        """Whether all that is new comes to be heard of, now."""
        return True

    @abstractmethod
    def close(self) -> None:
        """Close the store; it may be opened again."""
