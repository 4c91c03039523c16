"""A key file on a stick: a second secret beside the pass phrase (docs/formats/key-file.md, "The stick's key file")."""

import os
import string
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from sync import crypto, files
from sync.errors import Damaged, Failure, Refused
from sync.messages import _

ENDING = ".sprava-stick"
MAGIC = b"SPRVSTK\x00"
VERSION = 1
MARK_BYTES = 2
_BODY = struct.Struct(">8sH16s32s")
_VERSION_AT = struct.Struct(">8sH")
_BYTES = _BODY.size + 32
_MANY = 64
_REMOVABLE_ON_WINDOWS = 2


@dataclass(frozen=True, slots=True)
class Stick:
    """The second secret, as read from its file.

    Args:
        id: 16 random bytes; the vault's key file names the first two of them.
        secret: 32 random bytes.
    """

    id: bytes
    secret: bytes

    @property
    def mark(self) -> int:
        """By which a key file knows this stick from another."""
        return int.from_bytes(self.id[:MARK_BYTES], "big")

    @classmethod
    def generate(cls) -> "Stick":
        """Make a new random one."""
        return cls(os.urandom(16), os.urandom(32))

    def pack(self) -> bytes:
        """Return the bytes of the file."""
        body = _BODY.pack(MAGIC, VERSION, self.id, self.secret)
        return body + crypto.sha256(body)

    @classmethod
    def unpack(cls, data: bytes) -> "Stick":
        """Read the bytes of a file.

        Raises:
            Damaged: It is no stick's key file, or not as it was written ("damaged_stick").
            Refused: A newer program wrote it ("newer_stick").
        """
        body, checksum = data[:-32], data[-32:]
        if len(body) < _VERSION_AT.size or checksum != crypto.sha256(body) or not data.startswith(MAGIC):
            raise _damaged()
        if _VERSION_AT.unpack_from(data)[1] > VERSION:
            raise Refused(
                "newer_stick",
                _("A newer version of Sprava wrote the key file on the stick. Nothing was changed. Update Sprava."),
            )
        if len(data) != _BYTES or _VERSION_AT.unpack_from(data)[1] != VERSION:
            raise _damaged()
        _magic, _version, identity, secret = _BODY.unpack(body)
        return cls(identity, secret)

    def __repr__(self) -> str:
        return "Stick(...)"


def read(path: Path) -> Stick:
    """Read the key file of a stick.

    Args:
        path: The file.

    Raises:
        Refused: It can't be read ("unreadable_stick"), or a newer program wrote it.
        Damaged: It is no such file.
        Misuse: It is a folder, a pipe or a device.
    """
    try:
        with files.open_named(path) as file:
            return Stick.unpack(file.read(_BYTES + 1))
    except OSError as error:
        raise Refused(
            "unreadable_stick",
            _("The key file {file} can't be read: {reason}. Put the stick in again, or choose the file.").format(
                file=path, reason=error.strerror
            ),
        ) from error


def write(path: Path, stick: Stick) -> None:
    """Write a new key file; an existing file is never replaced, since a vault may need it.

    Args:
        path: The file.
        stick: What to write.

    Raises:
        Refused: There is a file already ("file_exists"), or the disk refuses ("unwritable").
    """
    files.write_new(path, stick.pack())


def find(mark: int, roots: list[Path] | None = None) -> Stick | None:
    """Look for the key file of one vault at the top of everything that is plugged in.

    Args:
        mark: What the vault's key file says of its stick.
        roots: Where to look; by default on all removable media.
    """
    for root in removable() if roots is None else roots:
        try:
            candidates = sorted(root.glob(f"*{ENDING}"))[:_MANY]
        except OSError:
            continue
        for path in candidates:
            try:
                stick = read(path)
            except Failure:
                continue
            if stick.mark == mark:
                return stick
    return None


def removable() -> list[Path]:
    """Return where sticks that are plugged in now can be read."""
    if sys.platform == "win32":
        return _windows_drives()
    user = os.environ.get("USER", "")
    parents = [Path("/media") / user, Path("/run/media") / user, Path("/media"), Path("/mnt"), Path("/Volumes")]
    found: list[Path] = []
    for parent in parents:
        try:
            found += sorted(place for place in parent.iterdir() if place.is_dir() and place not in found)[:_MANY]
        except OSError:
            continue
    return found


def _windows_drives() -> list[Path]:
    import ctypes

    kind_of = getattr(ctypes, "windll").kernel32.GetDriveTypeW  # noqa: B009 - known to type checkers on Windows only
    roots = [f"{letter}:\\" for letter in string.ascii_uppercase]
    return [Path(root) for root in roots if kind_of(root) == _REMOVABLE_ON_WINDOWS]


def _damaged() -> Damaged:
    return Damaged(
        "damaged_stick",
        _(
            "This is no key file of a stick, or it is damaged. Nothing was changed. Take its copy, or open the vault "
            "with the recovery sheet."
        ),
    )
