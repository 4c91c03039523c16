"""The simulation of whole communities for as long as one likes, with new seeds, on all cores."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev.paths import script
from dev.process import SetupError, say, status

_DEFAULT_MINUTES = 60.0
_SEEDS_OF_A_CORE = 10**9


def soak(arguments: list[str]) -> int:
    """Play new seeds, half of the time small worlds and half large ones; return 0 when every promise was kept.

    Args:
        arguments: How many minutes; an hour by default.

    Raises:
        SetupError: That is not a number.
    """
    try:
        minutes = float(arguments[0]) if arguments else _DEFAULT_MINUTES
    except ValueError as error:
        raise SetupError(f"soak takes a number of minutes, not {arguments[0]!r}.") from error
    cores = os.cpu_count() or 1
    start = time.time_ns() // 1_000_000_000 * cores * _SEEDS_OF_A_CORE
    say(f"Playing seeds from {start} on, for {minutes:g} minutes on {cores} cores")

    def play(core: int) -> int:
        first = str(start + core * _SEEDS_OF_A_CORE)
        command: list[str | Path] = [script("python"), "-m", "tests.simulation", "--first", first]
        worlds: tuple[list[str | Path], ...] = ([], ["--large"])
        return max(status([*command, "--seconds", str(minutes * 30), *size]) for size in worlds)

    with ThreadPoolExecutor(cores) as pool:
        return max(pool.map(play, range(cores)))
