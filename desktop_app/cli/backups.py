"""Commands that back a vault up, restore it, and prove that a backup is good."""

from argparse import Namespace
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from desktop_app.backup.ways import Way
from desktop_app.cli import output, recovery
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from desktop_app.moments import date_and_time
from desktop_app.vault import shares
from sync.messages import _, ngettext


def add_commands(commands: Commands) -> None:
    """Add ``backup``, ``restore``, ``drill`` and ``backup-info``."""
    backup = commands.add("backup", _("write one encrypted, verified file with all of a vault"), _backup)
    backup.add_argument("vault", metavar="VAULT", type=Path)
    backup.add_argument("file", metavar="FILE", type=Path, help=_("file, or folder, stick, share"))
    backup.add_argument("--keep", metavar="N", type=int, help=_("how many states of the vault the file holds"))
    restore = commands.add("restore", _("make a vault of a backup, on any computer"), _restore)
    restore.add_argument("file", metavar="FILE", type=Path)
    restore.add_argument("vault", metavar="VAULT", type=Path, help=_("a new or empty folder"))
    restore.add_argument("--generation", metavar="N", type=int, help=_("an earlier state; backup-info lists them"))
    restore.add_argument("--salvage", action="store_true", help=_("leave out attached files that are damaged"))
    recovery.recovery_options(restore)
    drill = commands.add("drill", _("prove a backup: restore it for practice and verify it"), _drill)
    drill.add_argument("file", metavar="FILE", type=Path)
    drill.add_argument("--generation", metavar="N", type=int, help=_("an earlier state; backup-info lists them"))
    drill.add_argument(
        "--recovery-code", action="append", metavar="FILE", type=Path, help=_("prove it with the recovery sheet")
    )
    info = commands.add("backup-info", _("what a backup file holds"), _info)
    info.add_argument("file", metavar="FILE", type=Path)
    info.add_argument(
        "--recovery-code", action="append", metavar="FILE", type=Path, help=_("open it with the recovery sheet")
    )


def _backup(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        if arguments.keep is not None:
            workspace.backups.set_plan(msgspec.structs.replace(workspace.backups.plan, keep=arguments.keep))
        made = workspace.backups.back_up(arguments.file)
    for notice in made.notices:
        output.tell(notice)
    return output.result(
        arguments,
        {**asdict(made), "made": _moment(made.made_ms)},
        _("Backup {number} is in {file} and was read back; cases: {cases}, files: {files}.").format(
            number=made.generation, file=made.file, cases=made.cases, files=made.files
        ),
        _("Bytes written: {written} of {bytes}.").format(written=made.written, bytes=made.bytes),
    )


def _restore(arguments: Namespace) -> int:
    from desktop_app.backup.restoring import restore

    found = recovery.given_shares(arguments) if arguments.recovery_code else []
    new = recovery.new_phrase(arguments, alone=True) if found else ""  # asked for now, refused before the long work
    way = _way(arguments)
    restored = restore(
        arguments.file, arguments.vault, way.vault_key, generation=arguments.generation, salvage=arguments.salvage
    )
    for name in restored.missing:
        output.tell(_("Damaged in the backup and left out: {name}").format(name=name))
    # Opened at once: the new life of its log is begun and told here, and a used recovery sheet is replaced.
    document, lines = recovery.recovered(arguments, found, new) if found else ({}, [])
    with Way(new).open(restored.folder) if found else way.open(restored.folder) as workspace:
        restored.record(workspace.audit, arguments.file)
        info = workspace.info()
        for notice in workspace.notices:
            output.tell(notice)
    return output.result(
        arguments,
        {**asdict(restored), "vault": restored.folder, "community": info.community, "person": info.person, **document},
        _("The vault of {person} as it was on {when} is in {folder}; cases: {cases}, files: {files}.").format(
            person=info.person,
            when=date_and_time(restored.made),
            folder=restored.folder,
            cases=restored.cases,
            files=restored.files,
        ),
        *lines,
    )


def _drill(arguments: Namespace) -> int:
    from desktop_app.backup.drill import drill

    done = drill(arguments.file, _way(arguments), generation=arguments.generation)
    output.result(
        arguments,
        asdict(done),
        *(f"{'✓' if check.sound else '✗'} {check.title}: {check.finding}" for check in done.checks),
        _("The backup of {when} was restored for practice in {seconds} s and removed again.").format(
            when=date_and_time(done.made), seconds=done.seconds
        ),
    )
    if done.sound:
        return 0
    output.tell(_("This backup restores, but not everything in it is whole. Make another backup at once."))
    return 4


def _info(arguments: Namespace) -> int:
    from desktop_app.backup.reading import BackupFile
    from desktop_app.vault import keyfile

    with BackupFile(arguments.file) as backup:
        keyfile.wipe(backup.unlock(_way(arguments).vault_key))
        root = backup.root
        document = {
            "file": arguments.file,
            "vault": backup.header.vault.hex(),
            "backup": backup.header.backup.hex(),
            "bytes": backup.size,
            "checked": _moment(root.checked_ms),
            "generations": [
                {
                    "generation": held.number,
                    "made": _moment(held.made_ms),
                    "bytes": held.total,
                    "files": held.files,
                    "cases": held.cases,
                    "frames": held.frames,
                    "program": held.program,
                    "digest": held.digest,
                }
                for held in root.generations
            ],
        }
    count = len(root.generations)
    return output.result(
        arguments,
        document,
        ngettext(
            "The backup holds {count} state of the vault:", "The backup holds {count} states of the vault:", count
        ).format(count=count),
        *(
            _("{number}: {when}, cases: {cases}, files: {files}, bytes: {bytes}").format(
                number=held.number,
                when=date_and_time(_moment(held.made_ms)),
                cases=held.cases,
                files=held.files,
                bytes=held.total,
            )
            for held in root.generations
        ),
    )


def _way(arguments: Namespace) -> Way:
    codes = getattr(arguments, "recovery_code", None)
    if codes:
        return Way(recovery=shares.combine(recovery.given_shares(arguments)))
    return Way(output.passphrase(arguments), stick=output.stick(arguments))


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
