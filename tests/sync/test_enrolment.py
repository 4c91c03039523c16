"""Founding and entering: what an invitation gives, and to whom it gives nothing."""

import contextlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import caretaking, crypto, enrolment, membership
from sync.changes import Change
from sync.crypto import Signer
from sync.enrolment import MAGIC, InvitationContents
from sync.errors import Damaged, Refused
from sync.ids import new_id
from sync.membership import Enrol, Membership
from tests.sync.replicas import Replica


@pytest.fixture
def founder(tmp_path: object) -> object:
    replica = Replica.found(tmp_path / "a.db")  # type: ignore[operator]
    yield replica
    replica.close()


def invitation(founder: Replica, role: str = "clerk", server: str | None = None) -> bytes:
    return enrolment.write_invitation(enrolment.invite(founder.log, role, [founder.unit], server))


def test_an_invitation_comes_back_as_it_was(founder: Replica) -> None:
    contents = enrolment.invite(founder.log, "head", [founder.unit], "https://sprava.example")
    read = enrolment.read_invitation(enrolment.write_invitation(contents))
    assert read == contents
    start = enrolment.accept(read, new_id())
    assert start.server == "https://sprava.example"
    assert start.units == [founder.unit]
    assert {key.unit for key in start.keys} == founder.log.me.units
    assert {key.key for key in start.keys} == {key for _, _, key in founder.log.unit_keys()}


