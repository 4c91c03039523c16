"""People and devices in words."""

from dataclasses import dataclass

from desktop_app.audit.kinds import role_title
from desktop_app.members import Due, Member, State
from desktop_app.units import UnitInfo
from desktop_app.workspace import Workspace
from sync.messages import _, ngettext
from ui.cases import states
from ui.row_list import Row
from ui.status_bar import when_words

WAITING = "waiting"
"""The target of the page that leads to the first device about which something is to be decided."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the page shows.

    Args:
        members: All devices.
        units: The units that this device knows of.
        may_decide: Whether this person is an administrator.
        disputed: Devices and units about which two administrators said different things at once.
        due: What waits for this person's decision.
    """

    members: list[Member]
    units: list[UnitInfo]
    may_decide: bool
    disputed: list[tuple[str, str]]
    due: Due


def load(workspace: Workspace) -> Known:
    """Ask the vault for what the page shows."""
    members = workspace.members
    return Known(members.members(), members.units.all(), members.may_decide, members.units.disputed(), members.due())


def state_of(member: Member) -> states.State:
    """Return how a device stands, as a chip says it."""
    if member.undecided:
        return states.State("warn", "waiting", _("Decide"))
    return {
        State.MEMBER: states.State("ok", "ok", _("Active")),
        State.WAITING: states.State("warn", "clock", _("Compare the code")),
        State.DECLINED: states.State("muted", "close", _("Turned away")),
        State.REVOKED: states.State("error", "lock", _("Put out")),
    }[member.state]


def standing_words(member: Member) -> str:
    """Return how a device stands, in a few words."""
    here = _("Member, this computer")
    return {
        State.MEMBER: here if member.here else _("Member"),
        State.WAITING: _("Waits to be let in: what it writes is not shown to others yet"),
        State.DECLINED: _("Turned away: it exchanges nothing, and what it wrote is not taken in"),
        State.REVOKED: _("Put out: it gets nothing more and can’t read what is new"),
    }[member.state]


def name_of(member: Member) -> str:
    """Return how the person of a device is called; whoever is no member only claims it."""
    if member.state is State.WAITING and member.claims:
        return _("says: {name}").format(name=member.claims)
    return member.person


def device_row(member: Member) -> Row:
    """Return the row of a device; its code is its key, since a number may be another one's too."""
    parts = [_("device {suffix}").format(suffix=member.device), role_title(member.role)]
    if member.here:
        parts.append(_("this computer"))
    elif member.last_heard is not None:
        parts.append(_("last heard from: {when}").format(when=when_words(member.last_heard)))
    icon = "device" if member.state in {State.MEMBER, State.WAITING} else "offline"
    return Row(member.code, name_of(member), "  ·  ".join(parts), state_of(member), icon)


def unit_row(unit: UnitInfo) -> Row:
    """Return the row of a unit."""
    count = len(unit.devices)
    parts = [ngettext("{count} device", "{count} devices", count).format(count=count)]
    if unit.cases is not None:
        parts.append(ngettext("{count} case", "{count} cases", unit.cases).format(count=unit.cases))
    role = role_title(unit.role) if unit.role else _("you do not belong to it")
    return Row(unit.id, unit.name, "  ·  ".join(parts), states.State("", "", role), "unit")


def rights_words(member: Member) -> str:
    """Return in which units a device does what."""
    pairs = zip(member.units, member.roles, strict=True)
    return "\n".join(name if role == member.role else f"{name}: {role_title(role)}" for name, role in pairs) or "—"


def due_words(due: Due) -> str:
    """Return what waits for an administrator, or nothing."""
    parts = []
    if due.entering:
        words = ngettext("{count} device waits to be let in", "{count} devices wait to be let in", due.entering)
        parts.append(words.format(count=due.entering))
    if due.undecided:
        parts.append(_("Changes wait for your decision"))
    return " · ".join(parts)
