"""Links: whoever forges, repeats, mixes or reorders them changes nothing about who is a member."""

import contextlib
import itertools
import random
import struct
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import crypto, enrolment, membership
from sync.crypto import Opener, Signer
from sync.enrolment import InvitationContents, Start
from sync.ids import new_id, random_id
from sync.membership import BadLink, Confirm, DeviceEntry, Enrol, Found, Invite, Link, Membership
from tests.sync.replicas import Replica


@pytest.fixture(scope="module")
def founded() -> Start:
    return enrolment.found(new_id())


def state_of(founded: Start) -> Membership:
    return Membership.of(founded.links)


def invitation(founded: Start, state: Membership, **changed: object) -> tuple[Link, Signer]:
    """A link of the founder that invites one device, and the key that countersigns."""
    key = Signer.generate()
    body = {
        "invitation": random_id(),
        "verify_key": key.public_key,
        "role": "clerk",
        "units": founded.units,
        "suffix": state.next_suffix(founded.identity.device),
        "grants": [],
    } | changed
    link = membership.make(
        state.community, state.tips, founded.identity.device, Invite(**body), founded.identity.signer
    )
    return link, key


def enrolment_link(state: Membership, invite: Invite, countersigner: Signer, **changed: object) -> Link:
    signer = Signer.generate()
    entry = DeviceEntry(
        **(
            {
                "id": random_id(),
                "sign_key": signer.public_key,
                "seal_key": Opener.generate().public_key,
                "person": new_id(),
                "suffix": invite.suffix,
            }
            | changed
        )
    )
    proof = countersigner.sign(membership.enrol_proof(state.community, invite.invitation, entry))
    return membership.make(state.community, state.tips, entry.id, Enrol(invite.invitation, entry, proof), signer)


def confirmation(state: Membership, founded: Start, enrolled: Link, suffix: str) -> Link:
    founder = founded.identity
    return membership.make(state.community, state.tips, founder.device, Confirm(enrolled.hash, suffix), founder.signer)


def enter(state: Membership, founded: Start, entered: Link) -> None:
    """Add an enrolment and the founder's word for it."""
    assert isinstance(entered.body, Enrol)
    state.add([entered])
    state.add([confirmation(state, founded, entered, entered.body.device.suffix)])


def members(state: Membership) -> dict[bytes, tuple[str, str]]:
    return {device.entry.id: (device.role, device.entry.suffix) for device in state.devices.values()}


def test_an_invited_device_is_a_member(founded: Start) -> None:
    state = state_of(founded)
    link, key = invitation(founded, state)
    assert state.add([link]) == [link]
    entered = enrolment_link(state, link.body, key)
    state.add([entered])
    assert entered.author not in members(state)
    assert [waiting.link for waiting in state.pending] == [entered.hash]
    state.add([confirmation(state, founded, entered, "2")])
    assert members(state)[entered.author] == ("clerk", "2")
    assert state.refused == {}


def test_links_in_any_order_give_the_same_members(founded: Start) -> None:
    state = state_of(founded)
    for _ in range(4):
        link, key = invitation(founded, state)
        state.add([link])
        enter(state, founded, enrolment_link(state, link.body, key))
    links = [link.data for link in state.ordered]
    for seed in range(20):
        chance = random.Random(seed)
        shuffled = links[1:]
        chance.shuffle(shuffled)
        again = Membership.of([links[0], *shuffled])
        assert members(again) == members(state)
        assert [link.hash for link in again.ordered] == [link.hash for link in state.ordered]
        piecewise = Membership.of(links[:1])
        for _round in range(len(links)):
            for data in shuffled:
                piecewise.add([membership.parse(data)])
        assert members(piecewise) == members(state)


def test_concurrent_links_add_up_to_the_same_in_every_order(founded: Start) -> None:
    state = state_of(founded)
    link, key = invitation(founded, state, role="administrator")
    state.add([link])
    signer = Signer.generate()
    entered = enrolment_link(state, link.body, key, sign_key=signer.public_key, id=b"second-admin-dev")
    entered = membership.make(state.community, state.tips, b"second-admin-dev", entered.body, signer)
    enter(state, founded, entered)
    one, _ = invitation(founded, state)
    other = membership.make(
        state.community,
        state.tips,
        b"second-admin-dev",
        Invite(random_id(), Signer.generate().public_key, "clerk", founded.units, "2-1", []),
        signer,
    )
    clash = membership.make(
        state.community,
        state.tips,
        b"second-admin-dev",
        Invite(random_id(), Signer.generate().public_key, "clerk", founded.units, one.body.suffix, []),
        signer,
    )
    outcomes = set()
    for order in itertools.permutations([one, other, clash]):
        again = Membership.of([known.data for known in state.ordered])
        for each in order:
            again.add([each])
        suffixes = [invite.suffix for invite in again.invitations.values()]
        assert len(suffixes) == len(set(suffixes))
        outcomes.add(str((sorted(again.invitations), again.refused)))
    assert len(outcomes) == 1


