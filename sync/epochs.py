"""The keys of units: who lacks one, when a new one is due, and how devices get theirs (docs/formats/membership.md)."""

from collections.abc import Iterator

import msgspec

from sync import crypto, frames
from sync.crypto import CryptoError, Opener
from sync.ids import random_id
from sync.membership import Device, DeviceGrant, Epoch, Found, Membership
from sync.rights import READING_ROLES
from sync.sqlcipher import Connection

Keys = dict[tuple[bytes, bytes], bytes]
"""The keys that a device holds, by unit and epoch."""

_GRANTS_IN_ONE_LINK = 700
_past = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]])


def newest(members: Membership, unit: bytes) -> bytes | None:
    """Return the epoch with whose key new frames of a unit are sealed."""
    return next(reversed(members.epochs.get(unit, {})), None)


def held(connection: Connection) -> Keys:
    """Return the keys in a log's database."""
    rows = connection.execute("SELECT u.uuid, k.epoch, k.key FROM epoch_key k JOIN unit u ON u.id = k.unit")
    return {(unit, epoch): key for unit, epoch, key in rows}


def due(members: Membership, unit: bytes, keys: Keys) -> Iterator[Epoch]:
    """Give what a keeper owes a unit: a new key, first or after somebody left, the present one to whoever lacks it.

    Where registrars are, the intake that they seal to is published with it.

    Args:
        members: The members.
        unit: One of the units of the keeper's device.
        keys: What the device holds; a new key is added.
    """
    epoch = newest(members, unit)
    if epoch is None or _is_stale(members, unit, epoch):
        if epoch is not None and not any(of == unit for of, _epoch in keys):
            return
        epoch = random_id()
        keys[unit, epoch] = crypto.random_key()
        lacking, uncovered = members.active(unit), True
    else:
        has = _recipients(members, unit, epoch)
        lacking = [device for device in members.active(unit) if device.entry.id not in has]
        uncovered = not _covered(members, unit, epoch, keys)
    intake = members.has_registrars(unit) and (unit, epoch) not in members.intakes
    if (unit, epoch) not in keys or not (lacking or uncovered or intake):
        return
    published = frames.intake_key(keys[unit, epoch]) if intake else b""
    past = _seal_past(members.community, unit, epoch, keys)
    for start in range(0, max(len(lacking), 1), _GRANTS_IN_ONE_LINK):
        part = lacking[start : start + _GRANTS_IN_ONE_LINK]
        grants = [_grant(members.community, unit, epoch, keys, device) for device in part]
        yield Epoch(unit, epoch, grants, past, published)


def take(connection: Connection, members: Membership, device: bytes, opener: Opener) -> None:
    """Open the keys that links give a device, and mark the newest of each unit that it holds.

    Args:
        connection: Inside a write transaction that the caller commits.
        members: The members.
        device: The 16-byte id of this device.
        opener: Its key.
    """
    units = _rows(connection, members, device)
    keys = held(connection)
    for unit, row in units.items():
        strays = _without_effect(members, unit)
        doubtful = {body.epoch for body in strays}
        for epoch in reversed(list(members.epochs.get(unit, {}))):
            if epoch in doubtful:
                keys.pop((unit, epoch), None)
            _open(members, _bodies(members, unit, epoch), device, opener, keys)
        for body in strays:
            _open(members, [body], device, opener, keys)
        order = list(members.epochs.get(unit, {}))
        connection.executemany(
            "INSERT INTO epoch_key (unit, epoch, key, newest) VALUES (?, ?, ?, 0)"
            " ON CONFLICT DO UPDATE SET key = excluded.key",
            [(row, epoch, key) for (of, epoch), key in keys.items() if of == unit],
        )
        mine = [epoch for epoch in order if (unit, epoch) in keys]
        if mine:
            connection.execute("UPDATE epoch_key SET newest = (epoch = ?) WHERE unit = ?", (mine[-1], row))


def _rows(connection: Connection, members: Membership, device: bytes) -> dict[bytes, int]:
    """Return the row of each unit that a device belongs or belonged to; those that it came to lately are added."""
    belongs = set().union(*(seat.ever for seat in members.seats(device)))
    connection.executemany("INSERT OR IGNORE INTO unit (uuid) VALUES (?)", [(unit,) for unit in sorted(belongs)])
    return dict(connection.execute("SELECT uuid, id FROM unit").fetchall())


