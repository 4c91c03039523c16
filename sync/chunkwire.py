"""The messages about chunks of attached files between a device and a server (docs/formats/http.md)."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from sync import crypto
from sync.wire import LONG_ENVELOPE_BYTES, BadMessage, Hash, Id

MISSING_PATH = "/v1/chunks/missing"
PUT_PATH = "/v1/chunks/put"
GET_PATH = "/v1/chunks/get"

MAX_CHUNK_BYTES = 2**20 + 36
"""A chunk as it is stored and travels: a MiB, and what encryption adds."""
MAX_ASKED = 8_192
"""How many chunks one request may ask about."""
MAX_WANTED = 1_024
MAX_CARRIED = 1_024
MAX_CARRIED_BYTES = 8 * 2**20
"""How many bytes of chunks travel at once."""
_ROOM = 64 * 1024
MISSING_BYTES = LONG_ENVELOPE_BYTES + MAX_ASKED * crypto.HASH_BYTES + 256
PUT_BYTES = LONG_ENVELOPE_BYTES + MAX_CARRIED_BYTES + _ROOM
GET_BYTES = _ROOM

Offset = Annotated[int, Meta(ge=0, le=MAX_CHUNK_BYTES)]


class MissingRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks which chunks the server has not.

    Args:
        version: `wire.VERSION`.
        community: 32-byte id.
        ids: Their 32-byte ids, put together.
    """

    version: int
    community: Hash
    ids: Annotated[bytes, Meta(max_length=MAX_ASKED * crypto.HASH_BYTES)]


class MissingReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Which chunks the server has not.

    Args:
        version: `wire.VERSION`.
        epoch: The 16-byte id of the life of the server's store; with another one all that was known is void.
        missing: The ids of those that it lacks, put together, in the order asked.
    """

    version: int
    epoch: Id
    missing: bytes


class PutRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Gives chunks.

    Args:
        version: `wire.VERSION`.
        community: 32-byte id.
        chunks: As they are stored; together at most `MAX_CARRIED_BYTES`.
        last: Whether the device has no more to give for now: then the others are told.
    """

    version: int
    community: Hash
    chunks: Annotated[list[Annotated[bytes, Meta(min_length=1, max_length=MAX_CHUNK_BYTES)]], Meta(max_length=1_024)]
    last: bool


class PutReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What became of chunks.

    Args:
        version: `wire.VERSION`.
        accepted: The ids of those that the server has now, durably, put together.
        refused: The ids of the others, and why.
    """

    version: int
    accepted: bytes
    refused: list[tuple[Hash, str]]


class GetRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks for chunks, or for the rest of them.

    Args:
        version: `wire.VERSION`.
        community: 32-byte id.
        wanted: For each its id, and from which byte on.
        budget: About how many bytes the device wants in the reply.
    """

    version: int
    community: Hash
    wanted: Annotated[list[tuple[Hash, Offset]], Meta(max_length=MAX_WANTED)]
    budget: Annotated[int, Meta(ge=1, le=MAX_CARRIED_BYTES)]


class GetReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Chunks, or parts of them.

    Args:
        version: `wire.VERSION`.
        parts: For each of the first of those wanted: how many bytes the whole chunk has (0: it is not here), and its
            bytes from the one asked for. The last part may end early.
    """

    version: int
    parts: list[tuple[Offset, bytes]]


def join(ids: Iterable[bytes]) -> bytes:
    """Return ids put together."""
    return b"".join(ids)


def split(joined: bytes) -> list[bytes]:
    """Return the ids that were put together.

    Raises:
        BadMessage: They are not whole.
    """
    if len(joined) % crypto.HASH_BYTES:
        raise BadMessage("ids that are not whole")
    return [joined[at : at + crypto.HASH_BYTES] for at in range(0, len(joined), crypto.HASH_BYTES)]


def batches(ids: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    """Yield ids in parts that one request may ask about."""
    for at in range(0, len(ids), MAX_ASKED):
        yield ids[at : at + MAX_ASKED]
