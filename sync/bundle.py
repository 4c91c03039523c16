"""Exchange without a network: a file with frames, carried by hand (docs/formats/bundle.md)."""

import contextlib
import errno
import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from sync import crypto, frames, membership, wire
from sync.crypto import CryptoError
from sync.errors import Damaged, Refused
from sync.files import require_replaceable, sync_folder
from sync.frames import BadFrame
from sync.ids import ID_BYTES
from sync.membership import BadLink, Membership
from sync.messages import _
from sync.replica import Applied, Heads, Replica

MAGIC = b"SPRB"
VERSION = 1
SUITE = 1
"""SHA-256 and Ed25519."""

_HEADER = struct.Struct(f">4sBBH{crypto.HASH_BYTES}s{ID_BYTES}s")
_SECTION = struct.Struct(">4sI")
_COUNT = struct.Struct(">Q")
_SIGNED = b"sprava/bundle/1\x00"
_LINK, _HEADS, _FRAME, _END = b"LINK", b"HEAD", b"FRAM", b"ENDS"
_END_BYTES = _COUNT.size + crypto.HASH_BYTES + crypto.SIGNATURE_BYTES
_LIMITS = {
    _LINK: membership.MAX_LINK_BYTES,
    _HEADS: 16 * 2**20,
    _FRAME: frames.MAX_FRAME_BYTES,
    _END: _END_BYTES,
}
_AFTER = {
    b"": (_LINK,),
    _LINK: (_LINK, _HEADS),
    _HEADS: (_FRAME, _END),
    _FRAME: (_FRAME, _END),
}
_BATCH_BYTES = 4 * 2**20
_BATCH_FRAMES = 2_000
_heads_decoder = msgspec.msgpack.Decoder(list[wire.UnitHeads])


@dataclass(frozen=True, slots=True)
class Written:
    """What was written into a bundle.

    Args:
        frames: How many.
        bytes: The size of the file.
    """

    frames: int
    bytes: int


class _Sender(NamedTuple):
    """Who made a bundle, what they had, and their signature over its digest."""

    device: bytes
    heads: Heads
    digest: bytes
    signature: bytes


class _Header(NamedTuple):
    """How a bundle begins: its bytes, the community, and the sender's device."""

    raw: bytes
    community: bytes
    sender: bytes


class _BadBundle(Exception):
    """The file is not a whole bundle."""


def export_bundle(replica: Replica, path: Path, known: Heads | None = None) -> Written:
    """Write what somebody lacks into a file; the file appears whole and checked, or not at all.

    Args:
        replica: This device's log.
        path: Where to.
        known: What the receiver has, as far as known; everything is written when None.

    Raises:
        Refused: The file can't be written there.
        Damaged: What was written could not be read back.
    """
    partial = path.parent / f".{path.name}.partial"
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        require_replaceable(path, MAGIC)
        with partial.open("wb") as file:
            written, digest = _write(file, replica, known or {})
            file.flush()
            os.fsync(file.fileno())
            if hasattr(os, "posix_fadvise"):  # so that the check reads the medium, not the memory
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        with partial.open("rb") as file:
            if _check(file, replica.community).digest != digest:
                raise _BadBundle("not what was written")
        partial.replace(path)
        sync_folder(path.parent)
    except _BadBundle as error:
        raise Damaged(
            "bad_medium",
            _("{path} could not be read back after writing. Use another stick or folder.").format(path=path),
        ) from error
    except OSError as error:
        raise Refused(
            "cannot_write",
            _(
                "{path} can't be written: {reason}. Nothing half-written was left; all data is safe on this computer."
            ).format(path=path, reason=error.strerror or error),
        ) from error
    finally:
        with contextlib.suppress(OSError):  # a stick that was pulled out takes the rest with it
            partial.unlink(missing_ok=True)
    return written


def import_bundle(replica: Replica, path: Path) -> Applied:
    """Take in the frames of a bundle, after the whole file was checked.

    Args:
        replica: This device's log.
        path: The file.

    Raises:
        Damaged: The file is not a whole bundle; nothing was taken.
        Refused: It is of another community or of a newer program, or can't be read; nothing was taken. Or it can't be
            read a second time ("import_interrupted"); what was taken until then stays.
    """
    try:
        with path.open("rb") as file:
            sender = _check(file, replica.community)
            file.seek(0)
            applied = _take(file, replica, path)
    except _BadBundle as error:
        raise _damaged(path) from error
    except OSError as error:
        raise Refused(
            "cannot_read",
            _("{path} can't be read: {reason}. Nothing was changed.").format(path=path, reason=error.strerror or error),
        ) from error
    _remember(replica, sender)
    return applied


def heads_of(replica: Replica, device: bytes) -> Heads | None:
    """Return what a device had when it made the last bundle that came from it, or None.

    Args:
        replica: This device's log.
        device: The 16-byte id of the other one.
    """
    data = replica.recall(_note(device))
    return None if data is None else wire.unpack_heads(_heads_decoder.decode(data))


def _write(file: BinaryIO, replica: Replica, theirs: Heads) -> tuple[Written, bytes]:
    """Write all parts; return what and the digest of the whole."""
    digest = hashlib.sha256()

    def put(*parts: bytes) -> None:
        for part in parts:
            digest.update(part)
            file.write(part)

    put(_HEADER.pack(MAGIC, VERSION, SUITE, 0, replica.community, replica.device))
    for link in replica.links():
        put(_SECTION.pack(_LINK, len(link)), link)
    heads = msgspec.msgpack.encode(wire.pack_heads(replica.heads()))
    put(_SECTION.pack(_HEADS, len(heads)), heads)
    count = 0
    while bodies := replica.frames_missing(theirs, _BATCH_BYTES):
        before, theirs = theirs, wire.advance(theirs, [frames.parse(body) for body in bodies])
        if theirs == before:
            raise RuntimeError("the log gives frames that lead nowhere")
        for body in bodies:
            put(_SECTION.pack(_FRAME, len(body)), body)
        count += len(bodies)
    put(_SECTION.pack(_END, _END_BYTES), _COUNT.pack(count))
    file.write(digest.digest() + replica.signer.sign(_SIGNED + digest.digest()))
    return Written(count, file.tell()), digest.digest()


