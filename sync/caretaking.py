"""What an administrator's device does by itself, so that a community goes on without anybody deciding."""

from typing import TYPE_CHECKING

from sync import epochs, membership
from sync.crypto import Signer
from sync.epochs import Keys
from sync.membership import ADMINISTRATOR, Body, Confirm, Decline, Judge, Link, Membership, Revoke

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
    own = members.inviters[known.invitation] == log.device and not members.spent(known.invitation)
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
    """Decide on what came of a revoked device after its revocation, as far as it has come here.

    Args:
        log: The log of an administrator's vault.
        device: The 16-byte id.
        accept: Take it in.

    Raises:
        PermissionError: This device is not an administrator's, or the other was not revoked.
    """
    log.add_own_link(Judge(device, log.chains_of(device, waiting=True), accept))


def tend(members: Membership, device: bytes, signer: Signer, keys: Keys) -> list[Link]:
    """Add the links that are due from this device, and return them.

    The one device that came with an invitation of this device's is confirmed. When several came, or one was turned
    away, a person decides (docs/decisions/0009-invitations.md). Units get a new key after a revocation, and members
    the keys that they lack.

    Args:
        members: The members as the links known make them; the new links are added.
        device: The 16-byte id of this device.
        signer: Its key.
        keys: The unit keys it holds; new ones are added.
    """
    made: list[Link] = []

    def may() -> bool:
        me = members.devices.get(device)
        standing = me is not None and me.role == ADMINISTRATOR and device not in members.revocations
        return standing and me is not None and me.entry.sign_key == signer.public_key

    def add(bodies: list[Body]) -> None:
        """Add links one after another, and work out the members once."""
        parents, links = members.tips, []
        for body in bodies:
            links.append(membership.make(members.community, parents, device, body, signer))
            parents = (links[-1].hash,)
        members.add(links)
        made.extend(links)

    if not may():
        return []
    came: dict[bytes, list[bytes]] = {}
    for each in members.enrolments.values():
        if members.inviters[each.invitation] == device:
            came.setdefault(each.invitation, []).append(each.link)
    decided = members.confirmed.keys() | members.declined
    alone = [(invitation, links[0]) for invitation, links in came.items() if len(links) == 1]
    add([Confirm(link, members.invitations[of].suffix) for of, link in alone if link not in decided])
    add([body for unit in sorted(members.devices[device].units) for body in epochs.due(members, unit, keys)])
    return made
