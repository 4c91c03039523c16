"""How fast bytes may go: a bucket that fills at a steady rate, for each direction of a way."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_LOOK_SECONDS = 0.2
_SMALLEST_PART = 512
SLOWEST = 2 * 1024
"""Bytes a second; a server takes slower bodies for dead."""


class Bucket:
    """So many bytes a second in the long run, and at most one second's worth at once.

    Args:
        rate: Bytes a second, `SLOWEST` at least; None for any number.
        clock: Tells the seconds.
        sleep: Lets seconds pass.
    """

    def __init__(
        self,
        rate: int | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = None if rate is None else max(rate, SLOWEST)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._left = float(self._rate or 0)
        self._at = clock()

    def part(self, size: int) -> int:
        """Return how many bytes to move at once, of those that could be."""
        return size if self._rate is None else max(_SMALLEST_PART, min(size, self._rate // 4))

    def take(self, size: int, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Wait until some bytes were allowed; whoever is cancelled waits no longer.

        Args:
            size: How many.
            cancelled: Asked several times in a second.
        """
        if self._rate is None or not size:
            return
        with self._lock:
            now = self._clock()
            self._left = min(float(self._rate), self._left + (now - self._at) * self._rate) - size
            self._at = now
            wait = -self._left / self._rate
        while wait > 0 and not cancelled():
            step = min(wait, _LOOK_SECONDS)
            self._sleep(step)
            wait -= step


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a way may be used.

    Args:
        up: For what is sent.
        down: For what is received.
    """

    up: Bucket = field(default_factory=lambda: Bucket(None))
    down: Bucket = field(default_factory=lambda: Bucket(None))


UNLIMITED = Pace()
