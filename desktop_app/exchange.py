"""Exchange with the others: by the server and by bundle files, and what the status bar says of it."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.attachments.exchanging import FileExchange, file_warnings
from desktop_app.attachments.trip import FileProgress, Moved
from desktop_app.attachments.whereabouts import SERVER
from desktop_app.audit import Audit
from desktop_app.conflicts import ConflictService
from desktop_app.directory import moment
from desktop_app.exchange_watch import Reach, reach_of
from desktop_app.snapshots import SnapshotService
from desktop_app.vault import failures
from sync.errors import Failure, Refused
from sync.files import require_ordinary
from sync.log import Log
from sync.messages import _, ngettext
from sync.pins import pinned_server
from sync.replica import Heads

if TYPE_CHECKING:
    from sync.client import NewsWatch, Pace, Progress, Server, SyncOutcome

_DELIVERED = "revoked-delivered"
LAST_EXCHANGE = "last-exchange"


@dataclass(frozen=True, slots=True)
class OfficeReach:
    """How the hubs of the office stand.

    Args:
        reached: One of them answers.
        waiting: How many changes none of them has got yet; None when none is known.
        last: Milliseconds since 1970 when all had been exchanged with one of them; 0 for never.
    """

    reached: bool = False
    waiting: int | None = None
    last: int = 0


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    """What the status bar shows.

    Args:
        server: The server's address, or None when none is set.
        online: Whether the server answered the last time; None before the first try.
        last_saved: When something was last saved here.
        last_exchange: When all had been exchanged with the server the last time.
        waiting: How many changes the server has not got yet.
        conflicts: How many fields have several values.
        quarantined: How many frames can't be applied yet.
        reach: How the server stands, as far as is known.
        doubt: What was not in order at the last exchange, in sentences; empty when all was.
        office: How the hubs of the office stand.
        files: Of how many files the server has not got all that is here.
    """

    server: str | None
    online: bool | None
    last_saved: datetime | None
    last_exchange: datetime | None
    waiting: int
    conflicts: int
    quarantined: int
    reach: Reach = Reach.UNKNOWN
    doubt: str = ""
    office: OfficeReach = OfficeReach()
    files: int = 0


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What an exchange with the server moved.

    Args:
        sent: Frames that the server took.
        received: Frames that were taken from it.
        bytes_sent: HTTP included.
        bytes_received: HTTP included.
        round_trips: Requests answered.
        conflicts: How many fields have several values after it.
        waiting: Frames that the server still lacks.
        complete: False when it was cancelled.
        disputed: Chains that this device and the server hold differently: somebody's log was copied or forged.
        server_lost: The server had lost something, and was given back what this device holds of it.
        over_quota: The server has no more room for this community.
        files: What became of attached files; None when they had no turn.
        kept_back: Chains of which colleagues have seen more than came here, for a while.
        troubles: Sentences about ways that refuse, or that somebody else stands at.
        carried: Frames that were carried from server to server for others.
        away: Sentences about ways that do not answer now, while another did.
    """

    sent: int
    received: int
    bytes_sent: int
    bytes_received: int
    round_trips: int
    conflicts: int
    waiting: int
    complete: bool
    disputed: int
    server_lost: bool
    over_quota: bool = False
    files: Moved | None = None
    kept_back: int = 0
    troubles: tuple[str, ...] = ()
    carried: int = 0
    away: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BundleResult:
    """What a bundle file moved.

    Args:
        frames: Frames written, or new ones applied here.
        changes: Changes in those applied here.
        bytes: The size of a file written.
        waiting: Frames kept aside here, because something before them has not come yet or a right is missing.
        refused: Frames left out here: not this community's, or not signed as they say.
    """

    frames: int
    changes: int = 0
    bytes: int = 0
    waiting: int = 0
    refused: int = 0


def server_address(url: str | None) -> str:
    """Return a server's address as it is kept, empty for none.

    Raises:
        Refused: It is not an ``http://`` or ``https://`` address.
    """
    url = (url or "").strip().rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        raise Refused(
            "bad_address",
            _("“{url}” is not a server address. It begins with http:// or https://.").format(url=url),
        )
    return url


def revoked() -> Refused:
    """Return what the person at a revoked device is told."""
    return Refused(
        "revoked",
        _(
            "An administrator has put this device out of the community. It exchanges nothing more; whatever it wrote "
            "before it learned of that waits for the administrator’s decision. Nothing in this vault was deleted. "
            "Ask the administrator; to come back, join with a new invitation in another folder."
        ),
    )


