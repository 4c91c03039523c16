"""Many small worlds of devices, servers and sticks, each from a seed: whatever happens, nothing written is lost.

A seed that fails is printed; ``python -m tests.simulation SEED`` plays it again. ``python3 -m dev soak`` goes on for
as long as it is told to.
"""

import subprocess
import sys
from pathlib import Path

import pytest

SMALL, LARGE = 300, 3
"""How many seeds each part plays."""


def _played(project: Path, *options: str) -> str:
    """Play seeds in a process of its own, in which chance and clocks are the seed's."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *options], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-3_000:]
    return done.stdout


@pytest.mark.parametrize("part", range(4))
def test_small_worlds(project: Path, part: int) -> None:
    assert f"{SMALL} seeds played, 0 failed" in _played(
        project, "--count", str(SMALL), "--first", str(part), "--stride", "4"
    )


@pytest.mark.parametrize("part", range(4))
def test_large_worlds(project: Path, part: int) -> None:
    assert f"{LARGE} seeds played, 0 failed" in _played(
        project, "--large", "--count", str(LARGE), "--first", str(part), "--stride", "4"
    )


def test_a_seed_plays_the_same_every_time(project: Path) -> None:
    assert len({_played(project, "7") for _time in range(2)}) == 1
