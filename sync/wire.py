"""The messages between a device and a server, byte for byte as docs/formats/http.md gives them."""

import base64
import binascii
import struct
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from sync import crypto
from sync.ids import ID_BYTES
from sync.replica import Heads

VERSION = 1
EXCHANGE_PATH = "/v1/exchange"
HELLO_PATH = "/v1/hello"
CONTENT_TYPE = "application/msgpack"
NONCE_BYTES = 16

MAX_MESSAGE_BYTES = 40 * 2**20
"""A round of frames, one frame of the largest size over it, and a round of links."""
MAX_ROUND_BYTES = 8 * 2**20
MAX_LINKS_BYTES = 4 * 2**20

DEVICE_HEADER = "Sprava-Device"
NONCE_HEADER = "Sprava-Nonce"
SIGNATURE_HEADER = "Sprava-Signature"

_HEAD = struct.Struct(f">{ID_BYTES}sQ{crypto.HASH_BYTES}s")
_COUNT = struct.Struct(">I")
_STATUS = struct.Struct(">H")

Hash = Annotated[bytes, Meta(min_length=crypto.HASH_BYTES, max_length=crypto.HASH_BYTES)]
Id = Annotated[bytes, Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
UnitHeads = tuple[Id, bytes]
"""A unit and its heads, 56 bytes each: incarnation, number, hash."""


class BadMessage(Exception):
    """Bytes that are not the message expected."""


class UnknownVersion(BadMessage):
    """A message of another version of the protocol.

    Args:
        version: The version that it states.
    """

    def __init__(self, version: int) -> None:
        super().__init__(f"protocol version {version}")
        self.version = version


class Request(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a device has, gives and asks for.

    Args:
        version: `VERSION`.
        community: 32-byte id.
        base: Digest of the device's heads as the server last heard them; empty when `heads` is complete.
        heads: The device's heads, or only those that differ from the base.
        tips: The membership links that nothing follows, as the device knows them.
        links: Membership links that the server may lack, parents first.
        frames: Frames that the server may lack, in chain order.
        budget: About how many bytes of frames the device wants in the reply.
    """

    version: int
    community: Hash
    base: Annotated[bytes, Meta(max_length=crypto.HASH_BYTES)]
    heads: list[UnitHeads]
    tips: list[Hash]
    links: list[bytes]
    frames: list[bytes]
    budget: Annotated[int, Meta(ge=0, le=MAX_ROUND_BYTES)]


class Reply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the server has, took and gives.

    Args:
        version: `VERSION`.
        epoch: 16-byte id of the life of the server's store.
        base_known: False when the server doesn't know the base: its complete heads follow, and it wants the device's.
        heads: The server's heads where they differ from the device's (number 0: it has nothing of that chain).
        accepted: The 32-byte hashes of the frames that are in the store now, put together.
        refused: Frames and links not taken, by hash, and why.
        tips: The server's membership tips when they differ from the device's, else empty.
        links: Membership links that the device lacks, parents first.
        frames: Frames that the device lacks, in chain order.
        remaining: How many more frames the device lacks.
    """

    version: int
    epoch: Id
    base_known: bool
    heads: list[UnitHeads]
    accepted: bytes
    refused: list[tuple[Hash, str]]
    tips: list[Hash]
    links: list[bytes]
    frames: list[bytes]
    remaining: Annotated[int, Meta(ge=0)]


class Hello(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Who the server is.

    Args:
        version: `VERSION`.
        key: The 32-byte Ed25519 key that verifies its replies.
        epoch: 16-byte id of the life of its store.
    """

    version: int
    key: Hash
    epoch: Id


class Problem(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Why a request was not answered.

    Args:
        version: `VERSION`.
        code: A machine word, one of those in docs/formats/http.md.
    """

    version: int
    code: str


class _Probe(msgspec.Struct, frozen=True, array_like=True):
    version: int


_Message = TypeVar("_Message", Request, Reply, Hello, Problem)
_probe = msgspec.msgpack.Decoder(_Probe)
_encoder = msgspec.msgpack.Encoder()


def encode(message: Request | Reply | Hello | Problem) -> bytes:
    """Return a message as it travels."""
    return _encoder.encode(message)


def decode(kind: type[_Message], data: bytes) -> _Message:
    """Read a message.

    Args:
        kind: The message expected.
        data: At most `MAX_MESSAGE_BYTES`.

    Raises:
        UnknownVersion: It is of another version of the protocol.
        BadMessage: It is not such a message.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise BadMessage("larger than a message may be")
    try:
        version = _probe.decode(data).version
        if version != VERSION:
            raise UnknownVersion(version)
        message = msgspec.msgpack.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadMessage("not in the documented form") from error
    return message


def pack_heads(heads: Heads) -> list[UnitHeads]:
    """Return heads as they travel: units sorted, and the chains of each sorted."""
    return [
        (unit, b"".join(_HEAD.pack(incarnation, *heads[unit][incarnation]) for incarnation in sorted(heads[unit])))
        for unit in sorted(heads)
        if heads[unit]
    ]


def unpack_heads(packed: list[UnitHeads]) -> Heads:
    """Read heads as they travel.

    Raises:
        BadMessage: They are not whole, not sorted or not unique.
    """
    heads: Heads = {}
    previous = b""
    for unit, data in packed:
        if unit <= previous or len(data) % _HEAD.size or not data:
            raise BadMessage("heads that are not whole or not sorted")
        chains = list(_HEAD.iter_unpack(data))
        names = [chain[0] for chain in chains]
        if names != sorted(set(names)):
            raise BadMessage("heads that are not sorted")
        heads[unit] = {incarnation: (seq, frame_hash) for incarnation, seq, frame_hash in chains}
        previous = unit
    return heads


def digest(heads: Heads) -> bytes:
    """Return the 32-byte digest that names a set of heads."""
    parts = [b"sprava/heads/1\x00"]
    for unit, data in pack_heads(heads):
        parts += (unit, _COUNT.pack(len(data) // _HEAD.size), data)
    return crypto.sha256(*parts)


def difference(heads: Heads, other: Heads) -> Heads:
    """Return those of the heads that the other set has not, or has otherwise."""
    found: Heads = {}
    for unit, chains in heads.items():
        known = other.get(unit, {})
        changed = {incarnation: head for incarnation, head in chains.items() if known.get(incarnation) != head}
        if changed:
            found[unit] = changed
    return found


def overlay(base: Heads, changed: Heads) -> Heads:
    """Return heads with some of them changed; number 0 takes a chain away."""
    heads: Heads = {}
    for unit in base.keys() | changed.keys():
        chains = {**base.get(unit, {}), **changed.get(unit, {})}
        chains = {incarnation: head for incarnation, head in chains.items() if head[0]}
        if chains:
            heads[unit] = chains
    return heads


def request_message(
    *, method: str, path: str, server: bytes, community: bytes, device: bytes, nonce: bytes, body: bytes
) -> bytes:
    """Return what a device signs to send a request.

    Args:
        method: Such as ``POST``.
        path: From the version on, such as ``/v1/exchange``, whatever a proxy puts before it.
        server: The server's 32-byte key: a request to one server is worth nothing at another.
        community: 32-byte id.
        device: 16-byte id.
        nonce: 16 random bytes, new for each request.
        body: The body as it travels.
    """
    fixed = b"sprava/request/1\x00" + server + community + device + nonce + crypto.sha256(body)
    return fixed + f"{method} {path}".encode("ascii")


def reply_message(*, server: bytes, nonce: bytes, status: int, body: bytes) -> bytes:
    """Return what a server signs to send a reply.

    Args:
        server: Its own 32-byte key.
        nonce: The nonce of the request.
        status: The HTTP status.
        body: The body as it travels.
    """
    return b"sprava/reply/1\x00" + server + nonce + _STATUS.pack(status) + crypto.sha256(body)


def to_header(data: bytes) -> str:
    """Return bytes as they stand in a header: base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_header(text: str | None, length: int) -> bytes:
    """Read bytes from a header.

    Raises:
        BadMessage: The header is missing, not base64url, or not of that length.
    """
    try:
        data = base64.b64decode((text or "") + "=" * (-len(text or "") % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadMessage("a header that is not base64url") from error
    if len(data) != length:
        raise BadMessage("a header of the wrong length")
    return data


def fingerprint(key: bytes) -> str:
    """Return the short form of a server's key that two people can compare: eight groups of four hex digits."""
    text = crypto.sha256(b"sprava/server/1\x00", key)[:16].hex()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
