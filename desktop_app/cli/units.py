"""Commands about units and who belongs to them."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from desktop_app.audit.kinds import role_title
from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from desktop_app.units import UnitInfo
from sync.membership import ROLES
from sync.messages import _


def add_commands(commands: Commands) -> None:
    """Add ``unit``."""
    unit = commands.group("unit", _("units of the community, each with its own key"))
    listing = unit.add("list", _("the units, who belongs to each, and how many cases it has here"), _list)
    listing.add_argument("vault", metavar="VAULT", type=Path)
    add = unit.add("add", _("make a unit; all administrators belong to it"), _add)
    add.add_argument("vault", metavar="VAULT", type=Path)
    add.add_argument("name", metavar="NAME")
    rename = unit.add("rename", _("give a unit another name"), _rename)
    rename.add_argument("vault", metavar="VAULT", type=Path)
    rename.add_argument("unit", metavar="UNIT")
    rename.add_argument("name", metavar="NAME")
    member = unit.group("member", _("who belongs to a unit"))
    enter = member.add("add", _("let a device into a unit: it reads what was before too"), _enter)
    leave = member.add("remove", _("take a device out of a unit; it does not get the unit’s new key"), _leave)
    for command in (enter, leave):
        command.add_argument("vault", metavar="VAULT", type=Path)
        command.add_argument("unit", metavar="UNIT")
        command.add_argument("device", metavar="DEVICE", help=_("the number of the device, as in member list"))
    enter.add_argument("--role", metavar="ROLE", help=", ".join(ROLES))


def _list(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        units = workspace.members.units.all()
    return output.result(arguments, {"units": [asdict(unit) for unit in units]}, *map(_line, units))


def _add(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        unit = workspace.members.units.add(arguments.name)
    return _told(arguments, unit)


def _rename(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        unit = workspace.members.units.rename(arguments.unit, arguments.name)
    return _told(arguments, unit)


def _enter(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        unit = workspace.members.units.add_member(arguments.unit, arguments.device, arguments.role)
    return _told(arguments, unit)


def _leave(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        unit = workspace.members.units.remove_member(arguments.unit, arguments.device)
    return _told(
        arguments,
        unit,
        _("What device {device} has read already, it keeps; it can’t read what is written from now on.").format(
            device=arguments.device
        ),
    )


def _told(arguments: Namespace, unit: UnitInfo, *more: str) -> int:
    return output.result(arguments, asdict(unit), _line(unit), *more)


def _line(unit: UnitInfo) -> str:
    line = _("{unit}: {role}; devices: {devices}").format(
        unit=unit.name,
        role=role_title(unit.role) if unit.role else _("this device does not belong to it"),
        devices=", ".join(unit.devices) or _("none"),
    )
    return line if unit.cases is None else line + " · " + _("cases: {count}").format(count=unit.cases)
