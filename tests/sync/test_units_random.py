"""Units, roles, registrars, revocations and transfers of frames in any order, from seeds: all come to the same."""

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from sync import caretaking, enrolment, frames, membership
from sync.changes import Change
from sync.errors import Refused
from sync.ids import new_id, random_id
from sync.membership import (
    ADMINISTRATOR,
    AUDITOR,
    CLERK,
    HEAD,
    REGISTRAR,
    Assign,
    Cut,
    Invite,
    Judge,
    Link,
    Membership,
    Revoke,
)
from sync.rights import NOBODY
from tests.sync.replicas import Replica
from tests.sync.test_revocation import keys, settle
from tests.sync.test_units import same

ROLES = (ADMINISTRATOR, HEAD, CLERK, REGISTRAR, AUDITOR)


class World:
    """Four devices that do by chance whatever their programs let them, and some that their programs would not."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        founder = Replica.found(folder / "0.db")
        second = founder.invite(folder / "1.db", ADMINISTRATOR)
        clerk = founder.invite(folder / "2.db", CLERK)
        founder.welcome(second, clerk)
        self.replicas = [founder, second, clerk]
        self.cases = [new_id() for _number in range(3)]
        self.played: list[bytes] = []

    def one(self) -> Replica:
        return self.chance.choice(self.replicas)

    def unit(self, replica: Replica) -> bytes:
        members = replica.log.membership
        return self.chance.choice(sorted(members.units - {members.common_unit}))

    def write(self) -> None:
        """Somebody writes where the own program lets it."""
        replica = self.one()
        me = replica.log.me
        units = sorted(
            unit for unit in me.roles if me.may_write_in(unit) and unit != replica.log.membership.common_unit
        )
        case = self.chance.choice(self.cases)
        for unit in units[: self.chance.randrange(3)]:
            with replica.store.read() as connection:
                known = replica.log.record(connection, case, unit)
            dots = {"x": known.state.dots_of("x")} if known and self.chance.random() < 0.7 else {}
            replica.log.write(unit, [Change("case", case, {"x": self.chance.randrange(100)}, dots)])

    def unit_made(self) -> None:
        replica = self.one()
        others = {each.log.device: self.chance.choice(ROLES) for each in self.replicas if self.chance.random() < 0.5}
        known = {device: role for device, role in others.items() if device in replica.log.membership.devices}
        caretaking.make_unit(replica.log, known, circle=self.chance.random() < 0.4)

    def role_given(self) -> None:
        replica, target = self.one(), self.one()
        members = replica.log.membership
        unit = self.unit(replica) if self.chance.random() < 0.7 else members.common_unit
        caretaking.assign(replica.log, target.log.device, {unit: self.chance.choice((*ROLES, NOBODY))})

    def revoked(self) -> None:
        if self.chance.random() < 0.3:
            caretaking.revoke(self.one().log, self.one().log.device)

    def judged(self) -> None:
        caretaking.judge(self.one().log, self.one().log.device, accept=self.chance.random() < 0.6)

    def invited(self) -> None:
        inviter = self.one()
        if len(self.replicas) < 5 and inviter.log.is_confirmed:
            contents = enrolment.invite(inviter.log, self.chance.choice(ROLES), [inviter.unit], None)
            start = enrolment.accept(contents, new_id())
            self.replicas.append(Replica(self.folder / f"{len(self.replicas)}.db", start))

    def delivered(self) -> None:
        """Some frames and links of somebody's reach somebody else, in any order and more than once."""
        source, target = self.one(), self.one()
        bodies, links = source.frames(), source.log.links()
        self.played += [*bodies, *links]
        bodies = self.chance.choices(bodies, k=len(bodies) // 2) if bodies else []
        self.chance.shuffle(bodies)
        target.log.apply(bodies, links if self.chance.random() < 0.8 else links[: len(links) // 2])

    def pulled(self) -> None:
        self.one().pull(self.one())

    def forged(self) -> None:
        """A device signs a link that its own program would not make, or one that pretends not to know the last ones."""
        author = self.one()
        members = author.log.membership
        target = self.one().log.device
        order = members.ordered
        parents: tuple[bytes, ...] = members.tips
        if self.chance.random() < 0.5:
            parents = (self.chance.choice(order).hash,)
        cut = [Cut(self.unit(author), random_id(), 3)]
        body = self.chance.choice(
            [
                Assign(target, self.unit(author), self.chance.choice(ROLES), cut),
                Assign(target, members.common_unit, self.chance.choice(ROLES), []),
                Revoke(target, cut),
                Judge(target, cut, accept=True),
                Invite(random_id(), author.log.signer.public_key, CLERK, [author.unit], f"9-{len(order)}", []),
            ]
        )
        link: Link = membership.make(members.community, parents, author.log.device, body, author.log.signer)
        self.one().log.apply([], [link.data])

    def step(self) -> None:
        deeds: list[tuple[Callable[[], None], int]] = [
            (self.write, 8),
            (self.delivered, 3),
            (self.pulled, 6),
            (self.unit_made, 1),
            (self.role_given, 4),
            (self.judged, 1),
            (self.revoked, 1),
            (self.invited, 1),
            (self.forged, 2),
        ]
        (deed,) = self.chance.choices([deed for deed, _weight in deeds], [weight for _deed, weight in deeds])
        with suppress(PermissionError, Refused):  # the rules refused it, and nothing was changed
            deed()


def roles(members: Membership) -> dict[bytes, tuple[object, dict[bytes, str]]]:
    return {id_: (device, dict(device.roles)) for id_, device in members.devices.items()}


def orphaned(replica: Replica, replicas: list[Replica]) -> bool:
    """Whether frames wait here for a key that nobody holds who could still give it.

    That is so when the one keeper who made it was demoted by somebody who did not know that, and had left out the
    others itself. Those who hold the key read the frames; the others keep them.
    """
    with replica.store.read() as connection:
        rows = connection.execute("SELECT body FROM waiting WHERE reason = 'key'").fetchall()
    lacked = {(header.unit, header.epoch) for (body,) in rows for header in (frames.parse(body).header,)}
    standing = [each for each in replicas if each.log.is_confirmed and not each.log.is_revoked]
    return bool(lacked) and not any(key in keys(each) and keeps(each, key[0]) for key in lacked for each in standing)


def keeps(replica: Replica, unit: bytes) -> bool:
    me, members = replica.log.me, replica.log.membership
    return unit in me.units and (me.roles.get(unit) == HEAD if unit in members.circles else me.role == ADMINISTRATOR)


@pytest.mark.parametrize("seed", range(16))
def test_whatever_is_done_in_whatever_order_comes_to_the_same(tmp_path: Path, seed: int) -> None:
    world = World(tmp_path, seed)
    for _step in range(60):
        world.step()
    settle(world.replicas)
    states = [replica.log.membership for replica in world.replicas]
    assert states[0].administrators, "there is always one left"
    for state in states[1:]:
        assert state.links.keys() == states[0].links.keys()
        assert roles(state) == roles(states[0])
    assert len({str(sorted(state.refused.items())) for state in states}) == 1
    # What a device wrote itself it keeps, until it is decided on: then it is the same there too.
    for replica in world.replicas:
        administrator = next(each for each in world.replicas if each.log.device == states[0].administrators[0].entry.id)
        with suppress(PermissionError):
            caretaking.judge(administrator.log, replica.log.device, accept=True)
        settle(world.replicas)
    for replica in world.replicas:
        if not replica.log.is_revoked and not orphaned(replica, world.replicas):
            assert not {"key", "gap", "fork", "unreadable"} & replica.log.waiting().keys()
    confirmed = [replica for replica in world.replicas if replica.log.is_confirmed]
    if not any(orphaned(replica, world.replicas) for replica in confirmed):
        same(confirmed)
    heads = [replica.log.heads() for replica in world.replicas]
    for replica in world.replicas:
        replica.log.apply([each for each in world.played if each.startswith(b"SPRF")])
    assert [replica.log.heads() for replica in world.replicas] == heads, "what comes again changes nothing"
    for replica in world.replicas:
        replica.close()
