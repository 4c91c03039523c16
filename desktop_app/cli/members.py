"""Commands about the people and devices of a community."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from desktop_app.members import Member, State
from sync.messages import N_, _

_STATES = {State.MEMBER: N_("member"), State.WAITING: N_("waits for an administrator’s word")}


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


def _list(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        members = workspace.members.members()
    return output.result(arguments, {"members": [asdict(member) for member in members]}, *map(_line, members))


def _line(member: Member) -> str:
    line = _("Device {device}, code {code}: {person}, {role}, {units} ({state})").format(
        device=member.device,
        code=member.code,
        person=member.person,
        role=member.role,
        units=", ".join(member.units),
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
