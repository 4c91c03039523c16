"""Who belongs to a community: signed links that every device and the server verify (docs/formats/membership.md)."""

from dataclasses import dataclass, field

import msgspec

from sync import crypto, linkorder, suffixes
from sync.crypto import CryptoError
from sync.ids import ID_BYTES
from sync.links import (
    ADMINISTRATOR,
    AUDITOR,
    CLERK,
    HEAD,
    MAGIC,
    MAX_LINK_BYTES,
    ROLES,
    SIGNED,
    WRITING_ROLES,
    BadLink,
    Body,
    Confirm,
    Cut,
    Decline,
    DeviceEntry,
    DeviceGrant,
    Enrol,
    Epoch,
    Found,
    Grant,
    Invite,
    Judge,
    Link,
    Revoke,
    device_code,
    enrol_proof,
    make,
    parse,
)

__all__ = [
    "ADMINISTRATOR",
    "AUDITOR",
    "CLERK",
    "HEAD",
    "MAGIC",
    "MAX_LINK_BYTES",
    "ROLES",
    "WRITING_ROLES",
    "BadLink",
    "Body",
    "Confirm",
    "Cut",
    "Decline",
    "Device",
    "DeviceEntry",
    "DeviceGrant",
    "Enrol",
    "Enrolment",
    "Epoch",
    "Found",
    "Grant",
    "Invite",
    "Judge",
    "Link",
    "Membership",
    "Revoke",
    "device_code",
    "enrol_proof",
    "make",
    "parse",
]


