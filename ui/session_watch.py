"""Hear from the system that its screen is locked or that it goes to sleep; whoever lacks there is simply not heard."""

import ctypes
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import SLOT, QAbstractNativeEventFilter, QByteArray, QCoreApplication, QObject, Signal, Slot

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

_LOGIN = "org.freedesktop.login1"
_SCREEN_SAVERS = ("freedesktop", "gnome", "cinnamon", "mate", "xfce")

_WM_POWERBROADCAST = 0x0218
_WM_WTSSESSION_CHANGE = 0x02B1
_PBT_APMSUSPEND = 0x0004
_WTS_SESSION_LOCK = 0x7
_WTS_CONSOLE_DISCONNECT = 0x2
_WTS_REMOTE_DISCONNECT = 0x4
_LEAVING = {_WTS_SESSION_LOCK, _WTS_CONSOLE_DISCONNECT, _WTS_REMOTE_DISCONNECT}


class SessionWatch(QObject):
    """Tells when the system's session is locked or the computer goes to sleep.

    On Linux: logind's signals on the system bus, and those of the screen locks of GNOME, KDE, Cinnamon, MATE and Xfce
    on the session bus. On Windows: the session and power messages to our window.

    Args:
        parent: The window.
    """

    left = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._native: _WindowsMessages | None = None

    def begin(self, window_id: int) -> None:
        """Begin to listen.

        Args:
            window_id: The native handle of the window; only Windows wants it.
        """
        if sys.platform == "win32":
            self._native = _WindowsMessages(self, window_id)
        elif sys.platform == "linux":
            self._listen()

    def _listen(self) -> None:
        # Here, so that a computer without a bus doesn't load it at start.
        from PySide6.QtDBus import QDBusConnection

        system, session = QDBusConnection.systemBus(), QDBusConnection.sessionBus()
        _connect(system, f"{_LOGIN}.Manager", "PrepareForSleep", self, "going(bool)")
        _connect(system, f"{_LOGIN}.Session", "Lock", self, "locked()")
        for name in _SCREEN_SAVERS:
            _connect(session, f"org.{name}.ScreenSaver", "ActiveChanged", self, "going(bool)")

    @Slot(bool)
    def going(self, begins: bool) -> None:  # noqa: FBT001 - as the bus gives it
        """The screen is locked, or sleep is near; or (False) it's over."""
        if begins:
            self.left.emit()

    @Slot()
    def locked(self) -> None:
        """The session is locked."""
        self.left.emit()


def _connect(bus: "QDBusConnection", interface: str, signal: str, watch: SessionWatch, slot: str) -> None:
    # From any sender and path: each desktop has its own, and the worst that a stranger's signal does is to lock.
    if bus.isConnected():
        bus.connect("", "", interface, signal, watch, SLOT(slot))  # type: ignore[call-overload]


class _WindowsMessages(QAbstractNativeEventFilter):
    """Hears the messages by which Windows tells of its session and of sleep.

    Args:
        watch: Told of them.
        window_id: The handle of the window that they are sent to.
    """

    def __init__(self, watch: SessionWatch, window_id: int) -> None:
        super().__init__()
        self._watch = watch
        if sys.platform == "win32":
            # 0: of this session alone. Without the service (Windows in a container) sleep and idleness still lock.
            ctypes.WinDLL("wtsapi32").WTSRegisterSessionNotification(ctypes.c_void_p(window_id), ctypes.c_ulong(0))
        application = QCoreApplication.instance()
        if application is not None:
            application.installNativeEventFilter(self)

    def nativeEventFilter(self, kind: QByteArray | bytes, message: int) -> tuple[bool, int]:  # type: ignore[override]  # noqa: N802
        """Qt: look at a message of Windows, and leave it to Qt as well."""
        if QByteArray(kind).startsWith(b"windows_"):
            heard = _Message.from_address(int(message))
            if is_leaving(heard.message, heard.wparam):
                self._watch.left.emit()
        return False, 0


class _Message(ctypes.Structure):
    """The beginning of MSG, as Windows has it."""

    _fields_ = (("window", ctypes.c_void_p), ("message", ctypes.c_uint), ("wparam", ctypes.c_size_t))


def is_leaving(message: int, parameter: int) -> bool:
    """Return whether a message of Windows says that the session is left or that the computer goes to sleep.

    Args:
        message: Its number.
        parameter: Its wParam.
    """
    return (message == _WM_WTSSESSION_CHANGE and parameter in _LEAVING) or (
        message == _WM_POWERBROADCAST and parameter == _PBT_APMSUSPEND
    )
