"""What an administrator's device does by itself, so that a community goes on without anybody deciding."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sync import epochs, membership
from sync.crypto import Signer
from sync.epochs import Keys
from sync.ids import new_id
from sync.membership import (
    ADMINISTRATOR,
    HEAD,
    Assign,
    Body,
    Confirm,
    Decline,
    Judge,
    Link,
    MakeUnit,
    Membership,
    Revoke,
)

if TYPE_CHECKING:
    from sync.log import Log


def confirm(log: "Log", enrolment: bytes) -> None:
    """Let the device of an enrolment be a member, after two people have compared its code.

    Args:
        log: The log of an administrator's vault.
        enrolment: The hash of its `Enrol` link.

    Raises:
        PermissionError: This device is not an administrator's, or the enrolment is no longer there to decide on.
    """
    members = log.membership
    known = members.enrolments.get(enrolment)
    if known is None:
        raise PermissionError("enrolment")
    own = members.inviters[known.invitation] == log.device and known.invitation not in members.void
    own = own and not members.spent(known.invitation)
    suffix = members.invitations[known.invitation].suffix if own else members.next_suffix(log.device)
    log.add_own_link(Confirm(enrolment, suffix))


def decline(log: "Log", enrolment: bytes) -> None:
    """Turn the device of an enrolment away; what it wrote is kept, and waits.

    Args:
        log: The log of an administrator's vault.
        enrolment: The hash of its `Enrol` link.

    Raises:
        PermissionError: This device is not an administrator's, or there is no such enrolment.
    """
    log.add_own_link(Decline(enrolment))


def revoke(log: "Log", device: bytes) -> None:
    """Put a device out of the community: what it writes from now on waits, and new keys are made that it does not get.

    Args:
        log: The log of an administrator's vault.
        device: The 16-byte id.

    Raises:
        PermissionError: This device is not an administrator's, or the other is not a member.
    """
    log.add_own_link(Revoke(device, log.chains_of(device)))


def judge(log: "Log", device: bytes, *, accept: bool) -> None:
    """Decide on what a device wrote without the right to, or lately after it had lost it, as far as it has come here.

    Args:
        log: The log of an administrator's vault.
        device: The 16-byte id.
        accept: Take it in.

    Raises:
        PermissionError: This device is not an administrator's, or nothing waits of the other.
    """
    log.add_own_link(Judge(device, log.chains_of(device, waiting=True), accept))


def assign(log: "Log", device: bytes, roles: Mapping[bytes, str]) -> None:
    """Give a member device other roles, or take it out of units; nobody can read what follows without the key.

    Args:
        log: The log of an administrator's vault, or of a circle's keeper.
        device: The 16-byte id.
        roles: The new role in each unit; `rights.NOBODY` takes it out. The common unit stands for the community.

    Raises:
        PermissionError: This device has no such say, the other is not a member, or no administrator would be left.
    """
    cuts = log.chains_of(device)
    own = {unit: [cut for cut in cuts if cut.unit == unit] for unit in roles}
    # The community last: an administrator who steps down has a say until then.
    order = sorted(roles, key=lambda unit: unit == log.membership.common_unit)
    log.add_own_links([Assign(device, unit, roles[unit], own[unit]) for unit in order])


def make_unit(log: "Log", members: Mapping[bytes, str], *, circle: bool = False) -> bytes:
    """Make a unit with its key, and return its 16-byte id.

    Args:
        log: The log of an administrator's vault; that of anybody who writes cases, for a circle.
        members: Which other devices belong to it from the beginning, and their roles.
        circle: It is for named people, who keep it themselves.

    Raises:
        PermissionError: This device has no such say.
    """
    unit = new_id()
    assigned = [Assign(device, unit, role, []) for device, role in members.items() if device != log.device]
    log.add_own_links([MakeUnit(unit, circle), *assigned])
    return unit


def tend(members: Membership, device: bytes, signer: Signer, keys: Keys) -> list[Link]:
    """Add the links that are due from this device, and return them.

    The one device that came with an invitation of this device's is confirmed. When several came, or one was turned
    away, a person decides (docs/decisions/0009-invitations.md). Units get their first key, and a new one after
    somebody left; members get the keys that they lack.

    Args:
        members: The members as the links known make them; the new links are added.
        device: The 16-byte id of this device.
        signer: Its key.
        keys: The unit keys it holds; new ones are added.
    """
    made: list[Link] = []

    def add(bodies: list[Body]) -> None:
        """Add links one after another, and work out the members once."""
        parents, links = members.tips, []
        for body in bodies:
            links.append(membership.make(members.community, parents, device, body, signer))
            parents = (links[-1].hash,)
        members.add(links)
        made.extend(links)

    me = members.devices.get(device)
    if me is None or device in members.revocations or me.entry.sign_key != signer.public_key:
        return []
    if me.role == ADMINISTRATOR:
        alone = _alone(members, device)
        add([Confirm(link, members.invitations[of].suffix) for of, link in alone if of not in members.void])
        for _of, link in (each for each in alone if each[0] in members.void):
            add([Confirm(link, members.next_suffix(device))])
    kept = [unit for unit in sorted(members.devices[device].units) if _keeps(members, device, unit)]
    add([body for unit in kept for body in epochs.due(members, unit, keys)])
    return made


def _alone(members: Membership, device: bytes) -> list[tuple[bytes, bytes]]:
    """Return the invitations of this device's with which one came that nobody decided on, and that one's enrolment."""
    came: dict[bytes, list[bytes]] = {}
    for each in members.enrolments.values():
        if members.inviters[each.invitation] == device:
            came.setdefault(each.invitation, []).append(each.link)
    decided = members.confirmed.keys() | members.declined
    alone = [(invitation, links[0]) for invitation, links in came.items() if len(links) == 1]
    return [
        (invitation, link)
        for invitation, link in alone
        if link not in decided and members.enrolments[link].device.entry.id not in members.devices
    ]


def _keeps(members: Membership, device: bytes, unit: bytes) -> bool:
    """Say whether the keys of a unit are this device's care: an administrator's, or in a circle that of its heads."""
    me = members.devices[device]
    return me.roles.get(unit) == HEAD if unit in members.circles else me.role == ADMINISTRATOR
