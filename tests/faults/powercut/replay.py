"""Cuts the power at every call of a recording and looks at what the disk may have kept."""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.faults.bench import Bench, State, read_state
from tests.faults.check import Broken, allowed, found
from tests.faults.powercut.disk import EVERYTHING, NOTHING, Chances, Disk
from tests.faults.powercut.kernel import Kernel
from tests.faults.powercut.record import Recording
from tests.faults.work import Place, Work

_FIXED = (NOTHING, EVERYTHING, Chances(1, 0), Chances(0, 1))
_SOME = (0.1, 0.5, 0.9, 1.0)
_GO_ON_EVERY = 16
"""In one of so many states a further case is registered after the power cut."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A moment at which the power goes.

    Args:
        number: The number of the call after which it goes.
        call: The call, to show.
        said: What the process had said until then.
        disk: The disk in that moment; the next cut changes it.
    """

    number: int
    call: str
    said: tuple[str, ...]
    disk: Disk


@dataclass(slots=True)
class Report:
    """What came of one recording.

    Attributes:
        cuts: How many moments.
        states: How many states of the disk were built.
        looked_at: How many of them differed and were opened.
        broken: The promises that were not kept, as text.
        kinds: How many were broken in which way.
    """

    cuts: int = 0
    states: int = 0
    looked_at: int = 0
    broken: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return f"{self.cuts} cuts, {self.states} states, {self.looked_at} different ones opened, {dict(self.kinds)}"


def end(recording: Recording) -> State:
    """Return what the process had on its disk at the end, by the model."""
    *_others, last = cuts(recording)
    return last.disk.after_power_cut(EVERYTHING, random.Random(0))


def cuts(recording: Recording, *, honest: bool = True) -> Iterator[Cut]:
    """Give every moment at which a power cut makes a difference.

    Args:
        recording: What was recorded.
        honest: Whether `fsync` does anything.
    """
    disk = Disk(read_state(recording.start), honest=honest)
    kernel = Kernel(disk, recording.root)
    yield Cut(0, "start", (), disk)
    for number, call in enumerate(recording.calls(), 1):
        if kernel.follow(call):
            yield Cut(number, str(call), tuple(kernel.said), disk)


def variant_of(cut: Cut, variant: int) -> State:
    """Return one of the states that a cut may leave; the same numbers give the same state."""
    chance = random.Random(f"{cut.number}/{variant}")
    chances = _FIXED[variant] if variant < len(_FIXED) else Chances(chance.choice(_SOME), chance.choice(_SOME))
    return cut.disk.after_power_cut(chances, chance)


def try_all(recording: Recording, work: Work, *, chances: int, honest: bool = True, enough: int = 20) -> Report:
    """Look at the states of every cut.

    Args:
        recording: What was recorded; its folder is used to build the states in.
        work: What was recorded.
        chances: How many states by chance are built at each cut, beside four fixed ones; with 0, one of all of these
            beside the two simplest.
        honest: Whether `fsync` does anything.
        enough: After how many broken promises to stop; without an honest disk, not before some were broken in each way.
    """
    report = Report()
    everything_said = [cut.said for cut in cuts(recording)][-1]
    known: dict[bytes, str | Broken] = {}
    bench = Bench(recording.root)
    for cut in cuts(recording, honest=honest):
        report.cuts += 1
        may_be = allowed(cut.said, everything_said[len(cut.said) :])
        for variant in _variants(cut.number, chances):
            state = variant_of(cut, variant)
            report.states += 1
            key = _hash(state)
            if key not in known:
                known[key] = _outcome(state, work, bench, go_on=key[0] % _GO_ON_EVERY == 0)
                report.looked_at += 1
            problem = _problem(known[key], may_be)
            if problem:
                kind, text = problem
                report.kinds[kind] += 1
                report.broken.append(f"cut {cut.number} variant {variant}, after {cut.call}: {text}")
                if len(report.broken) >= enough and (honest or len(report.kinds) > 1):
                    return report
    return report


def _variants(cut: int, chances: int) -> Iterable[int]:
    return range(len(_FIXED) + chances) if chances else (0, 1, 2 + cut % 4)


def _problem(outcome: str | Broken, may_be: set[str]) -> tuple[str, str] | None:
    if isinstance(outcome, Broken):
        return "damaged", str(outcome)
    return None if outcome in may_be else ("lost", f"what is there ({outcome}) is none of {sorted(may_be)}")


def _outcome(state: State, work: Work, bench: Bench, *, go_on: bool) -> str | Broken:
    bench.put(state)
    try:
        return found(Place(bench.root, bench.root), work, go_on=go_on)
    except Broken as broken:
        return broken


def _hash(state: State) -> bytes:
    found = hashlib.sha256()
    for path, content in sorted(state.items()):
        found.update(f"{path}\0{-1 if content is None else len(content)}\0".encode())
        found.update(content or b"")
    return found.digest()
