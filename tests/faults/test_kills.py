"""A process is killed at a moment nobody chose; the vault opens again, is whole, and holds all that was saved."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.cases.model import CaseQuery
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync.server import RunningServer
from tests.templates import forget_place
from tests.workspace.conftest import PASSPHRASE, pull

START = """
import sys, time
from pathlib import Path
from desktop_app import vault
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, join_workspace, open_workspace
folder, other, passphrase = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def ready(): print("ready", flush=True)
"""
REGISTER = """
with open_workspace(folder, passphrase) as workspace:
    ready()
    for seed in range(10_000):
        print(workspace.cases.register("appeal", examples.example("appeal", seed)).number, flush=True)
"""
REGISTER_MANY = """
many = examples.examples("appeal", 100, 1)
with open_workspace(folder, passphrase) as workspace:
    ready()
    for _ in range(100):
        print(workspace.cases.register_many("appeal", many)[-1].number, flush=True)
"""
SYNC = """
with open_workspace(folder, passphrase) as workspace:
    ready()
    workspace.exchange.sync(other)
"""
BUNDLE = """
with open_workspace(folder, passphrase) as workspace:
    ready()
    workspace.exchange.import_bundle(Path(other))
"""
CREATE = """
ready()
create_workspace(folder, passphrase, community="Г", unit="Ц", person="П", kdf=vault.KDF_FLOOR).close()
"""
JOIN = """
ready()
join_workspace(folder, passphrase, invitation=Path(other).read_bytes(), person="П", kdf=vault.KDF_FLOOR).close()
"""


def killed(project: Path, script: str, folder: Path, other: object, seconds: float) -> list[str]:
    """Run a script, kill it some time after it is ready, and return what it said was saved."""
    command = [sys.executable, "-c", START + script, os.fspath(folder), str(other), PASSPHRASE]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, encoding="utf-8") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(seconds)
        child.kill()
        rest = child.stdout.read()
    return [line.strip() for line in rest.splitlines(keepends=True) if line.endswith("\n")]


def moments(count: int, longest: float) -> list[float]:
    chance = random.Random(count)
    return [chance.uniform(0, longest) for _ in range(count)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with 900 cases in several frames, its bundle, and the vault of a colleague who has none of them."""
    from desktop_app.kits import examples

    folder = tmp_path_factory.mktemp("filled")
    with create_workspace(
        folder / "full", PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR
    ) as full:
        (folder / "invitation").write_bytes(full.invite("clerk", "Ц").data)
        (folder / "unused").write_bytes(full.invite("clerk", "Ц").data)
        for _ in range(6):
            full.cases.register_many("appeal", examples.examples("appeal", 150, 1))
        full.exchange.export_bundle(folder / "bundle")
    data = (folder / "invitation").read_bytes()
    join_workspace(folder / "empty", PASSPHRASE, invitation=data, person="І", kdf=vault.KDF_FLOOR).close()
    for name in ("full", "empty"):
        forget_place(folder / name, PASSPHRASE)
    return folder


def checked(folder: Path) -> Workspace:
    """Open a vault after a kill and see that it is whole."""
    workspace = open_workspace(folder, PASSPHRASE)
    assert workspace.notices == []
    assert [check.finding for check in verify(workspace) if not check.sound] == []
    return workspace


@pytest.mark.parametrize("script", [REGISTER, REGISTER_MANY], ids=["one by one", "many"])
def test_killed_while_registering(project: Path, tmp_path: Path, script: str) -> None:
    folder = tmp_path / "vault"
    create_workspace(folder, PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR).close()
    acknowledged: list[str] = []
    for seconds in moments(5, 0.3):
        acknowledged += killed(project, script, folder, "", seconds)
        with checked(folder) as workspace, workspace.store.read() as connection:
            numbers = [number for (number,) in connection.execute("SELECT number FROM case_row")]
            assert len(numbers) == len(set(numbers))
            assert set(acknowledged) <= set(numbers)
            assert script is REGISTER or len(numbers) % 100 == 0
    assert acknowledged


def test_killed_while_a_bundle_is_taken_in(project: Path, tmp_path: Path, filled: Path) -> None:
    shutil.copytree(filled / "empty", tmp_path / "vault")
    shutil.copytree(filled / "full", tmp_path / "full")
    for seconds in moments(6, 0.3):
        killed(project, BUNDLE, tmp_path / "vault", filled / "bundle", seconds)
        checked(tmp_path / "vault").close()
    with (
        open_workspace(tmp_path / "vault", PASSPHRASE) as workspace,
        open_workspace(tmp_path / "full", PASSPHRASE) as full,
    ):
        workspace.exchange.import_bundle(filled / "bundle")
        assert workspace.cases.count(CaseQuery()) == 900
        pull(full, workspace)
        assert workspace.digest() == full.digest()


def test_killed_while_exchanging(project: Path, tmp_path: Path, filled: Path) -> None:
    for name in ("full", "empty"):
        shutil.copytree(filled / name, tmp_path / name)
    with RunningServer(tmp_path / "server") as server:
        for name in ("full", "empty"):
            for seconds in moments(4, 0.3):
                killed(project, SYNC, tmp_path / name, server.url, seconds)
                checked(tmp_path / name).close()
            with open_workspace(tmp_path / name, PASSPHRASE) as workspace:
                workspace.exchange.sync(server.url)
        with checked(tmp_path / "full") as full, checked(tmp_path / "empty") as other:
            full.exchange.sync(server.url)
            assert other.cases.count(CaseQuery()) == 900
            pull(full, other)
            assert full.digest() == other.digest()


@pytest.mark.parametrize("script", [CREATE, JOIN], ids=["create", "join"])
def test_killed_while_a_vault_is_made(project: Path, tmp_path: Path, filled: Path, script: str) -> None:
    for number, seconds in enumerate(moments(5, 0.5)):
        folder = tmp_path / str(number)
        killed(project, script, folder, filled / "unused", seconds)
        if vault.is_vault(folder):
            checked(folder).close()
        else:
            assert not folder.exists()
            create_workspace(folder, PASSPHRASE, community="Г", unit="Ц", person="П", kdf=vault.KDF_FLOOR).close()
