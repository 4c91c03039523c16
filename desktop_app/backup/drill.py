"""A restore for practice: proves a backup without touching the vault, and leaves nothing behind."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from desktop_app.backup import failures
from desktop_app.backup.form import BadForm
from desktop_app.backup.reading import BackupFile, blocks_of, check_blocks
from desktop_app.backup.restoring import Restored, restore
from desktop_app.backup.watch import Watch
from desktop_app.backup.ways import Way
from desktop_app.checks.model import Check
from desktop_app.private import private_folder
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync.messages import _

_OF_ONE_PLACE = {"mark", "seat"}
"""What a backup leaves out on purpose, since it belongs to one place and one life of a vault."""


@dataclass(frozen=True, slots=True)
class Drill:
    """What a practice restore proved.

    Args:
        file: The backup.
        generation: Which state was restored.
        made: When that was saved.
        cases: How many cases it held.
        files: How many files.
        digest: The digest over everything visible: of the backup, and of what was restored.
        generations: How many states the file holds; every block of each was read.
        seconds: How long it took.
        sound: Whether everything was found whole.
        checks: What was checked.
    """

    file: Path
    generation: int
    made: datetime
    cases: int
    files: int
    digest: str
    generations: int
    seconds: float
    sound: bool
    checks: tuple[Check, ...]


def drill(
    path: Path,
    way: Way,
    *,
    generation: int | None = None,
    watch: Watch | None = None,
    within: Path | None = None,
) -> Drill:
    """Open a backup with what a person has, restore it into a private folder, verify it, and remove it again.

    Args:
        path: The backup file.
        way: What opened the vault when it was made.
        generation: Which state of the vault; the newest when not given.
        watch: Told about progress; can stop the work.
        within: Where the private folder is made; by default beside the vaults of this person. All in it is encrypted
            as in a vault.

    Raises:
        Refused: The pass phrase does not fit, there is no room, or the work was stopped.
        Damaged: The backup is damaged; the sentence says which part.
        Unreachable: The medium with the backup is gone.
    """
    started = time.monotonic()
    watch = watch or Watch()
    with BackupFile(path) as backup:
        vault_key = backup.unlock(way.vault_key)
        generations = len(backup.root.generations)
        checks = [_check_file(backup, watch)]
    with private_folder(within) as folder:
        restored = restore(path, folder / "vault", lambda _: vault_key, generation=generation, watch=watch)
        with way.open(restored.folder) as workspace:
            checks.append(_compare(restored, workspace))
            checks += [check for check in verify(workspace) if check.part not in _OF_ONE_PLACE]
    return Drill(
        file=path,
        generation=restored.generation,
        made=restored.made,
        cases=restored.cases,
        files=restored.files,
        digest=restored.digest,
        generations=generations,
        seconds=round(time.monotonic() - started, 2),
        sound=all(check.sound for check in checks),
        checks=tuple(checks),
    )


def _check_file(backup: BackupFile, watch: Watch) -> Check:
    """Read every block of every generation."""
    blocks = blocks_of(backup.index(generation) for generation in backup.root.generations)
    size = sum(block.length for block in blocks)
    watch.begin("checking", size)
    backup.forget_cache()
    try:
        check_blocks(backup, blocks, watch.step)
    except BadForm as error:
        raise failures.damaged(backup.path, _("a block of it does not open")) from error
    finding = _("blocks: {blocks}, generations: {generations}; every one authentic").format(
        blocks=len(blocks), generations=len(backup.root.generations)
    )
    if backup.one_root_lost:
        finding += "; " + _("one of the two tables of contents is damaged, the next backup writes it anew")
    return Check("backup", _("Backup file"), sound=True, finding=finding)


def _compare(restored: Restored, workspace: Workspace) -> Check:
    """Compare the restored vault, as it is opened, with what was counted when it was saved."""
    cases, digest = workspace.info().cases, workspace.digest()
    same = (cases, digest) == (restored.cases, restored.digest)
    finding = (
        _("cases: {cases}, digest {digest}…; the same as when it was saved").format(cases=cases, digest=digest[:12])
        if same
        else _("cases: {cases} instead of {saved}, or another digest").format(cases=cases, saved=restored.cases)
    )
    return Check("contents", _("What was restored"), sound=same, finding=finding)
