"""A stick between the vaults of several units: what one can't read goes past it to those who can."""

from pathlib import Path

import pytest

from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import example
from desktop_app.opening import join_workspace
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Workspace
from sync.errors import Refused
from tests.workspace.conftest import PASSPHRASE, Office, settle


def test_what_the_carrier_can_not_read_goes_past_it(
    office: Office, pair: tuple[Workspace, Workspace], tmp_path: Path
) -> None:
    oksana, ivan = pair
    oksana.members.units.add("Соцзахист")
    invitation = oksana.invite("clerk", "Соцзахист").data
    petro = join_workspace(office.folder / "petro", PASSPHRASE, invitation=invitation, person="Петро", kdf=KDF_FLOOR)
    with petro:
        settle(oksana, petro)
        stick = tmp_path / "stick"
        stick.mkdir()
        case = petro.cases.register("appeal", example("appeal", 5))
        assert petro.sticks.exchange(stick).sent > 0
        carried = ivan.sticks.exchange(stick)
        assert carried.carried > 0
        assert (carried.refused, carried.waiting, carried.troubles) == (0, 0, ())
        assert ivan.cases.count(CaseQuery()) == 0
        assert oksana.sticks.exchange(stick).received > 0
        assert oksana.cases.get(case.id).id == case.id
        for workspace in (petro, ivan, oksana, petro, ivan):
            workspace.sticks.exchange(stick)
        assert oksana.digest("Соцзахист") == petro.digest("Соцзахист")
        assert oksana.digest("ЦНАП") == ivan.digest("ЦНАП")
        assert [device.behind for device in ivan.sticks.look(stick).devices] == [0, 0]


def test_a_revoked_device_hands_over_what_it_wrote_and_exchanges_no_more(
    pair: tuple[Workspace, Workspace], tmp_path: Path
) -> None:
    oksana, ivan = pair
    stick = tmp_path / "stick"
    stick.mkdir()
    for workspace in (oksana, ivan, oksana):
        workspace.sticks.exchange(stick)
    ivan.cases.register("appeal", example("appeal", 6))
    oksana.members.revoke("2")
    oksana.sticks.exchange(stick)
    for _time in range(2):
        with pytest.raises(Refused) as caught:
            ivan.sticks.exchange(stick)
        assert caught.value.code == "revoked"
    taken = oksana.sticks.exchange(stick)
    assert taken.waiting > 0
    assert taken.devices == ()