@dataclass(frozen=True, slots=True)
class Device:
    """A member device as the links make it.

    Args:
        entry: Its public half.
        role: What it may do.
        units: The 16-byte ids of the units it belongs to, the common one included.
    """

    entry: DeviceEntry
    role: str
    units: frozenset[bytes]

    @property
    def may_write(self) -> bool:
        """Whether others accept changes from it."""
        return self.role in WRITING_ROLES


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A device that came with an invitation.

    Args:
        link: The hash of its `Enrol` link.
        invitation: The 16-byte id of the invitation.
        device: What it is a member as, once it is confirmed.
    """

    link: bytes
    invitation: bytes
    device: Device


@dataclass
class Membership:
    """The state that all known links of one community add up to.

    Links form a graph by their parents. Every device puts them in the same order (parents first, then by hash)
    and applies the same rules, so equal sets of links give equal members, whatever way they came.

    Args:
        community: 32-byte id, the hash of the founding link.

    Attributes:
        devices: The members: the founding device, and those that an administrator's device has confirmed.
        inviters: Which device made each invitation.
        enrolments: The devices that came with an invitation, by the hash of their link.
        confirmed: Which device id each confirmed enrolment has made a member.
        declined: The enrolments that an administrator turned away.
        suffixes: All that were ever given; none is given again.
        epochs: For each unit its keys by their ids, in order, each with the links that make and share it.
        revocations: The revoked devices, each with its effective `Revoke` links.
        admitted: How far the frames of revoked devices count, by device, unit and incarnation.
        rejected: How far an administrator has decided against them.
        refused: The links without effect, and why.
        checked: Links whose signatures were found good, with the key.
    """

    community: bytes
    links: dict[bytes, Link] = field(default_factory=dict)
    devices: dict[bytes, Device] = field(default_factory=dict)
    units: set[bytes] = field(default_factory=set)
    common_unit: bytes = b""
    invitations: dict[bytes, Invite] = field(default_factory=dict)
    inviters: dict[bytes, bytes] = field(default_factory=dict)
    enrolments: dict[bytes, Enrolment] = field(default_factory=dict)
    confirmed: dict[bytes, bytes] = field(default_factory=dict)
    declined: set[bytes] = field(default_factory=set)
    suffixes: set[str] = field(default_factory=set)
    epochs: dict[bytes, dict[bytes, list[bytes]]] = field(default_factory=dict)
    revocations: dict[bytes, list[bytes]] = field(default_factory=dict)
    admitted: dict[tuple[bytes, bytes, bytes], int] = field(default_factory=dict)
    rejected: dict[tuple[bytes, bytes, bytes], int] = field(default_factory=dict)
    refused: dict[bytes, str] = field(default_factory=dict)
    checked: set[tuple[bytes, bytes]] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, links: list[bytes]) -> "Membership":
        """Build the state from links that begin with the founding one.

        Links that are not signed as they say are kept and have no effect: a vault that was given one opens still.

        Raises:
            BadLink: The first is not a founding link, or another is malformed or foreign.
        """
        founding = parse(links[0]) if links else None
        if founding is None or not isinstance(founding.body, Found):
            raise BadLink("no founding link")
        parsed = [parse(data) for data in links]
        if any(link.community != founding.hash for link in parsed):
            raise BadLink("a link of another community")
        membership = cls(founding.hash, {link.hash: link for link in parsed})
        membership._replay()
        if founding.hash in membership.refused:
            raise BadLink("the founding link does not hold")
        return membership

    def add(self, links: list[Link]) -> list[Link]:
        """Add links and work out the state anew.

        Args:
            links: Any order, known ones included.

        Returns:
            Those that were new and could be added; links whose parents or authors are missing are left out.

        Raises:
            BadLink: One belongs to another community or its signature does not fit; none is added.
        """
        pending = {link.hash: link for link in links if link.hash not in self.links}
        if any(link.community != self.community for link in pending.values()):
            raise BadLink("a link of another community")
        added: list[Link] = []
        known = dict(self.links)
        progress = True
        while progress:
            ready = [link for link in pending.values() if all(parent in known for parent in link.parents)]
            for link in ready:
                known[link.hash] = link
                del pending[link.hash]
            added += ready
            progress = bool(ready)
        if added:
            trial = Membership(self.community, known, checked=self.checked)
            trial._replay()
            for link in added:
                if trial.refused.get(link.hash) == "signature":
                    raise BadLink("the signature of a link does not fit")
            # Nobody's signature can be checked before its author is known: kept now, a forged one would stay.
            unknown = {link.hash for link in added if trial.refused.get(link.hash) == "author"}
            if unknown:
                return self.add([link for link in added if link.hash not in unknown])
            self.__dict__.update(trial.__dict__)
        return added

    @property
    def tips(self) -> tuple[bytes, ...]:
        """The links that nothing follows yet."""
        return linkorder.tips(self.links)

    @property
    def ordered(self) -> list[Link]:
        """All links, parents before children, ties by hash."""
        return linkorder.ordered(self.links)

    def ancestors(self, link: bytes) -> set[bytes]:
        """Return the hashes of a link and of all that its author knew."""
        return linkorder.ancestors(self.links, link)

    def _replay(self) -> None:
        """Apply all links; a revocation that holds bars the links of its device that its author had not seen.

        Revocations are put in force one after another, that of the senior administrator first.
        """
        order = self.ordered
        barred: dict[bytes, set[bytes]] = {}
        in_force: set[bytes] = set()
        while True:
            trial = Membership(self.community, self.links, checked=self.checked)
            for link in order:
                known = barred.get(link.author)
                late = known is not None and link.hash not in known | in_force
                reason = "revoked" if late else trial._apply(link)
                if reason:
                    trial.refused[link.hash] = reason
            due = [
                (suffixes.rank(trial.devices[self.links[link].author].entry.suffix), link)
                for device, links in trial.revocations.items()
                if device not in barred
                for link in links
            ]
            if not due:
                self.__dict__.update(trial.__dict__)
                return
            link_hash = min(due)[1]
            in_force.add(link_hash)
            body = self.links[link_hash].body
            assert isinstance(body, Revoke)  # noqa: S101 - nothing else is in that table
            barred[body.device] = self.ancestors(link_hash)

    def may_stand(self, device: bytes, unit: bytes, incarnation: bytes, seq: int) -> str:
        """Return why a frame waits because its author was revoked, or nothing."""
        if device not in self.revocations or seq <= self.admitted.get((device, unit, incarnation), 0):
            return ""
        return "rejected" if seq <= self.rejected.get((device, unit, incarnation), 0) else "revoked"

    def active(self, unit: bytes) -> list[Device]:
        """Return the members of a unit that are not revoked."""
        return [device for id_, device in self.devices.items() if unit in device.units and id_ not in self.revocations]

    def seats(self, device: bytes) -> list[Device]:
        """Return who may stand behind a device id: the member, or while there is none all who enrolled with it.

        Args:
            device: The 16-byte id. Whoever has an invitation can enrol under another one's id, with other keys.
        """
        member = self.devices.get(device)
        if member is not None:
            return [member]
        return [each.device for each in self.enrolments.values() if each.device.entry.id == device]

    def is_turned_away(self, device: Device) -> bool:
        """Say whether an administrator has turned away all enrolments of a device with these keys."""
        links = {link for link, each in self.enrolments.items() if each.device.entry == device.entry}
        return bool(links) and links <= self.declined and device.entry.id not in self.devices

    @property
    def pending(self) -> list[Enrolment]:
        """Enrolments that no administrator has decided on, in a fixed order."""
        decided = self.confirmed.keys() | self.declined
        return [self.enrolments[link] for link in sorted(self.enrolments.keys() - decided)]

    def _apply(self, link: Link) -> str:
        """Apply one link; return why it has no effect, or nothing."""
        signer = self._signer(link)
        if signer is None:
            return "author"
        signature = link.data[-crypto.SIGNATURE_BYTES :]
        try:
            if (link.hash + signature, signer) not in self.checked:
                crypto.verify(signer, signature, SIGNED + link.hash)
        except CryptoError:
            return "signature"
        self.checked.add((link.hash + signature, signer))
        if not isinstance(link.body, Found | Enrol) and self.devices[link.author].role != ADMINISTRATOR:
            return "right"
        return self._take_effect(link)

    def _signer(self, link: Link) -> bytes | None:
        match link.body:
            case Found():
                return link.body.device.sign_key if link.hash == self.community else None
            case Enrol():
                return link.body.device.sign_key
        author = self.devices.get(link.author)
        return author.entry.sign_key if author else None

    def _take_effect(self, link: Link) -> str:  # noqa: PLR0911 - one for each kind
        match link.body:
            case Found():
                return self._found(link, link.body)
            case Invite():
                return self._invite(link, link.body)
            case Enrol():
                return self._enrol(link, link.body)
            case Confirm():
                return self._confirm(link, link.body)
            case Decline():
                return self._decline(link.body)
            case Revoke():
                return self._revoke(link, link.body)
            case Judge():
                return self._judge(link.body)
            case Epoch():
                return self._epoch(link, link.body)

    def _found(self, link: Link, body: Found) -> str:
        if self.devices or link.author != body.device.id or not _well_formed(body.device):
            return "founding"
        if body.device.suffix != suffixes.FOUNDER:
            return "founding"
        self.common_unit = body.common_unit
        self.units = {body.common_unit, *body.units}
        self.suffixes.add(body.device.suffix)
        self.devices[body.device.id] = Device(body.device, ADMINISTRATOR, frozenset(self.units))
        for grant in body.grants:
            self.epochs.setdefault(grant.unit, {})[grant.epoch] = [link.hash]
        return ""

    def _invite(self, link: Link, body: Invite) -> str:
        author = self.devices[link.author]
        if body.invitation in self.invitations or body.role not in ROLES:
            return "invitation"
        if not set(body.units) <= author.units or not self._may_give(author, body.suffix):
            return "invitation"
        self.invitations[body.invitation] = body
        self.suffixes.add(body.suffix)
        self.inviters[body.invitation] = link.author
        return ""

    def _enrol(self, link: Link, body: Enrol) -> str:
        invite = self.invitations.get(body.invitation)
        if invite is None:
            return "invitation"
        if link.author != body.device.id or not _well_formed(body.device):
            return "device"
        if body.device.suffix != invite.suffix:
            return "suffix"
        try:
            if (link.hash, invite.verify_key) not in self.checked:
                crypto.verify(invite.verify_key, body.proof, enrol_proof(self.community, body.invitation, body.device))
        except CryptoError:
            return "proof"
        self.checked.add((link.hash, invite.verify_key))
        device = Device(body.device, invite.role, frozenset({self.common_unit, *invite.units}))
        self.enrolments[link.hash] = Enrolment(link.hash, body.invitation, device)
        return ""

    def _confirm(self, link: Link, body: Confirm) -> str:
        enrolment = self.enrolments.get(body.enrolment)
        if enrolment is None:
            return "enrolment"
        if not self._confirms_with(link.author, enrolment, body.suffix):
            return "suffix"
        self.suffixes.add(body.suffix)
        device = enrolment.device
        if device.entry.id in self.devices:
            return "device"
        entry = msgspec.structs.replace(device.entry, suffix=body.suffix)
        self.devices[entry.id] = Device(entry, device.role, device.units)
        self.confirmed[body.enrolment] = entry.id
        return ""

    def _confirms_with(self, author: bytes, enrolment: Enrolment, suffix: str) -> bool:
        """Say whether nobody else can have given a device that suffix: the inviter alone gives the invitation's."""
        if suffix == self.invitations[enrolment.invitation].suffix:
            return self.inviters[enrolment.invitation] == author and not self.spent(enrolment.invitation)
        return self._may_give(self.devices[author], suffix)

    def _decline(self, body: Decline) -> str:
        if body.enrolment not in self.enrolments:
            return "enrolment"
        self.declined.add(body.enrolment)
        return ""

    def _revoke(self, link: Link, body: Revoke) -> str:
        if body.device not in self.devices or body.device == link.author:
            return "device"
        self.revocations.setdefault(body.device, []).append(link.hash)
        _raise(self.admitted, body.device, body.cuts)
        return ""

    def _judge(self, body: Judge) -> str:
        if body.device not in self.revocations:
            return "device"
        _raise(self.admitted if body.accept else self.rejected, body.device, body.upto)
        return ""

    def _epoch(self, link: Link, body: Epoch) -> str:
        if body.unit not in self.devices[link.author].units or len(body.epoch) != ID_BYTES:
            return "unit"
        self.epochs.setdefault(body.unit, {}).setdefault(body.epoch, []).append(link.hash)
        return ""

    def spent(self, invitation: bytes) -> bool:
        """Say whether the suffix of an invitation belongs to a member."""
        suffix = self.invitations[invitation].suffix
        return any(device.entry.suffix == suffix for device in self.devices.values())

    def _may_give(self, author: Device, suffix: str) -> bool:
        """Say whether a suffix is free, and one of those that this device alone gives."""
        return suffix not in self.suffixes and suffixes.gives(author.entry.suffix, suffix)

    def next_suffix(self, inviter: bytes) -> str:
        """Return a device suffix that no other administrator can give at the same time.

        The founder is "1" and gives "2", "3" ...; any other device puts its own suffix before: "2-1", "2-2" ...

        Args:
            inviter: The id of the inviting device.
        """
        return suffixes.following(self.devices[inviter].entry.suffix, self.suffixes)


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
