"""Commands about files of cases."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from desktop_app.attachments.cleaning import Doubt
from desktop_app.attachments.model import FileEntry, FileState
from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from sync.messages import N_, _

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


def _list(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        found = workspace.files.list(arguments.ref, removed=arguments.removed)
    return output.result(arguments, {"files": [asdict(entry) for entry in found]}, *map(_line, found))


def _line(entry: FileEntry) -> str:
    state = _("removed") if entry.removed else _(_STATES[entry.state])
    return f"{entry.id}  {entry.when:%d.%m.%Y %H:%M}  {entry.person}  {entry.name}  {entry.size} B  {state}"


def _remove(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        change = workspace.files.restore if arguments.undo else workspace.files.remove
        entry = change(arguments.file)
    return output.result(arguments, asdict(entry), _line(entry))


def _clean(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        cleaned = workspace.files.clean(dry_run=arguments.dry_run)
    words = _("Would be removed: {count}, {size} B.") if cleaned.dry_run else _("Removed: {count}, {size} B.")
    lines = [words.format(count=cleaned.removed, size=cleaned.bytes_freed)]
    if cleaned.kept:
        lines.append(_("Left alone, since they may belong to something: {count}.").format(count=cleaned.kept))
        lines += [_(_DOUBTS[doubt]) for doubt in cleaned.doubts]
    return output.result(arguments, asdict(cleaned), *lines)
