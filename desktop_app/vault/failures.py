"""What the disk and the database can do to a vault, said in plain words."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlcipher3 import dbapi2

from sync.errors import Damaged, Failure, Refused
from sync.messages import N_, _

_DISK_FULL = N_(
    "The disk is full. This change was not saved; everything saved before is intact. Free some space and try again."
)
_READ_ONLY = N_(
    "The vault can't be written here: the disk or the folder is read-only. Nothing was changed. "
    "Copy the vault to a disk that can be written, or ask for the right to write in the folder."
)
_IO_ERROR = N_(
    "The disk reported an error. This change was not saved. "
    "Check the disk and the cable, make a backup as soon as the vault opens, then try again."
)
_BROKEN = N_(
    "The vault's database is damaged. Nothing was changed or deleted. Choose “Check and repair”, or run “sprava "
    "repair”: it keeps all that can still be read and takes back the rest from the server or a stick. A "
    "backup helps as well."
)
_IN_THE_WAY = N_(
    "Something lies where the file {file} of the vault belongs: a folder, a link, a pipe, or a file instead of a "
    "folder. Nothing was changed. Move it to another place and try again."
)
_INSIDE = N_("{file} lies inside the vault's own folder and would be lost with it. Choose another place.")
_BUSY = N_("Another program holds the vault's database. Nothing was changed. Close that program and try again.")
_CLOSED = N_("The vault is closed. Everything saved before is intact. Open it with the pass phrase and try again.")

_BY_RESULT_CODE: dict[int, tuple[type[Failure], str, str]] = {
    dbapi2.SQLITE_FULL: (Refused, "disk_full", _DISK_FULL),
    dbapi2.SQLITE_READONLY: (Refused, "read_only", _READ_ONLY),
    dbapi2.SQLITE_CANTOPEN: (Refused, "read_only", _READ_ONLY),
    dbapi2.SQLITE_BUSY: (Refused, "vault_in_use", _BUSY),
    dbapi2.SQLITE_IOERR: (Damaged, "disk_error", _IO_ERROR),
    dbapi2.SQLITE_CORRUPT: (Damaged, "damaged_database", _BROKEN),
    dbapi2.SQLITE_NOTADB: (Damaged, "damaged_database", _BROKEN),
}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MISPLACED = {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
_PRIMARY_CODE = 0xFF
_LITTLE_ROOM_BYTES = 64 * 1024
"""SQLite calls it an error of the disk when it lacks room for its shared memory; with less free than this it does."""


def of_database(error: dbapi2.Error, path: Path | None = None) -> Failure | None:
    """Return the failure that a database error means to a person, or None when it is a bug of the program.

    Args:
        error: What the driver raised.
        path: The database file, to see whether its disk is full.
    """
    code = getattr(error, "sqlite_errorcode", None)
    known = None if code is None else _BY_RESULT_CODE.get(code & _PRIMARY_CODE)
    if known is None:
        return None
    if known[1] == "disk_error" and path is not None and _is_full(path):
        return Refused("disk_full", _(_DISK_FULL))
    kind, name, message = known
    return kind(name, _(message))


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _LITTLE_ROOM_BYTES
    except OSError:
        return False


def of_system(error: OSError) -> Failure:
    """Return the failure that an error of the file system means to a person."""
    if error.errno in _FULL:
        return Refused("disk_full", _(_DISK_FULL))
    if error.errno in _FORBIDDEN:
        return Refused("read_only", _(_READ_ONLY))
    if error.errno in _MISPLACED:
        return in_the_way(Path(str(error.filename)).name if error.filename else "")
    return Damaged("disk_error", _(_IO_ERROR))


def in_the_way(name: str) -> Damaged:
    """Return the failure that something else lies where a file of the vault belongs.

    Args:
        name: The name of that file.
    """
    return Damaged("file_in_the_way", _(_IN_THE_WAY).format(file=name))


def require_outside(folder: Path, path: Path) -> None:
    """Refuse to write what a person asked for in the place of a vault's own files.

    Args:
        folder: The vault's folder.
        path: Where a person wants a file.

    Raises:
        Refused: It lies inside the folder, or leads into it ("inside_vault").
    """
    own, wanted = folder.resolve(), path.absolute()
    for place in (wanted.resolve(), wanted.parent.resolve() / wanted.name):
        if own == place or own in place.parents:
            raise Refused("inside_vault", _(_INSIDE).format(file=path))


def closed() -> Refused:
    """Return the failure of whoever uses a vault that was closed or locked."""
    return Refused("vault_closed", _(_CLOSED))


def busy() -> Refused:
    """Return the failure of whoever waited in vain for others that use the database."""
    return Refused("vault_in_use", _(_BUSY))


def read_only() -> Refused:
    """Return the failure of whoever must write where nothing can be written."""
    return Refused("read_only", _(_READ_ONLY))


def broken_database() -> Damaged:
    """Return the failure of a database that can't be the vault's."""
    return Damaged("damaged_database", _(_BROKEN))


@contextmanager
def plainly(path: Path | None = None) -> Iterator[None]:
    """Turn errors of the disk and the database inside the block into failures; let bugs pass.

    Args:
        path: The database file, to see whether its disk is full.

    Raises:
        Refused: The disk is full, read-only or held by another program.
        Damaged: The disk or the database is damaged.
    """
    try:
        yield
    except dbapi2.Error as error:
        failure = of_database(error, path)
        if failure is None:
            raise
        raise failure from error
    except OSError as error:
        raise of_system(error) from error
