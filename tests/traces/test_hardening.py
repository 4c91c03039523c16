"""A process of the program leaves no core, lets nobody of the same user read it, and tells no words of a crash."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app import hardening
from desktop_app.running import Running

CHILD = """
import ctypes, os, resource, sys, threading
from desktop_app.hardening import harden
harden()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), oct(os.umask(0)))
sys.stdout.flush()
secret = "Коваленко"
{then}
"""
_THEN = {
    "exception": "raise ValueError(secret)",
    "thread": "t = threading.Thread(target=int, args=(secret,)); t.start(); t.join(); sys.exit(1)",
    "unraisable": (
        "class Gone:\n    def __del__(self):\n        raise ValueError(secret)\ngone = Gone()\ndel gone\nsys.exit(1)"
    ),
    "abort": "os.abort()",
    "fault": "ctypes.string_at(8)",
}


def _run(then: str, cwd: Path, project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", 'ulimit -c unlimited; exec "$@"', "-", sys.executable, "-c", CHILD.format(then=_THEN[then])],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(project)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("then", _THEN)
def test_a_crash_leaves_no_core_and_no_words(then: str, tmp_path: Path, project: Path) -> None:
    ended = _run(then, tmp_path, project)
    assert ended.returncode in {1, -signal.SIGABRT, -signal.SIGSEGV}
    assert ended.stdout.strip() == "(0, 0) 0 0o77"
    assert "Коваленко" not in ended.stderr
    assert not list(tmp_path.iterdir())
    if then in {"exception", "thread", "unraisable"}:
        assert "unforeseen: ValueError" in ended.stderr


def test_only_the_documented_switch_lets_debuggers_in(tmp_path: Path, project: Path) -> None:
    assert " 1 " in _run("exception", tmp_path, project, **{hardening.TRACING: "1"}).stdout


SPY = """
# All at once: the other user may not enter the folders of this interpreter.
import ctypes, os, resource, sys, time
from desktop_app.hardening import harden
os.setgid(65534)
os.setuid(65534)
reading, writing = os.pipe()
seen = os.fork()
if seen == 0:
    # A change of the user alone makes a process unreadable; as a program started by that user it would be readable.
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
    if sys.argv[1] == "hard":
        harden()
    os.write(writing, b"x")
    time.sleep(60)
os.close(writing)
os.read(reading, 1)
try:
    open(f"/proc/{seen}/mem", "rb").close()
    print("read")
except PermissionError:
    print("refused")
os.kill(seen, 9)
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")
def test_another_process_of_the_same_user_cannot_read_its_memory(project: Path) -> None:
    def spy(how: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", SPY, how], cwd=project, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert spy("soft") == "read", "the trial itself must be able to read"
    assert spy("hard") == "refused"


def test_a_desk_that_was_cut_off_is_noticed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    monkeypatch.setenv("SPRAVA_SETTINGS_DIR", str(tmp_path / "settings"))
    begin = "from desktop_app.running import Running; r = Running(); print(r.begin(), flush=True); "
    killed = subprocess.Popen(
        [sys.executable, "-c", begin + "input()"],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == "False\n"
    beside = Running()
    assert not beside.begin(), "one that still runs was not cut off"
    killed.kill()
    killed.communicate()
    beside.end()
    after = Running()
    assert after.begin()
    after.end()
    assert not after.begin()
    after.end()
    assert not list((tmp_path / "settings").iterdir())
