"""How members recognise an office hub: a tag for strangers' eyes, and an introduction signed by a member's device.

Both rest on the keys of the common unit, which every member has and nobody else (docs/formats/hub.md).
"""

import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sync import crypto
from sync.crypto import HASH_BYTES, SIGNATURE_BYTES, CryptoError, Signer
from sync.ids import ID_BYTES
from sync.membership import Membership

HUB_ID_BYTES = 16
TAG_BYTES = 8
MOST_EPOCHS = 4
"""A hub speaks to members who have not heard of the newest key yet, too."""

VERSION = 1
_TAG_LABEL = "sprava/v1/hub-tag"
_SEAL_LABEL = "sprava/v1/hub-introduction"
_SIGNED = b"sprava/introduction/1\x00"
SEALED_BYTES = 1 + crypto.NONCE_BYTES + ID_BYTES + SIGNATURE_BYTES + crypto.TAG_BYTES


def new_hub_id() -> bytes:
    """Return a random name for a hub, of this day and start alone."""
    return os.urandom(HUB_ID_BYTES)


def tags(keys: Sequence[bytes], hub: bytes) -> bytes:
    """Return what a hub announces beside its id: for each key, 8 bytes that only its holders can make.

    Args:
        keys: The keys of the common unit, the newest first; more than a few are left out.
        hub: The hub's id.
    """
    return b"".join(_tag(key, hub) for key in keys[:MOST_EPOCHS])


def is_ours(keys: Iterable[bytes], hub: bytes, announced: bytes) -> bool:
    """Say whether a hub that announces itself is of the own community, as far as its tags tell.

    Anybody on the network can repeat them: they spare strangers' hubs a visit, and prove nothing.

    Args:
        keys: The keys of the common unit.
        hub: The hub's id.
        announced: Its tags.
    """
    if len(hub) != HUB_ID_BYTES or not announced or len(announced) > MOST_EPOCHS * TAG_BYTES:
        return False
    found = {announced[start : start + TAG_BYTES] for start in range(0, len(announced), TAG_BYTES)}
    return any(_tag(key, hub) in found for key in keys)


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who stands behind a hub.

    Args:
        device: The 16-byte id of the member's device that serves it.
    """

    device: bytes


def introduce(keys: Sequence[bytes], *, server: bytes, community: bytes, device: bytes, signer: Signer) -> list[bytes]:
    """Return what a hub shows of the device behind it, sealed for members: one for each of the keys.

    Args:
        keys: The keys of the common unit, the newest first; more than a few are left out.
        server: The hub's 32-byte key.
        community: The 32-byte id.
        device: The 16-byte id of the device that serves it.
        signer: The device's key.
    """
    plain = device + signer.sign(_signed(server, community))
    bound = _signed(server, community)
    version = bytes([VERSION])
    return [version + crypto.seal(crypto.derive(key, _SEAL_LABEL), plain, bound) for key in keys[:MOST_EPOCHS]]


def introduced(
    sealed: Iterable[bytes], keys: Iterable[bytes], *, server: bytes, members: Membership
) -> Introduction | None:
    """Find the member's device behind a hub.

    Args:
        sealed: What the hub shows.
        keys: The keys of the common unit.
        server: The 32-byte key that the hub has.
        members: The members.

    Returns:
        None when no device that is a member now has signed that the hub with this key is its own.
    """
    bound = _signed(server, members.community)
    opening = [crypto.derive(key, _SEAL_LABEL) for key in keys]
    for item in sealed:
        if len(item) != SEALED_BYTES or item[0] != VERSION:
            continue
        for key in opening:
            with suppress(CryptoError):
                plain = crypto.unseal(key, item[1:], bound)
                device, signature = plain[:ID_BYTES], plain[ID_BYTES:]
                member = members.devices.get(device)
                if member is not None and device not in members.revocations:
                    crypto.verify(member.entry.sign_key, signature, bound)
                    return Introduction(device)
    return None


def _tag(key: bytes, hub: bytes) -> bytes:
    return hmac.digest(crypto.derive(key, _TAG_LABEL), hub, hashlib.sha256)[:TAG_BYTES]


def _signed(server: bytes, community: bytes) -> bytes:
    if len(server) != HASH_BYTES or len(community) != HASH_BYTES:
        raise ValueError("keys and ids of communities have 32 bytes")
    return _SIGNED + server + community