class ExchangeService:
    """Sends and receives what the log holds.

    Args:
        log: The vault's log.
        conflicts: Counted for the status.
        audit: Records where frames are sent.
        folder: The vault's folder, into which nothing is exported.
        files: Carries files after the frames.
        snapshots: What a new device begins with.

    Attributes:
        files: The same.
        snapshots: The same.
    """

    def __init__(
        self,
        log: Log,
        conflicts: ConflictService,
        audit: Audit,
        folder: Path,
        files: FileExchange,
        snapshots: SnapshotService,
    ) -> None:
        self._folder = folder
        self.files = files
        self.snapshots = snapshots
        self._log = log
        self._audit = audit
        self._conflicts = conflicts
        self._online: bool | None = None
        self._reach = Reach.UNKNOWN
        self._doubt = ""
        self.hubs: Callable[[], OfficeReach] = OfficeReach

    @property
    def server(self) -> str | None:
        """The server's address, or None."""
        kept = self._log.recall(SERVER)
        return kept.decode() if kept else None

    def set_server(self, url: str | None) -> None:
        """Keep the server's address.

        Args:
            url: ``http://`` or ``https://`` address, or None to forget it.

        Raises:
            Misuse: It is not such an address.
        """
        url = server_address(url)
        changed = url != (self.server or "")
        if changed:
            self.note(Reach.UNKNOWN)
        self._log.remember(SERVER, url.encode())
        if changed:
            self._audit.record("server_changed", address=url)

    def note(self, reach: Reach) -> None:
        """Keep in mind how the server stands."""
        self._reach = reach
        self._online = None if reach is Reach.UNKNOWN else reach is Reach.ONLINE

    def news(self, *, carrying: bool = False) -> "NewsWatch":
        """Return what waits for news at the server whose address is kept.

        Args:
            carrying: Hear of all units, to carry their frames to an office hub.
        """
        from sync.client import NewsWatch

        return NewsWatch(self._log, self.server or "", carrying=carrying)

    def tend(self, stopped: Callable[[], bool]) -> None:
        """Do what is done at the server while nothing is new: make and check snapshots.

        Args:
            stopped: Asked several times in a second.
        """
        self.snapshots.tend(stopped)

    @property
    def reach(self) -> Reach:
        """How the server stands, as far as is known."""
        return self._reach

    @property
    def knows_server(self) -> bool:
        """Whether an exchange has found out already who the server at the kept address is."""
        return self.server is not None and pinned_server(self._log, self.server) is not None

    def count_waiting(self) -> int:
        """Return how many changes the server lacks of what is here."""
        return self._log.count_missing(self._held_by_server())

    @property
    def last_exchange(self) -> int:
        """When all had been exchanged with the server the last time: milliseconds since 1970, or 0."""
        return int(self._log.recall(LAST_EXCHANGE) or 0)

    @property
    def has_waiting(self) -> bool:
        """Whether the server lacks something that is here."""
        return bool(self.count_waiting())

    def status(self) -> ExchangeStatus:
        """Return what the status bar shows; nothing is asked of the network."""
        kept = self._log.recall(LAST_EXCHANGE)
        saved = self._log.last_written()
        office = self.hubs()
        waiting = self.count_waiting()
        if self.server is None and office.waiting is not None:
            waiting = office.waiting
            kept = str(office.last).encode() if office.last else None
        return ExchangeStatus(
            server=self.server,
            online=self._online,
            last_saved=moment(saved) if saved else None,
            last_exchange=moment(int(kept)) if kept else None,
            waiting=waiting,
            conflicts=self._conflicts.count(),
            quarantined=sum(self._log.waiting().values()),
            reach=self._reach,
            doubt=self._doubt,
            office=office,
            files=self.files.count_to_send(),
        )

    def _held_by_server(self) -> Heads:
        """Return the heads that the server had at the last exchange; none before the first."""
        from sync.client import state

        key = pinned_server(self._log, self.server) if self.server else None
        known = state.load(self._log, key) if key else None
        return known.server if known else {}

    def sync(
        self,
        url: str | None = None,
        progress: Callable[["Progress | FileProgress"], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        paused: Callable[[], bool] | None = None,
        new_server: bool = False,
        admission: str | None = None,
        pace: "Pace | None" = None,
        largest: int | None = None,
    ) -> SyncResult:
        """Push and pull until the server and this vault have the same.

        Args:
            url: The server's address; by default the one that is kept. A given one is kept when it answers rightly.
            progress: Told after each round trip.
            cancelled: Asked between round trips; what was exchanged until then stays.
            paused: Asked while files are carried: whether they shall wait, since there is something more urgent.
            new_server: Trust the key that the server has now: the administrator says that it was replaced.
            admission: The operator's code, by which the server is to serve this community.
            pace: How fast bodies may go.
            largest: Bytes of the largest file that is carried; None for any.

        Raises:
            Unreachable: The server does not answer; nothing is lost.
            Refused: No address is known, or the server is not this community's.
        """
        from sync.client import Pace, sync_with

        address = (url or self.server or "").strip().rstrip("/")
        if not address:
            raise Refused("no_server", _("No server address is set. Nothing is lost; set the address and try again."))
        self._refuse_revoked()
        try:
            outcome = sync_with(
                self._log,
                address,
                progress=progress or (lambda _progress: None),
                cancelled=cancelled or (lambda: False),
                new_server=new_server,
                admission=admission,
                begin=self.snapshots.beginning(cancelled or (lambda: False)),
                pace=pace or Pace(),
            )
        except Failure as failure:
            self.note(reach_of(failure))
            if isinstance(failure, Refused):
                self._doubt = failure.message
            raise
        if address != self.server:
            self.set_server(address)
        self.note(Reach.ONLINE)
        if self._log.is_revoked:
            self._deliver_last(outcome.complete and not outcome.waiting)
        if outcome.disputed:
            self._log.check_own_chain(self._held_by_server())
        moved = None
        if outcome.complete:
            self._log.remember(LAST_EXCHANGE, str(time.time_ns() // 1_000_000).encode())
            moved = self._carry(
                self._server(address, pace), progress, (cancelled, paused), largest, server_lost=outcome.server_lost
            )
        result = self._result(outcome, moved)
        if result.complete:
            self._doubt = " ".join(doubts(result))
        return result

    def sync_hub(
        self,
        hub: "Server",
        progress: Callable[["Progress | FileProgress"], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        paused: Callable[[], bool] | None = None,
        largest: int | None = None,
    ) -> SyncResult:
        """Push and pull until an office hub and this vault have the same.

        Args:
            hub: The hub, whose key is known otherwise than by its address.
            progress: Told after each round trip.
            cancelled: Asked between round trips; what was exchanged until then stays.
            paused: Asked while files are carried: whether they shall wait.
            largest: Bytes of the largest file that is carried; None for any.

        Raises:
            Unreachable: The hub does not answer; nothing is lost.
            Refused: It is another one, or it refuses.
        """
        from sync.client import state, sync_with

        self._refuse_revoked()
        outcome = sync_with(
            self._log,
            hub.url,
            progress=progress or (lambda _progress: None),
            cancelled=cancelled or (lambda: False),
            key=hub.key,
            pace=hub.pace,
            begin=self.snapshots.beginning(cancelled or (lambda: False)),
        )
        if self._log.is_revoked:
            self._deliver_last(self.server is None and outcome.complete and not outcome.waiting)
        known = state.load(self._log, hub.key)
        if outcome.disputed and known is not None:
            self._log.check_own_chain(known.server)
        moved = None
        if outcome.complete:
            moved = self._carry(hub, progress, (cancelled, paused), largest, server_lost=outcome.server_lost)
        return self._result(outcome, moved)

    def _server(self, address: str, pace: "Pace | None") -> "Server":
        from sync.client import Pace, Server

        return Server(address, pinned_server(self._log, address) or b"", pace or Pace())

    def _refuse_revoked(self) -> None:
        if self._log.is_revoked and self._log.recall(_DELIVERED):
            raise revoked()

    def _result(self, outcome: "SyncOutcome", moved: Moved | None) -> SyncResult:
        return SyncResult(
            outcome.sent,
            outcome.received,
            outcome.bytes_sent,
            outcome.bytes_received,
            outcome.round_trips,
            self._conflicts.count(),
            outcome.waiting,
            outcome.complete,
            outcome.disputed,
            outcome.server_lost,
            outcome.over_quota or (moved is not None and moved.over_quota),
            moved,
            outcome.kept_back,
        )

    def _carry(
        self,
        server: "Server",
        progress: Callable[["Progress | FileProgress"], None] | None,
        stops: tuple[Callable[[], bool] | None, ...],
        largest: int | None,
        *,
        server_lost: bool,
    ) -> Moved:
        """Carry files; the frames are exchanged already, whatever comes of it."""

        def stopped() -> bool:
            return any(stop() for stop in stops if stop is not None)

        try:
            return self.files.carry(
                server.url,
                key=server.key,
                largest=largest,
                progress=progress or (lambda _progress: None),
                stopped=stopped,
                server_lost=server_lost,
                pace=server.pace,
            )
        except Failure as failure:
            if server.url == self.server:
                self.note(reach_of(failure))
            raise

    def export_bundle(self, path: Path, device: str | None = None) -> BundleResult:
        """Write what another device lacks into a file for a stick.

        Args:
            path: The file to write.
            device: The number suffix of the device that it is for; by default, everything is written.

        Raises:
            Refused: The device is unknown, or the file can't be written.
        """
        from sync.bundle import export_bundle

        failures.require_outside(self._folder, path)
        known = None if device is None else self._known_to(self._device(device))
        written = export_bundle(self._log, path, known)
        return BundleResult(written.frames, bytes=written.bytes)

    def _deliver_last(self, delivered: bool) -> None:  # noqa: FBT001 - a fact, not a switch
        """End the exchanges of a revoked device; what it wrote before it knew has been handed over for a decision."""
        if delivered:
            self._log.remember(_DELIVERED, b"1")
        raise revoked()

    def _known_to(self, device: bytes) -> Heads:
        """Return what a device is known to hold: what its frames and its bundles told, whichever is more."""
        from sync.bundle import heads_of

        known = self._log.heads_seen_by(device)
        for unit, chains in (heads_of(self._log, device) or {}).items():
            held = known.setdefault(unit, {})
            for incarnation, head in chains.items():
                held[incarnation] = max(head, held.get(incarnation, (0, b"")))
        return known

    def import_bundle(self, path: Path) -> BundleResult:
        """Take in a bundle file.

        Raises:
            Damaged: It is damaged; nothing of it was taken in.
            Refused: It is another community's.
            Misuse: It is no file.
        """
        from sync.bundle import import_bundle

        if self._log.is_revoked:
            raise revoked()
        with suppress(OSError):  # what can't be looked at is told by who reads it
            require_ordinary(path)
        applied = import_bundle(self._log, path)
        if self._log.is_revoked:
            raise revoked()
        return BundleResult(applied.frames, applied.changes, waiting=applied.waiting, refused=applied.refused)

    def _device(self, suffix: str) -> bytes:
        for device in self._log.membership.devices.values():
            if device.entry.suffix == suffix:
                return device.entry.id
        known = ", ".join(sorted(device.entry.suffix for device in self._log.membership.devices.values()))
        raise Refused(
            "unknown_device", _("There is no device {suffix}; there are: {known}.").format(suffix=suffix, known=known)
        )


def bundle_warnings(result: BundleResult) -> list[str]:
    """Return what a person must be told of a bundle file, besides what it moved."""
    found = []
    if result.waiting:
        found.append(
            _(
                "Some frames wait: something that belongs before them has not come yet, or an administrator’s device "
                "has not confirmed the device that wrote them. Waiting: {count}."
            ).format(count=result.waiting)
        )
    if result.refused:
        found.append(
            _("Some frames were not taken, because they can't be genuine: {count}.").format(count=result.refused)
        )
    return found


def warnings(result: SyncResult) -> list[str]:
    """Return what a person must be told of an exchange, besides what it moved."""
    found = [*result.troubles]
    if result.server_lost:
        found.append(_("The server had lost data, or was restored from a backup. This device gave back what it holds."))
    if result.over_quota:
        found.append(
            _(
                "The server has no more room for this community. What it has not taken stays here and is sent when "
                "there is room; colleagues do not see it yet. Ask the server's operator for a larger quota."
            )
        )
    elif result.complete and result.waiting:
        found.append(
            _(
                "Frames of this device that the server has not taken: {count}. They stay here, and colleagues do not "
                "see what is in them. Tell the administrator."
            ).format(count=result.waiting)
        )
    if result.files is not None:
        found += file_warnings(result.files)
    return found + doubts(result)


def doubts(result: SyncResult) -> list[str]:
    """Return what makes an exchange doubtful: the two sides do not have the same, and it was not a matter of time."""
    found = []
    if result.disputed:
        found.append(
            _(
                "This device and the server hold different versions of what a device wrote: it was copied, or somebody "
                "forged it. Nothing here was changed. Tell the administrator."
            )
        )
    if result.kept_back:
        found.append(
            ngettext(
                "Of what {count} device wrote, colleagues have seen more than the server gives to this one. Either it "
                "was lost on its way, or the server keeps it back. Nothing here was changed. Exchange with a colleague "
                "by a stick, and tell the administrator.",
                "Of what {count} devices wrote, colleagues have seen more than the server gives to this one. Either it "
                "was lost on its way, or the server keeps it back. Nothing here was changed. Exchange with a colleague "
                "by a stick, and tell the administrator.",
                result.kept_back,
            ).format(count=result.kept_back)
        )
    return found
