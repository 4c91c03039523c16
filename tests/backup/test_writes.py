"""A backup is one moment of the vault, however much is written while it is made; and it keeps nobody waiting."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop_app.backup.making import back_up
from desktop_app.backup.restoring import restore, saved_database
from desktop_app.backup.watch import Progress, Watch
from desktop_app.kits import examples
from desktop_app.opening import open_workspace
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync import digest
from sync.errors import Refused

from .conftest import PASSPHRASE, unlock


@contextmanager
def registering(workspace: Workspace) -> Iterator[list[int]]:
    """Register cases in another thread for as long as the block runs; the list grows with each that is saved."""
    saved: list[int] = []
    stop = threading.Event()

    def work() -> None:
        seed = 0
        while not stop.is_set():
            many = examples.examples("appeal", 5, seed)
            workspace.cases.register_many("appeal", many)
            seed += 1
            saved.append(seed)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield saved
    finally:
        stop.set()
        thread.join()


def test_heavy_writing_during_a_backup(workspace: Workspace, stick: Path, tmp_path: Path) -> None:
    written_meanwhile = 0
    with registering(workspace) as saved:
        for number in range(4):
            before = len(saved)
            made = back_up(workspace, stick)
            written_meanwhile += len(saved) - before
            with saved_database(made.file, unlock, within=tmp_path / "private") as connection:
                assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert digest.of_units(connection, sorted(workspace.log.me.units)) == made.digest
            assert made.generation == number + 1
    assert written_meanwhile > 4
    restore(made.file, tmp_path / "back", unlock)
    with open_workspace(tmp_path / "back", PASSPHRASE) as back:
        assert [check.finding for check in verify(back) if not check.sound and check.part != "mark"] == []
        assert back.info().cases == made.cases < workspace.info().cases


def test_the_file_stands_still_under_a_snapshot_and_moves_on_after_it(workspace: Workspace) -> None:
    def content() -> str:
        # Read through a descriptor that stays open: closing one would drop SQLite's locks in this process.
        file.seek(0)
        return hashlib.sha256(file.read()).hexdigest()

    with (workspace.folder / "vault.db").open("rb") as file:
        with workspace.store.snapshot() as snapshot:
            before = content()
            copied = hashlib.sha256(b"".join(snapshot.blocks(65536))).hexdigest()
            for seed in range(3):
                workspace_thread(workspace, seed)
                with pytest.raises(RuntimeError), workspace.store.snapshot():
                    pass
            assert content() == before == copied
            snapshot.require_unmoved()
        workspace.store.checkpoint()
        assert content() != before
        workspace.close()


def workspace_thread(workspace: Workspace, seed: int) -> None:
    """Write from another thread, and try hard to move it into the main file."""

    def work() -> None:
        workspace.cases.register_many("appeal", examples.examples("appeal", 200, seed))
        workspace.store.checkpoint()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_snapshot_waits_for_a_reader_of_an_older_state(workspace: Workspace, stick: Path) -> None:
    """Until it is gone, the main file does not hold the newest state."""
    reading, go_on = threading.Event(), threading.Event()

    def read() -> None:
        with workspace.store.read() as connection:
            connection.execute("SELECT count(*) FROM frame").fetchone()
            reading.set()
            go_on.wait(20)

    thread = threading.Thread(target=read)
    thread.start()
    reading.wait(20)
    workspace.cases.register_many("appeal", examples.examples("appeal", 20, 5))
    threading.Timer(0.5, go_on.set).start()
    made = back_up(workspace, stick)
    thread.join()
    assert made.digest == workspace.digest()


def test_closing_the_vault_ends_a_backup_and_leaves_the_one_before(folder: Path, stick: Path, tmp_path: Path) -> None:
    workspace = open_workspace(folder, PASSPHRASE)
    first = back_up(workspace, stick)
    workspace.cases.register_many("appeal", examples.examples("appeal", 500, 7))
    closing: list[threading.Thread] = []

    def tell(progress: Progress) -> None:
        if progress.phase == "reading" and not closing:
            closing.append(threading.Thread(target=workspace.close))
            closing[0].start()
            closing[0].join(0.3)

    with pytest.raises(Refused) as refusal:
        back_up(workspace, stick, Watch(tell))
    assert refusal.value.code == "vault_closed"
    closing[0].join()
    assert restore(first.file, tmp_path / "back", unlock).digest == first.digest


@pytest.mark.parametrize("phase", ["reading", "writing", "checking"])
def test_stopping_leaves_the_backup_before(workspace: Workspace, stick: Path, tmp_path: Path, phase: str) -> None:
    first = back_up(workspace, stick)
    workspace.cases.register_many("appeal", examples.examples("appeal", 500, 8))
    seen: list[str] = []
    watch = Watch(lambda progress: seen.append(progress.phase), lambda: phase in seen)
    with pytest.raises(Refused) as refusal:
        back_up(workspace, stick, watch)
    assert refusal.value.code == "stopped"
    assert restore(first.file, tmp_path / "back", unlock).digest == first.digest
    again = back_up(workspace, stick)
    assert again.digest == workspace.digest()
    assert again.bytes == again.file.stat().st_size


def test_stopping_a_first_backup_leaves_nothing(workspace: Workspace, stick: Path) -> None:
    seen: list[str] = []
    with pytest.raises(Refused):
        back_up(workspace, stick, Watch(lambda progress: seen.append(progress.phase), lambda: "checking" in seen))
    assert list(stick.iterdir()) == []
