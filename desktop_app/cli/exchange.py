"""Commands that exchange with others: server, bundle files, spreadsheets."""

import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from desktop_app.attachments.exchanging import FileExchange
from desktop_app.attachments.whereabouts import FileChoice, InAdvance
from desktop_app.belonging import belonging_words
from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from desktop_app.cli.ways import looking_around
from desktop_app.exchange import SyncResult, bundle_warnings, warnings
from desktop_app.moments import date_and_time
from desktop_app.sizes import size_words
from desktop_app.sticks import Attachments
from desktop_app.sticks import warnings as stick_warnings
from desktop_app.workspace import Workspace
from sync.errors import Misuse
from sync.messages import _

_MOST_MEGABYTES = 4_096
NOT_THE_SAME = 3
"""The exit code when an exchange ended and something was refused: the two sides do not have the same."""


def add_commands(commands: Commands) -> None:
    """Add ``sync``, ``stick``, ``bundle`` and ``import``."""
    sync = commands.add("sync", _("push and pull until the server and this vault have the same"), _sync)
    sync.add_argument("vault", metavar="VAULT", type=Path)
    sync.add_argument("--server", metavar="URL", help=_("address of the server; kept for the next time"))
    sync.add_argument(
        "--new-server",
        action="store_true",
        help=_("the administrator says that the server was replaced: trust its new key"),
    )
    sync.add_argument(
        "--admission",
        metavar="CODE",
        help=_("the admission code of the server's operator, at the first exchange; - reads it from standard input"),
    )
    sync.add_argument(
        "--files",
        choices=[choice.value for choice in FileChoice],
        help=_("which attached files come in advance: all, small ones, or none; kept for the next time"),
    )
    sync.add_argument("--small", metavar="MB", type=int, help=_("what counts as small; kept for the next time"))
    stick = commands.add(
        "stick", _("exchange by a stick that goes round: take in what others left, write what they lack"), _stick
    )
    stick.add_argument("vault", metavar="VAULT", type=Path)
    stick.add_argument("folder", metavar="FOLDER", type=Path, help=_("the stick, or a folder on it"))
    stick.add_argument(
        "--files", choices=[each.value for each in Attachments], help=_("which attached files are carried this time")
    )
    sync.add_argument("--office", action="store_true", help=_("look for office hubs in this network too"))
    bundle = commands.group("bundle", _("exchange by a file on a stick"))
    export = bundle.add("export", _("write a bundle file"), _export)
    export.add_argument("vault", metavar="VAULT", type=Path)
    export.add_argument("file", metavar="FILE", type=Path)
    export.add_argument("--for", dest="device", metavar="DEVICE", help=_("only what that device lacks, by its number"))
    take_in = bundle.add("import", _("take in a bundle file"), _import_bundle)
    take_in.add_argument("vault", metavar="VAULT", type=Path)
    take_in.add_argument("file", metavar="FILE", type=Path)
    sheet = commands.add("import", _("register the rows of a spreadsheet as cases"), _import_sheet)
    sheet.add_argument("vault", metavar="VAULT", type=Path)
    sheet.add_argument("file", metavar="FILE", type=Path)
    sheet.add_argument("--kit", required=True, metavar="ID")
    sheet.add_argument("--map", metavar="FILE", type=Path, help=_("which column goes into which field"))
    sheet.add_argument("--dry-run", action="store_true", help=_("check everything, register nothing"))


