"""Play seeds: ``python -m tests.simulation SEED``, or many: ``python -m tests.simulation --count 100 [--large]``.

A seed that fails is printed, with the fewest steps after which it still fails; it fails in the same way every time.
"""

import argparse
import logging
import os
import sys
import time

from tests.simulation.run import Failed, plan, play, shrunk


def main() -> int:
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is one of the things that the seed decides
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])  # noqa: S606
    logging.disable(logging.CRITICAL)  # what the server says of what it refuses
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seed", nargs="?", help="play this one and tell what happens")
    parser.add_argument("--count", type=int, default=0, help="play so many")
    parser.add_argument("--first", type=int, default=0, help="beginning with this number")
    parser.add_argument("--large", action="store_true", help="longer ones with more devices")
    parser.add_argument("--seconds", type=float, default=0, help="go on until so many seconds have passed")
    parser.add_argument("--stride", type=int, default=1, help="take every so manieth seed")
    options = parser.parse_args()
    if options.seed is not None:
        failed = play(plan(options.seed, large=options.large), aloud=print)
        if failed is not None:
            print(failed.story)
        return 1 if failed else 0
    return _many(options)


def _many(options: argparse.Namespace) -> int:
    until = time.monotonic() + options.seconds
    number, played, failures = options.first, 0, 0
    while played < options.count or (options.seconds and time.monotonic() < until):
        failed = play(plan(str(number), large=options.large))
        if failed is not None:
            failures += 1
            _tell(failed, large=options.large)
        played += 1
        number += options.stride
        if failures >= 5:
            break
    print(f"{played} seeds played, {failures} failed")
    return 1 if failures else 0


def _tell(failed: Failed, *, large: bool) -> None:
    fewest = shrunk(failed)
    command = f"python -m tests.simulation {failed.plan.seed}{' --large' if large else ''}"
    print(f"FAILED: {failed.what}\nagain: {command}\nthe fewest steps: {fewest.plan.steps}\n{fewest.story}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
