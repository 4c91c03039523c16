"""An exchange by every way that can be reached, and what is carried from one to another."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop_app.directory import Directory
from desktop_app.exchange import ExchangeService, SyncResult
from desktop_app.exchange_watch import Reach, reach_of
from desktop_app.office.sight import WaysInSight
from desktop_app.office.ways import CENTRAL, KIB, Kind, Way
from desktop_app.vault import Vault
from sync.errors import Failure, Refused, Unreachable
from sync.log import Log
from sync.messages import _

if TYPE_CHECKING:
    from desktop_app.attachments.trip import FileProgress
    from sync.client import Bucket, Pace, Progress, Server

    Step = Callable[[Progress | FileProgress], None]


_WORTH_TRYING = frozenset({Reach.ONLINE, Reach.UNKNOWN, Reach.NOT_SERVED})
"""Who is away is watched; a hub that knows nobody has lost its store, and is given it back."""
_CARRY_SECONDS = 240.0


class WaysService(WaysInSight):
    """Exchanges by every way that can be reached; the arguments are those of `WaysInSight`.

    Args:
        log: The vault's log.
        exchange: The exchange with the central server.
        vault: The vault.
        directory: Knows people's names.
    """

    def __init__(self, log: Log, exchange: ExchangeService, vault: Vault, directory: Directory) -> None:
        super().__init__(log, exchange, vault, directory)
        self._buckets: dict[tuple[str, int | None, int | None], Pace] = {}
        self._carried: dict[str, float] = {}

    def exchange(
        self,
        progress: "Step | None" = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        paused: Callable[[], bool] | None = None,
        by_hand: bool = True,
    ) -> SyncResult:
        """Exchange by every way that can be reached, and carry from one server to the other what others wait for.

        Args:
            progress: Told after each round trip.
            cancelled: Asked between round trips; what was exchanged until then stays.
            paused: Asked while files are carried: whether they shall wait, since there is something more urgent.
            by_hand: A person asked: ways that are metered and those that were away are tried too.

        Raises:
            Unreachable: None of them answers; nothing is lost.
            Refused: There is none, or one refuses and no other answers, or this device was revoked.
        """
        stop = cancelled or (lambda: False)
        if by_hand:
            self.meet(stop)
        done: dict[str, SyncResult] = {}
        failures: list[Failure] = []
        for way in self.ways():
            if stop() or not self._is_tried(way, by_hand=by_hand):
                continue
            try:
                done[way.id] = self._exchange_by(way, progress, stop, paused)
            except Failure as failure:
                if failure.code == "revoked":
                    raise
                failures.append(failure)
        if not done:
            raise failures[0] if failures else self._no_way()
        carried = 0 if stop() else self._carry(done, stop)
        result = _together(done, failures)
        return replace(result, carried=carried)

    def _is_tried(self, way: Way, *, by_hand: bool) -> bool:
        if way.kind is Kind.CENTRAL:
            return by_hand or self.is_automatic(way)
        if way.key is None:
            return False
        return by_hand or (self.is_automatic(way) and self.reach(way) in _WORTH_TRYING)

    def _no_way(self) -> Failure:
        """Say why there is nobody to exchange with: nobody was met at the typed addresses, or nothing is known."""
        for url in self.book.typed:
            reach, problem = self._reach.get(url, (Reach.UNKNOWN, ""))
            if problem:
                return (Refused if reach is Reach.WRONG else Unreachable)("no_hub", problem)
        return Refused(
            "no_server",
            _(
                "No server address is set, and no office hub is in sight. Nothing is lost; set the address, or look "
                "for a hub in the same network, and try again."
            ),
        )

    def _exchange_by(
        self, way: Way, progress: "Step | None", stop: Callable[[], bool], paused: Callable[[], bool] | None
    ) -> SyncResult:
        if way.kind is Kind.CENTRAL:
            try:
                result = self._exchange.sync(
                    progress=progress,
                    cancelled=stop,
                    paused=paused,
                    pace=self._pace(way),
                    largest=self.largest_file(way),
                )
            except Failure as failure:
                self._reach[CENTRAL] = (reach_of(failure), failure.message)
                raise
            self.note(CENTRAL, Reach.ONLINE)
            return result
        try:
            result = self._exchange.sync_hub(
                self._server(way), progress, stop, paused=paused, largest=self.largest_file(way)
            )
        except Failure as failure:
            if failure.code != "revoked":
                self.note(way.id, reach_of(failure), failure.message)
            if failure.code == "server_error" and way.kind is Kind.OWN and self.hub.restart_if_damaged():
                return self._exchange_by(self._own(way), progress, stop, paused)
            raise
        self.note(way.id, Reach.ONLINE)
        if result.complete:
            self.book.note_hub(way, time.time_ns() // 1_000_000)
        return result

    def _own(self, way: Way) -> Way:
        running = self.hub.running
        return way if running is None else replace(way, url=running.url)

    def _server(self, way: Way) -> "Server":
        from sync.client import Server
        from sync.pins import pinned_server

        key = way.key or pinned_server(self._log, way.url)
        assert key is not None  # noqa: S101 - an exchange by this way has found out who it is
        return Server(way.url, key, self._pace(way))

    def _pace(self, way: Way) -> "Pace":
        """Return how fast a way may be used; the same buckets as long as the terms are the same."""
        from sync.client import Pace

        terms = self.book.terms(way.id)
        name = (way.id, terms.up, terms.down)
        return self._buckets.setdefault(name, Pace(_bucket(terms.up), _bucket(terms.down)))

    def _carry(self, done: dict[str, SyncResult], stop: Callable[[], bool]) -> int:
        """Carry between the central server and hubs, at once from the own hub and now and then from others."""
        from sync.client import carry

        central = next((way for way in self.ways() if way.id == CENTRAL and way.id in done), None)
        if central is None or not self._log.is_confirmed:
            return 0
        moved = 0
        for way in self.ways():
            if way.kind is Kind.CENTRAL or way.id not in done or not self.carries(way):
                continue
            # What fails here is told by the exchange with the one that fails.
            with suppress(Failure):
                carried = carry(self._log, self._server(way), self._server(central), stop)
                moved += carried.there + carried.back
                self._carried[way.id] = time.monotonic()
        return moved

    def carries(self, way: Way) -> bool:
        """Return whether it is time to carry between a hub and the central server."""
        last = self._carried.get(way.id)
        return way.kind is Kind.OWN or last is None or time.monotonic() - last > _CARRY_SECONDS

    def may_carry(self) -> bool:
        """Return whether an exchange now would carry something from a colleague's hub that has waited long."""
        if self._exchange.reach is not Reach.ONLINE:
            return False
        hubs = [way for way in self.ways() if way.kind in {Kind.FOUND, Kind.TYPED} and way.key is not None]
        return any(self.reach(way) is Reach.ONLINE and self.is_automatic(way) and self.carries(way) for way in hubs)

    @property
    def has_waiting(self) -> bool:
        """Whether a server that can be reached, and may be used without asking, lacks something that is here."""
        for way in self.ways():
            if self.reach(way) is not Reach.ONLINE or not self.is_automatic(way):
                continue
            if self._exchange.has_waiting if way.kind is Kind.CENTRAL else self._waiting(way.key):
                return True
        return False


def _bucket(rate: int | None) -> "Bucket":
    from sync.client import Bucket

    return Bucket(None if rate is None else rate * KIB)


def _together(done: dict[str, SyncResult], failures: list[Failure]) -> SyncResult:
    """Return what several exchanges did; the central server's word counts for what waits, where it was heard."""
    results = list(done.values())
    first = done.get(CENTRAL, results[0])
    return SyncResult(
        sum(result.sent for result in results),
        sum(result.received for result in results),
        sum(result.bytes_sent for result in results),
        sum(result.bytes_received for result in results),
        sum(result.round_trips for result in results),
        results[-1].conflicts,
        first.waiting if CENTRAL in done else min(result.waiting for result in results),
        all(result.complete for result in results),
        sum(result.disputed for result in results),
        any(result.server_lost for result in results),
        any(result.over_quota for result in results),
        next((result.files for result in results if result.files is not None), None),
        sum(result.kept_back for result in results),
        troubles=tuple(failure.message for failure in failures if not isinstance(failure, Unreachable)),
        away=tuple(failure.message for failure in failures if isinstance(failure, Unreachable)),
    )
