"""A process is killed at a moment nobody chose; the vault opens again, is whole, and holds all that was saved."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.cases.model import CaseQuery
from desktop_app.opening import open_workspace
from tests.faults.bench import Bench, read_state
from tests.faults.check import allowed, found, stretched_once
from tests.faults.preparing import prepared
from tests.faults.work import PASSPHRASE, Place
from tests.faults.works import WORKS
from tests.faults.zygote import Zygote
from tests.workspace.conftest import pull

KILLS = 14 * int(os.environ.get("SPRAVA_SOAK", "1"))
GO_ON_EVERY = 7
"""After one in so many kills a further case is registered."""


@pytest.fixture(scope="module")
def zygote(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(project, tmp_path_factory.mktemp("zygote")) as begun:
        yield begun


@pytest.fixture(autouse=True)
def _quickly() -> Iterator[None]:
    with stretched_once():
        yield


@pytest.mark.parametrize("name", WORKS)
def test_killed(name: str, in_memory: Path, zygote: Zygote) -> None:
    work = WORKS[name]
    chance = random.Random(name)
    with prepared(work, in_memory) as place:
        bench, start = Bench(place.root), read_state(place.root)
        whole = zygote.run(name, place)
        killed = 0
        for number in range(KILLS):
            bench.put(start)
            ran = zygote.run(name, place, chance.uniform(0, whole.seconds))
            killed += ran.killed
            assert ran.said == whole.said[: len(ran.said)], "a work is not the same in each run"
            seen = found(place, work, go_on=number % GO_ON_EVERY == 0)
            assert seen in allowed(ran.said, whole.said[len(ran.said) :]), f"kill {number}, after {ran.said}"
    print(f"\nkills, {name}: {killed}")
    assert killed > KILLS // 3


def test_killed_again_and_again_while_exchanging(in_memory: Path, zygote: Zygote) -> None:
    """The same vaults are killed many times, and in the end both sides and the server have the same."""
    with prepared(WORKS["exchange"], in_memory) as place:
        (place.beside / "founder").rename(place.beside / "vault")
        founder = Place(place.beside, place.beside)
        for side in (founder, place):
            for seconds in moments(6, 0.3):
                zygote.run("exchange", side, seconds)
                found(side, WORKS["exchange"])
        with open_workspace(place.vault, PASSPHRASE) as one, open_workspace(founder.vault, PASSPHRASE) as other:
            one.exchange.sync(place.server)
            other.exchange.sync(place.server)
            assert one.cases.count(CaseQuery()) == 20
            pull(other, one)
            assert one.digest() == other.digest()


def moments(count: int, longest: float) -> list[float]:
    chance = random.Random(count)
    return [chance.uniform(0, longest) for _ in range(count)]
