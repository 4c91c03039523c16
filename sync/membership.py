"""Who belongs to a community: signed links that every device and the server verify (docs/formats/membership.md)."""

import heapq
import struct
from dataclasses import dataclass, field

import msgspec

from sync import crypto
from sync.crypto import CryptoError, Signer
from sync.ids import ID_BYTES

MAGIC = b"SPRM"
VERSION = 1
SUITE = 1
MAX_LINK_BYTES = 2**20
_PREFIX = struct.Struct(">4sBBHI")
_SIGNED = b"sprava/link/1\x00"

ADMINISTRATOR = "administrator"
HEAD = "head"
CLERK = "clerk"
AUDITOR = "auditor"
ROLES = (ADMINISTRATOR, HEAD, CLERK, AUDITOR)
WRITING_ROLES = frozenset({ADMINISTRATOR, HEAD, CLERK})


class BadLink(Exception):
    """Bytes that are not a membership link, or one whose signature does not fit."""


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """A unit's epoch key, sealed to one recipient with HPKE."""

    unit: bytes
    epoch: bytes
    sealed: bytes


class DeviceEntry(msgspec.Struct, frozen=True, array_like=True):
    """The public half of a device: its id, keys, person, and the suffix of the numbers it gives."""

    id: bytes
    sign_key: bytes
    seal_key: bytes
    person: bytes
    suffix: str


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The first link: its hash is the id of the community."""

    salt: bytes
    device: DeviceEntry
    common_unit: bytes
    units: list[bytes]
    grants: list[Grant]


class Invite(msgspec.Struct, frozen=True, tag="invite"):
    """An administrator's leave for one device, whoever holds the invitation's secret, to enrol."""

    invitation: bytes
    verify_key: bytes
    role: str
    units: list[bytes]
    suffix: str
    grants: list[Grant]


class Enrol(msgspec.Struct, frozen=True, tag="enrol"):
    """A device enters with an invitation; the invitation's key countersigns."""

    invitation: bytes
    device: DeviceEntry
    proof: bytes


Body = Found | Invite | Enrol


class _Envelope(msgspec.Struct, frozen=True, array_like=True):
    community: bytes
    parents: list[bytes]
    author: bytes
    body: Body


_decoder = msgspec.msgpack.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class Link:
    """One link, taken apart.

    Args:
        hash: 32-byte name of the link.
        data: The whole link as it travels.
        parents: The links that its author knew and that nobody had followed yet.
        author: 16-byte id of the signing device.
        body: What it says.
    """

    hash: bytes
    data: bytes
    community: bytes
    parents: tuple[bytes, ...]
    author: bytes
    body: Body


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


def enrol_proof(community: bytes, invitation: bytes, device: DeviceEntry) -> bytes:
    """Return what the invitation's key signs when a device enrols with it."""
    return b"sprava/enrol/1\x00" + community + invitation + msgspec.msgpack.encode(device)


def make(community: bytes, parents: tuple[bytes, ...], author: bytes, body: Body, signer: Signer) -> Link:
    """Sign a new link.

    Args:
        community: 32-byte id; empty for the founding link.
        parents: Hashes of the links that nothing follows yet.
        author: The signing device's id.
        body: What the link says.
        signer: The signing device's key.
    """
    payload = msgspec.msgpack.encode(_Envelope(community, sorted(parents), author, body))
    signed = _PREFIX.pack(MAGIC, VERSION, SUITE, 0, len(payload)) + payload
    link_hash = crypto.sha256(signed)
    return Link(
        link_hash,
        signed + signer.sign(_SIGNED + link_hash),
        community or link_hash,
        tuple(sorted(parents)),
        author,
        body,
    )


def parse(data: bytes) -> Link:
    """Take a link apart; its signature is checked where its author is known.

    Raises:
        BadLink: It is not a link.
    """
    if not _PREFIX.size + crypto.SIGNATURE_BYTES < len(data) <= MAX_LINK_BYTES:
        raise BadLink("not the size of a link")
    magic, version, suite, reserved, length = _PREFIX.unpack_from(data)
    if magic != MAGIC or (version, suite, reserved) != (VERSION, SUITE, 0):
        raise BadLink("not a link that this program knows")
    if len(data) != _PREFIX.size + length + crypto.SIGNATURE_BYTES:
        raise BadLink("the link is not as long as it says")
    signed = data[: -crypto.SIGNATURE_BYTES]
    try:
        envelope = _decoder.decode(signed[_PREFIX.size :])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadLink("the link is not in the documented form") from error
    link_hash = crypto.sha256(signed)
    founding = isinstance(envelope.body, Found)
    if founding != (not envelope.community) or founding != (not envelope.parents):
        raise BadLink("only the founding link stands alone")
    return Link(
        link_hash,
        data,
        envelope.community or link_hash,
        tuple(envelope.parents),
        envelope.author,
        envelope.body,
    )