def test_a_damaged_invitation_is_refused(founder: Replica) -> None:
    data = invitation(founder)
    for place in range(0, len(data), 37):
        with pytest.raises(Damaged):
            enrolment.read_invitation(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(Damaged):
            enrolment.read_invitation(data[:place])
    with pytest.raises(Damaged):
        enrolment.read_invitation(data + b"\x00")


def with_checksum(payload: bytes) -> bytes:
    return MAGIC + payload + crypto.sha256(MAGIC + payload)


@given(st.binary(max_size=300))
@settings(max_examples=50)
def test_garbage_is_no_invitation(data: bytes) -> None:
    for form in (data, MAGIC + data, with_checksum(data)):
        with pytest.raises(Damaged):
            enrolment.read_invitation(form)


@pytest.mark.parametrize("server", [b"\xff\xfe", b"\x80" * 9])
def test_an_address_that_is_no_text_is_refused(founder: Replica, server: bytes) -> None:
    mark = "m" * len(server)
    data = invitation(founder, server=f"http://{mark}")
    with pytest.raises(Damaged):
        enrolment.read_invitation(with_checksum(data[len(MAGIC) : -32].replace(mark.encode(), server)))


def test_an_invitation_that_nobody_signed_is_refused(founder: Replica) -> None:
    contents = enrolment.read_invitation(invitation(founder))
    for links in ([], contents.links[:1], contents.links[1:], enrolment.found(new_id()).links):
        unsigned = InvitationContents(links, [], contents.invitation, contents.secret, None, None)
        with pytest.raises(Damaged):
            enrolment.read_invitation(enrolment.write_invitation(unsigned))


def test_another_secret_opens_no_key(founder: Replica) -> None:
    contents = enrolment.read_invitation(invitation(founder))
    stolen = InvitationContents(contents.links, [], contents.invitation, bytes(32), None, None)
    with pytest.raises(Damaged):
        enrolment.accept(enrolment.read_invitation(enrolment.write_invitation(stolen)), new_id())


def test_the_secret_is_in_no_link(founder: Replica) -> None:
    contents = enrolment.read_invitation(invitation(founder))
    for data in (*founder.log.links(), *founder.frames()):
        assert contents.secret not in data
        assert all(key not in data for _, _, key in founder.log.unit_keys())


def test_only_an_administrator_can_invite(founder: Replica, tmp_path: object) -> None:
    for role in ("head", "clerk", "auditor"):
        member = founder.invite(tmp_path / role, role)  # type: ignore[operator]
        founder.welcome(member)
        before = member.log.links()
        with pytest.raises(PermissionError):
            enrolment.invite(member.log, "clerk", [member.unit], None)
        assert member.log.membership.invitations.keys() == Membership.of(before).invitations.keys()
        member.close()


@pytest.fixture
def twins(founder: Replica, tmp_path: object) -> object:
    """Two devices that entered with one invitation: one of the two has a copy that it should not have."""
    data = enrolment.read_invitation(invitation(founder))
    both = [
        Replica(tmp_path / name, enrolment.accept(data, new_id()))  # type: ignore[operator]
        for name in ("b.db", "c.db")
    ]
    for number, replica in enumerate(both):
        replica.set(new_id(), subject=f"справа {number}")
    yield both
    for replica in both:
        replica.close()


def everything(founder: Replica, *others: Replica) -> None:
    for _round in range(2):
        for other in others:
            founder.pull(other)
            other.pull(founder)


def test_what_a_device_writes_counts_once_an_administrators_device_has_seen_it(
    founder: Replica, tmp_path: object
) -> None:
    other = founder.invite(tmp_path / "other.db")  # type: ignore[operator]
    guest = founder.invite(tmp_path / "guest.db")  # type: ignore[operator]
    guest.set(new_id(), subject="Дах")
    assert not guest.log.is_confirmed
    other.pull(guest)
    assert other.log.waiting() == {"unconfirmed": 1}
    assert other.frames(), "what waits is passed on"
    founder.pull(other)
    assert founder.log.waiting() == {}
    other.pull(founder)
    guest.pull(founder)
    assert guest.log.is_confirmed
    assert other.log.waiting() == {}
    assert len({replica.digest() for replica in (founder, other, guest)}) == 1
    for replica in (other, guest):
        replica.close()


@pytest.mark.parametrize("rightful", [0, 1])
def test_the_device_that_was_confirmed_stays_and_the_other_waits(
    founder: Replica, twins: list[Replica], rightful: int
) -> None:
    inside, outside = twins[rightful], twins[1 - rightful]
    founder.pull(inside)
    founder.pull(outside)
    for replica in (inside, outside):
        replica.pull(founder)
    assert inside.log.is_confirmed
    assert not outside.log.is_confirmed
    assert inside.log.me.entry.suffix == "2"
    assert founder.log.waiting() == inside.log.waiting() == {"unconfirmed": 1}
    assert outside.log.me.may_write, "it works on, and nothing of it is lost"
    (waiting,) = founder.log.membership.pending
    assert membership.device_code(founder.log.community, waiting.device.entry) == outside.log.device_code


def test_two_that_come_at_once_are_for_a_person_to_decide_on(founder: Replica, twins: list[Replica]) -> None:
    links = [link for replica in twins for link in replica.log.links()]
    founder.log.apply([], links)
    assert len(founder.log.membership.pending) == 2
    everything(founder, *twins)
    assert founder.log.waiting() == {"unconfirmed": 2}
    for enrolled in founder.log.membership.pending:
        caretaking.confirm(founder.log, enrolled.link)
    everything(founder, *twins)
    assert sorted(device.entry.suffix for device in founder.log.membership.devices.values()) == ["1", "2", "3"]
    for replica in (founder, *twins):
        assert replica.log.waiting() == {}
    assert len({replica.digest() for replica in (founder, *twins)}) == 1


def test_a_device_that_is_turned_away_is_told_in_a_sentence(founder: Replica, twins: list[Replica]) -> None:
    inside, outside = twins
    everything(founder, inside, outside)
    caretaking.decline(founder.log, founder.log.membership.pending[0].link)
    everything(founder, inside, outside)
    with pytest.raises(Refused) as refused:
        _ = outside.log.me
    assert refused.value.code == "not_a_member"
    assert outside.frames(), "its work is still in its vault"
    assert founder.log.membership.pending == []
    assert founder.log.waiting() == {"unconfirmed": 1}, "nothing is dropped"
    with pytest.raises(PermissionError):
        caretaking.decline(
            inside.log, founder.log.membership.enrolments[next(iter(founder.log.membership.declined))].link
        )


def test_another_administrator_confirms_with_a_number_of_its_own(founder: Replica, tmp_path: object) -> None:
    second = founder.invite(tmp_path / "second.db", "administrator")  # type: ignore[operator]
    founder.welcome(second)
    guest = founder.invite(tmp_path / "guest.db")  # type: ignore[operator]
    second.pull(guest)
    assert not second.log.membership.devices.get(guest.log.device)
    (waiting,) = second.log.membership.pending
    caretaking.confirm(second.log, waiting.link)
    founder.log.apply([], guest.log.links())
    everything(founder, second, guest)
    everyone = (founder, second, guest)
    assert len({str(replica.log.membership.devices[guest.log.device]) for replica in everyone}) == 1
    assert guest.log.me.entry.suffix in {"3", "2-1"}
    later = founder.invite(tmp_path / "later.db")  # type: ignore[operator]
    assert later.log.me.entry.suffix == "4"
    assert second.invite(tmp_path / "last.db").log.me.entry.suffix == "2-2"  # type: ignore[operator]
    for replica in (second, guest, later):
        replica.close()


def test_whoever_enrols_under_the_id_of_another_does_not_take_its_place(founder: Replica, tmp_path: object) -> None:
    contents = enrolment.read_invitation(invitation(founder))
    rightful = Replica(tmp_path / "b.db", enrolment.accept(contents, new_id()))  # type: ignore[operator]
    founder.pull(rightful)
    rightful.pull(founder)
    body = contents
    taken = msgspec.structs.replace(rightful.log.me.entry, sign_key=(thief := Signer.generate()).public_key)
    countersigner = Signer(crypto.derive(body.secret, "sprava/v1/invitation-signature"))
    proof = countersigner.sign(membership.enrol_proof(founder.log.community, body.invitation, taken))
    for number in range(8):  # some of them come before the rightful one in the order of hashes
        parents = founder.log.membership.tips if number % 2 else (founder.log.membership.ordered[1].hash,)
        forged = Enrol(body.invitation, taken, proof)
        link = membership.make(founder.log.community, parents, taken.id, forged, thief)
        founder.log.apply([], [link.data])
        with contextlib.suppress(PermissionError):
            caretaking.confirm(founder.log, link.hash)
    rightful.pull(founder)
    assert rightful.log.me.entry.sign_key == rightful.log.signer.public_key
    rightful.set(new_id(), subject="Дах")
    founder.pull(rightful)
    assert founder.log.waiting() == {}
    assert founder.digest() == rightful.digest()
    rightful.close()


@pytest.mark.parametrize("role", ["head", "clerk", "auditor"])
def test_only_administrators_name_units_and_others(founder: Replica, tmp_path: object, role: str) -> None:
    member = founder.invite(tmp_path / "member.db", role)  # type: ignore[operator]
    founder.welcome(member)
    common = founder.log.membership.common_unit
    own, other = member.log.me.entry.person, founder.log.me.entry.person
    member.log.write(common, [Change("person", own, {"name": "Іван"})])
    assert founder.log.apply(member.frames()).frames == 1
    member.log.write(
        common, [Change("unit", member.unit, {"name": "Інша назва"}), Change("person", own, {"name": "І"})]
    )
    member.log.write(common, [Change("person", other, {"name": "Хтось"})])
    founder.log.apply(member.frames())
    assert set(founder.log.waiting()) == {"right", "gap"}
    founder.log.write(common, [Change("unit", member.unit, {"name": "ЦНАП"})])
    member.log.apply(founder.frames())
    assert member.log.waiting() == {}
    member.close()


def test_an_auditor_names_itself_and_nothing_else(founder: Replica, tmp_path: object) -> None:
    auditor = founder.invite(tmp_path / "auditor.db", "auditor")  # type: ignore[operator]
    founder.welcome(auditor)
    common = founder.log.membership.common_unit
    auditor.log.write(common, [Change("person", auditor.log.me.entry.person, {"name": "Ревізор"})])
    assert founder.log.apply(auditor.frames()).changes == 1
    auditor.log.write(common, [Change("person", founder.log.me.entry.person, {"name": "Ревізор"})])
    assert founder.log.apply(auditor.frames()).reasons == {"right": 1}
    auditor.close()
