"""Warnings are errors, in the tests' own process and from Qt."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

QT_WARNS = """
from PySide6.QtCore import qWarning

def test_qt_warns():
    qWarning("something is wrong")
"""


def test_a_warning_fails_a_test() -> None:
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_a_warning_of_qt_fails_a_test(tmp_path: Path, project: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        (project / "tests" / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (tmp_path / "test_warning.py").write_text(QT_WARNS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--rootdir", tmp_path, "-p", "no:cacheprovider", tmp_path]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "something is wrong" in done.stdout
