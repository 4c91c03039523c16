"""What the exchange needs of a replicated log: the few things that client and bundles ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sync.crypto import Signer

Head = tuple[int, bytes]
"""The last frame of one chain: its number and its 32-byte hash."""

Heads = dict[bytes, dict[bytes, Head]]
"""For each 16-byte unit id, for each 16-byte incarnation id, the last frame without gaps."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of applying frames.

    Args:
        frames: How many were new and were applied.
        changes: How many changes took effect.
        records: The records that changed, as collection and 16-byte id.
        conflicts: How many fields have come to hold several values.
        waiting: How many of the new frames are kept but can't be opened or applied yet.
        refused: How many were left out: not frames, not of this community, or not signed as they say.
        reasons: How many waited or were left out for which reason, a machine word.
        copied: Frames came that this device's own log should have and has not: another copy of it was in use.
    """

    frames: int = 0
    changes: int = 0
    records: frozenset[tuple[str, bytes]] = frozenset()
    conflicts: int = 0
    waiting: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    copied: bool = False

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(
            self.frames + other.frames,
            self.changes + other.changes,
            self.records | other.records,
            self.conflicts + other.conflicts,
            self.waiting + other.waiting,
            self.refused + other.refused,
            {
                reason: self.reasons.get(reason, 0) + other.reasons.get(reason, 0)
                for reason in {**self.reasons, **other.reasons}
            },
            self.copied or other.copied,
        )


class Replica(Protocol):
    """A device's log as the exchange sees it; every way of exchange ends in `apply`."""

    @property
    def community(self) -> bytes:
        """The 32-byte id of the community."""

    @property
    def device(self) -> bytes:
        """The 16-byte id of this device."""

    @property
    def signer(self) -> Signer:
        """This device's signing key."""

    def links(self) -> Sequence[bytes]:
        """Return all membership links, the founding one first and parents before children."""

    def heads(self) -> Heads:
        """Return the last frame of every chain that is held without gaps, waiting frames included."""

    def begins(self) -> Heads:
        """Return the ends of the chains whose beginning is not here, since a snapshot stands in its place."""

    def frames_missing(self, theirs: Heads, budget: int) -> Sequence[bytes]:
        """Return frames that somebody with other heads lacks, in chain order.

        Args:
            theirs: What the other side has; a chain that is not in it is lacked whole.
            budget: About how many bytes at most; at least one frame, if any is missing.
        """

    def apply(self, frames: Sequence[bytes], links: Sequence[bytes] = ()) -> Applied:
        """Take in frames and links from anywhere, in any order, known ones too, in one transaction.

        Nothing in them can make this fail: what does not fit is left out and counted as refused.

        Args:
            frames: Frames as they travel.
            links: Membership links, taken in first.
        """

    def count_kept_back(self) -> int:
        """Count the chains of which others have seen more for a while than came; asked after a whole exchange."""

    def recall(self, name: str) -> bytes | None:
        """Return the note kept under a name, or None."""

    def remember(self, name: str, value: bytes) -> None:
        """Keep a small note under a name, in place of an earlier one."""
