"""A canary: PySide6 6.12.0 on Python 3.11 loses a reference to None at every void call, until Python aborts."""

import subprocess
import sys
from pathlib import Path

VOID_CALLS = """
import sys
from PySide6.QtWidgets import QApplication, QWidget
application = QApplication([])
widget = QWidget()
before = sys.getrefcount(None)
for number in range(20_000):
    widget.setMinimumWidth(number)
lost = before - sys.getrefcount(None)
assert lost < 1_000, f"{lost} references to None were lost"
"""


def test_void_calls_lose_no_reference_to_none(project: Path) -> None:
    done = subprocess.run([sys.executable, "-c", VOID_CALLS], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
