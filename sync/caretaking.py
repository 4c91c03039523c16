"""What an administrator's device does by itself, so that a community goes on without anybody deciding."""

from typing import TYPE_CHECKING

from sync import membership
from sync.crypto import Signer
from sync.membership import ADMINISTRATOR, Confirm, Decline, Link, Membership

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


def tend(members: Membership, device: bytes, signer: Signer) -> list[Link]:
    """Add the links that are due from this device, and return them.

    The one device that came with an invitation of this device's is confirmed. When several came, or one was turned
    away, a person decides (docs/decisions/0009-invitations.md).

    Args:
        members: The members as the links known make them; the new links are added.
        device: The 16-byte id of this device.
        signer: Its key.
    """
    me = members.devices.get(device)
    if me is None or me.role != ADMINISTRATOR or me.entry.sign_key != signer.public_key:
        return []
    made: list[Link] = []
    for invitation, inviter in members.inviters.items():
        came = [each.link for each in members.enrolments.values() if each.invitation == invitation]
        if inviter == device and len(came) == 1 and came[0] not in members.confirmed.keys() | members.declined:
            body = Confirm(came[0], members.invitations[invitation].suffix)
            made.append(membership.make(members.community, members.tips, device, body, signer))
            members.add(made[-1:])
    return made
