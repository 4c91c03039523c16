"""Who lacks what: worked out from the statements of the devices that use a stick."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sync import wire
from sync.log import Log
from sync.messages import _
from sync.replica import Heads
from sync.stick import folder as places
from sync.stick import statement as statements
from sync.stick.folder import NotAFile, Trouble
from sync.stick.spans import Spans
from sync.stick.statement import BadStatement, NewerStatement, Statement

ASLEEP_AFTER = 256
"""After how many exchanges of others a device that did not come back is no longer provided for until it does."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one device: the newest statement of it that this device ever saw.

    Args:
        stamp: Of that statement.
        heads: The frames it had.
    """

    stamp: int
    heads: Heads


@dataclass(frozen=True, slots=True)
class User:
    """A device of the community that uses the stick.

    Args:
        device: Its 16-byte id.
        units: What it may read.
        known: What it has.
        statement: What it left on this stick.
        asleep: It has not come for so long that nothing is kept for it.
    """

    device: bytes
    units: frozenset[bytes]
    known: Known
    statement: Statement
    asleep: bool = False


@dataclass(frozen=True, slots=True)
class Users:
    """The devices that use a stick.

    Args:
        others: All but this one, revoked ones left out.
        own: This device's own statement on the stick, if there is one.
        visit: The number of the exchange that is going on.
        troubles: The statements that could not be used.
    """

    others: list[User]
    own: Statement | None
    visit: int
    troubles: list[Trouble]

    @property
    def served(self) -> list[User]:
        """Those for whom frames are kept and written."""
        return [user for user in self.others if not user.asleep]


def read_users(log: Log, folder: Path, devices: Iterable[bytes]) -> Users:
    """Read the statements on a stick.

    A statement counts when its device signed it and no newer one was seen anywhere: an old one that somebody put
    back changes nothing.

    Args:
        log: This device's log; what it learns is remembered there.
        folder: The community's folder on the stick.
        devices: Whose statements there are, by name.
    """
    members, troubles = log.membership, []
    accepted: dict[bytes, Statement] = {}
    for device in devices:
        name = places.statement_name(device)
        try:
            found = _read(folder / name, device, log)
        except FileNotFoundError:
            continue
        except (NotAFile, BadStatement, OSError) as error:
            troubles.append(_trouble(name, error))
            continue
        if found is not None:
            accepted[device] = found
    visit = min(1 + max((each.visit for each in accepted.values()), default=0), statements.MAX_NUMBER)
    own = accepted.pop(log.device, None)
    others = []
    for device, found in accepted.items():
        if device not in members.revocations:
            known = _remember(log, found)
            units = frozenset().union(*(seat.units for seat in members.seats(device)))
            others.append(User(device, units, known, found, visit - found.visit > ASLEEP_AFTER))
    return Users(others, own, visit, troubles)


def floor_of(mine: Heads, readers: Sequence[User], begins: Heads) -> Heads:
    """Return the heads up to which every one of some devices has what it may read; all is lacked when there is none.

    Args:
        mine: What is here.
        readers: The devices.
        begins: Where chains begin here, because a snapshot stands for what was before; others give that.
    """
    floor: Heads = {}
    for unit, chains in mine.items():
        theirs = [reader.known.heads.get(unit, {}) for reader in readers if unit in reader.units]
        floor[unit] = {
            life: (
                max(
                    min((heads.get(life, (0, b""))[0] for heads in theirs), default=seq if readers else 0),
                    begins.get(unit, {}).get(life, (0, b""))[0],
                ),
                b"",
            )
            for life, (seq, _hash) in chains.items()
        }
    return floor


def have_all(spans: Spans, mine: Heads, users: Sequence[User]) -> bool:
    """Say whether this device and all others that may read them have the frames of a volume.

    Args:
        spans: Which frames are in it.
        mine: What is here of the units that this device reads.
        users: The others.
    """
    for (unit, life), last in spans.ends():
        if unit in mine and mine[unit].get(life, (0, b""))[0] < last:
            return False
        for user in users:
            if unit in user.units and user.known.heads.get(unit, {}).get(life, (0, b""))[0] < last:
                return False
    return True


def behind(mine: Heads, user: User) -> int:
    """Return how many frames a device lacks of what this one has, as far as is known."""
    return sum(
        max(0, seq - user.known.heads.get(unit, {}).get(life, (0, b""))[0])
        for unit, chains in mine.items()
        if unit in user.units
        for life, (seq, _hash) in chains.items()
    )


def _read(path: Path, device: bytes, log: Log) -> Statement | None:
    """Return what a statement says, if its device signed it."""
    with places.reading(path) as file:
        signed = statements.parse(file.read(statements.MAX_BYTES + 1))
    found = signed.statement
    if found.community != log.community or found.device != device:
        raise BadStatement("of somebody else")
    if not log.membership.seats(device):
        return None  # a device that nobody here knows yet
    if not signed.is_vouched_for(log.membership):
        raise BadStatement("not signed by its device")
    return found


def _remember(log: Log, found: Statement) -> Known:
    """Return what is known of a device, and remember it; a statement older than one seen before adds nothing."""
    name = f"stick-heads {found.device.hex()}"
    kept = log.recall(name)
    if kept is not None:
        stamp, heads = msgspec.msgpack.decode(kept, type=tuple[int, list[wire.UnitHeads]])
        if stamp >= found.stamp:
            return Known(stamp, wire.unpack_heads(heads))
    log.remember(name, msgspec.msgpack.encode((found.stamp, wire.pack_heads(found.heads))))
    return Known(found.stamp, found.heads)


def _trouble(name: str, error: Exception) -> Trouble:
    if isinstance(error, NewerStatement):
        words = _("{file} was made by a newer version of Sprava. Update this one to exchange with that device.")
    elif isinstance(error, BadStatement):
        words = _(
            "{file} does not say truly what a device has: it is damaged or forged. It was left out; the device "
            "writes it anew when it comes."
        )
    else:
        return places.describe(error, name)
    return Trouble(name, words.format(file=name))
