"""How entries of the audit are chained: each hash covers the entry and the hash before it (docs/formats/audit.md)."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

LABEL = b"sprava/audit/1\x00"
NO_HASH = bytes(32)
"""What the first entry of a chain follows."""
_FIXED = struct.Struct(">Qq16s16s")
_LENGTH = struct.Struct(">I")

Detail = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Link:
    """What one entry says, in the form in which it is chained and could travel.

    Args:
        number: 1 for the first entry of the chain, then without gaps.
        time_ms: The device's clock, milliseconds since 1970.
        device: The 16-byte id of the device.
        person: The 16-byte id of the person whose seat it is.
        origin: Where on the device it happened, a machine word.
        kind: What happened, a machine word.
        subject: What it concerns, such as the id of a case; empty for nothing.
        detail: More of it, as JSON; these very bytes are hashed.
    """

    number: int
    time_ms: int
    device: bytes
    person: bytes
    origin: str
    kind: str
    subject: str
    detail: str


def encode(link: Link) -> bytes:
    """Return the one encoding of an entry."""
    parts = [_FIXED.pack(link.number, link.time_ms, link.device, link.person)]
    for text in (link.origin, link.kind, link.subject, link.detail):
        data = text.encode()
        parts += [_LENGTH.pack(len(data)), data]
    return b"".join(parts)


def hash_of(link: Link, previous: bytes) -> bytes:
    """Return the hash of an entry.

    Args:
        link: The entry.
        previous: The hash of the entry before it, or `NO_HASH`.
    """
    return hashlib.sha256(LABEL + previous + encode(link)).digest()


def detail_text(detail: Detail) -> str:
    """Return details as JSON: keys sorted, no spaces."""
    return msgspec.json.encode(detail, order="sorted").decode()


def detail_of(text: str) -> dict[str, object]:
    """Return the details that were kept as JSON; none when they can't be read."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
