"""Which membership links the server takes, and what they add up to."""

import copy
import threading
from collections import OrderedDict
from dataclasses import dataclass

from sync import crypto, membership
from sync.crypto import CryptoError
from sync.linkgraph import tips
from sync.membership import (
    Assign,
    BadLink,
    Confirm,
    Decline,
    Device,
    Enrol,
    Epoch,
    Found,
    Invite,
    Judge,
    Link,
    MakeUnit,
    Membership,
    Revoke,
)
from sync.server.store import Reader

_MOST_KNOWN = 500


@dataclass(frozen=True, slots=True)
class Admission:
    """What a request's links come to.

    Args:
        state: The membership with them.
        added: Those that are new, parents first.
        refused: Hashes of those that no member stands behind, or that follow an unknown one.
    """

    state: Membership
    added: list[Link]
    refused: list[bytes]


class Members:
    """The membership of each community, worked out once and again when links have been added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[int, Membership, list[bytes]]] = OrderedDict()

    def of(self, reader: Reader, community: bytes) -> Membership | None:
        """Return the membership as the store has it, or None when it has no link; it must not be changed."""
        count = reader.link_count(community)
        with self._lock:
            known = self._known.get(community)
            if known is not None:
                self._known.move_to_end(community)
        if known is not None and known[0] == count:
            return known[1]
        if not count:
            return None
        state = Membership.of(reader.links(community))
        with self._lock:
            self._known[community] = (count, state, tips(state.links.values()))
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return state

    def tips(self, state: Membership) -> list[bytes]:
        """Return the links of a membership that nothing follows, sorted."""
        with self._lock:
            known = self._known.get(state.community)
        return known[2] if known is not None and known[1] is state else tips(state.links.values())


def read_links(data: list[bytes]) -> list[Link]:
    """Take links apart.

    Raises:
        BadLink: One of them is not a link.
    """
    return [membership.parse(item) for item in data]


def sign_keys(state: Membership | None, links: list[Link], device: bytes) -> list[bytes]:
    """Return the keys one of which a device signs with: as members have it, or as the links say that bring it in.

    Args:
        state: The membership so far.
        links: The links of the request.
        device: Its id.
    """
    seats = [seat.entry.sign_key for seat in state.seats(device)] if state else []
    if state and device in state.devices:
        return seats
    entering = [link.body.device for link in links if isinstance(link.body, Enrol | Found)]
    return seats + [entry.sign_key for entry in entering if entry.id == device]


def seat_of(state: Membership | None, device: bytes, key: bytes | None) -> Device | None:
    """Return the device that signs with a key: a member, or one that waits to be confirmed.

    One that was turned away or revoked is in no unit: it gets the links that say so, and no frames.

    Args:
        state: The membership.
        device: Its id.
        key: The key that its signature fits.
    """
    if state is None:
        return None
    seat = next((seat for seat in state.seats(device) if seat.entry.sign_key == key), None)
    if seat is not None and (state.is_turned_away(seat) or device in state.revocations):
        return Device(seat.entry, seat.role, frozenset())
    return seat


def carrier_of(state: Membership | None, device: bytes, key: bytes | None) -> Device | None:
    """Return a device that carries frames from server to server, as if it were in every unit: it can't read them.

    Only a confirmed member may; what is in the frames stays closed to it, and their sizes it could see on any stick.

    Args:
        state: The membership.
        device: Its id.
        key: The key that its signature fits.
    """
    member = state.devices.get(device) if state is not None else None
    if state is None or member is None or member.entry.sign_key != key or device in state.revocations:
        return None
    return Device(member.entry, member.role, frozenset(state.units))


def admit(state: Membership | None, links: list[Link], community: bytes) -> Admission:
    """Add links to a membership; the one given stays as it is.

    Args:
        state: The membership so far; None when there is none yet.
        links: The links of the request.
        community: The 32-byte id.

    Raises:
        BadLink: One of them belongs to another community or is not signed as it says, or there is no founding link.
    """
    if state is None:
        if community not in {link.hash for link in links}:
            raise BadLink("no founding link")
        state = Membership(community)
    trial = copy.copy(state)
    worthless: set[bytes] = set()
    added = trial.add(links)
    while found := {link.hash for link in added if not _vouched(trial, link)}:
        worthless |= found
        trial = copy.copy(state)
        added = trial.add([link for link in links if link.hash not in worthless])
    if community not in trial.links:
        raise BadLink("the founding link does not hold")
    return Admission(trial, added, sorted({link.hash for link in links} - trial.links.keys()))


def _vouched(state: Membership, link: Link) -> bool:
    """Say whether a member stands behind a link, be it without effect; anybody could send the others."""
    reason = state.refused.get(link.hash)
    if reason is None:
        return True
    match link.body:
        case Found():
            return False
        case Invite() | Confirm() | Decline() | Revoke() | Judge() | Epoch() | MakeUnit() | Assign():
            return reason != "author"
        case Enrol(invitation, device, proof):
            invite = state.invitations.get(invitation)
            if invite is None:
                return False
            try:
                crypto.verify(invite.verify_key, proof, membership.enrol_proof(state.community, invitation, device))
            except CryptoError:
                return False
            return True
