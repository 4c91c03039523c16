"""The form of membership links: signed statements about who belongs to a community (docs/formats/membership.md)."""

import struct
from dataclasses import dataclass

import msgspec

from sync import crypto
from sync.crypto import Signer

MAGIC = b"SPRM"
VERSION = 1
SUITE = 1
MAX_LINK_BYTES = 2**20
_PREFIX = struct.Struct(">4sBBHI")
SIGNED = b"sprava/link/1\x00"

ADMINISTRATOR = "administrator"
HEAD = "head"
REGISTRAR = "registrar"
CLERK = "clerk"
AUDITOR = "auditor"
ROLES = (ADMINISTRATOR, HEAD, CLERK, REGISTRAR, AUDITOR)
WRITING_ROLES = frozenset({ADMINISTRATOR, HEAD, CLERK, REGISTRAR})


class BadLink(Exception):
    """Bytes that are not a membership link, or one whose signature does not fit."""


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """A unit's epoch key, sealed to one recipient with HPKE."""

    unit: bytes
    epoch: bytes
    sealed: bytes


class DeviceEntry(msgspec.Struct, frozen=True, array_like=True):
    """The public half of a device: its id, keys, person, and the suffix of the numbers it gives."""

    id: bytes
    sign_key: bytes
    seal_key: bytes
    person: bytes
    suffix: str


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The first link: its hash is the id of the community."""

    salt: bytes
    device: DeviceEntry
    common_unit: bytes
    units: list[bytes]
    grants: list[Grant]


class Invite(msgspec.Struct, frozen=True, tag="invite"):
    """An administrator's leave for one device, whoever holds the invitation's secret, to enrol."""

    invitation: bytes
    verify_key: bytes
    role: str
    units: list[bytes]
    suffix: str
    grants: list[Grant]


class Enrol(msgspec.Struct, frozen=True, tag="enrol"):
    """A device enters with an invitation; the invitation's key countersigns."""

    invitation: bytes
    device: DeviceEntry
    proof: bytes


class Confirm(msgspec.Struct, frozen=True, tag="confirm"):
    """An administrator's word that the device of one enrolment is the one that was invited.

    Args:
        enrolment: The hash of the `Enrol` link.
        suffix: The suffix of the numbers that the device gives from now on.
    """

    enrolment: bytes
    suffix: str


class Decline(msgspec.Struct, frozen=True, tag="decline"):
    """An administrator's word that the device of one enrolment is not to be a member."""

    enrolment: bytes


class Cut(msgspec.Struct, frozen=True, array_like=True):
    """How far a chain of frames goes."""

    unit: bytes
    incarnation: bytes
    seq: int


class Revoke(msgspec.Struct, frozen=True, tag="revoke"):
    """An administrator's word that a device is a member no longer; what it wrote after the cuts waits."""

    device: bytes
    cuts: list[Cut]


class Judge(msgspec.Struct, frozen=True, tag="judge"):
    """An administrator's decision on frames of a revoked device that came after its revocation."""

    device: bytes
    upto: list[Cut]
    accept: bool


class DeviceGrant(msgspec.Struct, frozen=True, array_like=True):
    """A unit's epoch key, sealed to one device."""

    device: bytes
    sealed: bytes


class Epoch(msgspec.Struct, frozen=True, tag="epoch", omit_defaults=True):
    """A new key of a unit, or more recipients of one that is there.

    Args:
        unit: The unit.
        epoch: The id of the key.
        grants: The key, for the devices that get it by this link.
        past: Earlier keys of the unit, sealed with this one.
        intake: The public key that registrars seal their frames to; it follows from the key. Empty while the unit has
            no registrar.
    """

    unit: bytes
    epoch: bytes
    grants: list[DeviceGrant]
    past: bytes
    intake: bytes = b""


