"""Whether the desk ended by itself last time, or was cut off by a crash or a power cut."""

import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from desktop_app import settings

_PREFIX = "running-"


class Running:
    """An empty file for each desk that runs, locked by it; one that nobody holds is of a desk that was cut off."""

    def __init__(self) -> None:
        self._lock: FileLock | None = None

    def begin(self) -> bool:
        """Note that this desk runs.

        Returns:
            Whether one before it was cut off.
        """
        folder = settings.folder()
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            cut_off = sum(_was_cut_off(path) for path in folder.glob(f"{_PREFIX}*"))
            self._lock = FileLock(folder / f"{_PREFIX}{os.getpid()}", thread_local=False)
            self._lock.acquire(timeout=0)
            return cut_off > 0
        return False

    def end(self) -> None:
        """Note that this desk ended by itself."""
        if self._lock is not None:
            self._lock.release()
            with suppress(OSError):
                Path(self._lock.lock_file).unlink(missing_ok=True)


def _was_cut_off(path: Path) -> bool:
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return False
    lock.release()
    path.unlink(missing_ok=True)
    return True
