"""A disk that is full while somebody types takes no letter from them: through the lock, and when the desk is closed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ui.full_disk_process import TRIALS

SIZE = 32 << 20


@pytest.mark.parametrize("name", TRIALS)
def test_nothing_typed_is_lost(name: str, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    # A disk of its own that only this process and its children see; it's gone with them.
    mount = f'mount -t tmpfs -o size={SIZE} none "$0" && exec "$@"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(disk)]
    ran = subprocess.run(
        [*command, sys.executable, "-m", "tests.ui.full_disk_process", name, str(disk)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
