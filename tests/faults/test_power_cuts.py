"""The power goes at every moment of every work; the vault opens, is whole, and holds all that was called saved."""

import os
import sys
from pathlib import Path

import pytest

from tests.faults.bench import read_state
from tests.faults.powercut.record import Recording, record
from tests.faults.powercut.replay import Report, end, try_all
from tests.faults.trial import prepared
from tests.faults.work import Place
from tests.faults.works import CONTROLS, WORKS

ALL = {**WORKS, **CONTROLS}
CHANCES = int(os.environ.get("SPRAVA_SOAK", "0"))
"""How many states by chance are built at each cut; a soak has dozens."""


def recorded(name: str, folder: Path, project: Path) -> Recording:
    """Let a process do a work, and return what it asked of the disk."""
    place = Place.below(folder)
    with prepared(ALL[name], place, ALL[name].prepare):
        command = [sys.executable, "-m", "tests.faults.works", name, str(place.root), str(place.beside)]
        return record(command, place.root, folder / "kept", project)


def told(name: str, recording: Recording, report: Report) -> str:
    """Return what to show of broken promises, and how to see one again."""
    again = f"python -m tests.faults.powercut {recording.kept} CUT VARIANT FOLDER builds a state again"
    return "\n".join([f"{name}: {report}", again, *report.broken])


@pytest.mark.parametrize("name", WORKS)
def test_the_power_goes(name: str, in_memory: Path, project: Path) -> None:
    recording = recorded(name, in_memory, project)
    assert end(recording) == read_state(recording.root)  # the model follows: it ends where the real disk did
    report = try_all(recording, WORKS[name], chances=CHANCES)
    print(f"\npower cuts, {name}: {report}")
    assert not report.broken, told(name, recording, report)
    assert report.looked_at >= 15


@pytest.mark.parametrize("name", ["register", "change_passphrase", "create"])
def test_a_disk_that_never_keeps_anything_in_order_is_noticed(name: str, in_memory: Path, project: Path) -> None:
    recording = recorded(name, in_memory, project)
    report = try_all(recording, WORKS[name], chances=3, honest=False, enough=60)
    print(f"\ncontrol without fsync, {name}: {report}")
    assert report.kinds["lost"]
    assert report.kinds["damaged"]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_database_that_does_not_wait_for_the_disk_is_noticed(name: str, in_memory: Path, project: Path) -> None:
    recording = recorded(name, in_memory, project)
    report = try_all(recording, CONTROLS[name], chances=3)
    print(f"\ncontrol, {name}: {report}")
    assert report.kinds["lost"]
