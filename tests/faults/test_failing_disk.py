"""The disk is full, takes no more, can't be written, or fails; it is said, and nothing that was saved is lost."""

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.bench import Bench, State, read_state
from tests.faults.check import allowed, found, stretched_once
from tests.faults.preparing import prepared
from tests.faults.work import Place, Work
from tests.faults.works import WORKS
from tests.faults.zygote import DISK_BYTES, Ran, Zygote

TIMES = int(os.environ.get("SPRAVA_SOAK", "1"))
FULL = {"disk_full"}
FAILING = {"disk_error"}


@pytest.fixture(autouse=True)
def _quickly() -> Iterator[None]:
    with stretched_once():
        yield


@pytest.fixture(scope="module")
def zygote(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(project, tmp_path_factory.mktemp("zygote")) as begun:
        yield begun


@pytest.fixture(scope="module")
def small(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Zygote, Path]]:
    """A process with a small disk of its own, and the folder where that is mounted."""
    folder = tmp_path_factory.mktemp("small")
    with Zygote(project, tmp_path_factory.mktemp("zygote"), folder) as begun:
        yield begun, folder


class Trial:
    """Works on a failing disk: what they said, and what is there afterwards."""

    def __init__(self, name: str, place: Place, whole: Ran, start: State) -> None:
        self.codes: Counter[str] = Counter()
        self._work: Work = WORKS[name]
        self._place = place
        self._bench = Bench(place.root)
        self._whole = whole
        self._start = start

    def begin(self) -> None:
        self._bench.put(self._start)

    def judge(self, ran: Ran, *, go_on: bool) -> None:
        """See that what was saved is there, at most one step more, and that it goes on once the disk is well."""
        said = [line for line in ran.said if not line.startswith("failed ")]
        self.codes.update(line.split()[1] for line in ran.said if line.startswith("failed "))
        assert said == self._whole.said[: len(said)]
        assert found(self._place, self._work, go_on=go_on) in allowed(said, self._whole.said[len(said) :]), ran


@pytest.mark.parametrize("call", ["pwrite64", "write", "fsync,fdatasync", "ftruncate", "rename", "unlink", "mkdir"])
@pytest.mark.parametrize("name", WORKS)
def test_a_call_fails(name: str, call: str, in_memory: Path, zygote: Zygote) -> None:
    print(name, call)
    for error in ("EIO", "ENOSPC"):
        with prepared(WORKS[name], in_memory / error) as place:
            start = read_state(place.root)
            trial = Trial(name, place, zygote.run(name, place), start)
            for when in (1, 2, 3, 5, 9, 17):
                trial.begin()
                ran = zygote.run(name, place, inject=f"{call}:error={error}:when={when}")
                try:
                    trial.judge(ran, go_on=when == 2)
                except Exception as e:
                    print("  BROKEN", error, when, repr(e)[:300])
                print("  ", error, when, ran.said[-1])
