"""One seed: a plan of steps, played, and checked when quiet has come."""

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from sync.merging import Touched
from tests.simulation import projection
from tests.simulation.checks import check
from tests.simulation.steps import LARGE_STEPS
from tests.simulation.steps import STEPS as SMALL_STEPS
from tests.simulation.store import PowerCut
from tests.simulation.world import World, community

__all__ = ["Failed", "Plan", "Touched", "plan", "play", "shrunk"]
Step = tuple[int, str]
"""A number, from which with the seed all choices of the step follow, and a name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen.

    Args:
        seed: Decides everything.
        devices: How many there are in the beginning.
        steps: What happens.
    """

    seed: str
    devices: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A plan after which a promise was not kept.

    Args:
        plan: The plan.
        what: The last line of what went wrong.
        story: All of it.
    """

    plan: Plan
    what: str
    story: str


def plan(seed: str, *, large: bool = False) -> Plan:
    """Draw what is to happen from a seed."""
    draw = random.Random(f"sprava/{seed}")
    steps = LARGE_STEPS if large else SMALL_STEPS
    names = list(steps)
    weights = [steps[name][0] for name in names]
    # Some worlds are calm but for a few kinds of trouble: those find what a mix of everything would hide.
    if draw.random() < 0.4:
        calm = draw.sample(range(len(names)), len(names) // 2)
        weights = [0 if place in calm else weight for place, weight in enumerate(weights)]
        weights[0] = weights[0] or 10
    count = draw.randint(100, 200) if large else draw.randint(8, 28)
    devices = draw.randint(3, 6) if large else draw.randint(2, 4)
    return Plan(seed, devices, tuple(enumerate(draw.choices(names, weights, k=count))))


def play(planned: Plan, *, aloud: Callable[[str], None] | None = None) -> Failed | None:
    """Play a plan; return what went wrong, or None."""
    world: World | None = None
    try:
        with community(planned.seed, planned.devices, projection.Plain, projection.tables) as world:
            for number, name in planned.steps:
                world.chance.reseed(f"{planned.seed}/{number}")
                world.clock.pass_by(world.chance.random.choice([0.001, 1, 3_600]))
                world.say(f"{number} {name}")
                LARGE_STEPS[name][1](world)
            world.chance.reseed(f"{planned.seed}/quiet")
            check(world)
    except (Exception, PowerCut) as error:  # noqa: BLE001 - whatever goes wrong is what is looked for
        told = "\n".join(world.trace) if world else ""
        what = f"{type(error).__name__}: {error}".split("\n", maxsplit=1)[0]
        return Failed(planned, what, told + "\n" + traceback.format_exc())
    if aloud:
        aloud("\n".join(world.trace))
    return None


def shrunk(failed: Failed) -> Failed:
    """Leave out steps for as long as the same thing goes wrong."""
    size = max(1, len(failed.plan.steps) // 2)
    while True:
        start = 0
        while start < len(failed.plan.steps):
            steps = failed.plan.steps[:start] + failed.plan.steps[start + size :]
            tried = play(Plan(failed.plan.seed, failed.plan.devices, steps))
            if tried is not None and tried.what[:40] == failed.what[:40]:
                failed = tried
            else:
                start += size
        if size == 1:
            return failed
        size = max(1, size // 2)