def _sync(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        told = len(workspace.notices)
        _choose_files(workspace.exchange.files, arguments)
        moved = _exchanged(workspace, arguments)
        workspace.log.me  # noqa: B018 - refuses when the exchange brought that this device is turned away
        found = [*workspace.notices[told:], *warnings(moved), *moved.away, belonging_words(workspace.log)]
    for warning in filter(None, found):
        output.tell(warning)
    lines = [
        _("Frames sent: {sent}, received: {received}; round trips: {trips}. Conflicts: {conflicts}.").format(
            sent=moved.sent, received=moved.received, trips=moved.round_trips, conflicts=moved.conflicts
        )
    ]
    if moved.files is not None and any((moved.files.sent, moved.files.received, moved.files.lacking)):
        lines.append(
            _("Files sent: {sent}, received: {received}; not at the server yet: {lacking}.").format(
                sent=moved.files.sent, received=moved.files.received, lacking=moved.files.lacking
            )
        )
    output.result(arguments, asdict(moved), *lines)
    kept_back = moved.files is not None and (moved.files.waiting or moved.files.wrong)
    return NOT_THE_SAME if moved.disputed or moved.waiting or moved.kept_back or kept_back else 0


def _choose_files(carrier: FileExchange, arguments: Namespace) -> None:
    chosen = carrier.in_advance
    if arguments.small is not None and not 0 < arguments.small <= _MOST_MEGABYTES:
        raise Misuse(
            "size", _("{size} MB is no size of a file: 1 to {most}.").format(size=arguments.small, most=_MOST_MEGABYTES)
        )
    limit = chosen.limit if arguments.small is None else arguments.small * 2**20
    wanted = InAdvance(FileChoice(arguments.files or chosen.choice), limit)
    if wanted != chosen:
        carrier.choose(wanted)


def _exchanged(workspace: Workspace, arguments: Namespace) -> SyncResult:
    """Exchange with the server that is named, or by every way there is."""
    if arguments.server or arguments.new_server or arguments.admission:
        return workspace.exchange.sync(
            arguments.server, new_server=arguments.new_server, admission=_admission(arguments.admission)
        )
    if not arguments.office:
        return workspace.ways.exchange()
    with looking_around(workspace):
        return workspace.ways.exchange()


def _admission(given: str | None) -> str | None:
    return sys.stdin.readline() if given == "-" else given


def _stick(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        moved = workspace.sticks.exchange(
            arguments.folder, attachments=Attachments(arguments.files) if arguments.files else None
        )
    for warning in stick_warnings(moved):
        output.tell(warning)
    output.result(
        arguments,
        asdict(moved),
        _("Frames taken in: {received}; written: {sent} ({size}). Conflicts: {conflicts}.").format(
            received=moved.received, sent=moved.sent, size=size_words(moved.bytes_written), conflicts=moved.conflicts
        ),
        *(
            _("{person} (device {device}) had this stick on {when}.").format(
                person=each.person, device=each.device, when=date_and_time(each.when)
            )
            for each in moved.devices
        ),
    )
    return 0 if moved.complete and not moved.refused else NOT_THE_SAME


def _export(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        written = workspace.exchange.export_bundle(arguments.file, arguments.device)
    return output.result(
        arguments,
        {"file": arguments.file, **asdict(written)},
        _("Written to {file} and read back; frames: {frames}, bytes: {bytes}.").format(
            frames=written.frames, bytes=written.bytes, file=arguments.file
        ),
    )


def _import_bundle(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        taken = workspace.exchange.import_bundle(arguments.file)
        conflicts = workspace.conflicts.count()
    for warning in bundle_warnings(taken):
        output.tell(warning)
    output.result(
        arguments,
        {**asdict(taken), "conflicts": conflicts},
        _("New frames taken in: {frames}, changes in them: {changes}. Conflicts: {conflicts}.").format(
            frames=taken.frames, changes=taken.changes, conflicts=conflicts
        ),
    )
    return NOT_THE_SAME if taken.refused else 0


def _import_sheet(arguments: Namespace) -> int:
    from desktop_app.spreadsheet import import_spreadsheet

    with opened(arguments) as workspace:
        report = import_spreadsheet(
            workspace.cases, arguments.file, arguments.kit, mapping=arguments.map, dry_run=arguments.dry_run
        )
    code = output.result(arguments, report.document(), *report.lines())
    if report.problems:
        output.tell(report.refusal())
        return 3
    return code
