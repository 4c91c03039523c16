import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.office.sight import ADDRESSES_VARIABLE
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.workspace import Workspace
from tests.office.desks import PASSPHRASE
from tests.templates import forget_place

UNIT = "ЦНАП"
NAMES = ("ivan", "petro", "hanna")


@pytest.fixture(scope="session")
def seats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four vaults of one community, all confirmed: Oksana's is the administrator's."""
    folder = tmp_path_factory.mktemp("office-seats")
    with create_workspace(
        folder / "oksana", PASSPHRASE, community="Громада", unit=UNIT, person="Оксана", kdf=vault.KDF_FLOOR
    ) as oksana:
        for name in NAMES:
            data = oksana.invite("clerk", UNIT).data
            with join_workspace(
                folder / name, PASSPHRASE, invitation=data, person=name.title(), kdf=vault.KDF_FLOOR
            ) as joined:
                for one, other in ((oksana.log, joined.log), (joined.log, oksana.log)):
                    one.apply(other.frames_missing(one.heads(), 2**30), other.links())
    for name in ("oksana", *NAMES):
        forget_place(folder / name, PASSPHRASE)
    return folder


@pytest.fixture
def office(tmp_path: Path, seats: Path) -> Path:
    """Copies of the vaults for one test."""
    folder = tmp_path / "office"
    shutil.copytree(seats, folder)
    return folder


@pytest.fixture
def opened(office: Path) -> Callable[[str], Workspace]:
    return lambda name: open_workspace(office / name, PASSPHRASE)


@pytest.fixture(autouse=True)
def _network_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is announced outside."""
    monkeypatch.setenv(ADDRESSES_VARIABLE, "127.0.0.1")
