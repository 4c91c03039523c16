"""What one measurement gives: samples, figures, and how they stand to their target."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Figures = dict[str, int | float]
"""Values by name; the name ends in the unit, such as ``p95_ms``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Args:
        what: A machine word for what was measured.
        title: What was measured, in the person's language.
        cases: How many cases there were.
        figures: What was found.
        target: What is wanted, in signs that need no translation; empty where nothing is.
        met: Whether it was reached at this size; None where there is no target.
    """

    what: str
    title: str
    cases: int
    figures: Figures
    target: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Samples:
    """Times of many repetitions, in milliseconds.

    Args:
        wall: By the clock.
        cpu: Processor time of the whole process.
        own: Processor time of the measuring thread alone.
    """

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Time what happens inside."""
        own, cpu, wall = time.thread_time(), time.process_time(), time.perf_counter()
        yield
        self.wall.append((time.perf_counter() - wall) * 1000)
        self.cpu.append((time.process_time() - cpu) * 1000)
        self.own.append((time.thread_time() - own) * 1000)

    def figures(self, *percents: int) -> Figures:
        """Return percentiles of the wall time, and the mean processor time."""
        found: Figures = {f"p{percent}_ms": rounded(percentile(self.wall, percent)) for percent in percents}
        return found | {"cpu_ms": rounded(mean(self.cpu))}


def percentile(values: list[float], percent: int) -> float:
    """Return the smallest value that so many percent of the values do not exceed."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def mean(values: list[float]) -> float:
    """Return the arithmetic mean."""
    return sum(values) / len(values)


def rounded(value: float) -> float:
    """Return a value with about three digits that mean something."""
    return float(f"{value:.3g}") if abs(value) < 100 else float(round(value))
