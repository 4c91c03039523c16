"""A vault with a recovery sheet, made once and copied for each test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.opening import create_workspace, open_workspace
from desktop_app.vault import KDF_FLOOR, stick
from desktop_app.vault.shares import Arrangement
from desktop_app.workspace import Workspace

PHRASE = "калина горить над ставом 77"
NEW = "верба шумить над річкою 33"


@pytest.fixture(autouse=True)
def nothing_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stick, "removable", list)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recovery")
    vault = folder / "vault"
    with create_workspace(vault, PHRASE, community="Ґанок", unit="ЦНАП", person="Їжакевич Є.", kdf=KDF_FLOOR) as made:
        prepared = made.recovery.prepare(Arrangement())
        prepared.write(folder / "0.pdf")
        made.recovery.put_in_force(prepared)
        made.recovery.confirm()
    return folder


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Path:
    """A folder with a closed vault, `vault`, and its sheet, `0.pdf`."""
    return Path(shutil.copytree(template, tmp_path / "place"))


@pytest.fixture
def opened(place: Path) -> Iterator[Callable[[], Workspace]]:
    """Opens the vault with its pass phrase; it is closed at the end."""
    made: list[Workspace] = []

    def open_it(phrase: str = PHRASE) -> Workspace:
        made.append(open_workspace(place / "vault", phrase))
        return made[-1]

    yield open_it
    for workspace in made:
        workspace.close()
