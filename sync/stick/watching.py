"""Who watches an exchange by a stick: told how far it is, asked whether it is to stop."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


class Stopped(Exception):
    """Somebody said stop in the middle of a file."""


Stage = Literal["reading", "taking", "writing", "files"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage is.

    Args:
        stage: What is done now.
        done: Bytes.
        total: Bytes, as far as is known.
    """

    stage: Stage
    done: int
    total: int


@dataclass
class Watcher:
    """Watches one exchange.

    Args:
        tell: Told of progress now and then.
        cancelled: Asked often; what was done until then stays.
    """

    tell: Callable[[Progress], None] = lambda _progress: None
    cancelled: Callable[[], bool] = lambda: False
    _stage: Stage = field(default="reading", init=False)
    _done: int = field(default=0, init=False)
    _total: int = field(default=0, init=False)

    def begin(self, stage: Stage, total: int) -> None:
        """Begin a stage."""
        self._stage, self._done, self._total = stage, 0, total
        self.tell(Progress(stage, 0, total))

    def moved(self, count: int) -> None:
        """Count bytes that were read or written."""
        self._done += count
        self._total = max(self._total, self._done)
        self.tell(Progress(self._stage, self._done, self._total))
