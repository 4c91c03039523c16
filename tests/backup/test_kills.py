"""A process is killed at a moment nobody chose; the backup before it restores, and no half-made vault appears."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop_app.backup.drill import drill
from desktop_app.backup.making import back_up
from desktop_app.backup.reading import BackupFile
from desktop_app.backup.restoring import restore
from desktop_app.opening import open_workspace
from desktop_app.vault.instance import InstanceLock
from desktop_app.verify import verify

from .conftest import PASSPHRASE, WAY, digest_of, unlock

START = """
import sys
from pathlib import Path
from desktop_app.backup.drill import drill
from desktop_app.backup.making import back_up
from desktop_app.backup.restoring import restore
from desktop_app.backup.ways import Way
from desktop_app.kits import examples
from desktop_app.opening import open_workspace
vault, file, passphrase, seed = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
way = Way(passphrase)
"""
BACK_UP = """
with open_workspace(vault, passphrase) as workspace:
    print("ready", flush=True)
    for number in range(1000):
        workspace.cases.register_many("appeal", examples.examples("appeal", 30, seed * 1000 + number))
        made = back_up(workspace, file, keep=3)
        print(made.generation, made.digest, flush=True)
"""
RESTORE = """
print("ready", flush=True)
for number in range(1000):
    restore(file, vault / str(number), way.vault_key)
    print(number, flush=True)
"""
DRILL = """
print("ready", flush=True)
for number in range(1000):
    drill(file, way)
"""


def killed(project: Path, script: str, vault: Path, file: Path, seed: int, longest: float) -> list[str]:
    """Run a script, kill it some time after it is ready, and return what it said was done."""
    command = [sys.executable, "-c", START + script, os.fspath(vault), os.fspath(file), PASSPHRASE, str(seed)]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, encoding="utf-8") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(random.Random(seed).uniform(0, longest))
        child.kill()
        rest = child.stdout.read()
    return [line.strip() for line in rest.splitlines(keepends=True) if line.endswith("\n")]


def test_killed_while_backing_up(project: Path, folder: Path, stick: Path, tmp_path: Path) -> None:
    file = stick / "backup"
    for seed in range(8):
        said = killed(project, BACK_UP, folder, file, seed, 0.7)
        if not file.exists():
            assert not said
            continue
        with BackupFile(file) as backup:
            backup.unlock(unlock)
            newest = backup.newest
        if said:
            number, digest = said[-1].split()
            # A root written before the kill counts, though nobody was told of it.
            assert (newest.number, newest.digest) == (int(number), digest) or newest.number == int(number) + 1
        restored = restore(file, tmp_path / f"back-{seed}", unlock)
        assert restored.digest == newest.digest
    assert drill(file, WAY).sound
    with open_workspace(folder, PASSPHRASE) as workspace:
        assert [check.finding for check in verify(workspace) if not check.sound] == []
        made = back_up(workspace, file, keep=3)
        assert made.file.stat().st_size == made.bytes
    assert [entry.name for entry in stick.iterdir()] == ["backup"]


@pytest.fixture
def file(folder: Path, stick: Path) -> Path:
    with open_workspace(folder, PASSPHRASE) as workspace:
        return back_up(workspace, stick).file


def test_killed_while_restoring(project: Path, file: Path, tmp_path: Path) -> None:
    saved = restore(file, tmp_path / "whole", unlock)
    for seed in range(5):
        vaults = tmp_path / f"vaults-{seed}"
        vaults.mkdir()
        done = [int(line) for line in killed(project, RESTORE, vaults, file, seed, 1.5)]
        made = sorted(int(entry.name) for entry in vaults.iterdir() if entry.name.isdecimal())
        assert done == made[: len(done)]
        assert len(made) <= len(done) + 1
        if made:
            assert digest_of(vaults / str(made[-1])) == (saved.digest, saved.cases)
        restore(file, vaults / "again", unlock)


def test_what_a_killed_restore_left_is_swept_and_nothing_else_is(project: Path, file: Path, tmp_path: Path) -> None:
    """Killed for certain before the vault has its name: at the first block that is written."""
    script = (
        START
        + """
import os, signal
from desktop_app.backup.watch import Watch
def die(progress):
    if progress.phase == "writing":
        os.kill(os.getpid(), signal.SIGKILL)
restore(file, vault / "back", way.vault_key, watch=Watch(die))
"""
    )
    command = [sys.executable, "-c", script, os.fspath(tmp_path), os.fspath(file), PASSPHRASE, "1"]
    assert subprocess.run(command, cwd=project, check=False).returncode != 0
    (left,) = tmp_path.glob(".back.restoring-*")
    used = tmp_path / ".back.restoring-used"
    foreign = tmp_path / ".back.restoring-notes"
    shutil.copytree(left, used)
    shutil.copytree(left, foreign)
    (foreign / "notes.txt").write_text("mine", encoding="utf-8")
    held = InstanceLock(used)
    held.acquire()
    restore(file, tmp_path / "back", unlock)
    assert {path.name for path in tmp_path.glob(".back.*")} == {used.name, foreign.name}
    held.release()


def test_killed_while_trying_a_restore(project: Path, file: Path, tmp_path: Path) -> None:
    before = file.read_bytes()
    for seed in range(4):
        killed(project, DRILL, tmp_path, file, seed, 2.5)
    assert file.read_bytes() == before
    assert drill(file, WAY).sound
    assert list((tmp_path / "data" / "sprava" / "jobs").iterdir()) == []
