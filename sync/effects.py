"""What each link does to the members, or why it does nothing (docs/formats/membership.md)."""

from typing import TYPE_CHECKING

import msgspec

from sync import crypto, rights, suffixes
from sync.crypto import CryptoError
from sync.ids import ID_BYTES
from sync.links import (
    ADMINISTRATOR,
    ROLES,
    SIGNED,
    Assign,
    Confirm,
    Cut,
    Decline,
    DeviceEntry,
    Enrol,
    Epoch,
    Found,
    Invite,
    Judge,
    Link,
    MakeUnit,
    Revoke,
    enrol_proof,
)
from sync.rights import NOBODY

if TYPE_CHECKING:
    from sync.membership import Membership


def unproven(members: "Membership", link: Link) -> str:
    """Return what is wrong with who is said to have signed a link, or nothing; asked before anything else of it.

    Args:
        members: What the links before it add up to.
        link: The link.
    """
    signature = link.data[-crypto.SIGNATURE_BYTES :]
    signers = _signers(members, link)
    for signer in signers:
        try:
            if (link.hash + signature, signer) not in members.checked:
                crypto.verify(signer, signature, SIGNED + link.hash)
        except CryptoError:
            continue
        members.checked.add((link.hash + signature, signer))
        return ""
    return "signature" if signers else "author"


def _signers(members: "Membership", link: Link) -> list[bytes]:
    """Return the keys one of which must have signed a link; also those of devices that are no members, or no longer."""
    match link.body:
        case Found():
            return [link.body.device.sign_key] if link.hash == members.community else []
        case Enrol():
            return [link.body.device.sign_key]
    return [seat.entry.sign_key for seat in members.seats(link.author)]


def apply(members: "Membership", link: Link) -> str:
    """Apply one link whose signature fits; return why it has no effect, or nothing.

    Args:
        members: What the links before it add up to.
        link: The link.
    """
    return _take_effect(members, link) if _may(members, link) else "right"


def remember(members: "Membership", link: Link) -> None:
    """Keep in mind what does not count, because its author had lost its say when others learned of it.

    Whoever came with such an invitation is no member, but an administrator can make it one, and what it wrote waits for
    that. In the same way what a device wrote in a unit waits into which it came by a word that does not count. The word
    of somebody who never had a say is no such thing.
    """
    body = link.body
    claimed = members.rights.claimed
    scope = body.unit if isinstance(body, Assign) and body.unit in members.circles else members.common_unit
    once = scope in members.rights.had(link.author, frozenset({members.governing(scope)}))
    if not once and scope not in claimed.get(link.author, ()):
        return
    if isinstance(body, Invite) and link.author in members.devices and _take_effect(members, link) in {"", "suffix"}:
        members.void.add(body.invitation)
    if isinstance(body, Assign) and body.role != NOBODY:
        claimed.setdefault(body.device, set()).add(body.unit)
        if body.device in members.devices:
            members.seat(members.devices[body.device].entry)


def _may(members: "Membership", link: Link) -> bool:  # noqa: PLR0911 - one for each kind
    """Say whether the author of a link has a say in what it is about, as far as it could know."""
    body = link.body
    if isinstance(body, Found | Enrol):
        return True
    if link.author not in members.devices:
        return False
    if members.governs(link, members.common_unit):
        return True
    match body:
        case MakeUnit(circle=True):
            return members.devices[link.author].may_write
        case Epoch(unit=unit) | Assign(unit=unit) if unit in members.circles:
            return members.governs(link, unit)
        case Judge(upto=cuts):
            return bool(cuts) and all(cut.unit in members.circles and members.governs(link, cut.unit) for cut in cuts)
    return False


def _take_effect(members: "Membership", link: Link) -> str:  # noqa: PLR0911 - one for each kind
    match link.body:
        case Found():
            return _found(members, link, link.body)
        case Invite():
            return _invite(members, link, link.body)
        case Enrol():
            return _enrol(members, link, link.body)
        case Confirm():
            return _confirm(members, link, link.body)
        case Decline():
            return _decline(members, link.body)
        case Revoke():
            return _revoke(members, link, link.body)
        case Judge():
            return _judge(members, link.body)
        case Epoch():
            return _epoch(members, link, link.body)
        case MakeUnit():
            return _make_unit(members, link, link.body)
        case Assign():
            return _assign(members, link, link.body)


def _found(members: "Membership", link: Link, body: Found) -> str:
    if members.devices or link.author != body.device.id or not _well_formed(body.device):
        return "founding"
    if body.device.suffix != suffixes.FOUNDER:
        return "founding"
    members.common_unit = body.common_unit
    members.units = {body.common_unit, *body.units}
    members.suffixes.add(body.device.suffix)
    members.rights.entered[body.device.id] = dict.fromkeys(members.units, ADMINISTRATOR)
    members.seat(body.device)
    for grant in body.grants:
        members.epochs.setdefault(grant.unit, {})[grant.epoch] = [link.hash]
    return ""


def _invite(members: "Membership", link: Link, body: Invite) -> str:
    author = members.devices[link.author]
    if body.invitation in members.invitations or body.role not in ROLES:
        return "invitation"
    if not set(body.units) <= author.units - members.circles or not suffixes.gives(author.entry.suffix, body.suffix):
        return "invitation"
    members.invitations[body.invitation] = body
    members.inviters[body.invitation] = link.author
    if body.suffix in members.suffixes:  # given by another copy of the author's vault, or before it was set back
        members.void.add(body.invitation)
        return "suffix"
    members.suffixes.add(body.suffix)
    return ""


