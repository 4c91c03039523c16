"""One running program for each vault."""

from pathlib import Path

from filelock import FileLock, Timeout

from sync.errors import Refused
from sync.messages import _

LOCK_NAME = "vault.lock"


class InstanceLock:
    """The lock of the operating system on a vault; it falls when the process dies, however it dies.

    Args:
        folder: The vault's folder.
    """

    def __init__(self, folder: Path) -> None:
        # Not thread-local: the thread that closes a vault need not be the one that opened it.
        self._lock = FileLock(folder / LOCK_NAME, thread_local=False)

    def acquire(self) -> None:
        """Take the lock, or refuse at once.

        Raises:
            Refused: Another window or program has the vault open ("vault_in_use").
            OSError: The lock file can't be written.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise Refused(
                "vault_in_use",
                _("This vault is already open in another window or program. Go on there, or close it and try again."),
            ) from error

    def release(self) -> None:
        """Give the lock back; once is enough, twice does no harm."""
        self._lock.release()
