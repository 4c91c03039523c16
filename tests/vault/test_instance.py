"""One program for each vault, whatever happens to the program."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.vault import Vault
from sync.errors import Refused

from .conftest import PASSPHRASE

HOLD = """
import sys, time
from pathlib import Path
from desktop_app import vault
held = vault.open_vault(Path(sys.argv[1]), sys.argv[2])
print("open", flush=True)
time.sleep(600)
"""


@contextmanager
def another_program(folder: Path, project: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(folder), PASSPHRASE]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        try:
            yield child
        finally:
            child.kill()


def in_use(folder: Path) -> None:
    with pytest.raises(Refused) as caught:
        vault.open_vault(folder, PASSPHRASE)
    assert caught.value.code == "vault_in_use"


def test_a_second_program_is_refused_and_a_killed_one_leaves_no_lock(folder: Path, project: Path) -> None:
    with another_program(folder, project) as child:
        in_use(folder)
        child.kill()
        child.wait(60)
        vault.open_vault(folder, PASSPHRASE).close()


def test_a_second_window_of_the_same_program_is_refused(folder: Path, opened: Vault) -> None:
    in_use(folder)
    opened.close()
    vault.open_vault(folder, PASSPHRASE).close()


def test_a_refused_opening_leaves_no_lock(folder: Path) -> None:
    with pytest.raises(Refused):
        vault.open_vault(folder, "не та фраза зовсім")
    vault.open_vault(folder, PASSPHRASE).close()


def test_a_lock_file_left_by_somebody_is_no_hindrance(folder: Path) -> None:
    (folder / "vault.lock").write_text("12345")
    vault.open_vault(folder, PASSPHRASE).close()
