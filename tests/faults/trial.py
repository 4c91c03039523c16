"""One work tried again and again with a fault, each time from the same beginning."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.server import RunningServer
from tests.faults.bench import Bench, read_state
from tests.faults.check import allowed
from tests.faults.work import Place, Work
from tests.faults.works import WORKS
from tests.faults.zygote import Ran, Zygote

_GO_ON_EVERY = 5
"""After one in so many tries a further case is registered."""


class Trial:
    """The tries of one work.

    Args:
        name: The work.
        place: Where it is tried, prepared.
        zygote: The process that forks for each try.

    Attributes:
        place: Where it is tried.
        free_before: How many bytes were free on the disk before the work.
        whole: How the work runs without a fault.
        tried: How many tries there were.
        killed: How many of them were killed before their end.
        codes: How often which failure was told.
    """

    def __init__(self, name: str, place: Place, zygote: Zygote) -> None:
        self.tried = self.killed = 0
        self.codes: Counter[str] = Counter()
        self._name = name
        self.place = place
        self._zygote = zygote
        self._bench = Bench(zygote.outside(place.root))
        self._start = read_state(self._bench.root)
        status = os.statvfs(self._bench.root)
        self.free_before = status.f_bavail * status.f_frsize
        self.whole = zygote.run(name, place)

    def begin(self) -> None:
        """Put everything back as it was before the work."""
        self._bench.put(self._start)

    def judge(self, ran: Ran) -> None:
        """See that what was saved is there and at most one step more, and that it goes on without the fault."""
        self.tried += 1
        self.killed += ran.killed
        said = [line for line in ran.said if not line.startswith("failed ")]
        self.codes.update(line.split()[1] for line in ran.said if line.startswith("failed "))
        assert said == self.whole.said[: len(said)], "a work is not the same in each run"
        seen = self._zygote.look(self._name, self.place, go_on=self.tried % _GO_ON_EVERY == 0)
        assert seen in allowed(said, self.whole.said[len(said) :]), f"after {ran.said}"


@contextmanager
def prepared(work: Work, place: Place, prepare: Callable[[Place], None]) -> Iterator[None]:
    """Make what a work needs before; a server that it needs runs inside the block.

    Args:
        work: The work.
        place: Where, as this process reaches it.
        prepare: Does what the work itself prepares.
    """
    place.root.mkdir(parents=True)
    place.beside.mkdir()
    if not work.server:
        prepare(place)
        yield
        return
    with tempfile.TemporaryDirectory() as data, RunningServer(Path(data)) as server:
        (place.beside / "server").write_text(server.url, encoding="utf-8")
        prepare(place)
        yield


@contextmanager
def trial(name: str, folder: Path, zygote: Zygote) -> Iterator[Trial]:
    """Prepare the trial of a work.

    Args:
        name: The work.
        folder: A new folder on the disk on which it is tried.
        zygote: The process that forks for each try.
    """
    place = Place.below(folder)
    outside = zygote.outside(folder)
    try:
        with prepared(WORKS[name], Place.below(outside), lambda _outside: zygote.prepare(name, place)):
            yield Trial(name, place, zygote)
    finally:
        shutil.rmtree(outside)
