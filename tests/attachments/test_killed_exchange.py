"""Killed on the way, the device or the server: 30 MB arrive whole, and nothing that was acknowledged goes twice."""

import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from desktop_app.attachments.model import FileState
from desktop_app.attachments.trip import FileProgress
from desktop_app.attachments.whereabouts import FileChoice, InAdvance
from desktop_app.verify import verify
from dev.postgres import Cluster
from sync.errors import Unreachable
from sync.server import Options, RunningServer
from tests.attachments.conftest import MIB, Office, content, opened
from tests.sync.server.conftest import Bucket, bucket, cluster, s3
from tests.sync.server.processes import server_process
from tests.workspace.conftest import PASSPHRASE

__all__ = ["bucket", "cluster", "s3"]

SIZE = 30 * MIB + 12_345
SYNC = """
import sys
from pathlib import Path
from desktop_app.opening import open_workspace
folder, passphrase, url, patience = sys.argv[1:]

def tell(progress):
    if type(progress).__name__ == "FileProgress":
        print(progress.sent + progress.received, progress.total, flush=True)
        if progress.sent + progress.received > int(patience):
            sys.stdin.read()  # until the kill comes

with open_workspace(Path(folder), passphrase) as workspace:
    print("ready", flush=True)
    moved = workspace.exchange.sync(url, progress=tell).files
    print("done", moved.bytes_sent, moved.bytes_received, flush=True)
"""


@pytest.fixture
def seats(template: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two closed vaults; the first has a file of 30 MB, and the second takes all files."""
    folders = []
    for name in ("oksana", "ivan"):
        folders.append(Path(shutil.copytree(template / name, tmp_path / name)))
        office = opened(folders[-1])
        if name == "oksana":
            (tmp_path / "великий.bin").write_bytes(content(SIZE))
            office.files.add(office.first, tmp_path / "великий.bin")
        else:
            office.workspace.exchange.files.choose(InAdvance(FileChoice.ALL))
        office.workspace.close()
    return folders[0], folders[1]


def _chunks(folder: Path) -> dict[str, int]:
    """What lies in its place below a folder of chunks, of a vault or of a server."""
    return {
        path.name: path.stat().st_size
        for path in folder.rglob("*")
        if len(path.name) == 64 and path.parent.name == path.name[:2]
    }


def _killed(project: Path, folder: Path, url: str, patience: int, pause: float) -> tuple[int, int]:
    """Exchange in a process of its own and kill it; return what it was told last: bytes done, of how many."""
    command = [sys.executable, "-c", SYNC, folder, PASSPHRASE, url, str(patience)]
    with subprocess.Popen(
        command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        done, total = map(int, child.stdout.readline().split())
        while done <= patience:
            done, total = map(int, child.stdout.readline().split())
        time.sleep(pause)
        child.kill()
    return done, total


def _sync(folder: Path, url: str) -> tuple[int, int]:
    office = opened(folder)
    moved = office.workspace.exchange.sync(url).files
    assert moved is not None
    assert moved.complete
    office.workspace.close()
    return moved.bytes_sent, moved.bytes_received


def test_a_device_killed_on_the_way_goes_on_where_it_was(
    project: Path, seats: tuple[Path, Path], tmp_path: Path
) -> None:
    oksana, ivan = seats
    whole = sum(_chunks(oksana / "files").values())
    with server_process(tmp_path / "server") as (_server, url):
        for office, at in ((oksana, tmp_path / "server"), (ivan, ivan)):
            before = 0
            for patience, pause in ((0, 0.0), (5 * MIB, 0.0), (3 * MIB, 0.0)):
                done, total = _killed(project, office, url, patience, pause)
                assert total == whole - before
                before = sum(_chunks(at / "files").values())
                assert before >= done
            assert before < whole
            assert sum(_sync(office, url)) == whole - before
            assert _chunks(at / "files") == _chunks(oksana / "files")
    seat = opened(ivan)
    (entry,) = seat.files.list(seat.first)
    assert entry.state is FileState.HERE
    assert b"".join(bytes(block) for block in seat.files.content(entry.id).blocks()) == content(SIZE)
    assert [check.finding for check in verify(seat.workspace, thorough=True) if not check.sound] == []
    seat.files.clean()
    assert not list((ivan / "files").glob("new-*"))
    seat.workspace.close()


def _until_done(office: Office, url: str, acknowledged: list[int], failures: list[str]) -> None:
    """Exchange until all is done; note how much was acknowledged, also in an exchange that broke off."""
    while True:
        reached = [0]

        def note(progress: object, reached: list[int] = reached) -> None:
            if isinstance(progress, FileProgress):
                reached[0] = progress.sent + progress.received

        try:
            done = office.workspace.exchange.sync(url, progress=note).files
        except Unreachable as failure:
            failures.append(failure.code)
            continue
        finally:
            acknowledged.append(reached[0])
        if done is not None and done.complete and not (done.waiting or done.lacking):
            return


def test_a_server_killed_again_and_again(seats: tuple[Path, Path], tmp_path: Path) -> None:
    chance = random.Random(5)
    port = 0
    whole = sum(_chunks(seats[0] / "files").values())
    for folder in seats:
        office = opened(folder)
        acknowledged: list[int] = []
        failures: list[str] = []
        with server_process(tmp_path / "server", port) as (_server, url):
            port = int(url.rpartition(":")[2])
            office.workspace.exchange.sync(url, cancelled=lambda: True)
        worker = threading.Thread(target=_until_done, args=(office, url, acknowledged, failures))
        for trial in range(4):
            with server_process(tmp_path / "server", port) as (server, _url):
                if not trial:
                    worker.start()
                if trial == 3:
                    worker.join()
                else:
                    time.sleep(chance.uniform(0.02, 0.4))
                    server.kill()
        assert sum(acknowledged) <= whole
        (entry,) = office.files.list(office.first)
        assert (entry.state, entry.at_server) == (FileState.HERE, True)
        assert b"".join(bytes(block) for block in office.files.content(entry.id).blocks()) == content(SIZE)
        office.workspace.close()
        assert set(failures) <= {"server_away", "connection_lost", "server_busy", "server_error"}


def test_postgres_and_s3_together(seats: tuple[Path, Path], tmp_path: Path, cluster: Cluster, bucket: Bucket) -> None:
    options = Options(
        database=cluster.new_database(), files=f"s3://{bucket.name}/sprava", files_endpoint=bucket.endpoint
    )
    whole = sum(_chunks(seats[0] / "files").values())
    with RunningServer(tmp_path / "server", options=options) as server:
        assert _sync(seats[0], server.url) == (whole, 0)
        assert _sync(seats[1], server.url) == (0, whole)
        bucket.empty()
    with RunningServer(tmp_path / "server", options=options) as server:
        assert _sync(seats[1], server.url) == (whole, 0)  # whoever comes first and has it gives it back
        assert _sync(seats[0], server.url) == (0, 0)
    assert _chunks(seats[0] / "files") == _chunks(seats[1] / "files")