class MakeUnit(msgspec.Struct, frozen=True, tag="unit"):
    """A new unit, to which its maker's device belongs; its first key follows in an `Epoch` link.

    Args:
        unit: Its new 16-byte id.
        circle: It is a circle: a small unit for named people, kept by those people themselves.
    """

    unit: bytes
    circle: bool


class Assign(msgspec.Struct, frozen=True, tag="role"):
    """What a member device may do in a unit from now on; what it wrote after the cuts under more rights waits.

    Args:
        device: The device.
        unit: The unit; the common one stands for the community at large.
        role: One of `ROLES`, or empty: it belongs to the unit no longer.
        cuts: How far its chains in that unit count as they did before.
    """

    device: bytes
    unit: bytes
    role: str
    cuts: list[Cut]


Body = Found | Invite | Enrol | Confirm | Decline | Revoke | Judge | Epoch | MakeUnit | Assign


class _Envelope(msgspec.Struct, frozen=True, array_like=True):
    community: bytes
    parents: list[bytes]
    author: bytes
    body: Body


_decoder = msgspec.msgpack.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class Link:
    """One link, taken apart.

    Args:
        hash: 32-byte name of the link.
        data: The whole link as it travels.
        parents: The links that its author knew and that nobody had followed yet.
        author: 16-byte id of the signing device.
        body: What it says.
    """

    hash: bytes
    data: bytes
    community: bytes
    parents: tuple[bytes, ...]
    author: bytes
    body: Body


def enrol_proof(community: bytes, invitation: bytes, device: DeviceEntry) -> bytes:
    """Return what the invitation's key signs when a device enrols with it."""
    return b"sprava/enrol/1\x00" + community + invitation + msgspec.msgpack.encode(device)


def device_code(community: bytes, device: DeviceEntry) -> str:
    """Return a short number that two people compare to know that both see the same device."""
    number = int.from_bytes(crypto.sha256(community, device.sign_key, device.seal_key)[:8], "big")
    return f"{number % 10**4:04} {number // 10**4 % 10**4:04}"


def make(community: bytes, parents: tuple[bytes, ...], author: bytes, body: Body, signer: Signer) -> Link:
    """Sign a new link.

    Args:
        community: 32-byte id; empty for the founding link.
        parents: Hashes of the links that nothing follows yet.
        author: The signing device's id.
        body: What the link says.
        signer: The signing device's key.
    """
    payload = msgspec.msgpack.encode(_Envelope(community, sorted(parents), author, body))
    signed = _PREFIX.pack(MAGIC, VERSION, SUITE, 0, len(payload)) + payload
    link_hash = crypto.sha256(signed)
    return Link(
        link_hash,
        signed + signer.sign(SIGNED + link_hash),
        community or link_hash,
        tuple(sorted(parents)),
        author,
        body,
    )


def parse(data: bytes) -> Link:
    """Take a link apart; its signature is checked where its author is known.

    Raises:
        BadLink: It is not a link.
    """
    if not _PREFIX.size + crypto.SIGNATURE_BYTES < len(data) <= MAX_LINK_BYTES:
        raise BadLink("not the size of a link")
    magic, version, suite, reserved, length = _PREFIX.unpack_from(data)
    if magic != MAGIC or (version, suite, reserved) != (VERSION, SUITE, 0):
        raise BadLink("not a link that this program knows")
    if len(data) != _PREFIX.size + length + crypto.SIGNATURE_BYTES:
        raise BadLink("the link is not as long as it says")
    signed = data[: -crypto.SIGNATURE_BYTES]
    try:
        envelope = _decoder.decode(signed[_PREFIX.size :])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadLink("the link is not in the documented form") from error
    link_hash = crypto.sha256(signed)
    founding = isinstance(envelope.body, Found)
    if founding != (not envelope.community) or founding != (not envelope.parents):
        raise BadLink("only the founding link stands alone")
    return Link(
        link_hash,
        data,
        envelope.community or link_hash,
        tuple(envelope.parents),
        envelope.author,
        envelope.body,
    )
