"""What each device may do in each unit, and from which of its frames on (docs/formats/membership.md)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sync.links import ADMINISTRATOR, AUDITOR, CLERK, HEAD, REGISTRAR, WRITING_ROLES, DeviceEntry

NOBODY = ""
"""The role of a device that does not belong to a unit, or no longer."""

READING_ROLES = frozenset({ADMINISTRATOR, HEAD, CLERK, AUDITOR})
_FEWEST_FIRST = (NOBODY, REGISTRAR, AUDITOR, CLERK, HEAD, ADMINISTRATOR)
_FREE_ROLES = frozenset({ADMINISTRATOR, HEAD, CLERK})
_ROLES = frozenset(_FEWEST_FIRST) - {NOBODY}

Knows = Callable[[bytes, bytes], bool]
"""Tells whether the author of one link knew another one, both by their hashes."""


@dataclass(frozen=True, slots=True)
class Device:
    """A member device as the links make it.

    Args:
        entry: Its public half.
        role: What it may do in the community at large.
        units: The 16-byte ids of the units that it reads, the common one included.
        roles: What it may do in each unit that it belongs to.
        ever: The units that it belongs or belonged to.
        wrote: Those of them in which it may write, or might once.
    """

    entry: DeviceEntry
    role: str
    units: frozenset[bytes]
    roles: Mapping[bytes, str] = field(default_factory=dict, compare=False)
    ever: frozenset[bytes] = frozenset()
    wrote: frozenset[bytes] = frozenset()

    @property
    def may_write(self) -> bool:
        """Whether others accept changes of cases from it, in some unit at least."""
        return any(role in WRITING_ROLES for role in self.roles.values())

    def may_write_in(self, unit: bytes) -> bool:
        """Say whether others accept changes of cases from it in a unit."""
        return self.roles.get(unit, NOBODY) in WRITING_ROLES


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


@dataclass(frozen=True, slots=True)
class Change:
    """A link that gave a device another role in a unit.

    Args:
        link: Its hash.
        role: The role.
        cuts: How far the device's chains count as before, by incarnation; a chain that is not in it counts up to 0.
    """

    link: bytes
    role: str
    cuts: Mapping[bytes, int]


@dataclass
class Rights:
    """The roles of all devices in all units, with their past.

    Attributes:
        entered: With which roles each device entered the community, by unit.
        changes: What the links changed since, by device and unit, in the order of the links.
        claimed: The units into which each device came by a word that turned out not to count.
    """

    entered: dict[bytes, dict[bytes, str]] = field(default_factory=dict)
    changes: dict[tuple[bytes, bytes], list[Change]] = field(default_factory=dict)
    claimed: dict[bytes, set[bytes]] = field(default_factory=dict)
    _changed: dict[bytes, set[bytes]] = field(default_factory=dict)

    def change(self, device: bytes, unit: bytes, change: Change) -> None:
        """Note what a link changed."""
        self.changes.setdefault((device, unit), []).append(change)
        self._changed.setdefault(device, set()).add(unit)

    def role(self, device: bytes, unit: bytes, changes: Iterable[Change], knows: Knows) -> str:
        """Return the role that some changes add up to.

        A change that another one knew of counts no longer. Of those that nobody knew of when writing the others, the
        one with the fewest rights counts, whoever wrote it.
        """
        known = list(changes)
        last = [one for one in known if not any(knows(other.link, one.link) for other in known if other is not one)]
        if not last:
            return self.entered.get(device, {}).get(unit, NOBODY)
        return min((change.role for change in last), key=_FEWEST_FIRST.index)

    def present(self, device: bytes, unit: bytes, knows: Knows) -> str:
        """Return the present role of a device in a unit."""
        return self.role(device, unit, self.changes.get((device, unit), ()), knows)

    def as_known_to(self, link: bytes, device: bytes, unit: bytes, knows: Knows) -> str:
        """Return the role of a device in a unit as far as the author of a link could know."""
        changes = self.changes.get((device, unit), ())
        return self.role(device, unit, (change for change in changes if knows(link, change.link)), knows)

    def at(self, device: bytes, unit: bytes, incarnation: bytes, seq: int, knows: Knows) -> str:
        """Return the role with which a device wrote one of its frames."""
        changes = self.changes.get((device, unit), ())
        due = (change for change in changes if seq > change.cuts.get(incarnation, 0))
        return self.role(device, unit, due, knows)

    def clashes(self, knows: Knows) -> list[tuple[bytes, bytes]]:
        """Return the devices and units about which links that did not know each other say different things."""
        found = []
        for key, changes in self.changes.items():
            last = [each for each in changes if not any(knows(other.link, each.link) for other in changes)]
            if len({each.role for each in last}) > 1:
                found.append(key)
        return sorted(found)

    def lessened(self, common_unit: bytes) -> set[bytes]:
        """Return the devices that may have lost a right to write which they had."""
        return {
            device
            for (device, unit), changes in self.changes.items()
            if unit == common_unit or any(change.role not in _FREE_ROLES for change in changes)
        }

    def had(self, device: bytes, roles: frozenset[str]) -> frozenset[bytes]:
        """Return the units in which a device has or had one of some roles."""
        units = {unit for unit, role in self.entered.get(device, {}).items() if role in roles}
        changed = self._changed.get(device, ())
        units |= {unit for unit in changed if any(change.role in roles for change in self.changes[device, unit])}
        return frozenset(units)

    def device(self, entry: DeviceEntry, common_unit: bytes, knows: Knows) -> Device:
        """Return a member with its present roles."""
        claimed = self.claimed.get(entry.id, set())
        ever = self.had(entry.id, _ROLES) | claimed
        roles = {unit: role for unit in ever if (role := self.present(entry.id, unit, knows))}
        return _seated(entry, common_unit, roles, ever, self.had(entry.id, WRITING_ROLES) | claimed)


def entering(entry: DeviceEntry, common_unit: bytes, roles: Mapping[bytes, str]) -> Device:
    """Return a device as it enters the community.

    Args:
        entry: Its public half.
        common_unit: The unit that every member reads.
        roles: Its role in each unit, that one included.
    """
    wrote = frozenset(unit for unit, role in roles.items() if role in WRITING_ROLES)
    return _seated(entry, common_unit, roles, frozenset(roles), wrote)


def _seated(
    entry: DeviceEntry, common_unit: bytes, roles: Mapping[bytes, str], ever: frozenset[bytes], wrote: frozenset[bytes]
) -> Device:
    reads = frozenset(unit for unit, role in roles.items() if role in READING_ROLES or unit == common_unit)
    return Device(entry, roles.get(common_unit, NOBODY), reads, roles, ever, wrote)
