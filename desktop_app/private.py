"""A folder for one job alone, in which everything is encrypted as in a vault, and which is gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop_app import settings
from desktop_app.vault import failures
from desktop_app.vault.instance import InstanceLock
from sync.errors import Refused

_PREFIX = "job-"


@contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """Give a folder for its owner alone, and remove it and what a killed job may have left.

    Args:
        parent: Where it is made; by default beside the vaults of this person.

    Raises:
        Refused: The disk is full or read-only.
    """
    parent = parent or settings.jobs_folder()
    with failures.plainly():
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(parent)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        lock = InstanceLock(folder)
        lock.acquire()
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove what killed jobs left: all of it is encrypted, and nobody uses it."""
    for left in parent.glob(f"{_PREFIX}*"):
        lock = InstanceLock(left)
        try:
            lock.acquire()
        except (Refused, OSError):
            continue  # another job is under way there
        lock.release()
        shutil.rmtree(left, ignore_errors=True)
