"""What can go wrong with a backup and the medium it lies on, said in plain words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.errors import Damaged, Failure, Refused, Unreachable
from sync.messages import _, language

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
_GONE = {
    errno.ENOENT,
    errno.ENODEV,
    errno.ENXIO,
    errno.ESTALE,
    errno.EIO,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
    errno.ESHUTDOWN,
}


def of_medium(error: OSError, path: Path) -> Failure:
    """Return the failure that an error of the disk, stick or share means to a person who makes a backup.

    Args:
        error: What the system said.
        path: The backup file.
    """
    if error.errno in _FULL:
        return Refused(
            "no_space",
            _(
                "There is no more room for the backup {file}. The backup before it is whole, and the vault was not "
                "touched. Free some space there, or choose another place."
            ).format(file=path),
        )
    if error.errno == errno.EFBIG:
        return Refused(
            "file_too_large",
            _(
                "The medium takes no file as large as the backup {file}: sticks formatted with FAT32 end at 4 GB. The "
                "backup before it is whole. Format the stick with exFAT or NTFS, or choose another place."
            ).format(file=path),
        )
    if error.errno in _FORBIDDEN:
        return Refused(
            "cannot_write",
            _(
                "The backup {file} can't be written: the medium or the folder is read-only. The backup before it is "
                "whole. Remove the write protection, or choose another place."
            ).format(file=path),
        )
    if error.errno in _GONE:
        return gone(path)
    return Refused(
        "cannot_write",
        _("The backup {file} can't be written: {reason}. The backup before it is whole. Choose another place.").format(
            file=path, reason=error.strerror or error
        ),
    )


def gone(path: Path) -> Unreachable:
    """Return the failure of a medium that is not there, or not any more."""
    return Unreachable(
        "medium_gone",
        _(
            "The medium with the backup {file} can't be reached: it was pulled out, or it fails. The backup before "
            "this one is whole, and the vault was not touched. Put it in again and repeat the backup."
        ).format(file=path),
    )


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn errors of the medium inside the block into failures.

    Raises:
        Refused: It is full, read-only or takes no file so large.
        Unreachable: It was pulled out or fails.
    """
    try:
        yield
    except OSError as error:
        raise of_medium(error, path) from error


def unreadable(path: Path, error: OSError) -> Failure:
    """Return the failure of a backup that the medium does not give out."""
    return Unreachable(
        "unreadable_backup",
        _(
            "The backup {file} can't be read: {reason}. Nothing was changed. Check the name, the stick and your "
            "rights, and try again."
        ).format(file=path, reason=error.strerror or error),
    )


def not_a_backup(path: Path) -> Refused:
    """Return the failure of a file that is none of ours."""
    return Refused(
        "not_a_backup",
        _(
            "{file} is not a backup of Sprava. It was not touched. Choose a file that Sprava wrote, or a new name."
        ).format(file=path),
    )


def newer(path: Path) -> Refused:
    """Return the failure of a backup that a newer program wrote."""
    return Refused(
        "newer_backup",
        _(
            "A newer version of Sprava wrote the backup {file}. Nothing was changed. Update Sprava and try again."
        ).format(file=path),
    )


def other_vault(path: Path) -> Refused:
    """Return the failure of whoever would write over the backup of another vault."""
    return Refused(
        "other_vault",
        _("{file} is the backup of another vault. It was not touched. Choose another name or folder.").format(
            file=path
        ),
    )


def damaged(path: Path, part: str) -> Damaged:
    """Return the failure of a backup that is not as it was written.

    Args:
        path: The file.
        part: What of it, in the person's language.
    """
    return Damaged(
        "damaged_backup",
        _(
            "The backup {file} is damaged: {part}. Nothing was changed. Keep the file, and take another backup, or "
            "another generation of this one."
        ).format(file=path, part=part),
    )


def bad_medium(path: Path) -> Damaged:
    """Return the failure of a medium that gives back other bytes than it was given."""
    return Damaged(
        "bad_medium",
        _(
            "What was just written to {file} could not be read back, so it does not count; the backup before it stays "
            "in force. Do not trust this medium: use another stick or folder."
        ).format(file=path),
    )


def wrong_passphrase() -> Refused:
    """Return the failure of a pass phrase that opens no slot of a backup's key file."""
    return Refused(
        "wrong_passphrase",
        _(
            "The pass phrase does not open this backup. Nothing was changed. Check the keyboard layout and Caps Lock. "
            "If the pass phrase was changed after this backup was made, the former one opens it."
        ),
    )


def stopped() -> Refused:
    """Return the failure of what a person, or the lock of the desk, broke off."""
    return Refused(
        "stopped", _("The work on the backup was stopped. The backup before it is whole, and nothing half-done counts.")
    )


def unsound_vault(faults: int) -> Damaged:
    """Return the failure of a vault that must not take the place of its good backup."""
    return Damaged(
        "unsound_vault",
        _(
            "The vault's database is damaged (places: {count}), so no backup of it was made: the last good backup must "
            "not be replaced by it. Run “sprava verify”, or restore that backup into a new folder."
        ).format(count=faults),
    )


def file_vanished(name: str) -> Refused:
    """Return the failure of a vault's file that went away, or became shorter, while it was being saved."""
    return Refused(
        "file_changed",
        _("The vault's file {name} changed while it was being saved. The backup before it is whole. Try again.").format(
            name=name
        ),
    )


def no_space(path: Path, needed: int, free: int) -> Refused:
    """Return the failure of a place that is too small."""
    return Refused(
        "no_space",
        _(
            "{file} needs {needed} MB, and {free} MB are free there. Nothing was changed. Free some space, or choose "
            "another place."
        ).format(file=path, needed=megabytes(needed), free=megabytes(free)),
    )


def megabytes(size: int) -> str:
    """Return how many MB a size is, written as the person's language writes numbers."""
    shown = f"{max(size, 0) / 1e6:,.1f}".replace(",", "\N{NO-BREAK SPACE}")
    return shown.replace(".", ",") if language() == "uk" else shown
