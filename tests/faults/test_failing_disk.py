"""The disk is full, takes no more, can't be written, or fails; it is said, and nothing that was saved is lost."""

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.trial import trial
from tests.faults.works import WORKS
from tests.faults.zygote import Zygote

TIMES = int(os.environ.get("SPRAVA_SOAK", "1"))
CALLS = ("pwrite64", "write", "fsync,fdatasync", "ftruncate", "rename", "unlink", "mkdir")
WHEN = (1, 2, 3, 4, 5, 6, 8, 10, 14, 20, 30)
NAMED = {"unwritable"}
"""Of a file that a person named; its sentence tells which."""
FULL = {"disk_full", "no_space", "file_too_large"} | NAMED
FAILING = {"disk_error", "medium_gone", "cannot_write"}


@pytest.fixture(scope="module")
def small(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Zygote, Path]]:
    """A process with a small disk of its own, and the folder where that is mounted."""
    # Not below pytest's folders: whoever tidies those up would take the mounted disk along.
    with tempfile.TemporaryDirectory() as disk:
        folder = Path(disk)
        with Zygote(project, tmp_path_factory.mktemp("zygote"), folder) as begun:
            yield begun, folder


@pytest.mark.parametrize("name", WORKS)
def test_a_call_fails(name: str, in_memory: Path, zygote: Zygote) -> None:
    chance = random.Random(name)
    with trial(name, in_memory / "disk", zygote) as tries:
        for _number in range(6 * TIMES):
            error, call, when = chance.choice(("EIO", "ENOSPC")), chance.choice(CALLS), chance.choice(WHEN)
            tries.begin()
            tries.judge(zygote.run(name, tries.place, inject=f"{call}:error={error}:when={when}"))
    print(f"\nfailing calls, {name}: {tries.tried} tries, {dict(tries.codes)}")
    assert tries.codes.keys() <= FULL | FAILING


@pytest.mark.parametrize("name", WORKS)
def test_the_disk_is_full(name: str, small: tuple[Zygote, Path]) -> None:
    zygote, disk = small
    chance = random.Random(name)
    outside = zygote.outside(disk)
    ballast = outside / "ballast"
    with trial(name, disk / "trial", zygote) as tries:
        used = tries.free_before - _free(outside)
        for number in range(4 * TIMES):
            tries.begin()
            room = number * 4096 if number < 2 else chance.randrange(max(used, 300_000))
            ballast.write_bytes(bytes(max(0, _free(outside) - room)))
            try:
                ran = zygote.run(name, tries.place)
            finally:
                ballast.unlink()
            tries.judge(ran)
    print(f"\nfull disk, {name}: {tries.tried} tries, {dict(tries.codes)}")
    assert tries.codes.keys() <= FULL
    assert tries.codes


def _free(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


@pytest.mark.parametrize("name", WORKS)
def test_the_disk_cant_be_written(name: str, small: tuple[Zygote, Path]) -> None:
    zygote, disk = small
    with trial(name, disk / "trial", zygote) as tries:
        tries.begin()
        zygote.remount("ro")
        try:
            ran = zygote.run(name, tries.place)
        finally:
            zygote.remount("rw")
        tries.judge(ran)
    print(f"\nread-only disk, {name}: {dict(tries.codes)}")
    assert tries.codes.keys() <= {"read_only"} | NAMED
    assert tries.codes


@pytest.mark.parametrize("name", WORKS)
def test_a_file_may_not_grow(name: str, in_memory: Path, zygote: Zygote) -> None:
    """Writes are cut short by the limit of a file's length, as they are on FAT at 4 GB."""
    chance = random.Random(name)
    with trial(name, in_memory / "disk", zygote) as tries:
        for _number in range(4 * TIMES):
            tries.begin()
            largest = chance.choice((0, 500, 40_000, 120_000, 180_000, 250_000, 400_000)) + chance.randrange(5000)
            tries.judge(zygote.run(name, tries.place, largest=largest))
    print(f"\nfiles that may not grow, {name}: {tries.tried} tries, {dict(tries.codes)}")
    assert tries.codes.keys() <= FULL | FAILING  # to SQLite it is an error like any other
