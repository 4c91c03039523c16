"""Files that are either wholly the old ones or wholly the new ones, whatever happens to the power."""

import os
import sys
from pathlib import Path


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file so that after a power cut it holds either the old or the new content.

    Args:
        path: The file; its folder exists.
        data: The new content.

    Raises:
        OSError: The disk refused; the old file is intact.
    """
    temporary = path.with_name(path.name + ".new")
    try:
        temporary.unlink(missing_ok=True)  # one left by a power cut may have other rights
        temporary.touch(mode=0o600)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut.

    Raises:
        OSError: The disk refused.
    """
    if sys.platform == "win32":
        return  # NTFS journals names itself, and a folder can't be opened for fsync there
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the content of a file survive a power cut.

    Raises:
        OSError: The disk refused.
    """
    with path.open("rb+") as file:
        os.fsync(file.fileno())
