"""The exchange with a server, round by round, until both sides have the same."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync import frames, membership, wire
from sync.admission import code_key
from sync.client import failures, state
from sync.client.pace import UNLIMITED, Pace
from sync.client.state import ServerState
from sync.crypto import HASH_BYTES, Signer
from sync.errors import Unreachable
from sync.frames import NO_PREVIOUS, BadFrame, Frame
from sync.linkgraph import fitting, links_beyond, tips
from sync.membership import Link
from sync.pins import pin_server, pinned_server
from sync.replica import Head, Heads, Replica

if TYPE_CHECKING:
    from sync.client.channel import Channel

_FIRST_ROUND_BYTES = 64 * 1024
_SMALLEST_ROUND_BYTES = 2 * 1024
_CALM_ROUNDS = 24
"""After a break, so many rounds in a row must pass before larger ones are tried: else too much goes twice."""
_GROWTH = 4
_QUICK_SECONDS = 2.0
_ATTEMPTS = 3
_MOST_IDLE_ROUNDS = 4


Begin = Callable[["Channel", bytes], None]
"""Given a connection and the key of the server at its other end."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an exchange is, in frames.

    Args:
        sent: Frames that the server has taken.
        received: Frames that were taken from it.
        total: All that are to go either way, as far as is known.
    """

    sent: int
    received: int
    total: int


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """What an exchange did.

    Args:
        sent: Frames that the server took.
        received: Frames that were taken from it.
        bytes_sent: HTTP included.
        bytes_received: HTTP included.
        round_trips: Requests answered.
        waiting: Frames that the server still lacks.
        complete: False when it was cancelled.
        disputed: Chains that the two sides have differently.
        server_lost: The server had less than at the last exchange and was given back what it lacked.
        over_quota: The server has no more room for this community.
        kept_back: Chains of which others have seen more than came here, for a while.
    """

    sent: int
    received: int
    bytes_sent: int
    bytes_received: int
    round_trips: int
    waiting: int
    complete: bool = True
    disputed: int = 0
    server_lost: bool = False
    over_quota: bool = False
    kept_back: int = 0


def sync_with(
    replica: Replica,
    url: str,
    *,
    progress: Callable[[Progress], None] = lambda _progress: None,
    cancelled: Callable[[], bool] = lambda: False,
    new_server: bool = False,
    admission: str | None = None,
    key: bytes | None = None,
    pace: Pace = UNLIMITED,
    begin: "Begin | None" = None,
) -> SyncOutcome:
    """Push and pull until both sides have the same, or until cancelled.

    Args:
        replica: This device's log.
        url: The server's address; its key is pinned at first contact.
        progress: Called after each round.
        cancelled: Asked between rounds and while a reply comes in; what was done until then stays done.
        new_server: Take the server for a new one, since the administrator said so: the key that it shows now is pinned
            in place of the earlier one, once it has answered an exchange.
        admission: The operator's code, by which the server is to serve this community.
        key: The key that the server must have, when it is known otherwise than by its address: nothing is pinned then.
        pace: How fast bodies may go.
        begin: Called once, after the round that brings the members and before frames come: takes what comes first.

    Raises:
        Unreachable: The server or the network is away; what was done until then stays done.
        Refused: The server is not the right one, does not know this device, or misbehaves.
        Misuse: The address is not one.
    """
    from sync.client.channel import Channel  # brings in requests, which nobody needs who only asks for the state

    code = code_key(admission) if admission is not None else None
    if admission is not None and code is None:
        raise failures.not_a_code()
    with Channel(url, cancelled, pace) as channel:
        by_address = key is None
        if by_address and not new_server:
            key = pinned_server(replica, url)
        if key is None:
            try:
                key = channel.hello().key
            except failures.Cancelled:
                traffic = channel.traffic
                waiting = _ahead(replica.heads(), {})
                return SyncOutcome(
                    0, 0, traffic.sent, traffic.received, traffic.round_trips, waiting=waiting, complete=False
                )
        if code is not None:
            _admit(replica, channel, url, key, code)
        exchange = _Exchange(replica, channel, url, key, progress, pins=by_address)
        exchange.begin = begin
        try:
            complete = exchange.run(cancelled)
        finally:
            exchange.remember()
        return exchange.outcome(complete=complete)


def _admit(replica: Replica, channel: "Channel", url: str, key: bytes, code: Signer) -> None:
    try:
        channel.admit(replica, key, code)
    except failures.Problem as problem:
        raise failures.of_problem(problem, url) from problem


@dataclass(frozen=True, slots=True)
class _Carried:
    """What a request says of this device.

    Args:
        heads: All its heads.
        frames: The frames that the request carries.
    """

    heads: Heads
    frames: list[Frame]


class _Exchange:
    """One exchange in progress."""

    def __init__(
        self,
        replica: Replica,
        channel: "Channel",
        url: str,
        key: bytes,
        progress: Callable[[Progress], None],
        *,
        pins: bool,
    ) -> None:
        self._replica = replica
        self._channel = channel
        self._url = url
        self._key = key
        self._pins = pins
        self._progress = progress
        self._remembered = self._state = state.load(replica, key)
        self._links = _parsed(replica)
        self._budget = _FIRST_ROUND_BYTES
        self._sent = self._received = self._refused = self._remaining = 0
        self._blocked: set[tuple[bytes, bytes]] = set()
        self._refused_links: set[bytes] = set()
        self._pulling = True
        self._contact = False
        self._server_lost = False
        self._over_quota = False
        self._began_anew = False
        self._idle_rounds = 0
        self._calm_rounds = _CALM_ROUNDS
        self.begin: Begin | None = None

    def run(self, cancelled: Callable[[], bool]) -> bool:
        """Do rounds until nothing is left to do; return False when cancelled.

        Raises:
            Refused: What came from the server was forged, or it promises what it does not give.
        """
        try:
            while not self._finished():
                if cancelled():
                    return False
                self._round()
                self._begin()
                self._progress(Progress(self._sent, self._received, self._total()))
        except failures.Cancelled:
            return False
        if self._refused:
            raise failures.misbehaving(self._url)
        return True

    def _begin(self) -> None:
        """Once the server and this device know the same members, take what is to come before the frames."""
        begin = self.begin
        if begin is None or not self._may_begin():
            return
        self.begin = None
        try:
            begin(self._channel, self._key)
        except failures.Problem:
            return  # an older server: the frames come as they always did

    def _may_begin(self) -> bool:
        return self.begin is not None and not self._links_to_send() and self._has_all_links()

    def _has_all_links(self) -> bool:
        return self._state is not None and {link.hash for link in self._links}.issuperset(self._state.tips)

    def remember(self) -> None:
        """Keep the common ground for the next exchange, if it changed."""
        if self._pins and self._contact and pinned_server(self._replica, self._url) != self._key:
            pin_server(self._replica, self._url, self._key)
        if self._state is not None and self._state != self._remembered:
            state.save(self._replica, self._key, self._state)

    def outcome(self, *, complete: bool) -> SyncOutcome:
        """Say what was done."""
        own, server = self._replica.heads(), self._state.server if self._state else {}
        traffic = self._channel.traffic
        return SyncOutcome(
            self._sent,
            self._received,
            traffic.sent,
            traffic.received,
            traffic.round_trips,
            waiting=_ahead(own, wire.overlay(server, self._not_here(server))),
            complete=complete,
            disputed=_disputed(own, server) if complete and self._pulling else len(self._blocked),
            server_lost=self._server_lost,
            over_quota=self._over_quota,
            kept_back=self._replica.count_kept_back() if complete and self._pulling else 0,
        )

    def _finished(self) -> bool:
        return (
            self._contact
            and self._state is not None
            and self._state.told is not None
            and not _ahead(self._replica.heads(), self._theirs())
            and not (self._pulling and self._remaining)
            and not self._links_to_send()
            and self._has_all_links()
            and self.begin is None
        )

    def _total(self) -> int:
        to_send = _ahead(self._replica.heads(), self._theirs()) if self._state else 0
        return self._sent + self._received + to_send + self._remaining

    def _theirs(self) -> Heads:
        """What the server has; chains that it refuses count as had, so that they are not sent again."""
        server = self._state.server if self._state else {}
        blocked = self._not_here(server)
        if not (self._blocked or blocked):
            return server
        own = self._replica.heads()
        for unit, incarnation in self._blocked:
            if incarnation in own.get(unit, {}):
                blocked.setdefault(unit, {})[incarnation] = own[unit][incarnation]
        return wire.overlay(server, blocked)

    def _not_here(self, server: Heads) -> Heads:
        """Return the heads of the chains of which this device has not what the server lacks first."""
        begins = {
            (unit, incarnation)
            for unit, chains in self._replica.begins().items()
            for incarnation, (seq, _hash) in chains.items()
            if _last(server, unit, incarnation) < seq
        }
        own = self._replica.heads() if begins else {}
        found: Heads = {}
        for unit, incarnation in begins:
            found.setdefault(unit, {})[incarnation] = own[unit][incarnation]
        return found

    def _links_to_send(self) -> list[Link]:
        known = self._state.tips if self._state else ()
        return [link for link in links_beyond(self._links, known) if link.hash not in self._refused_links]

    def _round(self) -> None:
        """Send one request and take in the reply; try again in smaller parts when the line breaks."""
        for attempt in range(_ATTEMPTS):
            request, carried = self._request()
            started = time.monotonic()
            try:
                reply = self._channel.exchange(self._replica, self._key, request)
                break
            except failures.Problem as problem:
                self._begin_anew(problem)
                return
            except Unreachable as failure:
                large = sum(map(len, (*request.frames, *request.links))) > _SMALLEST_ROUND_BYTES
                broken = self._contact or large or isinstance(failure, failures.BrokenOff)
                if attempt == _ATTEMPTS - 1 or not broken:
                    raise
                self._budget, self._calm_rounds = _SMALLEST_ROUND_BYTES, 0
                time.sleep(random.uniform(0.1, 0.5) * 2**attempt)  # noqa: S311 - spreads devices, hides nothing
        self._calm_rounds += 1
        if time.monotonic() - started < _QUICK_SECONDS and self._calm_rounds > _CALM_ROUNDS:
            self._budget = min(self._budget * _GROWTH, wire.MAX_ROUND_BYTES)
        self._take(request, carried, reply)

    def _begin_anew(self, problem: failures.Problem) -> None:
        """Introduce this device with all links to a server that forgot it; if it did that already, give up."""
        if problem.code not in {"unknown_community", "not_member"} or self._state is None or self._began_anew:
            raise failures.of_problem(problem, self._url) from problem
        self._began_anew = True
        self._server_lost = self._server_lost or self._state.server != {}
        self._state = None

    def _request(self) -> tuple[wire.Request, _Carried]:
        """Gather what the server lacks, and say what this device has."""
        lacked = self._links_to_send()
        links = fitting(lacked)
        introduced = self._state is not None and len(links) == len(lacked)  # else authors may be unknown there yet
        declared = self._replica.heads()
        bodies = list(self._replica.frames_missing(self._theirs(), self._budget)) if introduced else []
        carried = [frames.parse(body) for body in bodies]
        declared = wire.advance(declared, carried)
        told = self._state.told if self._state else None
        base = told if told is not None and _covers(declared, told) else None
        request = wire.Request(
            version=wire.VERSION,
            community=self._replica.community,
            base=b"" if base is None else wire.digest(base),
            heads=wire.pack_heads(wire.difference(declared, wire.advance(base or {}, carried))),
            tips=tips(self._links),
            links=links,
            frames=bodies,
            budget=self._budget if self._pulling and self.begin is None else 0,
        )
        return request, _Carried(declared, carried)

    def _take(self, request: wire.Request, carried: _Carried, reply: wire.Reply) -> None:
        """Take in a reply, and notice when it brings the exchange no further."""
        before = self._state
        declared = carried.heads if reply.base_known else {}
        try:
            given = [frames.parse(body) for body in reply.frames]
            server = wire.overlay(wire.advance(declared, given), wire.unpack_heads(reply.heads))
        except (wire.BadMessage, BadFrame) as error:
            raise failures.misbehaving(self._url) from error
        self._refused += not _continue(declared, given)
        lost = before is not None and _ahead(before.server, server) > 0
        if lost and self._contact:
            raise failures.misbehaving(self._url)  # a moment ago it had more
        self._contact = True
        self._server_lost = self._server_lost or lost
        told = carried.heads if reply.base_known else None
        self._state = ServerState(reply.epoch, told, server, tuple(reply.tips or request.tips))
        self._remaining = reply.remaining
        moved = self._count_taken(carried.frames, server, reply) + self._take_in(reply)
        self._idle_rounds = 0 if moved else self._idle_rounds + 1
        learned = before != self._state and self._idle_rounds <= _MOST_IDLE_ROUNDS
        if not (moved or learned or self._may_begin() or self._finished()):
            self._give_up_waiting()

    def _count_taken(self, carried: list[Frame], server: Heads, reply: wire.Reply) -> int:
        """Count the frames that the server took; return how many it decided on, either way."""
        refused = {link_or_frame for link_or_frame, _reason in reply.refused}
        accepted = {reply.accepted[start : start + HASH_BYTES] for start in range(0, len(reply.accepted), HASH_BYTES)}
        self._refused_links |= refused
        self._over_quota = self._over_quota or any(reason == "quota" for _hash, reason in reply.refused)
        taken = 0
        blocked = len(self._blocked)
        for frame in carried:
            chain = (frame.header.unit, frame.header.incarnation)
            if frame.hash in accepted and frame.header.seq <= _last(server, *chain):
                taken += 1
            elif frame.hash in refused:
                self._blocked.add(chain)
        self._sent += taken
        return taken + len(self._blocked) - blocked

    def _take_in(self, reply: wire.Reply) -> int:
        """Apply what the server gave; return how many frames and links were new."""
        if not (reply.frames or reply.links):
            return 0
        applied = self._replica.apply(reply.frames, reply.links)
        self._received += applied.frames
        self._refused += applied.refused - applied.reasons.get("version", 0)
        known = len(self._links)
        if reply.links:
            self._links = _parsed(self._replica)
        return applied.frames + len(self._links) - known

    def _give_up_waiting(self) -> None:
        """Stop pulling from a server that does not give what it promises; stop all when pushing does not help."""
        if not self._pulling:
            raise failures.misbehaving(self._url)
        self._pulling = False
        self._refused += 1


def _parsed(replica: Replica) -> list[Link]:
    return [membership.parse(link) for link in replica.links()]


def _covers(heads: Heads, told: Heads) -> bool:
    """Say whether every chain that was told of is still there."""
    return all(chains.keys() <= heads.get(unit, {}).keys() for unit, chains in told.items())


def _continue(heads: Heads, given: list[Frame]) -> bool:
    """Say whether frames carry on the chains that were told of, without a gap: an honest server gives no others."""
    ends: dict[tuple[bytes, bytes], Head] = {}
    for frame in given:
        header = frame.header
        chain = (header.unit, header.incarnation)
        end = ends.get(chain) or heads.get(header.unit, {}).get(header.incarnation, (0, NO_PREVIOUS))
        if (header.seq - 1, header.previous) != end:
            return False
        ends[chain] = (header.seq, frame.hash)
    return True


def _last(heads: Heads, unit: bytes, incarnation: bytes) -> int:
    return heads.get(unit, {}).get(incarnation, (0, b""))[0]


def _ahead(own: Heads, other: Heads) -> int:
    """Count the frames that the first has and the other has not."""
    return sum(
        max(0, seq - _last(other, unit, incarnation))
        for unit, chains in own.items()
        for incarnation, (seq, _hash) in chains.items()
    )


def _disputed(own: Heads, server: Heads) -> int:
    """Count the chains of which the server has another frame at the same place, or more than it gave."""
    return sum(
        seq >= own.get(unit, {}).get(incarnation, (0, b""))[0]
        and own.get(unit, {}).get(incarnation) != (seq, frame_hash)
        for unit, chains in server.items()
        for incarnation, (seq, frame_hash) in chains.items()
    )
