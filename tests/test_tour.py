"""The tour tells the whole story on real parts: it ends with 0 when every step checked out, and else with 1."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app import tour
from tests.traces.searching import Words
from ui.main import main


def test_the_whole_tour(project: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    done = subprocess.run(
        [sys.executable, "-m", "ui.main", "tour", "--out", str(tmp_path / "tour"), "--json", "--lang", "en"],
        cwd=project,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["sound"]
    assert len(report["steps"]) == done.stderr.count("✓") >= 10
    assert len(report["pictures"]) >= 10
    for picture in map(Path, report["pictures"]):
        assert picture.parent == tmp_path / "tour" / "screens"
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size > 5_000
    names = Words([tour.KNOWN_NAME, "Щаслива громада", "Левченко Оксана", "Оксана Левченко", "Черненко", "Ґалаґан"])
    assert not names.found_in(tmp_path / "tour", [tmp_path / "tour" / "screens"])
    assert {path.name for path in (tmp_path / "tour").iterdir()} >= {"oksana", "ivan", "maria", "server", "screens"}


def test_a_step_that_does_not_check_out_is_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_self: object, *_devices: object) -> None:
        raise tour.StepFailed("digests: a, expected b")

    monkeypatch.setattr(tour, "CASES_ON_EACH", 24)
    monkeypatch.setattr(tour, "ONE_BY_ONE", 2)
    monkeypatch.setattr(tour.Tour, "_exchange", broken)
    assert main(["tour", "--out", str(tmp_path / "tour")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "digests: a, expected b" in said.err.splitlines()[-1]


def test_the_tour_touches_no_folder_that_holds_something(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "mine.txt"):
        assert main(["tour", "--out", str(place)]) == 2
        assert capsys.readouterr().err.strip()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
