"""Leave nothing of a vault behind on the screen, in the clipboard and in memory."""

import ctypes
import gc
import sys
from contextlib import suppress

from PySide6.QtGui import QClipboard, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QWidget


def leave_nothing(window: QWidget) -> None:
    """Close every other window of the program, and empty the clipboard where this program filled it.

    Args:
        window: The one that stays.
    """
    while (popup := QApplication.activePopupWidget()) is not None and popup.close():
        pass
    for other in QApplication.topLevelWidgets():
        if other is window or not other.isVisible():
            continue
        if isinstance(other, QDialog):
            other.reject()
        # Whatever a window thinks of being closed: it may not stay in view.
        other.hide()
    clipboard = QGuiApplication.clipboard()
    if clipboard.ownsClipboard():
        clipboard.clear(QClipboard.Mode.Clipboard)
    # What is merely selected counts as copied too on X11.
    if clipboard.ownsSelection():
        clipboard.clear(QClipboard.Mode.Selection)


def forget() -> None:
    """Let go of all memory that nothing needs any more; called when a vault has been closed."""
    gc.collect()
    if sys.platform == "linux":
        # Pages given back to the system come again as zeros. Without glibc there is no such call.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
