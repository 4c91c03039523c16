"""A child process is killed at moments nobody chose; what it said was saved is there, and nothing is half-done."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.vault import MarkState, Vault
from sync.errors import Refused

from .conftest import OTHER, PASSPHRASE, tables

INSERT = "INSERT INTO people (name) VALUES (?)"
START = """
import sys
from pathlib import Path
from desktop_app import vault
folder, passphrase, other, insert = Path(sys.argv[1]), *sys.argv[2:]
"""
WRITES = (
    START
    + """
held = vault.open_vault(folder, passphrase)
for number in range(1_000_000):
    with held.write() as connection:
        connection.executemany(insert, [(f"{number}",)] * 10)
    held.mark.store(b"%d" % number)
    print(number, flush=True)
"""
)
CHANGES = (
    START
    + """
for number in range(1_000_000):
    vault.change_passphrase(folder, passphrase, other, kdf=vault.KDF_FLOOR)
    passphrase, other = other, passphrase
    print(number, flush=True)
"""
)
CREATES = (
    START
    + """
for number in range(1_000_000):
    vault.create(folder / str(number), passphrase, lambda c: c.execute("CREATE TABLE people (id, name)"),
                 kdf=vault.KDF_FLOOR).close()
    print(number, flush=True)
"""
)
FILE_SIZE = (
    START
    + """
import resource, signal
from sync.errors import Failure
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
held = vault.open_vault(folder, passphrase)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
saved = 0
try:
    while True:
        with held.write() as connection:
            connection.executemany(insert, [("x" * 1000,)] * 10)
        saved += 10
except Failure as failure:
    print(failure.code, saved, flush=True)
"""
)


def killed(script: str, folder: Path, project: Path, seconds: float) -> list[int]:
    """Run a script, kill it some time after its first word, and return the numbers that it said were done."""
    command = [sys.executable, "-c", script, str(folder), PASSPHRASE, OTHER, INSERT]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        rest = child.stdout.read()
    return [int(line) for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.parametrize("seed", range(6))
def test_killed_while_writing(folder: Path, project: Path, names: Callable[[Vault], list[str]], seed: int) -> None:
    said = killed(WRITES, folder, project, random.Random(seed).uniform(0, 0.3))
    with_key = vault.open_vault(folder, PASSPHRASE)
    stored = names(with_key)
    with with_key.read() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert with_key.mark.state is MarkState.VALID
    mark = with_key.mark.load()
    with_key.close()
    assert len(stored) % 10 == 0
    whole = len(stored) // 10
    assert len(said) <= whole <= len(said) + 1
    assert stored == [str(number) for number in range(whole) for _copy in range(10)]
    assert mark is not None
    assert len(said) - 1 <= int(mark) < whole


@pytest.mark.parametrize("seed", range(4))
def test_killed_while_changing_the_passphrase(folder: Path, project: Path, seed: int) -> None:
    said = killed(CHANGES, folder, project, random.Random(seed).uniform(0, 0.7))
    in_force = (PASSPHRASE, OTHER) if len(said) % 2 == 0 else (OTHER, PASSPHRASE)
    try:
        vault.open_vault(folder, in_force[0]).close()
    except Refused:
        vault.open_vault(folder, in_force[1]).close()


@pytest.mark.parametrize("seed", range(3))
def test_killed_while_making_a_vault(tmp_path: Path, project: Path, seed: int) -> None:
    said = killed(CREATES, tmp_path, project, random.Random(seed).uniform(0, 0.5))
    for number in said:
        assert vault.is_vault(tmp_path / str(number))
    following = tmp_path / str(said[-1] + 1)
    if following.exists():
        vault.open_vault(following, PASSPHRASE).close()
    else:
        vault.create(following, PASSPHRASE, tables, kdf=vault.KDF_FLOOR).close()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_disk_that_takes_no_more(folder: Path, project: Path, names: Callable[[Vault], list[str]]) -> None:
    command = [sys.executable, "-c", FILE_SIZE, str(folder), PASSPHRASE, OTHER, INSERT]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=True)
    code, saved = done.stdout.split()
    assert code in {"disk_full", "disk_error"}
    assert int(saved) > 0
    with_key = vault.open_vault(folder, PASSPHRASE)
    assert len(names(with_key)) == int(saved)
    with_key.close()
