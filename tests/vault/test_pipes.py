"""Pipes and devices in a vault's folder: nobody waits at them, and the program says what lies in its way."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.attachments.store import ChunkStore
from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.repair import repair
from desktop_app.verify import verify_folder
from sync.errors import Damaged
from tests.templates import forget_place

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
PASSPHRASE = "калина горить над ставом 77"
BESIDE = ("vault.db-wal", "vault.db-shm", "vault.db-journal")
MENDED = ("vault.key", "vault.key.previous", "vault.mark", "vault.seat")
PATIENCE = 20.0


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipes") / "v"
    with create_workspace(folder, PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR) as made:
        made.cases.register("appeal", example("appeal", 1))
    forget_place(folder, PASSPHRASE)
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "vault"))


@contextmanager
def nobody_waits(*pipes: Path) -> Iterator[None]:
    """Put pipes into their places, and let go whoever waits at one for long, which is a failure."""
    for pipe in pipes:
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
    freed: list[Path] = []

    def free() -> None:
        for pipe in pipes:
            try:
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                continue  # nobody has it open
            freed.append(pipe)

    timer = threading.Timer(PATIENCE, free)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
    assert not freed


@pytest.mark.parametrize("name", [*MENDED, "vault.tries"])
def test_a_pipe_in_the_place_of_a_small_file_makes_way_for_it(folder: Path, name: str) -> None:
    with nobody_waits(folder / name):
        checks = verify_folder(folder, PASSPHRASE)
        assert all(check.sound for check in checks) == (name not in MENDED)
        with open_workspace(folder, PASSPHRASE) as workspace:
            workspace.cases.register("appeal", example("appeal", 2))
        assert all(check.sound for check in verify_folder(folder, PASSPHRASE))
    if name in MENDED:
        assert (folder / name).is_file()


@pytest.mark.parametrize("name", BESIDE)
def test_a_pipe_beside_the_database_is_named_by_all(folder: Path, name: str) -> None:
    tries: tuple[Callable[[], object], ...] = (
        lambda: open_workspace(folder, PASSPHRASE),
        lambda: repair(folder, PASSPHRASE),
    )
    with nobody_waits(folder / name):
        for each in tries:
            with pytest.raises(Damaged) as said:
                each()
            assert said.value.code == "file_in_the_way"
        faults = [check for check in verify_folder(folder, PASSPHRASE) if not check.sound]
    assert [check.part for check in faults] == ["in_the_way"]
    assert name in faults[0].finding
    (folder / name).unlink()
    with open_workspace(folder, PASSPHRASE):
        pass


def test_two_pipes_for_the_key_files_are_two_lost_key_files(folder: Path) -> None:
    with nobody_waits(folder / "vault.key", folder / "vault.key.previous"):
        with pytest.raises(Damaged) as said:
            open_workspace(folder, PASSPHRASE)
        assert said.value.code == "damaged_key_file"
        assert not all(check.sound for check in verify_folder(folder, PASSPHRASE))


def test_a_pipe_for_a_part_of_a_file_is_a_damaged_part(tmp_path: Path) -> None:
    store, chunk = ChunkStore(tmp_path / "files"), bytes(32)
    store.path(chunk).parent.mkdir(parents=True)
    with nobody_waits(store.path(chunk)), pytest.raises(Damaged) as said:
        store.read(chunk)
    assert said.value.code == "damaged_file"
    os.mkfifo(store.folder / "new-0011")
    assert store.unfinished() == []


def test_a_device_in_the_place_of_the_database_is_not_copied_until_the_disk_is_full(folder: Path) -> None:
    (folder / "vault.db").unlink()
    (folder / "vault.db").symlink_to("/dev/zero")
    assert {"database"} <= {check.part for check in verify_folder(folder, PASSPHRASE) if not check.sound}
    with pytest.raises(Damaged) as said:
        open_workspace(folder, PASSPHRASE)
    assert said.value.code == "damaged_database"
    repair(folder, PASSPHRASE)
    assert (folder / "vault.db").is_file()
    assert (folder / "vault.db.damaged-1").is_symlink()
