"""The messages about snapshots, and about the log behind them (docs/formats/http.md)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from sync import snapshots
from sync.wire import LONG_ENVELOPE_BYTES, MAX_ROUND_BYTES, Hash, Id

SNAPSHOTS_PATH = "/v1/snapshots"
HISTORY_PATH = "/v1/history"
MAX_UNITS = 1_000
MAX_GIVEN = 4
MAX_VOTES = 64
MAX_RANGES = 4_096
_ROOM = 64 * 1024
SNAPSHOTS_BYTES = LONG_ENVELOPE_BYTES + MAX_GIVEN * snapshots.MAX_MANIFEST_BYTES + _ROOM
HISTORY_BYTES = LONG_ENVELOPE_BYTES + MAX_RANGES * 40 + _ROOM

_Manifest = Annotated[bytes, Meta(max_length=snapshots.MAX_MANIFEST_BYTES)]
_Vote = Annotated[bytes, Meta(max_length=snapshots.VOTE_BYTES)]
_Seq = Annotated[int, Meta(ge=1, le=2**62)]
Range = tuple[Id, _Seq, _Seq]
"""Frames of one chain: incarnation, the first and the last."""


class SnapshotsRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Gives snapshots and what a device says of others', and asks for those of some units.

    Args:
        version: `wire.VERSION`.
        community: 32-byte id.
        given: Snapshots that the device made; their parts travel as chunks.
        votes: What the device says of the state of snapshots.
        units: Of which units it wants to know the snapshots.
    """

    version: int
    community: Hash
    given: Annotated[list[_Manifest], Meta(max_length=MAX_GIVEN)]
    votes: Annotated[list[_Vote], Meta(max_length=MAX_VOTES)]
    units: Annotated[list[Id], Meta(max_length=MAX_UNITS)]


class SnapshotsReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The snapshots of some units.

    Args:
        version: `wire.VERSION`.
        snapshots: For each, the newest first: its manifest, what devices say of it, and whether all parts are here.
        refused: Snapshots not taken, by hash, and why.
    """

    version: int
    snapshots: list[tuple[bytes, list[bytes], bool]]
    refused: list[tuple[Hash, str]]


class HistoryRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks for frames by their places, which the device's own heads do not tell of.

    Args:
        version: `wire.VERSION`.
        community: 32-byte id.
        unit: Of which unit.
        ranges: Which frames.
        budget: About how many bytes of frames the device wants in the reply.
    """

    version: int
    community: Hash
    unit: Id
    ranges: Annotated[list[Range], Meta(max_length=MAX_RANGES)]
    budget: Annotated[int, Meta(ge=1, le=MAX_ROUND_BYTES)]


class HistoryReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Frames.

    Args:
        version: `wire.VERSION`.
        frames: Those asked for that are here, in the order asked, as many as there is room for.
        more: Whether there was no room for all.
    """

    version: int
    frames: list[bytes]
    more: bool
