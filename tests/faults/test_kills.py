"""A process is killed at a moment nobody chose; the vault opens again, is whole, and holds all that was saved."""

import os
import random
from pathlib import Path

import pytest

from desktop_app.cases.model import CaseQuery
from desktop_app.opening import open_workspace
from tests.faults.check import found
from tests.faults.trial import prepared, trial
from tests.faults.work import PASSPHRASE, Place
from tests.faults.works import WORKS
from tests.faults.zygote import Zygote
from tests.workspace.conftest import pull

KILLS = 14 * int(os.environ.get("SPRAVA_SOAK", "1"))


@pytest.mark.parametrize("name", WORKS)
def test_killed(name: str, in_memory: Path, zygote: Zygote) -> None:
    chance = random.Random(name)
    with trial(name, in_memory / "disk", zygote) as tries:
        longest = tries.whole.seconds
        while tries.tried < KILLS or (tries.killed <= KILLS // 6 and tries.tried < 8 * KILLS):
            tries.begin()
            ran = zygote.run(name, tries.place, chance.uniform(0, longest))
            if not ran.killed:  # on a busy machine the first run may have taken many times as long
                longest = min(longest, ran.seconds)
            tries.judge(ran)
    print(f"\nkills, {name}: {tries.killed}")
    assert tries.killed > KILLS // 6
    assert not tries.codes


def test_killed_again_and_again_while_exchanging(in_memory: Path, zygote: Zygote) -> None:
    """The same vaults are killed many times, and in the end both sides and the server have the same."""
    place, work = Place.below(in_memory), WORKS["exchange"]
    chance = random.Random(1)
    with prepared(work, place, work.prepare):
        (place.beside / "founder").rename(place.beside / "vault")
        founder = Place(place.beside, place.beside)
        for side in (founder, place):
            for _number in range(6):
                zygote.run("exchange", side, chance.uniform(0, 0.3))
                found(side, work)
        with open_workspace(place.vault, PASSPHRASE) as one, open_workspace(founder.vault, PASSPHRASE) as other:
            one.exchange.sync(place.server)
            other.exchange.sync(place.server)
            assert one.cases.count(CaseQuery()) == 20
            pull(other, one)
            assert one.digest() == other.digest()
