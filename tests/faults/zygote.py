"""A process that has imported everything, and forks for each work that is to be killed.

Asked on its standard input, a line of JSON for each work; answers on its standard output, a line when it has ended.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from desktop_app.vault import keyfile, keystore, ways
from sync.errors import Failure, Refused
from tests.faults.check import Broken, found
from tests.faults.work import Place, Work
from tests.faults.works import WORKS, say_on_stdout
from tests.stretching import stretched_once

DISK_BYTES = 48 << 20
"""The size of the small disk."""
_LOOK_AGAIN_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Ran:
    """How a work ended.

    Args:
        said: The whole lines that it said.
        seconds: How long it lived.
        killed: Whether it was killed; otherwise it came to its end.
    """

    said: list[str]
    seconds: float
    killed: bool


class Zygote:
    """The process, seen from the trial.

    Args:
        project: The root of the checkout.
        notes: A folder for what works say.
        disk: A folder on which a small disk of its own is mounted, which nobody else sees; see `seen_from_here`.
    """

    def __init__(self, project: Path, notes: Path, disk: Path | None = None) -> None:
        self._project = project
        self._notes = notes
        self._disk = disk

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.faults.zygote", str(self._notes)]
        if self._disk is not None:
            mount = f'mount -t tmpfs -o size={DISK_BYTES} none "$0" && exec "$@"'
            command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(self._disk), *command]
        self._process = subprocess.Popen(
            command, cwd=self._project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._answer()  # what is made on the small disk before it is mounted would lie below it
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def outside(self, path: Path) -> Path:
        """Return a path on the small disk as this process reaches it; good for files, but SQLite won't have it."""
        if self._disk is None:
            return path
        return Path("/proc") / str(self._process.pid) / "root" / path.relative_to("/")

    def remount(self, option: str) -> None:
        """Mount the small disk anew, with ``ro`` or ``rw``."""
        self._ask({"remount": option, "disk": str(self._disk)})

    def prepare(self, name: str, place: Place) -> None:
        """Make what a work needs before."""
        self._do("prepare", name, place)

    def look(self, name: str, place: Place, *, go_on: bool) -> str:
        """Return the look of a vault after a fault; see `check.found`.

        Raises:
            Broken: It is not what was promised.
        """
        ran = self._do("go on" if go_on else "look", name, place)
        kind, told = ran.said[-1].split(" ", 1)
        if kind == "broken":
            raise Broken(told)
        return told

    def run(
        self,
        name: str,
        place: Place,
        seconds: float | None = None,
        *,
        largest: int | None = None,
        inject: str | None = None,
    ) -> Ran:
        """Do a work and kill it after some time, if it is not at its end by then.

        Args:
            name: The work.
            place: Where.
            seconds: After which time; None lets it live.
            largest: No file may grow beyond so many bytes.
            inject: What strace does to which call, such as ``fsync:error=EIO:when=3``.
        """
        return self._do("work", name, place, seconds=seconds, largest=largest, inject=inject)

    def _do(self, task: str, name: str, place: Place, **fault: object) -> Ran:
        asked = {"task": task, "name": name, "root": str(place.root), "beside": str(place.beside), **fault}
        answer = self._ask(asked)
        said = (self._notes / "said").read_text(encoding="utf-8").splitlines(keepends=True)
        assert answer["status"] in {0, signal.SIGKILL}, (self._notes / "failed").read_text(encoding="utf-8")
        return Ran([line[:-1] for line in said if line.endswith("\n")], answer["seconds"], answer["status"] != 0)

    def _ask(self, asked: dict[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that forks for each trial has ended: may it make namespaces and mount a tmpfs here?"
        found: dict[str, Any] = json.loads(line)
        return found


def _serve(notes: Path) -> None:
    warm: set[str] = set()
    print("{}", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "remount" in asked:
            subprocess.run(["mount", "-o", f"remount,{asked['remount']}", asked["disk"]], check=True)
            print("{}", flush=True)
            continue
        place = Place(Path(asked["root"]), Path(asked["beside"]))
        if asked["task"] == "work" and asked["root"] not in warm and place.vault.exists():
            _stretch(place, WORKS[asked["name"]].phrases)
            warm.add(asked["root"])
        (notes / "said").write_bytes(b"")
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            _run(asked, place, notes)
        tracer = _trace(child, asked["inject"]) if asked.get("inject") else None
        status = _wait(child, asked.get("seconds"), begun)
        if tracer is not None:
            tracer.wait()
        print(json.dumps({"status": status, "seconds": time.monotonic() - begun}), flush=True)


def _stretch(place: Place, phrases: tuple[str, ...]) -> None:
    """Try the pass phrases once, so that what they are stretched to is known to all who are forked later."""
    for phrase in phrases:
        with suppress(Refused):
            keyfile.wipe(ways.unlock(place.vault, keystore.load(place.vault).key_file, phrase))


def _run(asked: dict[str, Any], place: Place, notes: Path) -> NoReturn:
    try:
        os.dup2(os.open(notes / "said", os.O_WRONLY | os.O_APPEND), 1)
        if asked.get("largest") is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest"], asked["largest"]))
        while asked.get("inject") and "TracerPid:\t0\n" in Path("/proc/self/status").read_text(encoding="ascii"):
            time.sleep(_LOOK_AGAIN_SECONDS)
        _task(asked["task"], WORKS[asked["name"]], place)
    except BaseException:  # noqa: BLE001 - what was forked must never come back
        (notes / "failed").write_text(traceback.format_exc(), encoding="utf-8")
        os._exit(1)
    os._exit(0)


def _task(task: str, work: Work, place: Place) -> None:
    if task == "prepare":
        work.prepare(place)
    elif task == "work":
        try:
            work.do(place, say_on_stdout)
        except Failure as failure:
            say_on_stdout(f"failed {failure.code}")
    else:
        try:
            say_on_stdout(f"look {found(place, work, go_on=task == 'go on')}")
        except Broken as broken:
            say_on_stdout(f"broken {broken}")


def _trace(process: int, inject: str) -> subprocess.Popen[bytes]:
    calls = inject.partition(":")[0]
    command = ["strace", "-f", "-qq", "-p", str(process), "-o", "/dev/null", "-e", f"trace={calls}"]
    return subprocess.Popen([*command, "-e", f"inject={inject}"], stdin=subprocess.DEVNULL)


def _wait(child: int, seconds: float | None, begun: float) -> int:
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        if seconds is not None and time.monotonic() - begun >= seconds:
            os.kill(child, signal.SIGKILL)
            return os.waitpid(child, 0)[1]
        time.sleep(_LOOK_AGAIN_SECONDS)


if __name__ == "__main__":
    with stretched_once():
        _serve(Path(sys.argv[1]))