def test_suffixes_of_two_administrators_never_meet(founded: Start) -> None:
    state = state_of(founded)
    given_by_founder = []
    for _ in range(3):
        link, _key = invitation(founded, state)
        state.add([link])
        given_by_founder.append(link.body.suffix)
    assert given_by_founder == ["2", "3", "4"]
    link, key = invitation(founded, state, role="administrator")
    state.add([link])
    entered = enrolment_link(state, link.body, key)
    enter(state, founded, entered)
    assert state.next_suffix(entered.author) == "5-1"


@pytest.mark.parametrize(
    "forge",
    [
        lambda link: link.data[:-1] + bytes([link.data[-1] ^ 1]),
        lambda link: link.data[:-64] + bytes(64),
        lambda link: link.data[:-64] + Signer.generate().sign(b"sprava/link/1\x00" + link.hash),
    ],
)
def test_a_forged_signature_is_refused_and_nothing_is_added(founded: Start, forge: object) -> None:
    state = state_of(founded)
    link, _ = invitation(founded, state)
    with pytest.raises(BadLink):
        state.add([membership.parse(forge(link))])  # type: ignore[operator]
    assert list(state.links) == [state.community]
    assert members(state_of(founded)) == members(state)


def test_a_link_of_another_community_is_refused(founded: Start) -> None:
    state = state_of(founded)
    stranger = enrolment.found(new_id())
    with pytest.raises(BadLink):
        state.add([membership.parse(stranger.links[0])])
    with pytest.raises(BadLink):
        Membership.of([founded.links[0], stranger.links[0]])
    with pytest.raises(BadLink):
        Membership.of([])
    link, _ = invitation(founded, state)
    with pytest.raises(BadLink):
        Membership.of([link.data])


@pytest.mark.parametrize("role", ["head", "clerk", "auditor"])
def test_only_an_administrator_invites(founded: Start, role: str) -> None:
    state = state_of(founded)
    link, key = invitation(founded, state, role=role)
    state.add([link])
    signer = Signer.generate()
    entered = enrolment_link(state, link.body, key, sign_key=signer.public_key)
    entered = membership.make(state.community, state.tips, entered.author, entered.body, signer)
    enter(state, founded, entered)
    assert members(state)[entered.author] == (role, "2")
    forbidden = membership.make(
        state.community,
        state.tips,
        entered.author,
        Invite(random_id(), Signer.generate().public_key, "administrator", founded.units, "9", []),
        signer,
    )
    state.add([forbidden])
    assert state.refused == {forbidden.hash: "right"}
    assert len(state.invitations) == 1


def test_a_stranger_invites_nobody_and_leaves_nothing_behind(founded: Start) -> None:
    state = state_of(founded)
    for author in (random_id(), founded.identity.device):
        forged = membership.make(
            state.community,
            state.tips,
            author,
            Invite(random_id(), Signer.generate().public_key, "administrator", founded.units, "9", []),
            Signer.generate(),
        )
        try:
            assert state.add([forged]) == []
        except BadLink:
            assert author == founded.identity.device
    assert state.tips == (state.community,)
    assert list(state.links) == [state.community]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"role": "emperor"}, "invitation"),
        ({"units": [b"u" * 16]}, "invitation"),
        ({"suffix": "1"}, "invitation"),
    ],
)
def test_an_invitation_that_gives_what_nobody_has_is_without_effect(
    founded: Start, changed: dict[str, object], reason: str
) -> None:
    state = state_of(founded)
    link, key = invitation(founded, state, **changed)
    state.add([link])
    assert state.refused == {link.hash: reason}
    entered = enrolment_link(state, link.body, key)
    state.add([entered])
    assert len(state.devices) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"suffix": "1"},
        {"id": b"short"},
        {"person": b"short"},
        {"seal_key": b"short"},
    ],
)
def test_a_device_that_is_not_as_invited_does_not_enter(founded: Start, changed: dict[str, object]) -> None:
    state = state_of(founded)
    link, key = invitation(founded, state)
    state.add([link])
    state.add([enrolment_link(state, link.body, key, **changed)])
    assert len(state.devices) == 1
    assert list(state.refused.values()) in (["suffix"], ["device"])


@pytest.mark.parametrize("key", [bytes(32), (1).to_bytes(32, "little"), b"\xff" * 32, b"short"])
def test_a_device_with_a_key_that_proves_nothing_does_not_enter(founded: Start, key: bytes) -> None:
    state = state_of(founded)
    link, countersigner = invitation(founded, state)
    state.add([link])
    with pytest.raises(BadLink):
        state.add([enrolment_link(state, link.body, countersigner, sign_key=key)])
    assert len(state.devices) == 1


def test_without_the_secret_of_the_invitation_nobody_enters(founded: Start) -> None:
    state = state_of(founded)
    link, _ = invitation(founded, state)
    state.add([link])
    entered = enrolment_link(state, link.body, Signer.generate())
    state.add([entered])
    assert state.refused == {entered.hash: "proof"}
    assert len(state.devices) == 1