def _enrol(members: "Membership", link: Link, body: Enrol) -> str:
    invite = members.invitations.get(body.invitation)
    if invite is None:
        return "invitation"
    if link.author != body.device.id or not _well_formed(body.device):
        return "device"
    if body.device.suffix != invite.suffix:
        return "suffix"
    try:
        if (link.hash, invite.verify_key) not in members.checked:
            crypto.verify(invite.verify_key, body.proof, enrol_proof(members.community, body.invitation, body.device))
    except CryptoError:
        return "proof"
    members.checked.add((link.hash, invite.verify_key))
    roles = dict.fromkeys((members.common_unit, *invite.units), invite.role)
    device = rights.entering(body.device, members.common_unit, roles)
    members.enrolments[link.hash] = rights.Enrolment(link.hash, body.invitation, device)
    return ""


def _confirm(members: "Membership", link: Link, body: Confirm) -> str:
    enrolment = members.enrolments.get(body.enrolment)
    if enrolment is None:
        return "enrolment"
    if not _confirms_with(members, link.author, enrolment, body.suffix):
        return "suffix"
    members.suffixes.add(body.suffix)
    device = enrolment.device
    if device.entry.id in members.devices:
        return "device"
    entry = msgspec.structs.replace(device.entry, suffix=body.suffix)
    members.rights.entered[entry.id] = dict(device.roles)
    members.seat(entry)
    members.confirmed[body.enrolment] = entry.id
    return ""


def _confirms_with(members: "Membership", author: bytes, enrolment: rights.Enrolment, suffix: str) -> bool:
    """Say whether nobody else can have given a device that suffix: the inviter alone gives the invitation's."""
    if suffix == members.invitations[enrolment.invitation].suffix:
        if enrolment.invitation in members.void:
            return False
        return members.inviters[enrolment.invitation] == author and not members.spent(enrolment.invitation)
    return members.may_give(members.devices[author], suffix)


def _decline(members: "Membership", body: Decline) -> str:
    if body.enrolment not in members.enrolments:
        return "enrolment"
    members.declined.add(body.enrolment)
    return ""


def _revoke(members: "Membership", link: Link, body: Revoke) -> str:
    if body.device not in members.devices or body.device == link.author:
        return "device"
    members.revocations.setdefault(body.device, []).append(link.hash)
    _raise(members.admitted, body.device, body.cuts)
    return ""


def _judge(members: "Membership", body: Judge) -> str:
    if body.device not in members.devices or not (body.upto or body.device in members.revocations):
        return "device"
    _raise(members.accepted if body.accept else members.rejected, body.device, body.upto)
    return ""


def _epoch(members: "Membership", link: Link, body: Epoch) -> str:
    if body.unit not in members.devices[link.author].units or len(body.epoch) != ID_BYTES:
        return "unit"
    members.epochs.setdefault(body.unit, {}).setdefault(body.epoch, []).append(link.hash)
    if len(body.intake) == crypto.SEAL_KEY_BYTES:
        members.intakes.setdefault((body.unit, body.epoch), body.intake)
    return ""


def _make_unit(members: "Membership", link: Link, body: MakeUnit) -> str:
    if body.unit in members.units or len(body.unit) != ID_BYTES:
        return "unit"
    members.units.add(body.unit)
    if body.circle:
        members.circles.add(body.unit)
    members.rights.change(link.author, body.unit, rights.Change(link.hash, members.governing(body.unit), {}))
    members.seat(members.devices[link.author].entry)
    return ""


def _assign(members: "Membership", link: Link, body: Assign) -> str:
    if body.device not in members.devices:
        return "device"
    if body.unit not in members.units:
        return "unit"
    if body.role not in ROLES and (body.role != NOBODY or body.unit == members.common_unit):
        return "role"
    # Nobody gives others the keys of a unit that is not their own; taking somebody out is no such thing.
    if body.role != NOBODY and body.unit not in members.devices[link.author].units:
        return "unit"
    if body.role != NOBODY and body.unit in members.circles and not members.governs(link, body.unit):
        return "right"
    governing, scope = members.governing(body.unit), body.unit in members.circles or body.unit == members.common_unit
    if scope and body.role != governing and body.unit in members.rights.had(body.device, frozenset({governing})):
        members.demotions.add(link.hash)
    cuts = {cut.incarnation: cut.seq for cut in body.cuts if cut.unit == body.unit}
    members.rights.change(body.device, body.unit, rights.Change(link.hash, body.role, cuts))
    members.seat(members.devices[body.device].entry)
    return ""


def _raise(table: dict[tuple[bytes, bytes, bytes], int], device: bytes, cuts: list[Cut]) -> None:
    for cut in cuts:
        chain = (device, cut.unit, cut.incarnation)
        table[chain] = max(cut.seq, table.get(chain, 0))


def _well_formed(device: DeviceEntry) -> bool:
    try:
        crypto.check_verify_key(device.sign_key)
    except CryptoError:
        return False
    return (
        len(device.id) == ID_BYTES and len(device.person) == ID_BYTES and len(device.seal_key) == crypto.SEAL_KEY_BYTES
    )
