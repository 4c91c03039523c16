"""Watches the server beside the work: tells when others brought something, and whether it can be reached."""

import random
import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from sync.errors import Failure, Unreachable

if TYPE_CHECKING:
    from sync.client import NewsWatch

_LOOK_SECONDS = 0.2
_NO_ADDRESS_SECONDS = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 120.0
_REFUSED_PAUSE = 300.0
_STRANGERS = frozenset({"unknown_community", "not_member"})
"""What a server says that has lost its data, or never had any: an exchange gives it what it lacks."""
_SPREAD_SECONDS = 0.5
"""Devices that hear of the same news do not all come back at the same moment."""


class Reach(Enum):
    """How the server stands, as far as is known."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"
    AWAY = "away"
    WRONG = "wrong"
    NOT_SERVED = "not_served"
    REFUSED = "refused"


def reach_of(failure: Failure) -> Reach:
    """Return how the server stands after a failure."""
    match failure.code:
        case "offline":
            return Reach.OFFLINE
        case "unknown_community":
            return Reach.UNKNOWN  # an exchange introduces this device
        case "wrong_server" | "not_a_server" | "bad_certificate" | "no_hub_of_ours":
            return Reach.WRONG
        case "suspended" | "not_admitted" | "other_community" | "not_member" | "admission_unknown":
            return Reach.NOT_SERVED
        case _:
            return Reach.AWAY if isinstance(failure, Unreachable) else Reach.REFUSED


class Route(Protocol):
    """A server as the watch sees it."""

    @property
    def server(self) -> str | None:
        """Its address; None while there is none."""

    @property
    def knows_server(self) -> bool:
        """Whether an exchange has found out already who it is."""

    def news(self) -> "NewsWatch":
        """Return what waits for news there."""

    def tend(self, stopped: Callable[[], bool]) -> None:
        """Do what is done there while nothing is new.

        Args:
            stopped: Asked several times in a second.
        """


class ExchangeWatch:
    """Waits for news until it is told to stop.

    Args:
        exchange: The way to the server.
        due: Called when there is something to exchange: others brought something, or the server can be reached again.
        reached: Called when it changes how the server stands, with the sentence of the failure, if one is why.
        stopped: Asked several times in a second.
    """

    def __init__(
        self,
        exchange: Route,
        due: Callable[[], None],
        reached: Callable[[Reach, str], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._exchange = exchange
        self._due = due
        self._reached = reached
        self._stopped = stopped
        self._reach = Reach.UNKNOWN
        self._failures = 0

    def run(self) -> None:
        """Watch; returns soon after it was told to stop."""
        from sync.client import NewsWatch

        address: str | None = None
        watch: NewsWatch | None = None
        while not self._stopped():
            if address != self._exchange.server or self._failures:
                address, watch = self._exchange.server, None  # nobody knows what was missed meanwhile
            if address is None:
                self._note(Reach.UNKNOWN)
                self._pause(_NO_ADDRESS_SECONDS)
                continue
            watch = watch or self._exchange.news()
            self._look(watch.wait, known=self._exchange.knows_server)

    def _look(self, wait: Callable[[Callable[[], bool]], bool], *, known: bool) -> None:
        try:
            new = wait(self._stopped)
        except Failure as failure:
            self._failures += 1
            self._note(reach_of(failure), failure.message)
            if failure.code in _STRANGERS:
                self._due()
            patient = _LONGEST_PAUSE if isinstance(failure, Unreachable) else _REFUSED_PAUSE
            self._pause(min(_FIRST_PAUSE * 2 ** (self._failures - 1), patient))
            return
        if self._stopped():
            return
        if known:
            self._failures = 0
            self._note(Reach.ONLINE)
        if new:
            self._pause(_SPREAD_SECONDS)
            self._due()
        elif known:
            self._exchange.tend(self._stopped)
        if not known:  # the exchange that is due now finds out who answers there
            self._failures += 1
            self._pause(min(_FIRST_PAUSE * 2 ** (self._failures - 1), _LONGEST_PAUSE))

    def _note(self, reach: Reach, problem: str = "") -> None:
        if reach != self._reach:
            self._reach = reach
            self._reached(reach, problem)

    def _pause(self, seconds: float) -> None:
        """Wait for about so long, each device a little differently."""
        until = time.monotonic() + seconds * random.uniform(0.5, 1.0)  # noqa: S311 - spreads devices, hides nothing
        while not self._stopped() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))