def _without_effect(members: Membership, unit: bytes) -> list[Epoch]:
    """Return what gives keys that nobody seals with any more, since their authors had lost their say.

    Members who did not know of that may have sealed with them what only these keys open. Whoever never read the unit
    has none to give.
    """
    return [
        body
        for link in members.refused
        if isinstance(body := members.links[link].body, Epoch)
        and body.unit == unit
        and unit in members.rights.had(members.links[link].author, READING_ROLES)
    ]


def _open(members: Membership, bodies: list[Epoch], device: bytes, opener: Opener, keys: Keys) -> None:
    """Open what the links of one epoch give: its key, and with that the earlier ones."""
    for body in bodies:
        for grant in body.grants:
            if grant.device == device and (body.unit, body.epoch) not in keys:
                try:
                    info = _info(members.community, body.unit, body.epoch)
                    keys[body.unit, body.epoch] = opener.open(grant.sealed, info)
                except CryptoError:
                    continue  # not sealed to this device as it says: another link may hold it
    for body in bodies:
        for known, key in _earlier(members, body, keys):
            keys.setdefault((body.unit, known), key)


def _is_stale(members: Membership, unit: bytes, epoch: bytes) -> bool:
    """Say whether a key was made without knowing that somebody who may have it has left the unit or the community."""
    known = members.ancestors(members.epochs[unit][epoch][0])
    return any(known.isdisjoint(links) for links in members.departures(unit))


def _recipients(members: Membership, unit: bytes, epoch: bytes) -> set[bytes]:
    """Return the devices that have a key by the links."""
    found: set[bytes] = set()
    for link in members.epochs[unit][epoch]:
        body = members.links[link].body
        if isinstance(body, Found):
            found.add(body.device.id)
        elif isinstance(body, Epoch):
            found |= {grant.device for grant in body.grants}
    for enrolment, device in members.confirmed.items():
        invite = members.invitations[members.enrolments[enrolment].invitation]
        if any((grant.unit, grant.epoch) == (unit, epoch) for grant in invite.grants):
            found.add(device)
    return found


def _covered(members: Membership, unit: bytes, epoch: bytes, keys: Keys) -> bool:
    """Say whether whoever has a key gets with it all others of the unit that this device holds.

    What the links' authors knew of says nothing of it: they may have lacked a key that they knew of.
    """
    found = {epoch}
    for body in _bodies(members, unit, epoch):
        found |= {known for known, _key in _earlier(members, body, keys)}
    return all(known in found for of, known in keys if of == unit)


def _bodies(members: Membership, unit: bytes, epoch: bytes) -> list[Epoch]:
    return [body for link in members.epochs[unit][epoch] if isinstance(body := members.links[link].body, Epoch)]


def _earlier(members: Membership, body: Epoch, keys: Keys) -> list[tuple[bytes, bytes]]:
    """Return the earlier keys that come with one, by their epochs; none as long as the one is not held."""
    if (body.unit, body.epoch) not in keys:
        return []
    bound = _past_bound(_info(members.community, body.unit, body.epoch))
    try:
        earlier = _past.decode(crypto.unseal(keys[body.unit, body.epoch], body.past, bound))
    except (CryptoError, msgspec.MsgspecError):
        return []
    return [(known, key) for known, key in earlier if len(key) == crypto.KEY_BYTES]


def _info(community: bytes, unit: bytes, epoch: bytes) -> bytes:
    return b"sprava/grant/1\x00" + community + unit + epoch


def _past_bound(info: bytes) -> bytes:
    return b"sprava/past/1\x00" + info


def _grant(community: bytes, unit: bytes, epoch: bytes, keys: Keys, device: Device) -> DeviceGrant:
    sealed = crypto.seal_to(device.entry.seal_key, keys[unit, epoch], _info(community, unit, epoch))
    return DeviceGrant(device.entry.id, sealed)


def _seal_past(community: bytes, unit: bytes, epoch: bytes, keys: Keys) -> bytes:
    earlier = sorted((known, key) for (of, known), key in keys.items() if of == unit and known != epoch)
    return crypto.seal(keys[unit, epoch], msgspec.msgpack.encode(earlier), _past_bound(_info(community, unit, epoch)))
