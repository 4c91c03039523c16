"""A volume: links and frames in one file that proves itself whole (docs/formats/bundle.md)."""

import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import msgspec

from sync import crypto, frames, membership, wire
from sync.crypto import CryptoError, Signer
from sync.errors import Refused
from sync.frames import BadFrame, Frame
from sync.ids import ID_BYTES
from sync.membership import BadLink, Link, Membership
from sync.messages import _
from sync.replica import Heads

MAGIC = b"SPRB"
VERSION = 1
SUITE = 1
"""SHA-256 and Ed25519."""

LINK, HEADS, FRAME, END = b"LINK", b"HEAD", b"FRAM", b"ENDS"
_HEADER = struct.Struct(f">4sBBH{crypto.HASH_BYTES}s{ID_BYTES}s")
_SECTION = struct.Struct(">4sI")
_COUNT = struct.Struct(">Q")
_SIGNED = b"sprava/bundle/1\x00"
_END_BYTES = _COUNT.size + crypto.HASH_BYTES + crypto.SIGNATURE_BYTES
SECTION_BYTES = _SECTION.size
CLOSING_BYTES = _SECTION.size + _END_BYTES
"""What a volume needs for its end, besides its sections."""
_LIMITS = {
    LINK: membership.MAX_LINK_BYTES,
    HEADS: 16 * 2**20,
    FRAME: frames.MAX_FRAME_BYTES,
    END: _END_BYTES,
}
_AFTER = {
    b"": (LINK,),
    LINK: (LINK, HEADS),
    HEADS: (FRAME, END),
    FRAME: (FRAME, END),
}
_heads_decoder = msgspec.msgpack.Decoder(list[wire.UnitHeads])


class BadVolume(Exception):
    """The file is not a whole volume."""


class Header(NamedTuple):
    """How a volume begins: its bytes, the community, and the maker's device."""

    raw: bytes
    community: bytes
    sender: bytes


@dataclass(frozen=True, slots=True)
class Checked:
    """A volume that is whole: who made it, what they had, and their signature over its digest.

    Args:
        device: The 16-byte id of the maker, as the file says.
        heads: What the maker had, as the file says.
        frames: How many are in it.
        digest: Of all that the signature vouches for.
        signature: The maker's, not yet verified.
    """

    device: bytes
    heads: Heads
    frames: int
    digest: bytes
    signature: bytes

    def is_vouched_for(self, members: Membership) -> bool:
        """Say whether a device of the community made it: the member, or one that waits to be confirmed."""
        for seat in members.seats(self.device):
            try:
                crypto.verify(seat.entry.sign_key, self.signature, _SIGNED + self.digest)
            except CryptoError:
                continue
            return not members.is_turned_away(seat)
        return False


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told of what a check reads.

    Args:
        link: Told of each link.
        frame: Told of each frame of a version that this program knows.
        read: Told how many bytes were read.
    """

    link: Callable[[Link], None] = lambda _link: None
    frame: Callable[[Frame], None] = lambda _frame: None
    read: Callable[[int], None] = lambda _count: None


class Writer:
    """Writes the sections of a volume one after another, in the order of the format.

    Args:
        file: Opened for writing, at its beginning.
        community: 32-byte id.
        device: 16-byte id of the maker.
    """

    def __init__(self, file: BinaryIO, community: bytes, device: bytes) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.frames = 0
        self.bytes = 0
        self._put(_HEADER.pack(MAGIC, VERSION, SUITE, 0, community, device))

    def link(self, data: bytes) -> None:
        """Add a membership link."""
        self._put(_SECTION.pack(LINK, len(data)), data)

    def heads(self, heads: Heads) -> None:
        """Add what the maker has; after the links, before the frames."""
        data = msgspec.msgpack.encode(wire.pack_heads(heads))
        self._put(_SECTION.pack(HEADS, len(data)), data)

    def frame(self, body: bytes) -> None:
        """Add a frame."""
        self._put(_SECTION.pack(FRAME, len(body)), body)
        self.frames += 1

    def close(self, signer: Signer) -> bytes:
        """End the volume; return its digest."""
        self._put(_SECTION.pack(END, _END_BYTES), _COUNT.pack(self.frames))
        digest = self._digest.digest()
        self._file.write(digest + signer.sign(_SIGNED + digest))
        self.bytes += len(digest) + crypto.SIGNATURE_BYTES
        return digest

    def _put(self, *parts: bytes) -> None:
        for part in parts:
            self._digest.update(part)
            self._file.write(part)
            self.bytes += len(part)


def read_header(file: BinaryIO) -> Header:
    """Read how a volume begins.

    Raises:
        BadVolume: It is none.
        Refused: A newer program made it.
    """
    raw = file.read(_HEADER.size)
    if len(raw) != _HEADER.size or not raw.startswith(MAGIC):
        raise BadVolume("not a bundle")
    _magic, version, suite, reserved, community, sender = _HEADER.unpack(raw)
    if (version, suite, reserved) != (VERSION, SUITE, 0):
        raise Refused(
            "newer_bundle",
            _("The file was made by a newer version of the program. Update this one; nothing was changed."),
        )
    return Header(raw, community, sender)


def sections(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Read section after section; every length is checked before anything is read.

    Raises:
        BadVolume: The volume is cut off, or its sections are not as they should be.
    """
    previous = b""
    while previous != END:
        head = file.read(_SECTION.size)
        if len(head) != _SECTION.size:
            raise BadVolume("cut off")
        tag, length = _SECTION.unpack(head)
        if tag not in _AFTER[previous] or length > _LIMITS[tag]:
            raise BadVolume("a section out of place or too long")
        payload = file.read(length)
        if len(payload) != length:
            raise BadVolume("cut off")
        yield tag, payload
        previous = tag
    if file.read(1):
        raise BadVolume("something after the end")


