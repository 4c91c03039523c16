"""On a real screen (Xvfb), with keys as an X server gives them: the lock is reached from everywhere, and copies go."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.workspace import Workspace
from tests.ui.conftest import PHRASE
from tests.ui.shell.test_presence import tell

READER = """
import sys
from PySide6.QtGui import QClipboard
from PySide6.QtWidgets import QApplication
app = QApplication([])
for mode in (QClipboard.Mode.Clipboard, QClipboard.Mode.Selection):
    print(app.clipboard().text(mode))
"""


@pytest.fixture(scope="module")
def screen() -> Iterator[dict[str, str]]:
    """A screen of our own."""
    for program in ("Xvfb", "xdotool"):
        assert shutil.which(program), "python3 -m dev test installs what tests need"
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1366x768x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    server.terminate()
    server.wait()


@pytest.fixture
def desk(screen: dict[str, str], workspace: Workspace, project: Path) -> Iterator[subprocess.Popen[str]]:
    """A desk on that screen."""
    folder = workspace.folder
    workspace.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.desk_process", str(folder)],
        cwd=project,
        env=os.environ | screen,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    tell(process, PHRASE, "open")
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def press(screen: dict[str, str]) -> Callable[[str], None]:
    """Presses keys as a keyboard does."""

    def press(keys: str) -> None:
        subprocess.run(["xdotool", "key", keys], env=os.environ | screen, check=True)

    return press


@pytest.fixture
def copied(screen: dict[str, str]) -> Callable[[], list[str]]:
    """Asks, as another program, what was copied and what is selected."""

    def ask() -> list[str]:
        asked = subprocess.run(
            [sys.executable, "-c", READER], env=os.environ | screen, check=True, capture_output=True, text=True
        )
        return asked.stdout.split()

    return ask


@pytest.mark.parametrize(("before", "keys"), [("", "ctrl+l"), ("box", "ctrl+l"), ("menu", "F12"), ("menu", "ctrl+l")])
def test_the_keys_lock_from_everywhere(
    desk: subprocess.Popen[str], press: Callable[[str], None], before: str, keys: str
) -> None:
    if before:
        tell(desk, before, before)
    press(keys)
    tell(desk, "", "locked")


def test_what_was_copied_or_merely_selected_is_gone_with_the_lock(
    desk: subprocess.Popen[str], press: Callable[[str], None], copied: Callable[[], list[str]]
) -> None:
    tell(desk, "field Коваленко", "field")
    press("shift+Home")
    press("ctrl+c")
    tell(desk, "copied", "Коваленко")
    assert copied() == ["Коваленко", "Коваленко"]
    tell(desk, "lock", "locked")
    assert copied() == []
