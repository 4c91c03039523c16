"""Set-up: done once, found fresh afterwards, and begun anew after an interruption."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dev import environment


@pytest.fixture
def stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stamp = tmp_path / "stamp.json"
    monkeypatch.setattr(environment, "_STAMP", stamp)
    return stamp


def finish(stamp: Path, **other: str) -> None:
    stamp.write_text(json.dumps({"dev": True, **environment._wanted(), **other}), encoding="utf-8")


def test_an_environment_without_a_stamp_is_not_trusted(stamp: Path) -> None:
    assert not stamp.exists()
    assert not environment._reusable()


def test_half_a_stamp_is_not_trusted(stamp: Path) -> None:
    stamp.write_text('{"dev": tr', encoding="utf-8")
    assert not environment._reusable()


def test_a_finished_environment_is_kept_when_only_the_lock_changed(stamp: Path) -> None:
    finish(stamp, sources="older")
    assert environment._reusable()
    assert not environment._fresh(stamp, {"dev": True, **environment._wanted()})


def test_an_environment_of_another_python_or_place_is_made_anew(stamp: Path) -> None:
    finish(stamp, python="3.99.0")
    assert not environment._reusable()
    finish(stamp, root="elsewhere")
    assert not environment._reusable()


def test_an_environment_for_tests_serves_for_running_too(stamp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []
    monkeypatch.setattr(environment, "_make", lambda *, dev: made.append(dev))
    finish(stamp)
    environment.ensure(dev=False)
    environment.ensure(dev=True)
    assert made == []


STANDARD_LIBRARY_ALONE = """
import sys
sys.path.insert(0, sys.argv[1])
import dev.commands
files = [str(getattr(module, "__file__", "")) for module in sys.modules.values()]
assert not [file for file in files if "site-packages" in file]
"""


def test_the_command_starts_with_nothing_but_the_standard_library(project: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", STANDARD_LIBRARY_ALONE, str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