@dataclass
class Membership:
    """The state that all known links of one community add up to.

    Links form a graph by their parents. Every device puts them in the same order (parents first, then by hash)
    and applies the same rules, so equal sets of links give equal members, whatever way they came.

    Args:
        community: 32-byte id, the hash of the founding link.
    """

    community: bytes
    links: dict[bytes, Link] = field(default_factory=dict)
    devices: dict[bytes, Device] = field(default_factory=dict)
    units: set[bytes] = field(default_factory=set)
    common_unit: bytes = b""
    invitations: dict[bytes, Invite] = field(default_factory=dict)
    used_invitations: dict[bytes, bytes] = field(default_factory=dict)
    refused: dict[bytes, str] = field(default_factory=dict)

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
            trial = Membership(self.community, known)
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
        followed = {parent for link in self.links.values() for parent in link.parents}
        return tuple(sorted(set(self.links) - followed))

    @property
    def ordered(self) -> list[Link]:
        """All links, parents before children, ties by hash."""
        children: dict[bytes, list[bytes]] = {}
        missing = {}
        for link in self.links.values():
            missing[link.hash] = len(set(link.parents))
            for parent in set(link.parents):
                children.setdefault(parent, []).append(link.hash)
        ready = [name for name, count in missing.items() if not count]
        heapq.heapify(ready)
        ordered: list[Link] = []
        while ready:
            link = self.links[heapq.heappop(ready)]
            ordered.append(link)
            for child in children.get(link.hash, ()):
                missing[child] -= 1
                if not missing[child]:
                    heapq.heappush(ready, child)
        return ordered

    def _replay(self) -> None:
        for link in self.ordered:
            reason = self._apply(link)
            if reason:
                self.refused[link.hash] = reason

    def _apply(self, link: Link) -> str:
        """Apply one link; return why it has no effect, or nothing."""
        match link.body:
            case Found():
                signer: bytes | None = link.body.device.sign_key if link.hash == self.community else None
            case Enrol():
                signer = link.body.device.sign_key
            case Invite():
                author = self.devices.get(link.author)
                signer = author.entry.sign_key if author else None
        if signer is None:
            return "author"
        try:
            crypto.verify(signer, link.data[-crypto.SIGNATURE_BYTES :], _SIGNED + link.hash)
        except CryptoError:
            return "signature"
        match link.body:
            case Found():
                return self._found(link, link.body)
            case Invite():
                return self._invite(link, link.body)
            case Enrol():
                return self._enrol(link, link.body)

    def _found(self, link: Link, body: Found) -> str:
        if self.devices or link.author != body.device.id or not _well_formed(body.device):
            return "founding"
        self.common_unit = body.common_unit
        self.units = {body.common_unit, *body.units}
        self.devices[body.device.id] = Device(body.device, ADMINISTRATOR, frozenset(self.units))
        return ""

    def _invite(self, link: Link, body: Invite) -> str:
        author = self.devices[link.author]
        if author.role != ADMINISTRATOR:
            return "right"
        if body.invitation in self.invitations or body.role not in ROLES:
            return "invitation"
        if not set(body.units) <= author.units or self._suffix_taken(body.suffix):
            return "invitation"
        self.invitations[body.invitation] = body
        return ""

    def _enrol(self, link: Link, body: Enrol) -> str:
        invite = self.invitations.get(body.invitation)
        if invite is None or body.invitation in self.used_invitations:
            return "invitation"
        if link.author != body.device.id or body.device.id in self.devices or not _well_formed(body.device):
            return "device"
        if body.device.suffix != invite.suffix:
            return "suffix"
        try:
            crypto.verify(invite.verify_key, body.proof, enrol_proof(self.community, body.invitation, body.device))
        except CryptoError:
            return "proof"
        self.used_invitations[body.invitation] = body.device.id
        units = frozenset({self.common_unit, *invite.units})
        self.devices[body.device.id] = Device(body.device, invite.role, units)
        return ""

    def _suffix_taken(self, suffix: str) -> bool:
        return any(device.entry.suffix == suffix for device in self.devices.values()) or any(
            invite.suffix == suffix for invite in self.invitations.values()
        )

    def next_suffix(self, inviter: bytes) -> str:
        """Return a device suffix that no other administrator can give at the same time.

        The founder is "1" and gives "2", "3" ...; any other device puts its own suffix before: "2-1", "2-2" ...

        Args:
            inviter: The id of the inviting device.
        """
        own = self.devices[inviter].entry.suffix
        prefix, first = ("", 2) if own == "1" else (own + "-", 1)
        taken = {invite.suffix for invite in self.invitations.values()}
        number = first
        while f"{prefix}{number}" in taken:
            number += 1
        return f"{prefix}{number}"


def _well_formed(device: DeviceEntry) -> bool:
    try:
        crypto.check_verify_key(device.sign_key)
    except CryptoError:
        return False
    return (
        len(device.id) == ID_BYTES and len(device.person) == ID_BYTES and len(device.seal_key) == crypto.SEAL_KEY_BYTES
    )
