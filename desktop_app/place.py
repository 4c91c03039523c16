"""Where a vault lies: enough to notice on opening that its folder is a copy (docs/decisions/0012-copies.md)."""

import ctypes
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from desktop_app.machine import HASH_BYTES, MAX_BOARDS, Machine, read_machine

_PLACE = struct.Struct(f">Qq{HASH_BYTES}s{HASH_BYTES}sB")
_LARGEST_FILE = 2**64 - 1
_STATX_BYTES = 256
_STATX_BIRTH = 0x800
_BIRTH_AT = 80
_HERE = -100
"""The folder that a path without a root begins in, for ``statx``."""


@dataclass(frozen=True, slots=True)
class Place:
    """The file of the mark as the file system knows it, and the computer.

    Args:
        file: Its inode or file index; 0 when unknown.
        born: When it came to be there, in nanoseconds since 1970; 0 when unknown.
        machine: The computer.
    """

    file: int
    born: int
    machine: Machine

    def may_be(self, other: "Place") -> bool:
        """Whether a vault at the one place can be the one last seen at the other, and no copy of it."""
        return self._same_file(other) and self.machine.may_be(other.machine)

    def _same_file(self, other: "Place") -> bool:
        if sys.platform == "linux" and self.born and other.born:
            # Nothing there can give a copy the birth of its original; FAT numbers its files anew at each mount.
            return self.born == other.born
        return self.file == other.file and (self.born == other.born or not self.born or not other.born)

    def pack(self) -> bytes:
        """Return its bytes, for the mark."""
        boards = sorted(self.machine.boards)[:MAX_BOARDS]
        head = _PLACE.pack(self.file, self.born, self.machine.system, self.machine.model, len(boards))
        return head + b"".join(boards)

    @classmethod
    def unpack(cls, data: bytes) -> "Place | None":
        """Read its bytes; nothing is known of a place in another notation."""
        if len(data) < _PLACE.size:
            return None
        file, born, system, model, count = _PLACE.unpack_from(data)
        boards = data[_PLACE.size :]
        if len(boards) != count * HASH_BYTES:
            return None
        found = frozenset(boards[at : at + HASH_BYTES] for at in range(0, len(boards), HASH_BYTES))
        return cls(file, born, Machine(system, model, found))


def read_place(mark: Path) -> Place | None:
    """Look where a vault lies.

    Args:
        mark: The file of its high-water mark: it is written in place, never replaced.

    Returns:
        The place, or None when the file is not there.
    """
    try:
        status = mark.stat()
    except OSError:
        return None
    return Place(status.st_ino & _LARGEST_FILE, _born(mark, status), read_machine())


def _born(path: Path, status: os.stat_result) -> int:
    known = getattr(status, "st_birthtime_ns", None) or int(getattr(status, "st_birthtime", 0) * 10**9)
    if known or sys.platform != "linux":
        return int(known)
    buffer = ctypes.create_string_buffer(_STATX_BYTES)
    try:
        failed = ctypes.CDLL(None).statx(_HERE, os.fsencode(path), 0, _STATX_BIRTH, buffer)
    except (AttributeError, OSError):  # a C library from before 2018
        return 0
    (given,) = struct.unpack_from("=I", buffer, 0)
    seconds, nanoseconds = struct.unpack_from("=qI", buffer, _BIRTH_AT)
    return 0 if failed or not given & _STATX_BIRTH else int(seconds) * 10**9 + int(nanoseconds)
