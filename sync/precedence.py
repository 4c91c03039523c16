"""Which links of a device that lost its say still count, and whose word comes first (docs/formats/membership.md)."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sync import suffixes
from sync.links import ADMINISTRATOR, Assign, Enrol, Epoch, Found, Link, MakeUnit, Revoke

if TYPE_CHECKING:
    from sync.membership import Membership

_NOTHING = b""


@dataclass(frozen=True, slots=True)
class Bar:
    """What keeps later links of a device from counting.

    Args:
        link: The revocation or demotion.
        scope: The unit in which the device lost its say, or None: everywhere.
        known: The links that the author of the revocation or demotion knew.
    """

    link: bytes
    scope: bytes | None
    known: frozenset[bytes]


@dataclass(frozen=True)
class Ruling:
    """Which revocations and demotions are in force.

    They come into force one after another: first those that the authors of others knew, then that of the senior author.
    One after which no administrator would be left never does.

    Attributes:
        in_force: Their hashes.
        void: Those that never come into force.
        bars: What they keep from counting, by the device.
    """

    in_force: frozenset[bytes] = frozenset()
    void: frozenset[bytes] = frozenset()
    bars: dict[bytes, tuple[Bar, ...]] = field(default_factory=dict)

    def objection(self, members: "Membership", link: Link) -> str:
        """Return why a link does not count, or nothing.

        Args:
            members: What the links before it add up to.
            link: The link.
        """
        if link.hash in self.void:
            return "last"
        # How a device came in stays known, also to whoever puts out one that it can't have heard of: else nobody could
        # verify what it wrote before.
        if link.hash in self.in_force or isinstance(link.body, Enrol):
            return ""
        for bar in self.bars.get(link.author, ()):
            if link.hash in bar.known:
                continue
            if bar.scope is None:
                return "revoked"
            if scope_of(members, link) == bar.scope and not _restored(members, link, bar):
                return "right"
        return ""

    def next_due(self, members: "Membership") -> bytes | None:
        """Return the revocation or demotion that comes into force next: one whose author knew of no other due.

        Args:
            members: What all links add up to with those in force so far.
        """
        put_out = {device for device, bars in self.bars.items() if any(bar.scope is None for bar in bars)}
        due = [link for device, links in members.revocations.items() if device not in put_out for link in links]
        due += [link for link in members.demotions if link not in self.in_force]
        first = [link for link in due if not any(members.knows(link, other) for other in due)]
        ranked = [(suffixes.rank(members.devices[members.links[link].author].entry.suffix), link) for link in first]
        return min(ranked)[1] if ranked else None

    def with_(self, members: "Membership", link: bytes) -> "Ruling":
        """Return the ruling with one more revocation or demotion in force."""
        body = members.links[link].body
        assert isinstance(body, Revoke | Assign)  # noqa: S101 - nothing else is due
        scope = None if isinstance(body, Revoke) else body.unit
        bar = Bar(link, scope, frozenset(members.ancestors(link)))
        bars = {**self.bars, body.device: (*self.bars.get(body.device, ()), bar)}
        return replace(self, in_force=self.in_force | {link}, bars=bars)

    def without(self, link: bytes) -> "Ruling":
        """Return the ruling with one revocation or demotion that never comes into force."""
        return replace(self, void=self.void | {link})

    def leaves_an_administrator(self, members: "Membership") -> bool:
        """Say whether one is left, as far as revocations and demotions are in force."""
        for device in members.devices:
            if not self.in_force.isdisjoint(members.revocations.get(device, ())):
                continue
            changes = [
                change
                for change in members.rights.changes.get((device, members.common_unit), ())
                if change.link not in members.demotions or change.link in self.in_force
            ]
            if members.rights.role(device, members.common_unit, changes, members.knows) == ADMINISTRATOR:
                return True
        return False


def scope_of(members: "Membership", link: Link) -> bytes:
    """Return the unit whose keepers may write a link: the common one stands for administrators."""
    match link.body:
        case Found() | Enrol() | MakeUnit(circle=True):
            return _NOTHING
        case Epoch(unit=unit) | Assign(unit=unit) if unit in members.circles:
            return unit
    return members.common_unit


def _restored(members: "Membership", link: Link, bar: Bar) -> bool:
    """Say whether the author of a link knew that it was given back its say after it had lost it."""
    scope = bar.scope or _NOTHING
    return any(
        change.role == members.governing(scope)
        and members.knows(change.link, bar.link)
        and members.knows(link.hash, change.link)
        for change in members.rights.changes.get((link.author, scope), ())
    )
