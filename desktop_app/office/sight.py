"""The ways of a vault: which there are, how they stand, and whether this desk serves its office."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.directory import Directory, moment
from desktop_app.exchange import ExchangeService, OfficeReach, revoked, server_address
from desktop_app.exchange_watch import Reach, reach_of
from desktop_app.office.beacon import Beacon
from desktop_app.office.hub import PORT, OfficeHub, Running
from desktop_app.office.meetings import Meetings
from desktop_app.office.ways import CENTRAL, Kind, Terms, Way, WayBook, WayStatus, pick
from desktop_app.vault import Vault
from sync.errors import Failure, Refused
from sync.log import Log
from sync.messages import _

if TYPE_CHECKING:
    from desktop_app.attachments.trip import FileProgress
    from sync.client import Progress

    Step = Callable[[Progress | FileProgress], None]

ADDRESSES_VARIABLE = "SPRAVA_OFFICE_ADDRESSES"
"""Addresses of the network cards to look around by and to serve on, parted by commas; by default all."""
_RANK = {Kind.OWN: 0, Kind.FOUND: 1, Kind.TYPED: 2}
_RECENT_MS = 14 * 24 * 3600 * 1000


class WaysInSight:
    """Knows the ways, and serves the office when a person wants it.

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
