"""Founding and entering: what an invitation gives, and to whom it gives nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import crypto, enrolment
from sync.changes import Change
from sync.enrolment import MAGIC, InvitationContents
from sync.errors import Damaged, Refused
from sync.ids import new_id
from sync.membership import Membership
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
        before = member.log.links()
        with pytest.raises(PermissionError):
            enrolment.invite(member.log, "clerk", [member.unit], None)
        assert member.log.membership.invitations.keys() == Membership.of(before).invitations.keys()
        member.close()


def test_the_second_device_of_an_invitation_is_told_in_a_sentence(founder: Replica, tmp_path: object) -> None:
    data = enrolment.read_invitation(invitation(founder))
    both = [
        Replica(tmp_path / name, enrolment.accept(data, new_id()))  # type: ignore[operator]
        for name in ("b.db", "c.db")
    ]
    for replica in both:
        assert founder.log.apply([], replica.log.links()).refused == 0
    outside = [replica for replica in both if replica.log.device not in founder.log.membership.devices]
    assert len(outside) == 1
    outside[0].log.apply([], founder.log.links())
    with pytest.raises(Refused) as refused:
        _ = outside[0].log.me
    assert refused.value.code == "not_a_member"
    inside = next(replica for replica in both if replica is not outside[0])
    inside.log.apply([], founder.log.links())
    assert inside.log.me.entry.suffix == "2"
    outside[0].set(new_id(), subject="чуже")
    assert founder.log.apply(outside[0].frames()).reasons == {"member": 1}
    for replica in both:
        replica.close()


def test_an_auditor_names_itself_and_nothing_else(founder: Replica, tmp_path: object) -> None:
    auditor = founder.invite(tmp_path / "auditor.db", "auditor")  # type: ignore[operator]
    founder.log.apply([], auditor.log.links())
    common = founder.log.membership.common_unit
    auditor.log.write(common, [Change("person", auditor.log.me.entry.person, {"name": "Ревізор"})])
    assert founder.log.apply(auditor.frames()).changes == 1
    auditor.log.write(common, [Change("person", founder.log.me.entry.person, {"name": "Ревізор"})])
    assert founder.log.apply(auditor.frames()).reasons == {"right": 1}
    auditor.close()
