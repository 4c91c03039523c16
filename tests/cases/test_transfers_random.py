"""Cases edited and moved back and forth by people who know of each other only now and then, from seeds."""

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.cases import passing
from desktop_app.opening import create_workspace, join_workspace
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync import ids
from sync.errors import Refused
from tests.cases.test_transfers import APPEAL, PASSPHRASE, exchange

UNITS = ("Прийом", "Захист")


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Workspace]]:
    """Two people in both units, and one in each of them alone."""
    folder: Path = tmp_path_factory.mktemp("four")
    founder = create_workspace(
        folder / "a", PASSPHRASE, community="Громада", unit=UNITS[0], person="Оксана", kdf=vault.KDF_FLOOR
    )
    founder.members.units.add(UNITS[1])
    everybody = [founder]
    for name, units in (("Петро", UNITS), ("Іван", UNITS[:1]), ("Марія", UNITS[1:])):
        invitation = founder.invite("clerk", units).data
        everybody.append(
            join_workspace(folder / name, PASSPHRASE, invitation=invitation, person=name, kdf=vault.KDF_FLOOR)
        )
    exchange(*everybody)
    yield everybody
    for workspace in everybody:
        workspace.close()


def pull(target: Workspace, source: Workspace) -> None:
    target.log.apply(source.log.frames_missing(target.log.heads(), 2**30), source.log.links())


def everything(workspace: Workspace, case: bytes) -> set[object]:
    """Every subject that is current, in conflict or in a history, in any unit."""
    found: set[object] = set()
    with workspace.store.read() as connection:
        for unit in workspace.log.me.units:
            found |= {w.fields.get("subject") for w in workspace.log.history(connection, case, unit)}
            told = passing.told(workspace.log, connection, case, unit)
            found |= {entry.fields["subject"][1] for entry, _late in told.values() if "subject" in entry.fields}
    return found


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_lost_and_all_see_the_same(four: list[Workspace], seed: int) -> None:
    chance = random.Random(seed)
    founder, second, intake, care = four
    case = intake.cases.register("appeal", APPEAL)
    exchange(*four)
    written: set[object] = {"Ремонт криниці"}
    for step in range(16):
        workspace = chance.choice(four)
        with suppress(Refused):  # where it is not, it is neither changed nor moved
            match chance.randrange(4):
                case 0 | 1:
                    workspace.cases.edit(case.id, {"subject": f"{seed}-{step}"})
                    written.add(f"{seed}-{step}")
                case 2:
                    chance.choice([founder, second]).transfers.transfer(case.id, chance.choice(UNITS))
        if chance.random() < 0.6:
            pull(chance.choice(four), chance.choice(four))
    exchange(*four)
    exchange(*four)
    identifier = ids.from_text(case.id) or b""
    assert written <= everything(founder, identifier)
    assert founder.cases.peek(case.id).number == case.number, "it is somewhere"
    shown = {str(sibling.value) for sibling in founder.cases.peek(case.id).conflicts.get("subject", [])}
    assert shown == {str(sibling.value) for sibling in second.cases.peek(case.id).conflicts.get("subject", [])}
    assert founder.digest() == second.digest()
    for workspace, unit in ((intake, UNITS[0]), (care, UNITS[1])):
        assert workspace.digest(unit) == founder.digest(unit)
    heads = founder.log.heads()
    exchange(*four)
    assert founder.log.heads() == heads, "nothing goes on for ever"


def test_every_vault_is_whole_afterwards(four: list[Workspace]) -> None:
    for workspace in four:
        assert [check.finding for check in verify(workspace) if not check.sound] == []
