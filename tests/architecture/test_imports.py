"""The floors of the house: who may import whom, and what runs where there is no Qt."""

import os
import subprocess
import sys
from pathlib import Path

# Put before a child's own code: from here on PySide6 is not installed.
WITHOUT_QT = """
import sys
sys.modules["PySide6"] = sys.modules["shiboken6"] = None
"""

IMPORT_EVERYTHING = """
import importlib, pkgutil
count = 0
for floor in ("resources", "sync", "desktop_app", "benchmarks"):
    package = importlib.import_module(floor)
    for module in pkgutil.walk_packages(package.__path__, floor + "."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
            count += 1
assert count > 20, count
"""

IMPORT_THE_SERVER = """
import importlib, pkgutil, sync.server
for module in pkgutil.walk_packages(sync.server.__path__, "sync.server."):
    importlib.import_module(module.name)
above = [name for name in sys.modules if name.split(".")[0] in ("desktop_app", "ui")]
assert not above, above
"""

IMPORT_THE_ENTRY_POINT = """
import ui.main
heavy = [name for name in ("uvicorn", "starlette", "python_calamine", "sqlite_utils") if name in sys.modules]
assert not heavy, heavy
"""


def run_child(code: str, project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=project,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_imports_only_go_down(project: Path) -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports" + (".exe" if os.name == "nt" else ""))
    done = subprocess.run([lint_imports, "--no-cache"], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_below_the_screens_is_imported_without_qt(project: Path) -> None:
    run_child(WITHOUT_QT + IMPORT_EVERYTHING, project)


def test_the_server_imports_nothing_of_the_application(project: Path) -> None:
    run_child(WITHOUT_QT + IMPORT_THE_SERVER, project)


def test_the_entry_point_is_imported_without_qt_or_anything_heavy(project: Path) -> None:
    run_child(WITHOUT_QT + IMPORT_THE_ENTRY_POINT, project)
