"""A copy of the write-ahead log that a crash left, until it is known that the database took in all of it.

SQLite reads a write-ahead log up to the first frame that does not fit and forgets the rest when it closes. When the
high-water mark then says that more had been saved, what was forgotten is worth keeping: repair reads it page by page.
"""

import shutil
from contextlib import suppress
from pathlib import Path

ASIDE = ".damaged-"
_WAL = "-wal"
_KEPT = "-wal.kept"


def keep(database: Path) -> None:
    """Copy the write-ahead log of a database that is about to be opened, if there is one.

    Args:
        database: The database file. A disk without room for the copy is no hindrance to opening.
    """
    wal = database.with_name(database.name + _WAL)
    with suppress(OSError):
        if wal.is_file() and wal.stat().st_size:
            kept = database.with_name(database.name + _KEPT)
            kept.unlink(missing_ok=True)  # it may be a link to a file of somebody's
            shutil.copyfile(wal, kept)


def put_aside(database: Path) -> bool:
    """Give the copy a lasting name, because something of it is missing in the database.

    Args:
        database: The database file.

    Returns:
        Whether there was a copy.
    """
    with suppress(OSError):
        database.with_name(database.name + _KEPT).rename(next_aside(database, _WAL))
        return True
    return False


def forget(database: Path) -> None:
    """Remove the copy: everything in it is in the database."""
    with suppress(OSError):
        database.with_name(database.name + _KEPT).unlink(missing_ok=True)


def next_aside(database: Path, end: str = "") -> Path:
    """Return a name beside a database under which nothing was put aside yet.

    Args:
        database: The database file.
        end: What the name ends with.
    """
    taken = {path.name for path in database.parent.iterdir()}
    number = next(
        each
        for each in range(1, len(taken) + 2)
        if taken.isdisjoint({f"{database.name}{ASIDE}{each}", f"{database.name}{ASIDE}{each}{_WAL}"})
    )
    return database.with_name(f"{database.name}{ASIDE}{number}{end}")


def put_aside_before(database: Path) -> list[Path]:
    """Return the databases that were put aside, the newest first; of some there is the write-ahead log alone."""
    names = {path.name.removesuffix(_WAL) for path in database.parent.glob(f"{database.name}{ASIDE}*")}
    numbered = [name for name in names if name.rpartition("-")[2].isdigit()]
    numbered.sort(key=lambda name: int(name.rpartition("-")[2]), reverse=True)
    return [database.with_name(name) for name in numbered]
