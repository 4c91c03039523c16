"""How a community is founded and how devices enter it (docs/formats/invitation.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from sync import crypto, epochs, membership, schema
from sync.crypto import CryptoError, Opener, Signer
from sync.errors import Damaged
from sync.ids import new_id, random_id
from sync.log import Identity, Log
from sync.membership import BadLink, DeviceEntry, Enrol, Found, Grant, Invite, Link, Membership
from sync.messages import _
from sync.pins import pinned_server
from sync.sqlcipher import Connection

MAGIC = b"SPRI\x01"
MAX_INVITATION_BYTES = 16 * 2**20
MAX_NAMES_BYTES = 2**20
_CODE_DIGITS = 8


@dataclass(frozen=True, slots=True)
class UnitKey:
    """The key of one epoch of one unit: what its frames are encrypted with."""

    unit: bytes
    epoch: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Start:
    """Everything a new vault's log begins with.

    Args:
        identity: Who the vault is.
        links: The membership links known, the founding one first.
        keys: The unit keys it holds.
        common_unit: 16-byte id of the unit that every member reads: names of people and units.
        units: 16-byte ids of its units with cases.
        server: The address of the community's server, when the invitation names one.
        server_key: The server's public key, when the inviting device knew it.
    """

    identity: Identity
    links: list[bytes]
    keys: list[UnitKey]
    common_unit: bytes
    units: list[bytes]
    server: str | None = None
    server_key: bytes | None = None


class InvitationContents(msgspec.Struct, frozen=True):
    """What an invitation file holds.

    Args:
        links: The membership links, the founding one first.
        frames: Frames of the common unit, so that names are known before the first exchange.
        invitation: The 16-byte id of the invitation.
        secret: 32 bytes that open the unit keys and let one device enrol.
        server: The address of the community's server.
        server_key: The server's 32-byte public key, when known.
    """

    links: list[bytes]
    frames: list[bytes]
    invitation: bytes
    secret: bytes
    server: str | None
    server_key: bytes | None

    @property
    def code(self) -> str:
        """A short number for two people to compare: it names the community and this invitation."""
        community = membership.parse(self.links[0]).hash
        number = int.from_bytes(crypto.sha256(b"sprava/code/1\x00", community, self.invitation)[:8], "big")
        digits = f"{number % 10**_CODE_DIGITS:0{_CODE_DIGITS}}"
        return f"{digits[:4]} {digits[4:]}"


def found(person: bytes) -> Start:
    """Found a community with one administrator, one unit, and the common unit.

    Args:
        person: The 16-byte id of the founding person.
    """
    signer, opener, device = Signer.generate(), Opener.generate(), random_id()
    common, unit = new_id(), new_id()
    keys = [UnitKey(uuid, random_id(), crypto.random_key()) for uuid in (common, unit)]
    body = Found(
        crypto.random_key(),
        DeviceEntry(device, signer.public_key, opener.public_key, person, "1"),
        common,
        [unit],
        [_grant(b"", key, opener.public_key) for key in keys],
    )
    link = membership.make(b"", (), device, body, signer)
    identity = Identity(link.hash, device, signer, opener, random_id())
    return Start(identity, [link.data], keys, common, [unit])


def invite(log: Log, role: str, units: Sequence[bytes], server: str | None) -> InvitationContents:
    """Sign leave for one more device and make what its person needs to enrol.

    Args:
        log: The log of an administrator's vault.
        role: One of `membership.ROLES`.
        units: The units with cases that the device shall read.
        server: The server's address to pass on.

    Raises:
        PermissionError: This device is not an administrator's.
    """
    secret = crypto.random_key()
    invitation, common = random_id(), log.membership.common_unit
    recipient = Opener.from_secret(secret).public_key
    readable = [] if role == membership.REGISTRAR else units
    body = Invite(
        invitation,
        _countersigner(secret).public_key,
        role,
        sorted(units),
        log.membership.next_suffix(log.device),
        [_grant(log.community, key, recipient) for key in _newest_keys(log, [common, *readable])],
    )
    log.add_own_link(body)
    others = {unit: heads for unit, heads in log.heads().items() if unit != common}
    names = log.frames_missing(others, MAX_NAMES_BYTES)
    server_key = pinned_server(log, server) if server else None
    return InvitationContents(log.links(), names, invitation, secret, server, server_key)


def write_invitation(contents: InvitationContents) -> bytes:
    """Return the bytes of an invitation file."""
    payload = MAGIC + msgspec.msgpack.encode(contents)
    return payload + crypto.sha256(payload)


def read_invitation(data: bytes) -> InvitationContents:
    """Read an invitation file.

    Raises:
        Damaged: It is not one, or was damaged on its way.
    """
    payload, checksum = data[: -crypto.HASH_BYTES], data[-crypto.HASH_BYTES :]
    try:
        if len(data) > MAX_INVITATION_BYTES or not payload.startswith(MAGIC) or crypto.sha256(payload) != checksum:
            raise BadLink("not an invitation")
        contents = msgspec.msgpack.decode(payload[len(MAGIC) :], type=InvitationContents)
        if contents.invitation not in Membership.of(contents.links).invitations:
            raise BadLink("the invitation is not signed by an administrator")
    except (msgspec.MsgspecError, UnicodeDecodeError, BadLink) as error:
        raise Damaged(
            "damaged_invitation",
            _("This file is not a whole invitation of Sprava. Nothing was changed; ask for the file to be sent again."),
        ) from error
    return contents


def accept(contents: InvitationContents, person: bytes) -> Start:
    """Enrol a new device with an invitation.

    Args:
        contents: The invitation.
        person: The 16-byte id of the person whose device this is.

    Raises:
        Damaged: The keys in the invitation do not open.
    """
    members = Membership.of(contents.links)
    body = members.invitations[contents.invitation]
    signer, opener, device = Signer.generate(), Opener.generate(), random_id()
    entry = DeviceEntry(device, signer.public_key, opener.public_key, person, body.suffix)
    proof = _countersigner(contents.secret).sign(membership.enrol_proof(members.community, contents.invitation, entry))
    link = membership.make(members.community, members.tips, device, Enrol(contents.invitation, entry, proof), signer)
    try:
        keys = [_open_grant(members.community, grant, Opener.from_secret(contents.secret)) for grant in body.grants]
    except CryptoError as error:
        raise Damaged(
            "damaged_invitation",
            _("The keys in this invitation do not open. Nothing was changed; ask for a new invitation."),
        ) from error
    identity = Identity(members.community, device, signer, opener, random_id())
    links = [*contents.links, link.data]
    return Start(identity, links, keys, members.common_unit, list(body.units), contents.server, contents.server_key)


def initialise(connection: Connection, start: Start) -> None:
    """Make the tables of a new log and put its identity, members and unit keys into them.

    Args:
        connection: A new database, inside the caller's transaction.
        start: What the log begins with.
    """
    schema.create(connection)
    identity = start.identity
    local = {
        "community": identity.community,
        "device": identity.device,
        "signer": identity.signer.seed,
        "opener": identity.opener.secret,
        "incarnation": identity.incarnation,
    }
    connection.executemany("INSERT INTO local (name, value) VALUES (?, ?)", list(local.items()))
    links: list[Link] = [membership.parse(link) for link in start.links]
    connection.executemany("INSERT INTO link (hash, body) VALUES (?, ?)", [(link.hash, link.data) for link in links])
    for row, key in enumerate(start.keys, start=1):
        connection.execute("INSERT INTO unit (id, uuid) VALUES (?, ?)", (row, key.unit))
        connection.execute(
            "INSERT INTO epoch_key (unit, epoch, key, newest) VALUES (?, ?, ?, 1)", (row, key.epoch, key.key)
        )
    epochs.take(connection, Membership.of(start.links), identity.device, identity.opener)


def _countersigner(secret: bytes) -> Signer:
    return Signer(crypto.derive(secret, "sprava/v1/invitation-signature"))


def _grant_info(community: bytes, unit: bytes, epoch: bytes) -> bytes:
    """What a sealed unit key is bound to; a founding grant has no community id yet."""
    return b"sprava/grant/1\x00" + community + unit + epoch


def _grant(community: bytes, key: UnitKey, recipient: bytes) -> Grant:
    info = _grant_info(community, key.unit, key.epoch)
    return Grant(key.unit, key.epoch, crypto.seal_to(recipient, key.key, info))


def _open_grant(community: bytes, grant: Grant, opener: Opener) -> UnitKey:
    return UnitKey(grant.unit, grant.epoch, opener.open(grant.sealed, _grant_info(community, grant.unit, grant.epoch)))


def _newest_keys(log: Log, units: Sequence[bytes]) -> list[UnitKey]:
    return [UnitKey(unit, epoch, key) for unit, epoch, key in log.unit_keys() if unit in units]
