"""What of a vault goes into a backup."""

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from desktop_app.attachments.store import FOLDER_NAME
from desktop_app.backup.form import DATABASE_BLOCK, FILE_BLOCK, Block, File, is_safe_name
from desktop_app.vault.instance import LOCK_NAME
from desktop_app.vault.snapshot import Snapshot
from desktop_app.vault.vault import DATABASE_NAME, MARK_NAME

_LEFT_OUT = (DATABASE_NAME, LOCK_NAME, MARK_NAME, "vault.key", "vault.seat", "vault.tries", "hub/")
"""The database goes by its snapshot and the key file with the root; the rest belongs to one place and one life, or is
filled again by the devices."""

_UNFINISHED = (f"{FOLDER_NAME}/new-",)
_CHUNK = re.compile(rf"{FOLDER_NAME}/[0-9a-f]{{2}}/([0-9a-f]{{64}})")


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the vault beside the database.

    Args:
        path: Where it is.
        name: Below the vault's folder, parts parted by ``/``.
        size: In bytes.
        modified_ns: When it was written.
    """

    path: Path
    name: str
    size: int
    modified_ns: int

    def is_that_of(self, file: File) -> bool:
        """Return whether an earlier backup has it already: such files are written once and never changed."""
        return (file.name, file.size, file.modified_ns) == (self.name, self.size, self.modified_ns)

    def is_sound(self, blocks: list[Block]) -> bool:
        """Return whether what was read fits the name: a stored chunk is named by the hash of its bytes."""
        chunk = chunk_of(self.name)
        return chunk is None or [block.hash for block in blocks] == [chunk]


def find_files(folder: Path) -> list[Found]:
    """Return the files that a vault has beside its database, by name: attachments and whatever else stays.

    Args:
        folder: The vault's folder; no link in it is followed.

    Raises:
        OSError: The disk refused.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and is_safe_name(name) and not _is_left_out(name):
            found.append(Found(path, name, status.st_size, status.st_mtime_ns))
    return found


def chunk_of(name: str) -> bytes | None:
    """Return the id of the attached file's chunk that lies under a name, or None when it is something else."""
    named = _CHUNK.fullmatch(name)
    return bytes.fromhex(named[1]) if named else None


def _is_left_out(name: str) -> bool:
    return name.startswith((*_LEFT_OUT, *_UNFINISHED)) or name.endswith((".new", ".part", ".partial"))


def database_entry(snapshot: Snapshot, blocks: list[Block]) -> File:
    """Return the database as an index lists it."""
    packed = b"".join(block.pack() for block in blocks)
    return File(DATABASE_NAME, snapshot.size, snapshot.modified_ns, DATABASE_BLOCK, packed)


def file_entry(found: Found, blocks: list[Block]) -> File:
    """Return another file as an index lists it."""
    return File(found.name, found.size, found.modified_ns, FILE_BLOCK, b"".join(block.pack() for block in blocks))
