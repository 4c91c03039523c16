"""A device that was put out: what it writes later waits everywhere, and it reads nothing of what others write."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import caretaking, epochs, frames, membership
from sync.crypto import Signer
from sync.frames import BadFrame
from sync.ids import new_id, random_id
from sync.membership import Invite
from tests.sync.replicas import Replica


@pytest.fixture
def four(tmp_path: Path) -> Iterator[list[Replica]]:
    """A founder, a second administrator and two clerks, who know each other."""
    founder = Replica.found(tmp_path / "a.db")
    second = founder.invite(tmp_path / "b.db", "administrator")
    clerks = [founder.invite(tmp_path / f"{name}.db") for name in "cd"]
    replicas = [founder, second, *clerks]
    founder.welcome(*replicas[1:])
    yield replicas
    for replica in replicas:
        replica.close()


def settle(replicas: list[Replica]) -> None:
    for _round in range(3):
        for one, other in itertools.permutations(replicas, 2):
            one.pull(other)


def keys(replica: Replica) -> epochs.Keys:
    with replica.store.read() as connection:
        return epochs.held(connection)


def same(replicas: list[Replica]) -> None:
    """Members, waiting frames, keys and values are the same on all."""
    assert len({str(sorted(replica.log.membership.links)) for replica in replicas}) == 1
    assert len({str(sorted(replica.log.waiting().items())) for replica in replicas}) == 1
    assert len({str(sorted(keys(replica).items())) for replica in replicas}) == 1
    assert len({str(sorted(replica.log.unit_keys())) for replica in replicas}) == 1
    assert len({replica.digest() for replica in replicas}) == 1


def test_a_revoked_device_reads_nothing_that_is_written_later(four: list[Replica]) -> None:
    founder, second, clerk, lost = four
    case = new_id()
    founder.set(case, subject="до")
    settle(four)
    caretaking.revoke(founder.log, lost.log.device)
    settle(four)
    for replica in (founder, second, clerk):
        replica.set(case, subject=f"після {replica.log.me.entry.suffix}")
    settle(four)
    assert lost.log.is_revoked
    assert lost.values(case, "subject") == ["до"]
    known = set(keys(lost).values())
    late = [frames.parse(body) for body in founder.frames()]
    late = [frame for frame in late if frame.header.epoch not in {epoch for _unit, epoch in keys(lost)}]
    assert len(late) == 3
    for frame, key in itertools.product(late, known):
        with pytest.raises(BadFrame):
            frame.open(key)
    same([founder, second, clerk])
    assert len(founder.values(case, "subject")) == 3


def test_what_it_wrote_later_waits_for_a_decision_and_is_the_same_everywhere(four: list[Replica]) -> None:
    founder, second, clerk, lost = four
    case = new_id()
    lost.set(case, subject="до")
    settle(four)
    lost.set(case, subject="пізно")
    clerk.pull(lost)  # before the revocation has come here
    assert clerk.values(case, "subject") == ["пізно"]
    caretaking.revoke(founder.log, lost.log.device)
    settle([founder, second, clerk])
    assert clerk.log.waiting() == {"revoked": 1}
    assert clerk.values(case, "subject") == ["до"]
    same([founder, second, clerk])
    caretaking.judge(second.log, lost.log.device, accept=True)
    settle([founder, second, clerk])
    assert founder.log.waiting() == {}
    assert founder.values(case, "subject") == ["пізно"]
    same([founder, second, clerk])


def test_what_is_decided_against_is_kept(four: list[Replica]) -> None:
    founder, _second, clerk, lost = four
    caretaking.revoke(founder.log, lost.log.device)
    lost.set(new_id(), subject="пізно")
    founder.pull(lost)
    assert founder.log.waiting() == {"revoked": 1}
    caretaking.judge(founder.log, lost.log.device, accept=False)
    clerk.pull(founder)
    assert founder.log.waiting() == clerk.log.waiting() == {"rejected": 1}
    caretaking.judge(founder.log, lost.log.device, accept=True)
    clerk.pull(founder)
    assert founder.log.waiting() == clerk.log.waiting() == {}
    same([founder, clerk])


def test_a_device_that_was_away_gets_in_again_and_a_new_one_reads_the_old(four: list[Replica], tmp_path: Path) -> None:
    founder, second, away, lost = four
    case = new_id()
    founder.set(case, subject="1")
    caretaking.revoke(founder.log, lost.log.device)
    founder.set(case, subject="2")
    away.set(new_id(), subject="із села")
    settle([founder, second, away])
    assert away.values(case, "subject") == ["2"]
    new = founder.invite(tmp_path / "new.db")
    early = second.invite(tmp_path / "early.db")
    caretaking.revoke(second.log, away.log.device)
    founder.set(case, subject="3")
    settle([founder, second, new, early])
    assert new.values(case, "subject") == early.values(case, "subject") == ["3"]
    same([founder, second, new, early])
    for replica in (new, early):
        replica.close()


def test_two_administrators_who_revoke_at_once_come_to_one_key_that_neither_revoked_device_has(
    four: list[Replica],
) -> None:
    founder, second, one, other = four
    caretaking.revoke(founder.log, one.log.device)
    caretaking.revoke(second.log, other.log.device)
    founder.set(new_id(), subject="a")
    second.set(new_id(), subject="b")
    settle(four)
    same([founder, second])
    for unit, epoch, key in founder.log.unit_keys():
        assert epoch == epochs.newest(founder.log.membership, unit)
        assert key not in {*keys(one).values(), *keys(other).values()}
    links = len(founder.log.membership.links)
    settle(four)
    assert len(founder.log.membership.links) == links


def test_late_links_of_a_revoked_administrator_have_no_effect(four: list[Replica]) -> None:
    founder, second, clerk, _other = four
    base = second.log.membership
    caretaking.revoke(founder.log, second.log.device)
    for number in range(1, 12):  # some of these hashes come before that of the revocation
        body = Invite(random_id(), base.devices[founder.log.device].entry.sign_key, "clerk", [], f"2-{number}", [])
        late = membership.make(base.community, base.tips, second.log.device, body, second.log.signer)
        founder.log.apply([], [late.data])
        assert founder.log.membership.refused[late.hash] == "revoked"
    caretaking.revoke(second.log, clerk.log.device)
    caretaking.revoke(second.log, founder.log.device)
    settle(four)
    assert set(founder.log.membership.revocations) == {second.log.device}
    same([founder, clerk])


def test_only_administrators_revoke(four: list[Replica]) -> None:
    founder, _second, clerk, other = four
    with pytest.raises(PermissionError):
        caretaking.revoke(clerk.log, other.log.device)
    with pytest.raises(PermissionError):
        caretaking.revoke(founder.log, founder.log.device)
    with pytest.raises(PermissionError):
        caretaking.judge(founder.log, other.log.device, accept=True)
    assert founder.log.membership.revocations == {}


@pytest.mark.parametrize("seed", range(8))
def test_any_order_of_everything_comes_to_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    founder = Replica.found(tmp_path / "0.db")
    second = founder.invite(tmp_path / "1.db", "administrator")
    founder.welcome(second)
    replicas = [founder, second]
    case = new_id()
    for step in range(24):
        replica = chance.choice(replicas)
        administrator = chance.choice([founder, second])
        match chance.randrange(7):
            case 0 if len(replicas) < 6:
                replicas.append(administrator.invite(tmp_path / f"{len(replicas)}.db"))
            case 1 if len(replicas) > 2 and step > 8:
                target = chance.choice(replicas[2:]).log.device
                if target in administrator.log.membership.devices:
                    caretaking.revoke(administrator.log, target)
            case 2:
                for device in administrator.log.membership.revocations:
                    caretaking.judge(administrator.log, device, accept=chance.random() < 0.7)
            case 3 | 4:
                replica.pull(chance.choice(replicas))
            case _:
                replica.set(case, replaces=chance.random() < 0.8, **{chance.choice("xy"): step})
    settle(replicas)
    standing = [replica for replica in replicas if not replica.log.is_revoked]
    assert founder in standing
    same(standing)
    for replica in standing:
        assert not {"key", "gap", "unconfirmed", "fork", "unreadable"} & replica.log.waiting().keys()
    for replica in replicas:
        replica.close()


def test_an_administrator_passes_on_the_keys_that_came_with_the_links_which_it_answers(
    four: list[Replica], tmp_path: Path
) -> None:
    """Two revocations at once, each with a new key: who makes the next one gives both to a device that had neither."""
    founder, second, clerk, lost = four
    new = founder.invite(tmp_path / "new.db")
    caretaking.revoke(second.log, lost.log.device)
    case = new_id()
    second.set(case, subject="під ключем другого")
    founder.pull(new)
    caretaking.revoke(founder.log, clerk.log.device)
    settle([founder, second, new])
    assert new.log.waiting() == {}
    assert new.values(case, "subject") == ["під ключем другого"]
    same([founder, second, new])
    new.close()


def test_who_came_with_an_invitation_of_an_administrator_put_out_meanwhile_waits_for_another_one(
    four: list[Replica], tmp_path: Path
) -> None:
    founder, second, clerk, _lost = four
    guest = second.invite(tmp_path / "guest.db")
    second.pull(guest)
    case = new_id()
    guest.set(case, subject="від гостя")
    clerk.pull(second)
    clerk.pull(guest)
    assert clerk.values(case, "subject") == ["від гостя"]
    caretaking.revoke(founder.log, second.log.device)
    settle([founder, clerk, guest])
    same([founder, clerk])
    assert founder.log.waiting() == {"unconfirmed": 1}
    (enrolment,) = founder.log.membership.pending
    caretaking.confirm(founder.log, enrolment.link)
    settle([founder, clerk, guest])
    same([founder, clerk, guest])
    assert founder.values(case, "subject") == ["від гостя"]
    assert founder.log.waiting() == {}
    guest.close()


def test_a_forged_link_in_the_name_of_a_revoked_device_is_not_kept(four: list[Replica]) -> None:
    founder, second, clerk, _lost = four
    caretaking.revoke(founder.log, second.log.device)
    clerk.pull(founder)
    members = founder.log.membership
    body = membership.Judge(clerk.log.device, [], accept=True)
    forged = membership.make(members.community, members.tips, second.log.device, body, Signer.generate())
    assert clerk.log.apply([], [forged.data]).reasons == {"link": 1}
    assert clerk.log.membership.links.keys() == members.links.keys()
