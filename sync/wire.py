"""The messages between a device and a server, byte for byte as docs/formats/http.md gives them."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from sync import crypto
from sync.crypto import Signer
from sync.frames import Frame
from sync.ids import ID_BYTES
from sync.replica import Heads

VERSION = 1
EXCHANGE_PATH = "/v1/exchange"
HELLO_PATH = "/v1/hello"
ADMISSION_PATH = "/v1/admission"
NEWS_PATH = "/v1/news"
CARRY_PATH = "/v1/carry"
CARRIED_NEWS_PATH = "/v1/carry/news"
INTRODUCTION_PATH = "/v1/introduction"
NONCE_BYTES = 16

SHORT_BODY_BYTES = 64 * 1024
"""Longer bodies are signed ahead: the server learns who sends one before it takes it in."""

MAX_MESSAGE_BYTES = 40 * 2**20
"""A round of frames, one frame of the largest size over it, and a round of links."""
MAX_ROUND_BYTES = 8 * 2**20
MAX_LINKS_BYTES = 4 * 2**20

_HEAD = struct.Struct(f">{ID_BYTES}sQ{crypto.HASH_BYTES}s")
_COUNT = struct.Struct(">I")
_STATUS = struct.Struct(">H")
_ENVELOPE = struct.Struct(f">{ID_BYTES}s{NONCE_BYTES}s{crypto.SIGNATURE_BYTES}s")
ENVELOPE_BYTES = _ENVELOPE.size
_AHEAD = struct.Struct(f"{crypto.HASH_BYTES}s{crypto.HASH_BYTES}s")
LONG_ENVELOPE_BYTES = ENVELOPE_BYTES + _AHEAD.size

_ADMISSION = struct.Struct(f"{NONCE_BYTES}s{crypto.HASH_BYTES}s{crypto.HASH_BYTES}s{crypto.SIGNATURE_BYTES}s")
ADMISSION_BYTES = _ADMISSION.size
TOKEN_BYTES = 16

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
        heads: The device's heads, or only those that differ from the base; heads that are among `frames` left out.
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
        heads: The server's heads where they differ from the device's (number 0: it has nothing of that chain); heads
            that are among `frames` left out.
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


class NewsRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks to be told when there is something new.

    Args:
        version: `VERSION`.
        community: 32-byte id.
        token: What the last reply gave; empty at first.
    """

    version: int
    community: Hash
    token: Annotated[bytes, Meta(max_length=TOKEN_BYTES)]


class NewsReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How the store stands, for one device.

    Args:
        version: `VERSION`.
        token: Another one than before when others brought something; it means nothing to the device.
    """

    version: int
    token: Annotated[bytes, Meta(max_length=TOKEN_BYTES)]


class Introductions(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Which device stands behind an office hub, for its members' eyes (docs/formats/hub.md).

    Args:
        version: `VERSION`.
        sealed: One for each key that members may have; none from a server that nobody's device stands behind.
    """

    version: int
    sealed: list[bytes]