def check(file: BinaryIO, community: bytes, listener: Listener | None = None) -> Checked:
    """Read a whole volume once and find out whether every part of it is what it should be.

    Args:
        file: Opened for reading, at its beginning.
        community: 32-byte id of the community that it must be of.
        listener: Told of every part before it is known that all are in order.

    Raises:
        BadVolume: It is not whole.
        Refused: It is of another community, or a newer program made it.
    """
    header = read_header(file)
    listener = listener or Listener()
    digest = hashlib.sha256(header.raw)
    heads: Heads = {}
    end = b""
    count = 0
    for tag, payload in sections(file):
        digest.update(_SECTION.pack(tag, len(payload)))
        if tag == END:
            end = payload
            digest.update(end[: _COUNT.size])
        else:
            digest.update(payload)
            heads = _check_section(tag, payload, header.community, listener) or heads
            count += tag == FRAME
        listener.read(_SECTION.size + len(payload))
    stated, signature = end[_COUNT.size : -crypto.SIGNATURE_BYTES], end[-crypto.SIGNATURE_BYTES :]
    if len(end) != _END_BYTES or stated != digest.digest() or _COUNT.unpack_from(end) != (count,):
        raise BadVolume("the checksum does not fit")
    if header.community != community:
        raise Refused(
            "other_community",
            _("The file belongs to another community. Nothing was taken from it; nothing was changed."),
        )
    return Checked(header.sender, heads, count, stated, signature)


def _check_section(tag: bytes, payload: bytes, community: bytes, listener: Listener) -> Heads:
    """Check the form of one section; return the heads, if it holds them."""
    try:
        if tag == HEADS:
            return wire.unpack_heads(_heads_decoder.decode(payload))
        if tag == LINK:
            link = membership.parse(payload)
            if link.community != community:
                raise BadVolume("a link of another community")
            listener.link(link)
        else:
            frame = frames.parse(payload)
            if frame.header.community != community:
                raise BadVolume("a frame of another community")
            listener.frame(frame)
    except frames.UnknownVersion:
        pass  # a frame of a newer program: the log says what becomes of it
    except (BadLink, BadFrame, wire.BadMessage, msgspec.MsgspecError) as error:
        raise BadVolume("a section that does not hold what it should") from error
    return {}


def settle(file: BinaryIO) -> None:
    """Bring what was written to the medium, so that reading it again reads the medium and not the memory."""
    file.flush()
    os.fsync(file.fileno())
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
