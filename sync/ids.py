"""Identifiers of records, people, devices and units."""

import os
import time
from uuid import UUID

ID_BYTES = 16


def new_id() -> bytes:
    """Return a new 16-byte UUIDv7: ids made later sort later, which keeps indexes dense (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return value.to_bytes(ID_BYTES, "big")


def to_moment_ms(identifier: bytes) -> int:
    """Return when an id of `new_id` was made, by the clock of whoever made it: milliseconds since 1970."""
    return int.from_bytes(identifier[:6], "big")


def random_id() -> bytes:
    """Return 16 random bytes, for ids that must not tell when they were made."""
    return os.urandom(ID_BYTES)


def to_text(identifier: bytes) -> str:
    """Return the usual text form of a 16-byte id."""
    return str(UUID(bytes=identifier))


def from_text(text: str) -> bytes | None:
    """Return the 16 bytes of an id in text form, or None when the text is not one."""
    try:
        return UUID(text).bytes
    except ValueError:
        return None