def _sections(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Read section after section; every length is checked before anything is read."""
    previous = b""
    while previous != _END:
        head = file.read(_SECTION.size)
        if len(head) != _SECTION.size:
            raise _BadBundle("cut off")
        tag, length = _SECTION.unpack(head)
        if tag not in _AFTER[previous] or length > _LIMITS[tag]:
            raise _BadBundle("a section out of place or too long")
        payload = file.read(length)
        if len(payload) != length:
            raise _BadBundle("cut off")
        yield tag, payload
        previous = tag
    if file.read(1):
        raise _BadBundle("something after the end")


def _read_header(file: BinaryIO) -> _Header:
    raw = file.read(_HEADER.size)
    if len(raw) != _HEADER.size or not raw.startswith(MAGIC):
        raise _BadBundle("not a bundle")
    _magic, version, suite, reserved, community, sender = _HEADER.unpack(raw)
    if (version, suite, reserved) != (VERSION, SUITE, 0):
        raise Refused(
            "newer_bundle",
            _("The file was made by a newer version of the program. Update this one; nothing was changed."),
        )
    return _Header(raw, community, sender)


def _check(file: BinaryIO, community: bytes) -> _Sender:
    """Read the whole file once and find out whether every part of it is what it should be."""
    header = _read_header(file)
    digest = hashlib.sha256(header.raw)
    heads: Heads = {}
    end = b""
    count = 0
    for tag, payload in _sections(file):
        digest.update(_SECTION.pack(tag, len(payload)))
        if tag == _END:
            end = payload
            digest.update(end[: _COUNT.size])
        else:
            digest.update(payload)
            heads = _check_section(tag, payload, header.community) or heads
            count += tag == _FRAME
    stated, signature = end[_COUNT.size : -crypto.SIGNATURE_BYTES], end[-crypto.SIGNATURE_BYTES :]
    if len(end) != _END_BYTES or stated != digest.digest() or _COUNT.unpack_from(end) != (count,):
        raise _BadBundle("the checksum does not fit")
    if header.community != community:
        raise Refused(
            "other_community",
            _("The file belongs to another community. Nothing was taken from it; nothing was changed."),
        )
    return _Sender(header.sender, heads, stated, signature)


def _check_section(tag: bytes, payload: bytes, community: bytes) -> Heads:
    """Check the form of one section; return the heads, if it holds them."""
    try:
        match tag:
            case b"HEAD":
                return wire.unpack_heads(_heads_decoder.decode(payload))
            case b"LINK" if membership.parse(payload).community != community:
                raise _BadBundle("a link of another community")
            case b"FRAM" if frames.parse(payload).header.community != community:
                raise _BadBundle("a frame of another community")
    except frames.UnknownVersion:
        pass  # a frame of a newer program: the log says what becomes of it
    except (BadLink, BadFrame, wire.BadMessage, msgspec.MsgspecError) as error:
        raise _BadBundle("a section that does not hold what it should") from error
    return {}


def _take(file: BinaryIO, replica: Replica, path: Path) -> Applied:
    """Apply a checked file; when the stick is pulled out now, some parts are in already."""
    try:
        return _apply(file, replica)
    except (_BadBundle, OSError) as error:
        raise Refused(
            "import_interrupted",
            _(
                "{path} could not be read to its end. What was taken from it so far is in order and stays. Put the "
                "stick back and import the file again."
            ).format(path=path),
        ) from error


def _apply(file: BinaryIO, replica: Replica) -> Applied:
    """Apply a checked file in parts, so that its size does not matter."""
    _read_header(file)
    applied = Applied()
    links: list[bytes] = []
    bodies: list[bytes] = []
    size = 0
    for tag, payload in _sections(file):
        if tag == _LINK:
            links.append(payload)
        elif tag == _FRAME:
            bodies.append(payload)
        size += len(payload)
        if size >= _BATCH_BYTES or len(bodies) >= _BATCH_FRAMES or tag in {_HEADS, _END}:
            applied += replica.apply(bodies, links)
            links, bodies, size = [], [], 0
    return applied


def _remember(replica: Replica, sender: _Sender) -> None:
    """Remember what a member had who signed a bundle, so that the next one for them need not hold it."""
    members = Membership.of(list(replica.links()))
    device = members.devices.get(sender.device)
    if device is None or sender.device == replica.device:
        return
    try:
        crypto.verify(device.entry.sign_key, sender.signature, _SIGNED + sender.digest)
    except CryptoError:
        return  # the frames stand for themselves; heads that nobody vouches for would only make bundles too small
    replica.remember(_note(sender.device), msgspec.msgpack.encode(wire.pack_heads(sender.heads)))


def _note(device: bytes) -> str:
    return f"heads-of {device.hex()}"


def _damaged(path: Path) -> Damaged:
    return Damaged(
        "damaged_bundle",
        _(
            "{path} is not a whole exchange file of Sprava: it was cut off or changed on its way. Nothing was taken "
            "from it. Ask for it to be written again."
        ).format(path=path),
    )
