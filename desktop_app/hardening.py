"""What the process does so that nothing of a vault leaves its memory by accident."""

import ctypes
import os
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from types import TracebackType

TRACING = "SPRAVA_ALLOW_TRACING"
"""Set to 1, debuggers of the same user may attach; for developers and for tests, never for real data."""
_PR_SET_DUMPABLE = 4
_SEM_QUIET = 0x0001 | 0x0002 | 0x8000
_WER_NO_HEAP = 1


def harden() -> None:
    """Let no crash write memory to the disk, no other program of the user read it, no stranger read our files.

    Called once, by the program's own entry point; what the system refuses stays as it was.
    """
    os.umask(0o077)
    sys.excepthook = _caught
    sys.unraisablehook = _caught_nowhere
    threading.excepthook = _caught_in_thread
    if sys.platform == "win32":
        _harden_windows()
    else:
        _harden_unix()


def report(kind: type[BaseException], trace: TracebackType | None) -> str:
    """Write type and places of something unforeseen to standard error, never its words: they may hold case data.

    Args:
        kind: The class of the exception.
        trace: Where it came from.

    Returns:
        The innermost place, empty when it's unknown.
    """
    places = [
        f"{Path(frame.f_code.co_filename).name}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(trace)
    ]
    with suppress(OSError, ValueError):
        print("\n".join([f"unforeseen: {kind.__name__}", *places]), file=sys.stderr, flush=True)
    return places[-1] if places else ""


def _caught(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
    report(kind, trace)


def _caught_in_thread(caught: threading.ExceptHookArgs) -> None:
    report(caught.exc_type, caught.exc_traceback)


def _caught_nowhere(caught: "sys.UnraisableHookArgs") -> None:
    report(caught.exc_type, caught.exc_traceback)


def _harden_unix() -> None:
    import resource

    # No core file, whatever the person's shell allows.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and os.environ.get(TRACING) != "1":
        # Also not to a collector of crashes (which sees no limit), and no debugger of the same user.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _harden_windows() -> None:
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        kernel.SetErrorMode(ctypes.c_uint(_SEM_QUIET))
        with suppress(OSError, AttributeError):
            # Crash reports without the heap, and none at all for this program where the system allows that.
            kernel.WerSetFlags(ctypes.c_ulong(_WER_NO_HEAP))
            ctypes.WinDLL("wer").WerAddExcludedApplication(ctypes.c_wchar_p(Path(sys.executable).name), 0)
