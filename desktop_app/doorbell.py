"""One window for each vault: whoever comes second rings, and the first window comes to the front."""

import ctypes
import hashlib
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from getpass import getuser
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from desktop_app import settings
from sync.errors import Refused
from sync.messages import _

_ANSWER = b"sprava"
_PATIENCE_SECONDS = 2.0
_FAMILY = "AF_PIPE" if sys.platform == "win32" else "AF_UNIX"


class Doorbell:
    """Hears when another process wants the vault that is open, or locked, in this one.

    Nothing is read from who rings, and the answer is the same for all: no word of a vault goes this way. The name of
    the bell is a hash, and only the same user can ring.

    Args:
        rung: Told so, on a thread of the bell.
    """

    def __init__(self, rung: Callable[[], None]) -> None:
        self._rung = rung
        self._vault: Path | None = None
        self._listener: Listener | None = None

    def hang(self, vault: Path) -> None:
        """Listen for one vault, in place of another.

        Where that can't be, such as under a name that is too long, the vault's own lock still keeps others out.

        Args:
            vault: The folder of the vault.
        """
        if vault == self._vault:
            return
        self.take_down()
        with suppress(OSError):
            self._listener = _listen(vault)
            if sys.platform != "win32":
                Path(_address(vault)).chmod(0o600)
            self._vault = vault
            threading.Thread(target=self._answer, args=(self._listener,), name="doorbell", daemon=True).start()

    def take_down(self) -> None:
        """Listen no more."""
        vault, self._vault = self._vault, None
        listener, self._listener = self._listener, None
        if vault is not None and listener is not None:
            ring(vault)  # wakes the thread, which sees that nobody listens any more
            with suppress(OSError):
                listener.close()

    def _answer(self, listener: Listener) -> None:
        while self._listener is listener:
            # A caller who is gone already, or a bell taken down meanwhile.
            with suppress(OSError, EOFError), listener.accept() as caller:
                caller.send_bytes(_ANSWER)
                if self._listener is listener:
                    self._rung()


def open_elsewhere() -> Refused:
    """Return the failure of whoever wants a vault that another window has, which has come to the front."""
    return Refused(
        "open_elsewhere",
        _("This vault is open in another window already, and that window has come to the front. Choose another here."),
    )


def ring(vault: Path) -> bool:
    """Ask the window in which a vault is open to come to the front; may take a moment.

    Args:
        vault: The folder of the vault.

    Returns:
        Whether there is such a window.
    """
    if sys.platform == "win32":
        # Windows lets a window come to the front only when the one in use allows it.
        ctypes.WinDLL("user32").AllowSetForegroundWindow(ctypes.c_ulong(0xFFFFFFFF))
    with suppress(OSError, EOFError), Client(_address(vault), _FAMILY) as bell:
        return _answered(bell)
    return False


def _answered(bell: Connection) -> bool:
    return bell.poll(_PATIENCE_SECONDS) and bell.recv_bytes(len(_ANSWER)) == _ANSWER


def _listen(vault: Path) -> Listener:
    address = _address(vault)
    try:
        return Listener(address, _FAMILY)
    except OSError:
        if sys.platform == "win32" or not Path(address).exists() or ring(vault):
            raise
        # Left by a process that was killed: nobody answers there.
        Path(address).unlink(missing_ok=True)
        return Listener(address, _FAMILY)


def _address(vault: Path) -> str:
    """Return the name of a vault's bell: the same for every way to write its folder."""
    folder = os.path.normcase(os.path.realpath(vault))
    digest = hashlib.sha256(f"{getuser()}\0{folder}".encode("utf-8", "surrogatepass")).hexdigest()
    name = f"sprava-{digest[:24]}"
    if sys.platform == "win32":
        return rf"\\.\pipe\{name}"
    # Never in a folder for all: another user could hang a bell there first.
    own = Path(os.environ.get("XDG_RUNTIME_DIR") or settings.folder())
    with suppress(OSError):
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
    return str(own / name)
