"""The ways of a vault: which there are, how they stand, and an exchange by each that can be reached."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.directory import Directory, moment
from desktop_app.exchange import ExchangeService, OfficeReach, SyncResult, revoked, server_address
from desktop_app.exchange_watch import Reach, reach_of
from desktop_app.office.beacon import Beacon
from desktop_app.office.hub import PORT, OfficeHub, Running
from desktop_app.office.meetings import Meetings
from desktop_app.office.ways import CENTRAL, KIB, Kind, Terms, Way, WayBook, WayStatus, pick
from desktop_app.vault import Vault
from sync.errors import Failure, Refused, Unreachable
from sync.log import Log
from sync.messages import _

if TYPE_CHECKING:
    from desktop_app.attachments.trip import FileProgress
    from sync.client import Bucket, Pace, Progress, Server

    Step = Callable[[Progress | FileProgress], None]

ADDRESSES_VARIABLE = "SPRAVA_OFFICE_ADDRESSES"
"""Addresses of the network cards to look around by and to serve on, parted by commas; by default all."""
_RANK = {Kind.OWN: 0, Kind.FOUND: 1, Kind.TYPED: 2}
_RECENT_MS = 14 * 24 * 3600 * 1000
_WORTH_TRYING = frozenset({Reach.ONLINE, Reach.UNKNOWN, Reach.NOT_SERVED})
"""Who is away is watched; a hub that knows nobody has lost its store, and is given it back."""
_CARRY_SECONDS = 240.0


class WaysService:
    """Exchanges by every way that can be reached, and serves the office when a person wants it.

    Args:
        log: The vault's log.
        exchange: The exchange with the central server.
        vault: The vault.
        directory: Knows people's names.
    """

    def __init__(self, log: Log, exchange: ExchangeService, vault: Vault, directory: Directory) -> None:
        self._log = log
        self._exchange = exchange
        self._vault = vault
        self._directory = directory
        self._cards = [part.strip() for part in os.environ.get(ADDRESSES_VARIABLE, "").split(",") if part.strip()]
        self.book = WayBook(log)
        self.hub = OfficeHub(Path(vault.folder), log, self._cards)
        self.changed = threading.Event()
        self.metered: bool | None = None
        self.network_changes = 0
        self._lock = threading.RLock()
        self._beacon: Beacon | None = None
        self._meetings = Meetings(log)
        self._reach: dict[str, tuple[Reach, str]] = {}
        self._buckets: dict[tuple[str, int | None, int | None], Pace] = {}
        self._carried: dict[str, float] = {}
        exchange.hubs = self._office

    # Looking around and serving

    def begin(self) -> None:
        """Look around in the office network from now on, and serve it if a person switched that on.

        Raises:
            Refused: The office can't be served now.
        """
        self.look()
        if self.book.serves and not self._log.is_revoked:
            self._start_hub(self.book.port or PORT, exactly=False)

    def look(self) -> None:
        """Look around in the office network from now on."""
        with self._lock:
            if self._beacon is None:
                self._beacon = Beacon(self._log.common_keys, self.changed.set, self._cards)

    @property
    def has_hub_in_sight(self) -> bool:
        """Whether a hub was met."""
        return any(way.kind is not Kind.CENTRAL and way.key is not None for way in self.ways())

    def end(self, *, serving_on: bool = False) -> None:
        """Look around no more.

        Args:
            serving_on: The vault is only locked: the hub goes on, as long as this program runs.
        """
        with self._lock:
            beacon, self._beacon = self._beacon, None
        if beacon is not None:
            beacon.close()
        if serving_on:
            self.hub.leave()
        else:
            self.hub.stop()

    def serve(self, *, on: bool, port: int | None = None) -> Running | None:
        """Serve the office network from now on, or no more; kept for the next time.

        Args:
            on: Whether to.
            port: The port to take, and no other; by default the one of the last time, or a free one.

        Returns:
            What serves now.

        Raises:
            Refused: It can't be served; nothing was changed.
        """
        if not on:
            self.book.set_serves(serves=False)
            self.hub.stop()
            self.changed.set()
            return None
        if self._log.is_revoked:
            raise revoked()
        if not self._log.is_confirmed:
            raise Refused(
                "not_confirmed",
                _(
                    "An administrator’s device has not confirmed this one yet. Exchange first, and serve the office "
                    "then."
                ),
            )
        if port is not None:
            self.hub.stop()
        running = self._start_hub(port if port is not None else self.book.port or PORT, exactly=port is not None)
        self.book.set_serves(serves=True, port=running.port)
        return running

    def tend(self) -> None:
        """See that the hub serves while it should, and that it shows members the keys that they have now."""
        if self._log.is_revoked:
            self.hub.stop()
        elif self.book.serves and self._beacon is not None:
            if self.hub.running is None:
                self._start_hub(self.book.port or PORT, exactly=False)
            self.hub.introduce()

    def _start_hub(self, port: int, *, exactly: bool) -> Running:
        running = self.hub.start(port, exactly=exactly)
        self.changed.set()
        return running

    def try_again(self) -> None:
        """The network is another, or is back: whoever waits to try a way again does so now."""
        self.network_changes += 1
        self.changed.set()

    # Which ways there are

    def add(self, url: str) -> None:
        """Keep the address of an office hub that is not found by itself.

        Raises:
            Refused: It is no ``http://`` or ``https://`` address.
        """
        url = server_address(url)
        if url:
            self.book.add(url)
            self._meetings.forget(url)
            self.changed.set()

    def remove(self, way: Way) -> None:
        """Forget the typed address of a hub."""
        self.book.remove(way.url)
        self._reach.pop(way.id, None)
        self.changed.set()

    def set_terms(self, way: str, terms: Terms) -> None:
        """Keep how a way may be used."""
        self.book.set_terms(way, terms)
        self.changed.set()

    def ways(self) -> list[Way]:
        """Return the ways there are now: the central server first, then the hubs in sight and those typed."""
        central = [Way(CENTRAL, Kind.CENTRAL, self._exchange.server)] if self._exchange.server else []
        hubs = []
        if (running := self.hub.running) is not None:
            hubs.append(Way(running.key.hex(), Kind.OWN, running.url, running.key, self._log.me.entry.suffix))
        beacon = self._beacon
        for found in beacon.found() if beacon is not None else []:
            met = self._meetings.known(found.name)
            if met is not None:
                hubs.append(self._way(Kind.FOUND, met.url, met.key, met.device))
        for url in self.book.typed:
            met = self._meetings.known(url)
            hubs.append(Way(url, Kind.TYPED, url) if met is None else self._way(Kind.TYPED, url, met.key, met.device))
        return central + pick(hubs, lambda way, known: _RANK[way.kind] < _RANK[known.kind])

    def _way(self, kind: Kind, url: str, key: bytes, device: bytes) -> Way:
        member = self._log.membership.devices.get(device)
        return Way(key.hex(), kind, url, key, member.entry.suffix if member else "")

    def meet(self, cancelled: Callable[[], bool]) -> None:
        """Find out who stands behind hubs that have come into sight; a few seconds at most for each.

        Args:
            cancelled: Asked in between.
        """
        beacon = self._beacon
        places = {found.name: found.urls for found in beacon.found()} if beacon is not None else {}
        places |= {url: (url,) for url in self.book.typed}
        for place, outcome in self._meetings.visit(places, cancelled):
            if isinstance(outcome, Failure) and place in self.book.typed:
                self.note(place, reach_of(outcome), outcome.message)
            self.changed.set()

    # How they stand

    def note(self, way: str, reach: Reach, problem: str = "") -> None:
        """Keep in mind how a way stands.

        Args:
            way: Its id.
            reach: How.
            problem: The sentence of the failure, if one is why.
        """
        self._reach[way] = (reach, problem)
        if way == CENTRAL:
            self._exchange.note(reach)

    def reach(self, way: Way) -> Reach:
        """Return how a way stands, as far as is known."""
        if way.kind is Kind.CENTRAL:
            return self._exchange.reach
        return self._reach.get(way.id, (Reach.UNKNOWN, ""))[0]

    def is_metered(self, way: Way) -> bool:
        """Return whether traffic costs there now: as a person said, else as the system says of the Internet."""
        said = self.book.terms(way.id).metered
        return said if said is not None else way.kind is Kind.CENTRAL and bool(self.metered)

    def is_automatic(self, way: Way) -> bool:
        """Return whether exchanges by a way begin by themselves now."""
        return not (self.is_metered(way) and self.book.terms(way.id).by_hand)

    def largest_file(self, way: Way) -> int | None:
        """Return the bytes of the largest file that is exchanged by a way now; None for any."""
        return self.book.terms(way.id).largest * 2**20 if self.is_metered(way) else None

    def status(self) -> list[WayStatus]:
        """Return how the ways stand; nothing is asked of the network."""
        ways = self.ways()
        hubs, now = self.book.hubs(), time.time_ns() // 1_000_000
        seen = {way.id for way in ways}
        for key, (url, device, last) in hubs.items():
            if key not in seen and now - last < _RECENT_MS and not self._is_own(key):
                ways.append(Way(key, Kind.FOUND, url, bytes.fromhex(key), device))
        return [self._status(way, hubs, here=way.id in seen) for way in ways]

    def _is_own(self, key: str) -> bool:
        return self.book.hubs()[key][1] == self._log.me.entry.suffix

    def _status(self, way: Way, hubs: dict[str, tuple[str, str, int]], *, here: bool) -> WayStatus:
        central = way.kind is Kind.CENTRAL
        last = self._exchange.last_exchange if central else hubs.get(way.id, ("", "", 0))[2]
        return WayStatus(
            way,
            self.reach(way) if here else Reach.AWAY,
            moment(last) if last else None,
            self._exchange.count_waiting() if central else self._waiting(way.key),
            self.book.terms(way.id),
            self.is_metered(way),
            self._person(way.device),
            self._reach.get(way.id, (Reach.UNKNOWN, ""))[1] if here else "",
        )

    def _person(self, suffix: str) -> str:
        members = self._log.membership.devices.values()
        person = next((member.entry.person for member in members if member.entry.suffix == suffix), None)
        if person is None:
            return ""
        with self._vault.read() as connection:
            return self._directory.name(connection, person)

    def _waiting(self, key: bytes | None) -> int:
        from sync.client import state

        known = state.load(self._log, key) if key else None
        return self._log.count_missing(known.server if known else {})

    def _office(self) -> OfficeReach:
        hubs = [way for way in self.ways() if way.kind is not Kind.CENTRAL]
        reached = any(self.reach(way) is Reach.ONLINE for way in hubs)
        known = self.book.hubs()
        waiting = [self._waiting(bytes.fromhex(key)) for key in known]
        return OfficeReach(
            reached, min(waiting, default=None), max((last for _u, _d, last in known.values()), default=0)
        )

    # Exchanging

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
