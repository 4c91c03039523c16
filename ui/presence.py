"""Whether somebody is there: keys and mouse in our own windows, and a clock that shows when the computer slept."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence

from ui import keys

LOCK_KEYS = ("Ctrl+L", "F12")
_TICK_SECONDS = 5.0
_SLEEP_SECONDS = 20.0
"""A clock that went on so much longer than it should between two ticks: the computer slept, whoever announced it."""
_WORK_SECONDS = 30 * 60
"""How much longer a desk stays open at most while something runs that its person has begun."""
_SIGNS = {
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
}
_SHOWING = {QEvent.Type.Expose, QEvent.Type.UpdateRequest}
Clock = Callable[[], tuple[float, float]]


def clocks() -> tuple[float, float]:
    """Return two clocks in seconds: one that nobody sets and that goes on during sleep where there is such, and ours.

    Where the first one stands still while the computer sleeps, the second one tells.
    """
    steady = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
    return steady, time.time()


class Presence(QObject):
    """Tells when the desk is to be locked because nobody is there, and hears the keys that lock it.

    Only events of this program's own windows are seen, and only those that a person causes cost anything.

    Args:
        parent: The window.
        clock: Tells the time.
        works: Tells whether something runs that the person has begun: it would be cut off by locking.
    """

    gone = Signal()
    lock_wanted = Signal()

    def __init__(
        self, parent: QObject | None = None, clock: Clock = clocks, works: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(parent)
        self._works = works
        self.minutes = 0
        self._clock = clock
        self._heard = self._ticked = clock()
        self._lock_keys = set(keys.with_twins(LOCK_KEYS))
        self._timer = QTimer(self)
        self._timer.setInterval(int(_TICK_SECONDS * 1000))
        self._timer.timeout.connect(self.tick)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self.watch)

    def start(self, minutes: int) -> None:
        """Begin to watch, or go on with another time.

        Args:
            minutes: After how long without a sign somebody counts as gone.
        """
        self.minutes = minutes
        self._heard = self._ticked = self._clock()
        self._timer.start()

    def stop(self) -> None:
        """Watch no more: there is nothing to lock."""
        self._timer.stop()

    def watch(self, window: QObject | None) -> None:
        """See what happens in one more window; dialogs and menus have windows of their own.

        Args:
            window: The system's window, or the widget that is drawn into it.
        """
        if window is not None:
            window.removeEventFilter(self)
            window.installEventFilter(self)

    def tick(self) -> None:
        """Look at the clock."""
        if not self._timer.isActive():
            return
        now = self._clock()
        over = _between(self._heard, now) - self.minutes * 60
        gone = self._slept(now) or over >= (_WORK_SECONDS if over >= 0 and self._works() else 0)
        self._ticked = now
        if gone:
            self.gone.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Qt: a sign of somebody, unless it's the first one after a sleep; or the keys that lock."""
        kind = event.type()
        if kind in _SIGNS:
            return self._seen(event)
        if kind in _SHOWING and self._timer.isActive() and self._slept(self._clock()):
            # Before anything is drawn after a sleep.
            self.tick()
        return super().eventFilter(watched, event)

    def _seen(self, event: QEvent) -> bool:
        """Return whether an event is used up here."""
        if not self._timer.isActive():
            return False
        if isinstance(event, QKeyEvent) and QKeySequence(event.keyCombination()) in self._lock_keys:
            # A dialog or a menu keeps keys from the desk; these reach it from everywhere.
            self.lock_wanted.emit()
            return True
        now = self._clock()
        if self._slept(now):
            self.tick()
            return True
        self._heard = now
        return False

    def _slept(self, now: tuple[float, float]) -> bool:
        return _between(self._ticked, now) > _TICK_SECONDS + _SLEEP_SECONDS


def _between(before: tuple[float, float], now: tuple[float, float]) -> float:
    return max(now[0] - before[0], now[1] - before[1])
