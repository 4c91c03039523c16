"""Files on their way: with every exchange, or when somebody wants one now."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.attachments import rows
from desktop_app.attachments.model import FileEntry
from desktop_app.attachments.reading import Place
from desktop_app.attachments.rows import FileRow
from desktop_app.attachments.store import ChunkStore
from desktop_app.attachments.survey import Survey
from desktop_app.attachments.trip import FileProgress, Moved, Parcel, Trip
from desktop_app.attachments.whereabouts import SERVER, InAdvance, Whereabouts
from desktop_app.vault import Vault
from sync.errors import Refused, Unreachable
from sync.log import Log
from sync.messages import _
from sync.pins import pinned_server

if TYPE_CHECKING:
    from sync.client.pace import Pace

_TOGETHER_SECONDS = 0.5
Arrived = Callable[[frozenset[bytes]], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """How many files of this vault are where.

    Args:
        to_send: Here, and the server is not known to have all of them.
        to_fetch: At the server, and not here.
        nowhere: Neither here nor known to be at the server: on the computer where they were added.
    """

    to_send: int = 0
    to_fetch: int = 0
    nowhere: int = 0


def _tell_nobody(_progress: FileProgress) -> None:
    pass


class FileExchange:
    """Brings files to the server and from it.

    Args:
        vault: The vault.
        log: Its log.
        store: Its chunks.
        describe: Returns what is shown of a file.

    Attributes:
        whereabouts: What is known of the server's files, and which ones come by themselves.
        hubs: Returns the addresses and keys of the office hubs in sight, which may have files too.
        arrived: Called with the ids of cases of which a file has come or gone, on the thread that carried it.
    """

    def __init__(self, vault: Vault, log: Log, store: ChunkStore, describe: Callable[[str], FileEntry]) -> None:
        self._describe = describe
        self._vault = vault
        self._log = log
        self._store = store
        self._whole: set[bytes] = set()
        self._changed: set[bytes] = set()
        self._told = 0.0
        self.whereabouts = Whereabouts(vault, log)
        self.hubs: Callable[[], list[tuple[str, bytes]]] = list
        self.arrived: list[Arrived] = []

    @property
    def in_advance(self) -> InAdvance:
        """Which files come before anybody opens them."""
        return self.whereabouts.in_advance

    def choose(self, wanted: InAdvance) -> None:
        """Keep which files shall come before anybody opens them."""
        self.whereabouts.choose(wanted)

    def carry(
        self,
        address: str,
        *,
        server_lost: bool = False,
        progress: Callable[[FileProgress], None] = _tell_nobody,
        stopped: Callable[[], bool] = lambda: False,
        pace: "Pace | None" = None,
        key: bytes | None = None,
        largest: int | None = None,
    ) -> Moved:
        """Give the server every chunk that it lacks and this device has, and get the files that come by themselves.

        Args:
            address: Where the server is; an exchange has found out before who it is, and in which life.
            server_lost: It has less than before, so nothing that was known of its files holds.
            progress: Told after each request.
            stopped: Asked between and within requests; what was carried until then stays where it is.
            pace: How fast bodies may go.
            key: The key that the server must have, when it is known otherwise than by its address.
            largest: Bytes of the largest file that is carried now; None for any.

        Raises:
            Unreachable: The server is away; nothing is lost.
            Refused: It says no, misbehaves, or the disk is full.
        """
        from sync.client import state
        from sync.client.failures import Cancelled

        server = key or self._pinned(address)
        if server_lost:
            self.whereabouts.forget(server)
        met = state.load(self._log, server)
        if met is not None:
            self.whereabouts.enter(server, met.epoch)
        files = [row for row in self._files() if largest is None or row.size <= largest]
        wanted = self.in_advance
        chosen = {place.manifest for row in files if (place := row.place) and wanted.wants(row.size)}
        with self._trip(address, server, progress, stopped, pace) as (survey, trip):
            try:
                self._go(survey, trip, server, files, chosen)
            except Cancelled:
                trip.moved.complete = False
        return trip.moved

    def fetch(
        self,
        file_ids: Sequence[str],
        *,
        progress: Callable[[FileProgress], None] = _tell_nobody,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Moved:
        """Get some files now, whatever comes by itself.

        Args:
            file_ids: The files.
            progress: Told after each request.
            stopped: Asked between and within requests; what has come until then stays.

        Raises:
            Refused: There is no such file, no server is known, or it says no or misbehaves; or the disk is full.
            Unreachable: The server is away, or has not got a file yet; it is where it was added.
        """
        with self._vault.read() as connection:
            files = _once([rows.row_of(connection, file_id) for file_id in file_ids])
        places = self._places(files)
        moved = Moved()
        for number, (address, server) in enumerate(places, start=1):
            try:
                moved = self._fetch_from(address, server, files, progress, stopped)
            except Unreachable:
                if number == len(places):
                    raise
                continue
            if not moved.lacking or not moved.complete:
                break
        if moved.lacking and not moved.received:
            self._require_there(file_ids[0])
        return moved

    def _places(self, files: list[FileRow]) -> list[tuple[str, bytes]]:
        """Return where files may be fetched from: first those known to have the first of them, office hubs before."""
        address = (self._log.recall(SERVER) or b"").decode()
        places = self.hubs()
        if address:
            places = [*places, (address, self._pinned(address))]
        if not places:
            raise Refused("no_server", _("No server address is set. Nothing is lost; set the address and try again."))
        wanted = {place.manifest for row in files[:1] if (place := row.place)}
        with self._vault.read() as connection:
            known = {server for _address, server in places if wanted & self.whereabouts.at(connection, server)}
        return sorted(places, key=lambda place: place[1] not in known)

    def _fetch_from(
        self,
        address: str,
        server: bytes,
        files: list[FileRow],
        progress: Callable[[FileProgress], None],
        stopped: Callable[[], bool],
    ) -> Moved:
        from sync.client.failures import Cancelled

        with self._trip(address, server, progress, stopped) as (survey, trip):
            try:
                with self._vault.read() as connection:
                    known = self.whereabouts.at(connection, server)
                plan = survey.plan(files, known, {place.manifest for row in files if (place := row.place)})
                trip.expect(plan.pull)
                trip.moved.lacking = plan.lacking
                trip.pull(plan.pull, self._came, lambda parcel: self._lost(server, parcel))
            except Cancelled:
                trip.moved.complete = False
        return trip.moved

    def count_to_send(self) -> int:
        """Return of how many files the server is not known to have all, although they are here."""
        server = self.whereabouts.server()
        if server is None:
            return 0
        with self._vault.read() as connection:
            unknown = self.whereabouts.not_at(connection, server)
        return sum(map(self._store.has, unknown))

    def standing(self) -> Standing:
        """Return how the files stand, as far as is known; nothing is asked of the network."""
        server = self.whereabouts.server()
        known: set[bytes] = set()
        if server is not None:
            with self._vault.read() as connection:
                known = self.whereabouts.at(connection, server)
        with self._vault.read() as connection:
            anywhere = self.whereabouts.anywhere(connection)
        to_send = to_fetch = nowhere = 0
        for row in self._files():
            manifest = row.place.manifest if row.place else b""
            here = self._store.has(manifest)
            to_send += here and manifest not in known and server is not None
            to_fetch += manifest in anywhere and not here
            nowhere += not here and manifest not in anywhere
        return Standing(to_send, to_fetch, nowhere)

    def _go(self, survey: Survey, trip: Trip, server: bytes, files: list[FileRow], chosen: set[bytes]) -> None:
        with self._vault.read() as connection:
            known = self.whereabouts.at(connection, server)
        plan = survey.plan(files, known, chosen)
        trip.expect([*plan.push, *plan.pull])
        trip.moved.lacking = plan.lacking
        try:
            trip.push(plan.push, lambda parcel: self._gone(server, parcel))
        finally:
            trip.moved.waiting = len(plan.push) - trip.moved.sent
        if trip.moved.complete:
            trip.pull(plan.pull, self._came, lambda parcel: self._lost(server, parcel))

    @contextmanager
    def _trip(
        self,
        address: str,
        server: bytes,
        progress: Callable[[FileProgress], None],
        stopped: Callable[[], bool],
        pace: "Pace | None" = None,
    ) -> Iterator[tuple[Survey, Trip]]:
        from sync.client.channel import Channel
        from sync.client.chunks import ChunkLine
        from sync.client.pace import UNLIMITED

        with Channel(address, stopped, pace or UNLIMITED) as channel:
            line = ChunkLine(self._log, channel, address, server)
            try:
                yield (
                    Survey(self._store, self.whereabouts, server, line, self._whole),
                    Trip(self._store, line, progress, stopped),
                )
            finally:
                self._tell_all()

    def _pinned(self, address: str) -> bytes:
        key = pinned_server(self._log, address)
        if key is None:
            raise Unreachable(
                "no_exchange_yet",
                _("This device has not exchanged with the server yet. Exchange first; then the file can be fetched."),
            )
        return key

    def _require_there(self, file_id: str) -> None:
        entry = self._describe(file_id)
        raise Unreachable(
            "file_not_here",
            _(
                "The server has not got all of the file “{name}” yet. It is on the computer of {person} ({device}) and "
                "comes when that computer exchanges. Nothing is lost."
            ).format(name=entry.name, person=entry.person, device=entry.device),
        )

    def _files(self) -> list[FileRow]:
        with self._vault.read() as connection:
            return _once([row for row in rows.all_rows(connection) if not row.removed])

    def _gone(self, server: bytes, parcel: Parcel) -> None:
        self.whereabouts.found_at(server, [parcel.place.manifest])
        self._tell(parcel)

    def _came(self, parcel: Parcel) -> None:
        self._whole.add(parcel.place.manifest)
        self._tell(parcel)

    def _lost(self, server: bytes, parcel: Parcel) -> None:
        self.whereabouts.lost_at(server, parcel.place.manifest)

    def _tell(self, parcel: Parcel) -> None:
        """Tell of a case soon: thousands of files may come within a second."""
        self._changed |= {parcel.row.case} - {b""}
        if time.monotonic() - self._told > _TOGETHER_SECONDS:
            self._tell_all()

    def _tell_all(self) -> None:
        changed, self._changed, self._told = frozenset(self._changed), set(), time.monotonic()
        for listener in list(self.arrived) if changed else ():
            listener(changed)


def _once(found: Sequence[FileRow]) -> list[FileRow]:
    """Return one row for each manifest that can be opened."""
    by_manifest: dict[bytes, FileRow] = {}
    for row in found:
        place: Place | None = row.place
        if place is not None:
            by_manifest.setdefault(place.manifest, row)
    return list(by_manifest.values())


def file_warnings(moved: Moved) -> list[str]:
    """Return what a person must be told of the files of an exchange."""
    found = []
    if moved.wrong:
        found.append(
            _(
                "The server gave something else than these files: {names}. Nothing of that was kept, and they are "
                "asked for again at the next exchange. If it happens again, tell the administrator."
            ).format(names=", ".join(moved.wrong))
        )
    if moved.damaged:
        found.append(
            _(
                "These files are damaged on this disk and were not sent: {names}. Take them from another computer or a "
                "backup that has them."
            ).format(names=", ".join(moved.damaged))
        )
    return found
