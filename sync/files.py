"""Files that are either wholly the old ones or wholly the new ones, whatever happens to the power."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from sync.errors import Misuse, Refused
from sync.messages import _


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file so that after a power cut it holds either the old or the new content.

    Args:
        path: The file; its folder exists.
        data: The new content.

    Raises:
        OSError: The disk refused; the old file is intact.
    """
    with replacing(path, path.with_name(path.name + ".new")) as file:
        write_all(file, data)


@contextmanager
def replacing(path: Path, beside: Path) -> Iterator[FileIO]:
    """Give a new file for its owner alone, which at the end is on the disk and takes the place of another one.

    Args:
        path: Its place in the end; a file that is there is intact until then, and after a failure.
        beside: Where it is written, in the same folder; nobody else writes under this name.

    Raises:
        OSError: The disk refused; nothing is left beside.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        beside.unlink(missing_ok=True)  # one left by a kill may have other rights
        with FileIO(os.open(beside, flags, 0o600), "r+") as file:
            yield file
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):  # a stick that was pulled out takes the rest with it
            beside.unlink(missing_ok=True)
        raise
    sync_folder_if_possible(path.parent)


def write_all(file: FileIO, data: bytes | memoryview) -> None:
    """Write all of the data at the file's position, however little the system takes at once.

    Raises:
        OSError: The disk refused.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def open_named(path: Path) -> BinaryIO:
    """Open a file that somebody named, to read it; whatever a person can choose or type is opened here.

    Args:
        path: The file.

    Raises:
        Misuse: It is a folder ("is_folder"), or a pipe or device ("not_a_file").
        OSError: It can't be read.
    """
    require_ordinary(path)
    return path.open("rb")


def open_own(path: Path) -> FileIO:
    """Open a file of the program's own, to read it; what somebody put in its place keeps nobody waiting.

    Args:
        path: The file, where nobody chose to name it.

    Raises:
        OSError: It can't be read; where a folder, a pipe or a device lies in its place, `IsADirectoryError`.
    """
    # Opening a pipe for reading would wait for a writer; without waiting, the open file itself can be asked.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        return FileIO(descriptor, "r")
    except BaseException:
        os.close(descriptor)
        raise


def require_ordinary(path: Path) -> None:
    """Refuse a folder, and a pipe, a device or whatever else would keep its reader waiting for ever.

    Args:
        path: What somebody named as a file to read.

    Raises:
        Misuse: It is there and no ordinary file ("is_folder", "not_a_file").
        OSError: It can't be looked at.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise Misuse(
            "is_folder",
            _("{file} is a folder, not a file. Nothing was read from it. Name a file.").format(file=path),
        )
    if not stat.S_ISREG(mode):
        raise Misuse(
            "not_a_file",
            _("{file} is a pipe or a device, not a file. Nothing was read from it. Name a file.").format(file=path),
        )


def require_replaceable(path: Path, magic: bytes) -> None:
    """Refuse a place that holds anything but an earlier file of the same kind.

    Args:
        path: Where a file is to be written.
        magic: What every file of the kind begins with.

    Raises:
        Refused: Something else is there.
    """
    try:
        if not path.is_symlink() and not path.exists():
            return
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(len(magic)) == magic:
                    return
    except OSError:
        pass  # what can't be looked into is not ours to replace
    raise Refused(
        "file_exists",
        _("There is a file {file} already; it was not touched. Choose another name.").format(file=path),
    )


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


def write_new(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read and that did not exist, straight to its place, and to the disk.

    Args:
        path: The file.
        data: Its content.

    Raises:
        Refused: There is a file already ("file_exists"), or it can't be written ("unwritable"); then none is left.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError as error:
        raise Refused(
            "file_exists",
            _("There is a file {file} already; it was not touched. Choose another name.").format(file=path),
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with FileIO(descriptor, "w") as file:
            write_all(file, data)
            os.fsync(file.fileno())
        sync_folder_if_possible(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def sync_folder_if_possible(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where its file system can promise that.

    Raises:
        OSError: The disk refused.
    """
    try:
        sync_folder(folder)
    except OSError as error:
        # Some shares know no fsync of a folder, or let nobody open one.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF}:
            raise


def _unwritable(path: Path, error: OSError) -> Refused:
    return Refused(
        "unwritable",
        _("The file {file} can't be written: {reason}. Nothing was changed. Choose another place.").format(
            file=path, reason=error.strerror
        ),
    )
