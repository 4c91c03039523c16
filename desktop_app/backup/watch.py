"""How far the work on a backup is, and how it is stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from desktop_app.backup import failures

_TELL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work on a backup is.

    Args:
        phase: ``reading``, ``writing`` or ``checking``.
        done: Bytes.
        total: Bytes; 0 while nobody knows.
    """

    phase: str
    done: int
    total: int


@dataclass
class Watch:
    """Tells how far the work is, and ends it when it is to be stopped.

    Args:
        tell: Called with the progress.
        is_stopped: Asked between two blocks.
    """

    tell: Callable[[Progress], None] = lambda _progress: None
    is_stopped: Callable[[], bool] = lambda: False
    _phase: str = field(default="reading", init=False)
    _done: int = field(default=0, init=False)
    _total: int = field(default=0, init=False)
    _told: float = field(default=0.0, init=False)

    def begin(self, phase: str, total: int) -> None:
        """Begin a phase."""
        self._phase, self._done, self._total, self._told = phase, 0, total, 0.0
        self.step(0)

    def step(self, size: int) -> None:
        """Note that some bytes are done.

        Raises:
            Refused: The work is to be stopped.
        """
        if self.is_stopped():
            raise failures.stopped()
        self._done += size
        if time.monotonic() - self._told > _TELL_SECONDS:
            self._told = time.monotonic()
            self.tell(Progress(self._phase, self._done, self._total))
