"""One window for each vault: a second desk brings the first to the front, also a locked one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app import doorbell
from desktop_app.settings import KnownVault, Settings
from desktop_app.workspace import Workspace
from tests.ui.conftest import PHRASE, Hands
from tests.ui.shell.test_presence import tell
from ui.signin import SignIn
from ui.window import Window


@pytest.fixture(params=["runtime", "settings"])
def first(
    request: pytest.FixtureRequest,
    workspace: Workspace,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[subprocess.Popen[str]]:
    """A desk with the vault, in a process of its own."""
    if request.param == "runtime":
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    else:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    workspace.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.desk_process", str(workspace.folder)],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    tell(process, PHRASE, "open")
    yield process
    process.kill()
    process.communicate()


def _second(folder: Path, project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ui.main", "desk", "--vault", str(folder), "--lang", "en"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_desk_raises_the_first_one_and_ends(
    first: subprocess.Popen[str], workspace: Workspace, project: Path, tmp_path: Path
) -> None:
    tell(first, "minimise", "minimised")
    other_way = tmp_path / "link"
    other_way.symlink_to(workspace.folder)
    second = _second(other_way, project)
    assert second.returncode == 0, second.stderr
    assert second.stderr == "Це сховище вже відкрито; його вікно тепер попереду.\n"
    assert not second.stdout
    tell(first, "", "raised")
    tell(first, "lock", "locked")
    tell(first, "minimise", "minimised")
    assert doorbell.ring(workspace.folder)
    tell(first, "", "raised")


def test_the_sign_in_says_so_and_offers_the_next_vault(
    first: subprocess.Popen[str], open_window: Callable[[Settings], Window], workspace: Workspace, hands: Hands
) -> None:
    tell(first, "lock", "locked")
    settings = Settings(language="uk", theme="light")
    settings.vaults = [KnownVault(str(workspace.folder), "Ґанок"), KnownVault("/vaults/other", "Інша")]
    window = open_window(settings)
    window.begin()
    hands.wait()
    screen = window.centralWidget().findChild(SignIn)
    assert isinstance(screen, SignIn)
    assert screen.problem.text() == doorbell.open_elsewhere().message
    row = screen.vaults.current()
    assert row is not None
    assert row.key == "/vaults/other"
    # The vault itself is free while that window is locked; it's that window's all the same.
    screen.vaults.mark(str(workspace.folder))
    screen.passphrase.line.setText(PHRASE)
    screen.unlock()
    hands.wait()
    assert window.desk is None
    assert screen.problem.isVisible()


def test_a_bell_left_by_a_killed_process_rings_nobody_and_is_replaced(
    first: subprocess.Popen[str], open_window: Callable[[Settings], Window], workspace: Workspace, hands: Hands
) -> None:
    first.kill()
    first.wait()
    assert Path(doorbell._address(workspace.folder)).exists()
    assert not doorbell.ring(workspace.folder)
    window = open_window(Settings(language="uk", theme="light"))
    window.begin(str(workspace.folder))
    hands.wait()
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(lambda: window.desk is not None)
    assert doorbell.ring(workspace.folder)
    window.close_vault()
    hands.wait()
    assert not doorbell.ring(workspace.folder)


def test_only_the_same_user_can_ring(first: subprocess.Popen[str], workspace: Workspace) -> None:
    address = Path(doorbell._address(workspace.folder))
    assert first.poll() is None
    assert address.stat().st_mode & 0o077 == 0
    assert address.parent.stat().st_mode & 0o022 == 0
    assert address.parent.stat().st_uid == os.getuid()
    assert "vault" not in address.name
