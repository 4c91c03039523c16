"""Commands about the people and devices of a community."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from desktop_app.audit.kinds import role_title
from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from desktop_app.members import Member, State
from sync.membership import ROLES
from sync.messages import N_, _

_STATES = {
    State.MEMBER: N_("member"),
    State.WAITING: N_("waits for an administrator’s word"),
    State.DECLINED: N_("turned away"),
    State.REVOKED: N_("put out"),
}


def add_commands(commands: Commands) -> None:
    """Add ``member``."""
    member = commands.group("member", _("people and devices of the community"))
    listing = member.add("list", _("every device with its person, role and code"), _list)
    listing.add_argument("vault", metavar="VAULT", type=Path)
    confirm = member.add("confirm", _("let a device that waits be a member, after comparing its code"), _confirm)
    decline = member.add("decline", _("turn a device that waits away; what it wrote is kept"), _decline)
    for command in (confirm, decline):
        command.add_argument("vault", metavar="VAULT", type=Path)
        command.add_argument("code", metavar="CODE", help=_("the code that the device itself shows"))
    revoke = member.add("revoke", _("put a device out: lost, stolen, or of somebody who has left"), _revoke)
    accept = member.add("accept", _("take in what a device wrote before it knew that it was put out"), _accept)
    reject = member.add("reject", _("keep that out; it is not deleted"), _reject)
    role = member.add("role", _("say what a device may do from now on"), _role)
    for command in (revoke, accept, reject, role):
        command.add_argument("vault", metavar="VAULT", type=Path)
        command.add_argument("device", metavar="DEVICE", help=_("the number of the device, as in member list"))
    role.add_argument("role", metavar="ROLE", help=", ".join(ROLES))
    role.add_argument("--unit", metavar="NAME", help=_("only in this unit; by default in all of the device"))


def _list(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        members, disputed = workspace.members.members(), workspace.members.units.disputed()
    return output.result(
        arguments,
        {
            "members": [asdict(member) for member in members],
            "disputed": [{"device": device, "unit": unit} for device, unit in disputed],
        },
        *map(_line, members),
        *(
            _(
                "Two administrators gave device {device} different roles in “{unit}” at once. The one with fewer "
                "rights counts until the role is given again."
            ).format(device=device, unit=unit)
            for device, unit in disputed
        ),
    )


def _line(member: Member) -> str:
    line = _("Device {device}, code {code}: {person}, {role}, {units} ({state})").format(
        device=member.device,
        code=member.code,
        person=member.person,
        role=role_title(member.role),
        units=", ".join(
            name if role == member.role else f"{name} ({role_title(role)})"
            for name, role in zip(member.units, member.roles, strict=True)
        ),
        state=_(_STATES[member.state]),
    )
    if not member.frames_waiting:
        return line
    return line + " · " + _("frames that wait: {count}").format(count=member.frames_waiting)


def _confirm(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        member = workspace.members.confirm(arguments.code)
    return output.result(
        arguments,
        asdict(member),
        _("Device {device} is a member now. What it wrote is taken in.").format(device=member.device),
    )


def _decline(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        workspace.members.decline(arguments.code)
    return output.result(
        arguments,
        {"declined": arguments.code},
        _("The device was turned away. What it wrote is not taken in, and not deleted either."),
    )


def _revoke(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        member = workspace.members.revoke(arguments.device)
    return output.result(
        arguments,
        asdict(member),
        _(
            "Device {device} is put out. It learns of it at its next exchange; from then on it exchanges nothing. "
            "It can’t read what is written from now on; what it has already, it keeps."
        ).format(device=member.device),
        _("For a new device of the same person, write a new invitation."),
    )


def _role(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        workspace.members.units.set_role(arguments.device, arguments.role, arguments.unit)
        member = next(each for each in workspace.members.members() if each.device == arguments.device)
    return output.result(arguments, asdict(member), _line(member))


def _accept(arguments: Namespace) -> int:
    return _judge(arguments, accept=True)


def _reject(arguments: Namespace) -> int:
    return _judge(arguments, accept=False)


def _judge(arguments: Namespace, *, accept: bool) -> int:
    with opened(arguments) as workspace:
        member = workspace.members.judge(arguments.device, accept=accept)
    said = (
        _("The late work of device {device} is taken in.")
        if accept
        else _("The late work of device {device} stays out.")
    )
    return output.result(arguments, asdict(member), said.format(device=member.device))
