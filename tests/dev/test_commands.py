"""The commands themselves: what each does with a wrong word, a failing check, or no display."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev import checks, lock, soak
from dev.process import SetupError


def test_an_unknown_command_is_refused_with_those_there_are(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dev", "fly"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "translations" in done.stderr


def test_a_failing_check_is_named_and_the_others_still_run(capfd: pytest.CaptureFixture[str]) -> None:
    failed = checks._failures(
        [[sys.executable, "-c", "raise SystemExit(3)"], [sys.executable, "-c", "print('second ran')"]]
    )
    assert len(failed) == 1
    assert "SystemExit(3)" in failed[0]
    assert "second ran" in capfd.readouterr().out
    assert checks._report(failed) == 1
    assert checks._report([]) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
@pytest.mark.parametrize(("language", "sentence"), [("uk", "sprava tour"), ("en", "There is no display")])
def test_without_a_display_run_says_so_in_one_sentence(project: Path, language: str, sentence: str) -> None:
    code = "from dev import commands; commands.become = print; commands._run([])"
    environment = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={**environment, "LANGUAGE": language},
        capture_output=True,
        text=True,
        check=True,
    )
    said, started = done.stdout.splitlines()
    assert sentence in said
    assert started.endswith("'tour']")


@pytest.mark.parametrize("line", ["--index-url https:", "    # from /opt", "a @ file:///b", "pkg @ https://host/x.whl"])
def test_a_lock_that_names_a_place_is_noticed(line: str) -> None:
    assert lock._FOREIGN.search(f"anyio==4.0.0 \\\n    --hash=sha256:00\n{line}\n")


def test_a_lock_of_packages_alone_is_not() -> None:
    assert not lock._FOREIGN.search("anyio==4.0.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00ff\n")


def test_a_soak_plays_seeds_and_takes_minutes_only() -> None:
    assert soak.soak(["0"]) == 0
    with pytest.raises(SetupError, match="a number of minutes"):
        soak.soak(["long"])
