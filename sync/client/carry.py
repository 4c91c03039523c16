"""Carries frames and links from server to server, in both directions, also those that the carrier can't read.

The carrier keeps nothing and decides nothing: each server says what it has, gives what the other lacks, and verifies
what it is given, as it does with every device.
"""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync import frames, membership, wire
from sync.client import failures, state
from sync.client.pace import UNLIMITED, Pace
from sync.crypto import HASH_BYTES
from sync.frames import BadFrame, Frame
from sync.linkgraph import fitting, links_beyond, tips
from sync.membership import BadLink, Link, Membership
from sync.replica import Heads, Replica

if TYPE_CHECKING:
    from sync.client.channel import Channel

_ROUND_BYTES = 2**20
_MOST_IDLE_ROUNDS = 4
_STRANGERS = frozenset({"unknown_community", "not_member"})


@dataclass(frozen=True, slots=True)
class Server:
    """One end of the way.

    Args:
        url: Its address.
        key: The 32-byte key that it must have.
        pace: How fast bodies may go.
    """

    url: str
    key: bytes
    pace: Pace = UNLIMITED


@dataclass(frozen=True, slots=True)
class Carried:
    """What was carried.

    Args:
        there: Frames that the second server took.
        back: Frames that the first server took.
        complete: Both have the same now, as far as they take it.
    """

    there: int = 0
    back: int = 0
    complete: bool = True


def carry(replica: Replica, first: Server, second: Server, cancelled: Callable[[], bool] = lambda: False) -> Carried:
    """Carry what each of two servers lacks and the other has.

    Args:
        replica: This device's log: it signs, and knows the links.
        first: One server, which this device has exchanged with.
        second: The other.
        cancelled: Asked between rounds and while a reply comes in; what was carried until then stays.

    Raises:
        Unreachable: A server or the network is away.
        Refused: A server is not the right one, or misbehaves.
    """
    from sync.client.channel import Channel  # brings in requests

    with contextlib.ExitStack() as stack:
        ends = [
            _End(server, stack.enter_context(Channel(server.url, cancelled, server.pace)), _tips(replica, server))
            for server in (first, second)
        ]
        carrying = _Carrying(replica, ends[0], ends[1])
        try:
            complete = carrying.run(cancelled)
        except failures.Cancelled:
            complete = False
        return Carried(ends[1].taken, ends[0].taken, complete)


@dataclass(slots=True)
class _End:
    """What is known of one server.

    Args:
        server: Which.
        channel: The way to it.
        tips: Its membership tips, as far as is known.
        heads: What it has; nothing is known before its first reply.
        lacks: Frames that the other gave for it.
        blocked: Chains that it does not take, or that the other does not give: unit and incarnation.
        taken: How many it took.
        known: It has answered.
    """

    server: Server
    channel: "Channel"
    tips: tuple[bytes, ...]
    heads: Heads = field(default_factory=dict)
    lacks: list[Frame] = field(default_factory=list)
    blocked: set[tuple[bytes, bytes]] = field(default_factory=set)
    taken: int = 0
    known: bool = False


