"""Commands about vaults and invitations."""

import errno
import os
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from desktop_app.audit.kinds import role_title
from desktop_app.belonging import belonging_words
from desktop_app.cli import output, recovery
from desktop_app.cli.parser import Commands
from desktop_app.moments import date_and_time
from desktop_app.opening import create_workspace, invitation_code, join_workspace, open_workspace
from desktop_app.recovery import RecoveryState
from desktop_app.settings import Settings
from desktop_app.workspace import Workspace
from sync import enrolment
from sync.files import require_replaceable
from sync.membership import ROLES
from sync.messages import _


def opened(arguments: Namespace) -> Workspace:
    """Open the vault that a command names, and tell what was noticed on opening."""
    stick = output.stick(arguments)
    workspace = open_workspace(arguments.vault, output.passphrase(arguments), stick=stick, raise_cost=True)
    for notice in workspace.notices:
        output.tell(notice)
    return workspace


def add_commands(commands: Commands) -> None:
    """Add ``vault``, ``invite`` and ``digest``."""
    vault = commands.group("vault", _("make, join and describe vaults"))
    create = vault.add("create", _("found a community and make its first vault"), _create)
    create.add_argument("vault", metavar="VAULT", type=Path)
    create.add_argument("--community", required=True, metavar="NAME", help=_("name of the community"))
    create.add_argument("--unit", required=True, metavar="NAME", help=_("name of its first unit"))
    create.add_argument("--person", required=True, metavar="NAME", help=_("your name"))
    create.add_argument("--recovery-sheet", metavar="FILE", type=Path, help=_("write a recovery sheet (PDF) too"))
    recovery.trustees_option(create)
    join = vault.add("join", _("enter a community with an invitation"), _join)
    join.add_argument("vault", metavar="VAULT", type=Path)
    join.add_argument("--invitation", required=True, metavar="FILE", type=Path)
    join.add_argument("--person", required=True, metavar="NAME", help=_("your name"))
    info = vault.add("info", _("community, device, units, counts, sizes, last exchange"), _info)
    info.add_argument("vault", metavar="VAULT", type=Path)
    recovery.add_commands(vault)

    invite = commands.add("invite", _("write an invitation for one more device"), _invite)
    invite.add_argument("vault", metavar="VAULT", type=Path)
    invite.add_argument("--role", required=True, help=", ".join(ROLES))
    invite.add_argument(
        "--unit", required=True, action="append", metavar="NAME", help=_("a unit that it shall belong to; repeatable")
    )
    invite.add_argument("--out", required=True, metavar="FILE", type=Path)
    invite.add_argument("--server", metavar="URL", help=_("address of the server, for the new device"))

    digest = commands.add("digest", _("one hash over everything visible"), _digest)
    digest.add_argument("vault", metavar="VAULT", type=Path)
    digest.add_argument("--unit", metavar="NAME")


def _create(arguments: Namespace) -> int:
    arrangement = recovery.arrangement(arguments)
    if arguments.recovery_sheet is not None:
        recovery.require_writable(arguments.recovery_sheet, arrangement)
    with create_workspace(
        arguments.vault,
        output.passphrase(arguments, new=True),
        community=arguments.community,
        unit=arguments.unit,
        person=arguments.person,
    ) as workspace:
        if arguments.recovery_sheet is None:
            return _made(arguments, workspace)
        made = recovery.make(workspace, arrangement, arguments.recovery_sheet)
        for line in recovery.sheet_lines(made):
            output.tell(line)
        return _made(arguments, workspace, recovery_sheet=made)


def _join(arguments: Namespace) -> int:
    invitation = output.read_file(arguments.invitation)
    with join_workspace(
        arguments.vault, output.passphrase(arguments, new=True), invitation=invitation, person=arguments.person
    ) as workspace:
        code = invitation_code(invitation)
        output.tell(_("Code of the invitation, to compare with whoever invited you: {code}").format(code=code))
        output.tell(belonging_words(workspace.log))
        return _made(arguments, workspace, invitation_code=code)


def _made(arguments: Namespace, workspace: Workspace, **more: object) -> int:
    try:
        Settings.load().remember_vault(workspace.folder, workspace.community)
    except OSError as error:
        output.tell(
            _("The vault is made, but the list of vaults on this computer can't be written: {reason}.").format(
                reason=error.strerror
            )
        )
    info = workspace.info()
    return output.result(
        arguments,
        {"vault": workspace.folder, **asdict(info), **more},
        _("The vault of {person} in the community “{community}” is in {folder}.").format(
            person=info.person, community=info.community, folder=workspace.folder
        ),
        _("Code of this device, to compare with a colleague: {code}").format(code=info.code),
    )


def _info(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        info, recovery, backup = workspace.info(), workspace.recovery.state(), workspace.backups.status().last_good
    return output.result(
        arguments,
        {**asdict(info), "recovery": recovery, "last_backup": backup},
        _("Community: {name}").format(name=info.community),
        _("Person: {name}, {role}, device {device}").format(
            name=info.person, role=role_title(info.role), device=info.device
        ),
        _("Units: {names}").format(names=", ".join(info.units)),
        _("Cases: {cases}, conflicts: {conflicts}").format(cases=info.cases, conflicts=info.conflicts),
        _("Frames: {frames}, bytes on disk: {bytes}").format(frames=info.frames, bytes=info.bytes_on_disk),
        _("Server: {server}; changes that it has not got: {waiting}").format(
            server=info.server or _("none"), waiting=info.waiting
        ),
        _("Last exchange: {when}").format(when=date_and_time(info.last_exchange) if info.last_exchange else _("never")),
        _("Recovery sheet: {words}").format(words=_sheet_words(recovery)),
        _("Last good backup: {when}").format(
            when=f"{date_and_time(backup.when)}, {backup.file}" if backup else _("never")
        ),
    )


def _sheet_words(state: RecoveryState) -> str:
    if not state.exists:
        return _("none")
    if state.arrangement is None or state.made_on is None:
        return state.number
    day = f"{state.made_on:%d.%m.%Y}"
    if state.arrangement.single:
        return _("{number} of {day}").format(number=state.number, day=day)
    return _("{number} of {day}, any {needed} of {count}").format(
        number=state.number, day=day, needed=state.arrangement.threshold, count=state.arrangement.count
    )


def _invite(arguments: Namespace) -> int:
    # A look before the leap: an invitation that can't be written would still use up a device number.
    if not os.access(arguments.out.absolute().parent, os.W_OK) or arguments.out.is_dir():
        raise output.unwritable(arguments.out, os.strerror(errno.EACCES))
    with opened(arguments) as workspace:
        workspace.require_outside(arguments.out)
        require_replaceable(arguments.out, enrolment.MAGIC)
        invitation = workspace.invite(arguments.role, arguments.unit, arguments.server)
    output.write_secret_file(arguments.out, invitation.data)
    return output.result(
        arguments,
        {"file": arguments.out, "code": invitation.code, "role": arguments.role, "unit": ", ".join(arguments.unit)},
        _("The invitation is in {file}. Whoever has the file can enter once; hand it over safely.").format(
            file=arguments.out
        ),
        _("Code to compare: {code}").format(code=invitation.code),
    )


def _digest(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        digest = workspace.digest(arguments.unit)
    return output.result(arguments, {"digest": digest}, digest)
