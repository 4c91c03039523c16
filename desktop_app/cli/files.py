"""Commands about files of cases."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from desktop_app.attachments.cleaning import Doubt
from desktop_app.attachments.exchanging import file_warnings
from desktop_app.attachments.model import FileEntry, FileState
from desktop_app.attachments.trip import Moved
from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from desktop_app.moments import date_and_time
from desktop_app.sizes import size_words
from sync.errors import Refused
from sync.messages import N_, _

NOT_ALL = 3
"""The exit code when some of the files are still not here."""
_STATES = {
    FileState.HERE: N_("here"),
    FileState.PARTLY: N_("partly here"),
    FileState.NOT_HERE: N_("not here yet"),
    FileState.UNREADABLE: N_("can't be read"),
}
_DOUBTS = {
    Doubt.WAITING: N_("Some of what came by exchange can't be opened yet, and may name them."),
    Doubt.MANIFEST: N_("Some files are not here whole, and they may be parts of them."),
    Doubt.SET_BACK: N_("The vault's database is or was an older copy; exchange first."),
}


def add_commands(commands: Commands) -> None:
    """Add ``file``."""
    group = commands.group("file", _("files of cases: add, save, list, remove"))
    add = group.add("add", _("add a file to a case, encrypted"), _add)
    add.add_argument("vault", metavar="VAULT", type=Path)
    add.add_argument("ref", metavar="REF", help=_("id or registration number"))
    add.add_argument("path", metavar="PATH", type=Path)
    get = group.add("get", _("save a copy that anyone can read"), _get)
    get.add_argument("vault", metavar="VAULT", type=Path)
    get.add_argument("file", metavar="FILE-ID")
    get.add_argument("path", metavar="PATH", type=Path)
    get.add_argument("--force", action="store_true", help=_("replace a file that is there"))
    listing = group.add("list", _("the files of a case"), _list)
    listing.add_argument("vault", metavar="VAULT", type=Path)
    listing.add_argument("ref", metavar="REF", help=_("id or registration number"))
    listing.add_argument("--removed", action="store_true", help=_("those that were removed as well"))
    fetch = group.add("fetch", _("get a file of a case from the server, or all of them"), _fetch)
    fetch.add_argument("vault", metavar="VAULT", type=Path)
    fetch.add_argument("ref", metavar="REF", help=_("id or registration number"))
    which = fetch.add_mutually_exclusive_group(required=True)
    which.add_argument("file", metavar="FILE-ID", nargs="?", help=_("its id, or its name if no other has the same"))
    which.add_argument("--all", action="store_true", help=_("all files of the case"))
    cleaning = group.add("clean", _("remove stored parts that belong to no file"), _clean)
    cleaning.add_argument("vault", metavar="VAULT", type=Path)
    cleaning.add_argument("--dry-run", action="store_true", help=_("only tell what would be removed"))
    remove = group.add("remove", _("take a file out of its case; it can be brought back"), _remove)
    remove.add_argument("vault", metavar="VAULT", type=Path)
    remove.add_argument("file", metavar="FILE-ID")
    remove.add_argument("--undo", action="store_true", help=_("bring a removed file back"))


def _add(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        entry = workspace.files.add(arguments.ref, arguments.path)
    return output.result(arguments, asdict(entry), f"{entry.name}  {entry.id}")


def _get(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        content = workspace.files.content(arguments.file)
        content.save(arguments.path, force=arguments.force)
    output.tell(_("This copy is not encrypted: whoever gets the file {file} can read it.").format(file=arguments.path))
    return output.result(
        arguments,
        {"id": arguments.file, "name": content.name, "size": content.size, "path": arguments.path},
        str(arguments.path),
    )


def _fetch(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        listed = workspace.files.list(arguments.ref)
        wanted = listed if arguments.all else [_meant(listed, arguments.file)]
        away = [entry.id for entry in wanted if entry.state in {FileState.NOT_HERE, FileState.PARTLY}]
        moved = workspace.exchange.files.fetch(away) if away else Moved()
        found = [workspace.files.get(entry.id) for entry in wanted]
    for warning in file_warnings(moved):
        output.tell(warning)
    document = {"files": [asdict(entry) for entry in found], **asdict(moved)}
    code = output.result(arguments, document, *map(_line, found))
    return code if all(entry.state is FileState.HERE for entry in found) else NOT_ALL


def _meant(listed: list[FileEntry], name: str) -> FileEntry:
    found = [entry for entry in listed if name == entry.id] or [entry for entry in listed if name == entry.name]
    if len(found) == 1:
        return found[0]
    message = (
        _("There is no file “{name}” in this case. “sprava file list” shows what there is.")
        if not found
        else _("Several files of this case are called “{name}”. Give the id of the one that is meant.")
    )
    raise Refused("unknown_file", message.format(name=name))


def _list(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        found = workspace.files.list(arguments.ref, removed=arguments.removed)
    return output.result(arguments, {"files": [asdict(entry) for entry in found]}, *map(_line, found))


def _line(entry: FileEntry) -> str:
    state = _("removed") if entry.removed else _(_STATES[entry.state])
    if entry.state is not FileState.HERE and entry.at_server and not entry.removed:
        state = _("on the server")
    return f"{entry.id}  {date_and_time(entry.when)}  {entry.person}  {entry.name}  {size_words(entry.size)}  {state}"


def _remove(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        change = workspace.files.restore if arguments.undo else workspace.files.remove
        entry = change(arguments.file)
    return output.result(arguments, asdict(entry), _line(entry))


def _clean(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        cleaned = workspace.files.clean(dry_run=arguments.dry_run)
    words = _("Would be removed: {count}, {size}.") if cleaned.dry_run else _("Removed: {count}, {size}.")
    lines = [words.format(count=cleaned.removed, size=size_words(cleaned.bytes_freed))]
    if cleaned.kept:
        lines.append(_("Left alone, since they may belong to something: {count}.").format(count=cleaned.kept))
        lines += [_(_DOUBTS[doubt]) for doubt in cleaned.doubts]
    return output.result(arguments, asdict(cleaned), *lines)