class _Carrying:
    def __init__(self, replica: Replica, first: _End, second: _End) -> None:
        self._replica = replica
        self._ends = (first, second)
        self._members = Membership.of(list(replica.links()))
        self._refused_links: set[bytes] = set()

    def run(self, cancelled: Callable[[], bool]) -> bool:
        """Do rounds in turns until nothing is left to carry; return False when cancelled."""
        first, second = self._ends
        idle = turn = 0
        while not self._finished():
            if cancelled():
                return False
            near, far = (first, second) if turn % 2 == 0 else (second, first)
            idle = 0 if self._round(near, far) else idle + 1
            turn += 1
            if idle > _MOST_IDLE_ROUNDS:
                return False  # one promises what it does not give; the other has lost nothing by it
        return True

    def _finished(self) -> bool:
        first, second = self._ends
        settled = all(end.known and not end.lacks and not self._links_for(end) for end in self._ends)
        return settled and not _ahead(first, second) and not _ahead(second, first)

    def _links(self) -> list[Link]:
        return self._members.ordered

    def _links_for(self, end: _End) -> list[Link]:
        return [link for link in links_beyond(self._links(), end.tips) if link.hash not in self._refused_links]

    def _round(self, near: _End, far: _End) -> bool:
        """Send one request and take in the reply; say whether it brought the work on."""
        try:
            return self._ask(near, far)
        except failures.Problem as problem:
            if problem.code not in _STRANGERS or not near.tips:
                raise failures.of_problem(problem, near.server.url) from problem
            near.tips, near.known = (), False  # it has forgotten the community: introduce this device anew
            return True

    def _ask(self, near: _End, far: _End) -> bool:
        lacked = self._links_for(near)
        links = fitting(lacked)
        ready = len(links) == len(lacked)  # else authors of the frames may be unknown there
        given = near.lacks if ready else []
        request = wire.Request(
            version=wire.VERSION,
            community=self._replica.community,
            base=b"",
            heads=wire.pack_heads(_declared(near, far)),
            tips=tips(self._links()),
            links=links,
            frames=[frame.body for frame in given],
            budget=_ROUND_BYTES if far.known and not far.lacks else 0,
        )
        reply = near.channel.exchange(self._replica, near.server.key, request, wire.CARRY_PATH)
        return self._take(near, far, request, given, reply)

    def _take(self, near: _End, far: _End, request: wire.Request, given: list[Frame], reply: wire.Reply) -> bool:
        before = (near.heads, near.tips, near.known)
        try:
            found = [frames.parse(body) for body in reply.frames]
            told = wire.unpack_heads(request.heads)
            near.heads = wire.overlay(wire.advance(wire.advance(told, given), found), wire.unpack_heads(reply.heads))
            new_links = self._learn(reply.links)
        except (wire.BadMessage, BadFrame, BadLink) as error:
            raise failures.misbehaving(near.server.url) from error
        near.known = True
        near.tips = tuple(reply.tips or request.tips)
        far.lacks += found
        if request.budget and not found:
            far.blocked |= _ahead(near, far)  # a fork: what follows here fits nowhere there
        moved = self._count(near, given, reply)
        return bool(moved or found or new_links) or before != (near.heads, near.tips, near.known)

    def _learn(self, links: Iterable[bytes]) -> int:
        known = len(self._members.links)
        self._members.add([membership.parse(link) for link in links])
        return len(self._members.links) - known

    def _count(self, near: _End, given: list[Frame], reply: wire.Reply) -> int:
        """Note what became of the frames that a server was given."""
        accepted = {reply.accepted[start : start + HASH_BYTES] for start in range(0, len(reply.accepted), HASH_BYTES)}
        self._refused_links |= {refused for refused, reason in reply.refused if reason == "link"}
        for frame in given:
            if frame.hash in accepted:
                near.taken += 1
            else:
                # Whatever the reason, the rest of that chain would fare no better now.
                near.blocked.add((frame.header.unit, frame.header.incarnation))
        near.lacks = [frame for frame in near.lacks if frame not in given]
        return len(given)


def _tips(replica: Replica, server: Server) -> tuple[bytes, ...]:
    """Return what the last exchange of this device itself learned of a server's links."""
    known = state.load(replica, server.key)
    return known.tips if known else ()


def _declared(near: _End, far: _End) -> Heads:
    """Return what one server is told that the other has; chains that it needn't give count as had."""
    blocked: Heads = {}
    for unit, incarnation in far.blocked:
        head = near.heads.get(unit, {}).get(incarnation)
        if head is not None:
            blocked.setdefault(unit, {})[incarnation] = head
    return wire.overlay(far.heads, blocked)


def _ahead(near: _End, far: _End) -> set[tuple[bytes, bytes]]:
    """Return the chains of which one server has more than the other, and that the other may still take."""
    return {
        (unit, incarnation)
        for unit, chains in near.heads.items()
        for incarnation, (seq, _hash) in chains.items()
        if seq > far.heads.get(unit, {}).get(incarnation, (0, b""))[0] and (unit, incarnation) not in far.blocked
    }
