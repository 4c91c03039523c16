"""Who belongs to a community: signed links that every device and the server verify (docs/formats/membership.md)."""

from dataclasses import dataclass, field

from sync import effects, linkorder, suffixes
from sync.links import (
    ADMINISTRATOR,
    AUDITOR,
    CLERK,
    HEAD,
    MAGIC,
    MAX_LINK_BYTES,
    REGISTRAR,
    ROLES,
    WRITING_ROLES,
    Assign,
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
    MakeUnit,
    Revoke,
    device_code,
    enrol_proof,
    make,
    parse,
)
from sync.precedence import Ruling
from sync.rights import READING_ROLES, Device, Enrolment, Rights

__all__ = [
    "ADMINISTRATOR",
    "AUDITOR",
    "CLERK",
    "HEAD",
    "MAGIC",
    "MAX_LINK_BYTES",
    "REGISTRAR",
    "ROLES",
    "WRITING_ROLES",
    "Assign",
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
    "MakeUnit",
    "Membership",
    "Revoke",
    "device_code",
    "enrol_proof",
    "make",
    "parse",
]


@dataclass
class Membership:
    """The state that all known links of one community add up to.

    Links form a graph by their parents. Every device puts them in the same order (parents first, then by hash)
    and applies the same rules, so equal sets of links give equal members, whatever way they came.

    Args:
        community: 32-byte id, the hash of the founding link.

    Attributes:
        devices: The members: the founding device, and those that an administrator's device has confirmed.
        units: All units, circles and the common one included.
        circles: Those that are for named people and kept by them.
        rights: Which role each device has in each unit, and had.
        inviters: Which device made each invitation.
        void: The invitations whose authors had lost their say, or that name a suffix given before: whoever comes with
            one gets another suffix, if an administrator lets it in.
        enrolments: The devices that came with an invitation, by the hash of their link.
        confirmed: Which device id each confirmed enrolment has made a member.
        declined: The enrolments that an administrator turned away.
        suffixes: All that were ever given; none is given again.
        epochs: For each unit its keys by their ids, in order, each with the links that make and share it.
        intakes: The public keys that registrars seal their frames to, by unit and epoch.
        revocations: The revoked devices, each with its effective `Revoke` links.
        demotions: The effective links that took an administrator's or a circle's keeper's say away.
        admitted: How far the frames of revoked devices count without a decision, by device, unit and incarnation.
        accepted: How far an administrator has decided for a device's frames, whatever its rights.
        rejected: How far an administrator has decided against them.
        refused: The links without effect, and why.
        checked: Links whose signatures were found good, with the key.
    """

    community: bytes
    links: dict[bytes, Link] = field(default_factory=dict)
    devices: dict[bytes, Device] = field(default_factory=dict)
    units: set[bytes] = field(default_factory=set)
    circles: set[bytes] = field(default_factory=set)
    rights: Rights = field(default_factory=Rights)
    common_unit: bytes = b""
    invitations: dict[bytes, Invite] = field(default_factory=dict)
    inviters: dict[bytes, bytes] = field(default_factory=dict)
    void: set[bytes] = field(default_factory=set)
    enrolments: dict[bytes, Enrolment] = field(default_factory=dict)
    confirmed: dict[bytes, bytes] = field(default_factory=dict)
    declined: set[bytes] = field(default_factory=set)
    suffixes: set[str] = field(default_factory=set)
    epochs: dict[bytes, dict[bytes, list[bytes]]] = field(default_factory=dict)
    intakes: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)
    revocations: dict[bytes, list[bytes]] = field(default_factory=dict)
    demotions: set[bytes] = field(default_factory=set)
    admitted: dict[tuple[bytes, bytes, bytes], int] = field(default_factory=dict)
    accepted: dict[tuple[bytes, bytes, bytes], int] = field(default_factory=dict)
    rejected: dict[tuple[bytes, bytes, bytes], int] = field(default_factory=dict)
    refused: dict[bytes, str] = field(default_factory=dict)
    checked: set[tuple[bytes, bytes]] = field(default_factory=set, repr=False)
    _order: list[Link] = field(default_factory=list, repr=False)
    _followers: dict[bytes, frozenset[bytes]] = field(default_factory=dict, repr=False)

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

    def knows(self, link: bytes, earlier: bytes) -> bool:
        """Say whether the author of one link knew another one, both by their hashes."""
        if earlier not in self._followers:
            self._followers[earlier] = linkorder.followers(self._order, earlier)
        return link in self._followers[earlier]

    def _replay(self) -> None:
        """Apply all links; revocations and demotions come into force one after another (see `Ruling`)."""
        self._order, self._followers = self.ordered, {}
        ruling = Ruling()
        trial = self._trial(ruling)
        while (due := ruling.next_due(trial)) is not None:
            stricter = ruling.with_(trial, due)
            attempt = self._trial(stricter)
            if stricter.leaves_an_administrator(attempt):
                ruling, trial = stricter, attempt
            else:
                ruling = ruling.without(due)
                trial = self._trial(ruling)
        self.__dict__.update(trial.__dict__)

    def _trial(self, ruling: Ruling) -> "Membership":
        """Return what all links add up to under a ruling."""
        trial = Membership(
            self.community, self.links, checked=self.checked, _order=self._order, _followers=self._followers
        )
        for link in self._order:
            reason = effects.unproven(trial, link)
            if not reason and (reason := ruling.objection(trial, link)):
                effects.remember(trial, link)
            elif not reason and (reason := effects.apply(trial, link)) == "right":
                effects.remember(trial, link)  # the word that gave the say may be one that does not count itself
            if reason:
                trial.refused[link.hash] = reason
        return trial

    def governing(self, unit: bytes) -> str:
        """Return the role that decides who belongs to a unit: administrators do, and in a circle its heads."""
        return HEAD if unit in self.circles else ADMINISTRATOR

    def may_stand(self, device: bytes, unit: bytes, incarnation: bytes, seq: int) -> str:
        """Return why a member's frame waits for an administrator's decision, or nothing.

        What a frame sets in the common unit is asked of `may_name`, by those who open it.
        """
        chain = (device, unit, incarnation)
        if seq <= self.accepted.get(chain, 0):
            return ""
        if device in self.revocations and seq > self.admitted.get(chain, 0):
            reason = "revoked"
        elif unit != self.common_unit and self._role_at(chain, seq) not in WRITING_ROLES:
            reason = "right"
        else:
            return ""
        return "rejected" if seq <= self.rejected.get(chain, 0) else reason

    def may_name(self, device: bytes, incarnation: bytes, seq: int) -> bool:
        """Say whether a frame of the common unit may set more than the name of its author's own person."""
        chain = (device, self.common_unit, incarnation)
        return seq <= self.accepted.get(chain, 0) or self._role_at(chain, seq) == ADMINISTRATOR

    def is_registrar(self, device: bytes, unit: bytes, incarnation: bytes, seq: int) -> bool:
        """Say whether a frame was written by somebody who registers cases in a unit without reading it."""
        chain = (device, unit, incarnation)
        return seq > self.accepted.get(chain, 0) and self._role_at(chain, seq) == REGISTRAR

    def _role_at(self, chain: tuple[bytes, bytes, bytes], seq: int) -> str:
        return self.rights.at(*chain, seq, self.knows)

    @property
    def clashes(self) -> list[tuple[bytes, bytes]]:
        """The devices and units about whose role two administrators said different things at once."""
        return self.rights.clashes(self.knows)

    @property
    def administrators(self) -> list[Device]:
        """The administrators that are not revoked."""
        return [device for device in self.active(self.common_unit) if device.role == ADMINISTRATOR]

    def active(self, unit: bytes) -> list[Device]:
        """Return the members of a unit that are not revoked."""
        return [device for id_, device in self.devices.items() if unit in device.units and id_ not in self.revocations]

    def has_registrars(self, unit: bytes) -> bool:
        """Say whether somebody registers cases in a unit without reading it, or is invited to."""
        invited = any(each.role == REGISTRAR and unit in each.units for each in self.invitations.values())
        return invited or any(each.roles.get(unit) == REGISTRAR for each in self.devices.values())

    def intake(self, unit: bytes) -> tuple[bytes, bytes] | None:
        """Return the last epoch of a unit that has an intake, and the public key of that."""
        known = [epoch for epoch in self.epochs.get(unit, {}) if (unit, epoch) in self.intakes]
        return (known[-1], self.intakes[unit, known[-1]]) if known else None

    def departures(self, unit: bytes) -> list[list[bytes]]:
        """Return the links by which each device that read a unit has lost that, by whatever they say."""
        found = []
        for id_, device in self.devices.items():
            if unit not in self.rights.had(id_, READING_ROLES):
                continue
            if id_ in self.revocations:
                found.append(self.revocations[id_])
            elif unit not in device.units:
                found.append(
                    [change.link for change in self.rights.changes[id_, unit] if change.role not in READING_ROLES]
                )
        return found

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

    def seat(self, entry: DeviceEntry) -> None:
        """Work out anew what a member may do."""
        self.devices[entry.id] = self.rights.device(entry, self.common_unit, self.knows)

    def spent(self, invitation: bytes) -> bool:
        """Say whether the suffix of an invitation belongs to a member."""
        suffix = self.invitations[invitation].suffix
        return any(device.entry.suffix == suffix for device in self.devices.values())

    def may_give(self, author: Device, suffix: str) -> bool:
        """Say whether a suffix is free, and one of those that this device alone gives."""
        return suffix not in self.suffixes and suffixes.gives(author.entry.suffix, suffix)

    def next_suffix(self, inviter: bytes) -> str:
        """Return a device suffix that no other administrator can give at the same time.

        The founder is "1" and gives "2", "3" ...; any other device puts its own suffix before: "2-1", "2-2" ...

        Args:
            inviter: The id of the inviting device.
        """
        return suffixes.following(self.devices[inviter].entry.suffix, self.suffixes)

    def governs(self, link: Link, unit: bytes) -> bool:
        """Say whether the author of a link had a say in a unit, as far as it could know."""
        return self.rights.as_known_to(link.hash, link.author, unit, self.knows) == self.governing(unit)
