"""Watches every way beside the work: one thread for each server that can be heard of, and one that keeps them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from desktop_app.exchange import ExchangeService
from desktop_app.exchange_watch import ExchangeWatch, Reach, Route
from desktop_app.office.service import WaysService
from desktop_app.office.ways import CENTRAL, Kind, Way
from sync.errors import Failure
from sync.log import Log

if TYPE_CHECKING:
    from sync.client import NewsWatch

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _HubRoute:
    """A hub as `ExchangeWatch` sees it."""

    log: Log
    way: Way
    carrying: bool

    @property
    def server(self) -> str | None:
        return self.way.url

    @property
    def knows_server(self) -> bool:
        return True

    def news(self) -> "NewsWatch":
        from sync.client import NewsWatch

        return NewsWatch(self.log, self.way.url, self.way.key, carrying=self.carrying)

    def tend(self, stopped: Callable[[], bool]) -> None:
        """A hub keeps no snapshots."""


@dataclass(frozen=True, slots=True)
class _CentralRoute:
    """The central server as `ExchangeWatch` sees it."""

    exchange: ExchangeService
    carrying: bool
    metered: Callable[[], bool]

    @property
    def server(self) -> str | None:
        return self.exchange.server

    @property
    def knows_server(self) -> bool:
        return self.exchange.knows_server

    def news(self) -> "NewsWatch":
        return self.exchange.news(carrying=self.carrying)

    def tend(self, stopped: Callable[[], bool]) -> None:
        if not self.metered():
            self.exchange.tend(stopped)


@dataclass(slots=True)
class _Watched:
    """One thread that watches."""

    thread: threading.Thread | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class WaysWatch:
    """Keeps an eye on all ways until it is told to stop.

    Args:
        log: The vault's log.
        ways: Its ways.
        exchange: Its exchange with the central server.
        due: Called when there is something to exchange.
        reached: Called when it changes how a way stands.
        failed: Called with the sentence when the office can't be served, once.
        stopped: Asked several times in a second.
        serving_on: Whether the hub goes on afterwards, as long as this program runs.
    """

    def __init__(
        self,
        log: Log,
        ways: WaysService,
        exchange: ExchangeService,
        *,
        due: Callable[[], None],
        reached: Callable[[Reach], None],
        failed: Callable[[Failure], None],
        stopped: Callable[[], bool],
        serving_on: bool = False,
    ) -> None:
        self._serving_on = serving_on
        self._log = log
        self._ways = ways
        self._exchange = exchange
        self._due = due
        self._reached = reached
        self._failed = failed
        self._stopped = stopped
        self._told = ""
        self._watched: dict[object, _Watched] = {}

    def run(self) -> None:
        """Watch; returns soon after it was told to stop, when the hub serves no more."""
        try:
            self._tend(self._ways.begin)
            while not self._stopped():
                self._tend(self._ways.tend)
                self._ways.meet(self._stopped)
                self._watch_all()
                if self._ways.may_carry():
                    self._due()
                self._ways.changed.wait(_LOOK_SECONDS)
                self._ways.changed.clear()
        finally:
            for watched in self._watched.values():
                watched.ended.set()
            self._ways.end(serving_on=self._serving_on)
            for watched in self._watched.values():
                if watched.thread is not None:
                    watched.thread.join()

    def _tend(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Failure as failure:
            if failure.code != self._told:
                self._failed(failure)
            self._told = failure.code
        else:
            self._told = ""

    def _watch_all(self) -> None:
        serving = self._ways.hub.running is not None and self._log.is_confirmed
        changes = self._ways.network_changes
        wanted: dict[object, tuple[str, Route]] = {}
        if not self._log.is_revoked:
            for way in self._ways.ways():
                if not self._ways.is_automatic(way):
                    continue
                if way.kind is Kind.CENTRAL:
                    wanted[CENTRAL, serving, changes] = (
                        CENTRAL,
                        _CentralRoute(self._exchange, serving, partial(self._ways.is_metered, way)),
                    )
                elif way.key is not None:
                    carrying = serving and way.kind is Kind.OWN
                    wanted[way.id, way.url, carrying, changes] = (way.id, _HubRoute(self._log, way, carrying))
        for key in [known for known in self._watched if known not in wanted]:
            self._watched.pop(key).ended.set()
        for key, (name, route) in wanted.items():
            if key not in self._watched:
                self._watched[key] = self._begin(name, route)

    def _begin(self, name: str, route: Route) -> _Watched:
        watched = _Watched()

        def stopped() -> bool:
            return self._stopped() or watched.ended.is_set()

        watch = ExchangeWatch(route, self._due, partial(self._note, name), stopped)
        watched.thread = threading.Thread(target=watch.run, name="desk-news", daemon=True)
        watched.thread.start()
        return watched

    def _note(self, way: str, reach: Reach, problem: str) -> None:
        self._ways.note(way, reach, problem)
        self._reached(reach)
