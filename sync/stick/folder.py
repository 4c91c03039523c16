"""The folder on the stick: names, and reading what strangers may have put there."""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sync.errors import Damaged, Refused
from sync.messages import _

TOP = "Sprava"
MANY = 10_000
"""How many names in the folder are looked at."""

_SHORT_ID_BYTES = 8
_VOLUME = re.compile(r"([0-9a-f]{12})-([0-9a-f]{4})-([0-9a-f]{32})\.sprava")
_STATEMENT = re.compile(r"([0-9a-f]{32})\.heads")


class NotAFile(Exception):
    """A link, a pipe, a folder or a device stands where a file should be."""


class VolumeName(NamedTuple):
    """The name of a volume: names in order are volumes in the order in which they were made.

    Args:
        visit: The number of the exchange in which it was made.
        part: Its number in that exchange.
        device: The 16-byte id of its maker.
    """

    visit: int
    part: int
    device: bytes

    def __str__(self) -> str:
        return f"{self.visit:012x}-{self.part:04x}-{self.device.hex()}.sprava"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something on the stick that was not taken.

    Args:
        file: Its name, or nothing when it is about the whole folder.
        sentence: What is the matter, for people.
    """

    file: str
    sentence: str


class Listing(NamedTuple):
    """What is in the folder.

    Args:
        volumes: Oldest first.
        statements: The ids of the devices that left one.
        partial: Names of files that somebody did not finish.
        overfull: There are more names than are looked at.
    """

    volumes: list[VolumeName]
    statements: list[bytes]
    partial: list[str]
    overfull: bool


def community_folder(root: Path, community: bytes) -> Path:
    """Return the folder of a community on a stick.

    Args:
        root: The stick, or a folder on it.
        community: The 32-byte id.
    """
    return root / TOP / community[:_SHORT_ID_BYTES].hex()


def statement_name(device: bytes) -> str:
    """Return the name of a device's statement."""
    return f"{device.hex()}.heads"


def partial_name(name: VolumeName) -> str:
    """Return under which name a volume is written until it is whole."""
    return f".{name}.partial"


def open_for(root: Path, community: bytes, *, make: bool) -> Path:
    """Return the community's folder on a stick, after looking whether it is one.

    Args:
        root: The stick, or a folder on it.
        community: The 32-byte id.
        make: Make it, if it is not there.

    Raises:
        Refused: There is no such place, or something else stands there.
        OSError: It can't be made.
    """
    if not root.is_dir():
        raise Refused(
            "no_stick",
            _("There is no folder {folder}. Nothing was changed. Put the stick in, or choose a folder on it.").format(
                folder=root
            ),
        )
    place = community_folder(root, community)
    for folder in (place.parent, place):
        if make and not folder.is_symlink():
            folder.mkdir(exist_ok=True)
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise Refused(
                "not_a_folder",
                _(
                    "{folder} on the stick is not an ordinary folder. Nothing was read from it or written to it. "
                    "Take another stick, or delete it there."
                ).format(folder=folder),
            )
    return place


def listing(folder: Path) -> Listing:
    """Return what is in the folder, by names alone.

    Raises:
        OSError: It can't be read.
    """
    found = Listing([], [], [], overfull=False)
    with os.scandir(folder) as entries:
        for count, entry in enumerate(entries):
            if count >= MANY:
                found = found._replace(overfull=True)
                break
            if match := _VOLUME.fullmatch(entry.name):
                visit, part, device = match.groups()
                found.volumes.append(VolumeName(int(visit, 16), int(part, 16), bytes.fromhex(device)))
            elif match := _STATEMENT.fullmatch(entry.name):
                found.statements.append(bytes.fromhex(match[1]))
            elif entry.name.startswith(".") and entry.name.endswith(".partial"):
                found.partial.append(entry.name)
    found.volumes.sort()
    found.statements.sort()
    return found


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open an ordinary file that nobody vouches for; a link is not followed, a pipe is not waited for.

    Raises:
        NotAFile: It is none.
        OSError: It can't be opened.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise NotAFile
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotAFile
        yield file


def free_bytes(folder: Path) -> int:
    """Return how much room the stick says it has."""
    return shutil.disk_usage(folder).free


def remove(path: Path) -> None:
    """Remove a file, if the stick lets it be removed; what stays is looked at again the next time."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def remove_own_partials(folder: Path, names: list[str], device: bytes) -> None:
    """Remove what this device began to write and did not finish."""
    for name in names:
        match = _VOLUME.fullmatch(name.removeprefix(".").removesuffix(".partial"))
        if match and bytes.fromhex(match[3]) == device:
            remove(folder / name)


def bad_medium(folder: Path) -> Damaged:
    """Return the failure of a stick that does not give back what was written."""
    return Damaged(
        "bad_medium",
        _("{path} could not be read back after writing. Use another stick or folder.").format(path=folder),
    )


def describe(error: Exception, name: str) -> Trouble:
    """Return what a person is told of a file that could not be used."""
    if isinstance(error, NotAFile):
        words = _("{file} is not an ordinary file. It was not touched.")
    elif isinstance(error, OSError):
        words = _("{file} can't be read: {reason}. Nothing was taken from it.")
    elif isinstance(error, Refused) and error.code == "newer_bundle":
        words = _("{file} was made by a newer version of Sprava. It stays for those who have it; update this one.")
    elif isinstance(error, Refused):
        words = _("{file} belongs to another community. Nothing was taken from it.")
    else:
        words = _("{file} is damaged: it was cut off or changed. Nothing was taken from it; it will be written anew.")
    reason = error.strerror or str(error) if isinstance(error, OSError) else ""
    return Trouble(name, words.format(file=name, reason=reason))