class Problem(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Why a request was not answered.

    Args:
        version: `VERSION`.
        code: A machine word, one of those in docs/formats/http.md.
    """

    version: int
    code: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands before the message of a request: who sends it, and their signature.

    Args:
        device: The 16-byte id of the device that says it sends it.
        nonce: Its 16-byte nonce.
        signature: Its signature.
        community: The community that a long body names ahead; empty before a short one.
        digest: The SHA-256 of the message that follows; empty before a short one.
    """

    device: bytes
    nonce: bytes
    signature: bytes
    community: bytes = b""
    digest: bytes = b""

    def verify(self, key: bytes, *, server: bytes, community: bytes, digest: bytes, path: str = EXCHANGE_PATH) -> None:
        """Check the signature.

        Args:
            key: The device's 32-byte key.
            server: The key of the server that the request is for.
            community: The id of the community that the message names.
            digest: The SHA-256 of the message.
            path: Where it was sent.

        Raises:
            CryptoError: It does not fit.
        """
        signed = _request_signed(server, community, self.device, self.nonce, digest, path)
        crypto.verify(key, self.signature, signed)


class _Probe(msgspec.Struct, frozen=True, array_like=True):
    version: int


Message = msgspec.Struct
"""Any message; those about chunks of files are in `sync.chunkwire`."""
_Message = TypeVar("_Message", bound=msgspec.Struct)
_probe = msgspec.msgpack.Decoder(_Probe)
_encoder = msgspec.msgpack.Encoder()


def encode(message: Message) -> bytes:
    """Return a message as it travels."""
    return _encoder.encode(message)


def decode(kind: type[_Message], data: bytes | bytearray) -> _Message:
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
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
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


def advance(heads: Heads, carried: Iterable[Frame]) -> Heads:
    """Return heads with the chains carried on by some frames: who sends a frame has it."""
    found = {unit: dict(chains) for unit, chains in heads.items()}
    for frame in carried:
        header = frame.header
        chains = found.setdefault(header.unit, {})
        if header.seq > chains.get(header.incarnation, (0, b""))[0]:
            chains[header.incarnation] = (header.seq, frame.hash)
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


def sign_request(
    signer: Signer,
    *,
    server: bytes,
    community: bytes,
    device: bytes,
    nonce: bytes,
    message: bytes,
    path: str = EXCHANGE_PATH,
) -> bytes:
    """Return the body of a request.

    Args:
        signer: The device's key.
        server: The server's 32-byte key: a request to one server is worth nothing at another.
        community: 32-byte id.
        device: 16-byte id.
        nonce: 16 random bytes, new for each request.
        message: The encoded message.
        path: Where it goes.
    """
    digest = crypto.sha256(message)
    signature = signer.sign(_request_signed(server, community, device, nonce, digest, path))
    ahead = _AHEAD.pack(community, digest) if ENVELOPE_BYTES + len(message) > SHORT_BODY_BYTES else b""
    return _ENVELOPE.pack(device, nonce, signature) + ahead + message


def envelope_size(body_size: int) -> int:
    """Return how much of a body stands before its message.

    Args:
        body_size: The size of the whole body.
    """
    return LONG_ENVELOPE_BYTES if body_size > SHORT_BODY_BYTES else ENVELOPE_BYTES


def open_envelope(data: bytes) -> Envelope:
    """Take apart what stands before a message; the signature is checked when the sender's key is known.

    Raises:
        BadMessage: It is neither of the two forms.
    """
    if len(data) not in {ENVELOPE_BYTES, LONG_ENVELOPE_BYTES}:
        raise BadMessage("shorter than an envelope")
    ahead = _AHEAD.unpack_from(data, ENVELOPE_BYTES) if len(data) == LONG_ENVELOPE_BYTES else ()
    return Envelope(*_ENVELOPE.unpack_from(data), *ahead)


def open_request(body: bytes) -> tuple[Envelope, bytes]:
    """Take a whole body apart: what stands before the message, and the message.

    Raises:
        BadMessage: It is too short.
    """
    size = envelope_size(len(body))
    return open_envelope(body[:size]), body[size:]


def _request_signed(server: bytes, community: bytes, device: bytes, nonce: bytes, digest: bytes, path: str) -> bytes:
    return b"sprava/request/1\x00" + server + community + device + nonce + digest + b"POST " + path.encode("ascii")


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """The body of a request to be served, by an operator's admission code.

    Args:
        nonce: 16 random bytes.
        community: The community that wants to be served.
        key: The 32-byte key that verifies what the code signs; the server knows the code by it.
        signature: The code's.
    """

    nonce: bytes
    community: bytes
    key: bytes
    signature: bytes

    def verify(self, server: bytes) -> None:
        """See that whoever made it has the code.

        Args:
            server: The key of the server that it is for.

        Raises:
            CryptoError: They have not.
        """
        crypto.verify(self.key, self.signature, _admission_signed(server, self.community, self.nonce))


def sign_admission(code: Signer, *, server: bytes, community: bytes, nonce: bytes) -> bytes:
    """Return the body of a request to be served; the code itself does not travel.

    Args:
        code: The key that the admission code stands for.
        server: The server's 32-byte key.
        community: 32-byte id.
        nonce: 16 random bytes.
    """
    signature = code.sign(_admission_signed(server, community, nonce))
    return _ADMISSION.pack(nonce, community, code.public_key, signature)


def open_admission(body: bytes) -> AdmissionRequest:
    """Take the body of a request to be served apart.

    Raises:
        BadMessage: It has another size.
    """
    if len(body) != _ADMISSION.size:
        raise BadMessage("not a request to be served")
    return AdmissionRequest(*_ADMISSION.unpack(body))


def _admission_signed(server: bytes, community: bytes, nonce: bytes) -> bytes:
    return b"sprava/admission/1\x00" + server + community + nonce


def sign_reply(signer: Signer, *, nonce: bytes, status: int, message: bytes) -> bytes:
    """Return the body of a reply.

    Args:
        signer: The server's key.
        nonce: The nonce of the request; zeros when it had none.
        status: The HTTP status.
        message: The encoded `Reply`, `Hello` or `Problem`.
    """
    return signer.sign(_reply_signed(signer.public_key, nonce, status, message)) + message


def open_reply(body: bytes, *, server: bytes, nonce: bytes, status: int) -> bytes:
    """Return the message in the body of a reply.

    Args:
        body: The body.
        server: The 32-byte key that the server must have.
        nonce: The nonce of the request.
        status: The HTTP status.

    Raises:
        CryptoError: It is not signed with that key for that request.
    """
    signature, message = body[: crypto.SIGNATURE_BYTES], body[crypto.SIGNATURE_BYTES :]
    crypto.verify(server, signature, _reply_signed(server, nonce, status, message))
    return message


def _reply_signed(server: bytes, nonce: bytes, status: int, message: bytes) -> bytes:
    return b"sprava/reply/1\x00" + server + nonce + _STATUS.pack(status) + crypto.sha256(message)


def fingerprint(key: bytes) -> str:
    """Return the short form of a server's key that two people can compare: eight groups of four hex digits."""
    text = crypto.sha256(b"sprava/server/1\x00", key)[:16].hex()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
