"""Exchange without a network: a file with frames, carried by hand (docs/formats/bundle.md)."""

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from sync import frames, volume, wire
from sync.errors import Damaged, Refused
from sync.files import require_replaceable, sync_folder
from sync.membership import Membership
from sync.messages import _
from sync.replica import Applied, Heads, Replica
from sync.volume import BadVolume, Checked, Writer

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
        require_replaceable(path, volume.MAGIC)
        with partial.open("wb") as file:
            written, digest = _write(file, replica, known or {})
            volume.settle(file)
        with partial.open("rb") as file:
            if volume.check(file, replica.community).digest != digest:
                raise BadVolume("not what was written")
        partial.replace(path)
        sync_folder(path.parent)
    except BadVolume as error:
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
            sender = volume.check(file, replica.community)
            file.seek(0)
            applied = _take(file, replica, path)
    except BadVolume as error:
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
    writer = Writer(file, replica.community, replica.device)
    for link in replica.links():
        writer.link(link)
    writer.heads(replica.heads())
    while bodies := replica.frames_missing(theirs, _BATCH_BYTES):
        before, theirs = theirs, wire.advance(theirs, [frames.parse(body) for body in bodies])
        if theirs == before:
            raise RuntimeError("the log gives frames that lead nowhere")
        for body in bodies:
            writer.frame(body)
    digest = writer.close(replica.signer)
    return Written(writer.frames, writer.bytes), digest


def _take(file: BinaryIO, replica: Replica, path: Path) -> Applied:
    """Apply a checked file; when the stick is pulled out now, some parts are in already."""
    try:
        return _apply(file, replica)
    except (BadVolume, OSError) as error:
        raise Refused(
            "import_interrupted",
            _(
                "{path} could not be read to its end. What was taken from it so far is in order and stays. Put the "
                "stick back and import the file again."
            ).format(path=path),
        ) from error


def _apply(file: BinaryIO, replica: Replica) -> Applied:
    """Apply a checked file in parts, so that its size does not matter."""
    volume.read_header(file)
    applied = Applied()
    links: list[bytes] = []
    bodies: list[bytes] = []
    size = 0
    for tag, payload in volume.sections(file):
        if tag == volume.LINK:
            links.append(payload)
        elif tag == volume.FRAME:
            bodies.append(payload)
        size += len(payload)
        if size >= _BATCH_BYTES or len(bodies) >= _BATCH_FRAMES or tag in {volume.HEADS, volume.END}:
            applied += replica.apply(bodies, links)
            links, bodies, size = [], [], 0
    return applied


def _remember(replica: Replica, sender: Checked) -> None:
    """Remember what a member had who signed a bundle, so that the next one for them need not hold it.

    Heads that nobody vouches for would only make bundles too small, and a volume that states none tells nothing.
    """
    members = Membership.of(list(replica.links()))
    if sender.device not in members.devices or sender.device == replica.device or not sender.heads:
        return
    if sender.is_vouched_for(members):
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