def test_who_is_a_member_does_not_hang_on_the_order_in_which_two_enrolments_come(founded: Start) -> None:
    state = state_of(founded)
    link, key = invitation(founded, state)
    state.add([link])
    for _ in range(8):
        one, other = enrolment_link(state, link.body, key), enrolment_link(state, link.body, key)
        base = [known.data for known in state.ordered]
        seen = Membership.of([*base, one.data])
        confirmed = confirmation(seen, founded, one, "2")
        for order in itertools.permutations([one, other, confirmed]):
            again = Membership.of(base)
            for each in (*order, *order):
                again.add([each])
            assert set(again.devices) == {founded.identity.device, one.author}
            assert [waiting.device.entry.id for waiting in again.pending] == [other.author]


def test_a_confirmation_by_nobody_who_may_confirm_has_no_effect(founded: Start) -> None:
    state = state_of(founded)
    link, key = invitation(founded, state)
    state.add([link])
    signer = Signer.generate()
    clerk = enrolment_link(state, link.body, key, sign_key=signer.public_key)
    clerk = membership.make(state.community, state.tips, clerk.author, clerk.body, signer)
    enter(state, founded, clerk)
    second = enrolment_link(state, link.body, key)
    state.add([second])
    forged = membership.make(state.community, state.tips, clerk.author, Confirm(second.hash, "3"), signer)
    state.add([forged])
    for body in (
        Confirm(second.hash, "2"),
        Confirm(second.hash, "01"),
        Confirm(link.hash, "3"),
        Confirm(clerk.hash, "3"),
    ):
        founder = founded.identity
        state.add([membership.make(state.community, state.tips, founder.device, body, founder.signer)])
    assert set(state.devices) == {founded.identity.device, clerk.author}
    assert sorted(state.refused.values()) == ["device", "enrolment", "right", "suffix", "suffix"]


def test_a_vault_opens_whatever_its_links_have_come_to(founded: Start) -> None:
    """A link may lose its author when another device uses the same invitation: no reason not to open."""
    state = state_of(founded)
    link, key = invitation(founded, state)
    state.add([link])
    forged = membership.make(
        state.community,
        state.tips,
        founded.identity.device,
        Invite(random_id(), Signer.generate().public_key, "clerk", founded.units, "7", []),
        Signer.generate(),
    )
    again = Membership.of([*(known.data for known in state.ordered), forged.data])
    assert members(again) == members(state)
    assert again.refused == {forged.hash: "signature"}
    enter(again, founded, enrolment_link(state, link.body, key))
    assert len(again.devices) == 2


@given(st.binary(max_size=300))
def test_garbage_is_no_link(data: bytes) -> None:
    with pytest.raises(BadLink):
        membership.parse(data)
    with pytest.raises(BadLink):
        membership.parse(b"SPRM\x01\x01\x00\x00" + struct.pack(">I", len(data)) + data + bytes(64))


def test_a_link_cut_or_changed_anywhere_is_refused(founded: Start) -> None:
    state = state_of(founded)
    link, _ = invitation(founded, state)
    for length in range(0, len(link.data), 5):
        with pytest.raises(BadLink):
            membership.parse(link.data[:length])
    for place in range(0, len(link.data), 3):
        broken = link.data[:place] + bytes([link.data[place] ^ 0x80]) + link.data[place + 1 :]
        again = state_of(founded)
        with contextlib.suppress(BadLink):
            again.add([membership.parse(broken)])
        assert list(again.links) == [again.community]


def test_a_founding_link_does_not_come_second(founded: Start) -> None:
    body = membership.parse(founded.links[0]).body
    assert isinstance(body, Found)
    for community, parents in ((founded.identity.community, ()), (b"", (founded.identity.community,))):
        link = membership.make(community, parents, founded.identity.device, body, founded.identity.signer)
        with pytest.raises(BadLink):
            membership.parse(link.data)


def test_next_suffix_is_free_after_an_invitation_that_nobody_used(tmp_path: Path) -> None:
    founder = Replica.found(tmp_path / "a.db")
    enrolment.invite(founder.log, "clerk", [founder.unit], None)
    second = founder.invite(tmp_path / "b.db")
    assert second.log.me.entry.suffix == "3"
    founder.close()
    second.close()


def test_the_code_names_the_invitation() -> None:
    founded = enrolment.found(new_id())
    codes = {InvitationContents(founded.links, [], random_id(), bytes(32), None, None).code for _ in range(50)}
    assert len(codes) == 50
    assert all(len(code) == 9 and code[4] == " " and code.replace(" ", "").isdigit() for code in codes)


def test_text_that_is_no_utf8_in_a_link_is_refused(founded: Start) -> None:
    link, _ = invitation(founded, state_of(founded), suffix="suffix-to-damage")
    payload = link.data[12:-64].replace(b"suffix-to-damage", b"\xff" * 16)
    signed = struct.pack(">4sBBHI", b"SPRM", 1, 1, 0, len(payload)) + payload
    with pytest.raises(BadLink):
        membership.parse(signed + bytes(64))
    assert msgspec.msgpack.decode(link.data[12:-64])
    assert crypto.sha256(link.data[:-64]) == link.hash
