"""What a backup costs: the first one, the next ones, reading back, restoring, and proving."""

import time
from pathlib import Path

from benchmarks.community import new_values
from benchmarks.figures import Figures, Row, rounded
from desktop_app.backup.drill import drill
from desktop_app.backup.making import back_up
from desktop_app.backup.reading import BackupFile, blocks_of, check_blocks
from desktop_app.backup.restoring import restore
from desktop_app.backup.ways import Way
from desktop_app.workspace import Workspace
from sync.messages import _

_CHANGED = 50
_MEGABYTE = 1e6


def measure_backup(workspace: Workspace, folder: Path, passphrase: str, cases: int) -> Row:
    """Measure a first backup, one after a day's work, reading everything back, a restore and a restore for practice.

    Args:
        workspace: An opened vault.
        folder: Where the backup goes; no stick is as fast.
        passphrase: Of the vault.
        cases: How many it holds.
    """
    figures: Figures = {}
    started = time.perf_counter()
    first = back_up(workspace, folder / "backup")
    figures["first_mb_per_s"] = _speed(first.bytes, started)
    figures["mb"] = rounded(first.bytes / _MEGABYTE)
    workspace.cases.register_many("appeal", new_values(_CHANGED, 303))
    started = time.perf_counter()
    second = back_up(workspace, folder / "backup", check_all=False)
    figures["next_s"] = rounded(time.perf_counter() - started)
    figures["next_written_mb"] = rounded(second.written / _MEGABYTE)
    way = Way(passphrase)
    with BackupFile(second.file) as backup:
        backup.unlock(way.vault_key)
        blocks = blocks_of(backup.index(generation) for generation in backup.root.generations)
        backup.forget_cache()
        started = time.perf_counter()
        check_blocks(backup, blocks, lambda _size: None)
        figures["read_back_mb_per_s"] = _speed(sum(block.length for block in blocks), started)
    started = time.perf_counter()
    restore(second.file, folder / "restored", way.vault_key)
    figures["restore_mb_per_s"] = _speed(second.total, started)
    started = time.perf_counter()
    drill(second.file, way, within=folder / "drills")
    figures["trial_s"] = rounded(time.perf_counter() - started)
    title = _("Backup: first, after {count} more cases, read back, restored, proved").format(count=_CHANGED)
    return Row("backup", title, cases, figures)


def _speed(size: int, started: float) -> int | float:
    return rounded(size / _MEGABYTE / (time.perf_counter() - started))
