"""Killed while files are added: no record without its chunks, and what is left over is cleaned away."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from desktop_app.attachments.model import FileState
from desktop_app.verify import verify
from tests.attachments.conftest import MIB, opened
from tests.workspace.conftest import PASSPHRASE

ADD = """
import sys
from pathlib import Path
from desktop_app.opening import open_workspace
folder, case, passphrase, seed, size = sys.argv[1:]
import random
with open_workspace(Path(folder), passphrase) as workspace:
    print("ready", flush=True)
    for number in range(10_000):
        data = random.Random(f"{seed}/{number}").randbytes(int(size))
        print(workspace.files.add_bytes(case, f"{number}", data).id, flush=True)
"""


def test_no_record_is_without_its_chunks(project: Path, template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template / "oksana", tmp_path / "oksana"))
    seat = opened(folder)
    case = seat.first
    seat.workspace.close()
    chance = random.Random(3)
    acknowledged: set[str] = set()
    left_over = 0
    for trial in range(8):
        size = (3 * MIB, 1000)[trial % 2]
        command = [sys.executable, "-c", ADD, folder, case, PASSPHRASE, str(trial), str(size)]
        with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, encoding="utf-8") as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            if trial < 2:
                # Surely in the middle of an addition; the others come when they come.
                while not list((folder / "files").glob("new-*/*")):
                    time.sleep(0.001)
            else:
                time.sleep(chance.uniform(0, 0.4))
            child.kill()
            acknowledged |= {line.strip() for line in child.stdout.read().splitlines(keepends=True) if line[-1] == "\n"}
        seat = opened(folder)
        listed = seat.files.list(case)
        assert {entry.state for entry in listed} <= {FileState.HERE}
        assert acknowledged <= {entry.id for entry in listed}
        names = {path.name for path in seat.stored}
        cleaned = seat.files.clean()
        assert cleaned.doubts == ()
        assert len(names) - len(seat.stored) == cleaned.removed
        assert not list(seat.files.chunks.folder.glob("new-*"))
        left_over += cleaned.removed
        assert [check for check in verify(seat.workspace) if not check.sound] == []
        seat.workspace.close()
    assert left_over, "no kill came in the middle of an addition"
