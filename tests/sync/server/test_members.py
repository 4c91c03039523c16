"""Which membership links the server takes."""

import msgspec
import pytest

from sync import membership
from sync.crypto import Opener, Signer
from sync.ids import new_id, random_id
from sync.membership import BadLink, DeviceEntry, Enrol, Membership, enrol_proof
from sync.server.members import admit, read_links
from tests.sync.replicas import Replica


def _entry(signer: Signer, suffix: str = "2") -> DeviceEntry:
    return DeviceEntry(random_id(), signer.public_key, Opener.generate().public_key, new_id(), suffix)


def _enrol(first: Replica, invitation: bytes, proof_by: Signer) -> membership.Link:
    signer = Signer.generate()
    device = _entry(signer)
    proof = proof_by.sign(enrol_proof(first.log.community, invitation, device))
    body = Enrol(invitation, device, proof)
    return membership.make(first.log.community, first.log.membership.tips, device.id, body, signer)


def test_members_enter_by_their_links(first: Replica, second: Replica) -> None:
    admission = admit(None, read_links(list(second.log.links())), first.log.community)
    assert set(admission.state.devices) == {first.log.device}
    assert [seat.entry.id for seat in admission.state.seats(second.log.device)] == [second.log.device]
    first.welcome(second)
    confirmed = admit(admission.state, read_links(list(first.log.links())), first.log.community)
    assert set(confirmed.state.devices) == {first.log.device, second.log.device}
    admission = confirmed
    assert admit(admission.state, read_links(list(first.log.links())), first.log.community).added == []


def test_an_entry_without_an_invitation_is_left_out(first: Replica) -> None:
    state = Membership.of(list(first.log.links()))
    link = _enrol(first, random_id(), Signer.generate())
    admission = admit(state, [link], first.log.community)
    assert (admission.added, admission.refused) == ([], [link.hash])
    assert set(state.links) == set(admission.state.links)


def test_what_follows_a_worthless_link_is_left_out_too(first: Replica, second: Replica) -> None:
    state = Membership.of(list(first.log.links()))
    worthless = _enrol(first, random_id(), Signer.generate())
    body = msgspec.structs.replace(next(iter(state.invitations.values())), invitation=random_id(), suffix="77")
    after = membership.make(first.log.community, (worthless.hash,), first.log.device, body, first.log.signer)
    good = read_links(list(second.log.links()))
    admission = admit(state, [worthless, after, *good], first.log.community)
    assert sorted(admission.refused) == sorted([worthless.hash, after.hash])
    assert admission.state.seats(second.log.device)


def test_a_false_proof_is_left_out(first: Replica, second: Replica) -> None:
    state = Membership.of(list(second.log.links()))
    link = _enrol(first, next(iter(state.invitations)), Signer.generate())
    assert admit(state, [link], first.log.community).refused == [link.hash]


def test_no_founding_link(first: Replica, second: Replica) -> None:
    with pytest.raises(BadLink):
        admit(None, read_links(list(second.log.links())[1:]), first.log.community)
    with pytest.raises(BadLink):
        admit(None, read_links(list(first.log.links())), random_id() * 2)
