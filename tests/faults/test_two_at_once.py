"""Many processes want one vault in the same moment; exactly one has it, and the others are told so."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.faults.work import Place
from tests.faults.works import WORKS

ROUNDS, PROCESSES = 5, 6
SCRIPT = """
import os, sys
from pathlib import Path
from desktop_app.opening import open_workspace
from sync.errors import Failure
from tests.faults.work import PASSPHRASE
folder, processes = Path(sys.argv[1]), int(sys.argv[2])
for _round in range(int(sys.argv[3])):
    waiting, start = os.pipe()
    ended, end = os.pipe()
    said, say = os.pipe()
    for _process in range(processes):
        if os.fork() == 0:
            os.close(start)
            os.close(end)
            os.read(waiting, 1)
            try:
                with open_workspace(folder, PASSPHRASE):
                    os.write(say, b"opened\\n")
                    os.read(ended, 1)
            except Failure as failure:
                os.write(say, failure.code.encode() + b"\\n")
            except BaseException as error:
                os.write(say, repr(error).encode() + b"\\n")
            os._exit(0)
    os.close(start)
    told = b""
    while told.count(b"\\n") < processes:
        told += os.read(said, 1000)
    os.close(end)
    for _process in range(processes):
        os.wait()
    print(*sorted(told.decode().split("\\n"))[1:], sep=",", flush=True)
"""


def test_exactly_one_opens(tmp_path: Path, project: Path) -> None:
    place = Place.below(tmp_path)
    place.root.mkdir()
    WORKS["register"].prepare(place)
    command = [sys.executable, "-c", SCRIPT, str(place.vault), str(PROCESSES), str(ROUNDS)]
    done = subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8", check=True)
    rounds = [Counter(line.split(",")) for line in done.stdout.splitlines()]
    print(f"\nat once: {len(rounds)} rounds of {PROCESSES} processes")
    assert rounds == [Counter(opened=1, vault_in_use=PROCESSES - 1)] * ROUNDS
