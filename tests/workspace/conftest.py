"""Real vaults at the lowest cost of a key, and how they exchange without a server."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.workspace import Workspace
from tests.templates import forget_place

PASSPHRASE = "калина горить над ставом 77"


class Office:
    """One community: a founder and whoever was invited, each with a vault below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: dict[str, Workspace] = {}

    def found(self, name: str = "oksana") -> Workspace:
        made = create_workspace(
            self.folder / name,
            PASSPHRASE,
            community="Щаслива громада",
            unit="ЦНАП",
            person="Оксана Левченко",
            kdf=vault.KDF_FLOOR,
        )
        return self._opened.setdefault(name, made)

    def invite(self, by: Workspace, name: str, person: str, role: str = "clerk") -> Workspace:
        made = join_workspace(
            self.folder / name,
            PASSPHRASE,
            invitation=by.invite(role, by.unit.name).data,
            person=person,
            kdf=vault.KDF_FLOOR,
        )
        return self._opened.setdefault(name, made)

    def close(self, name: str) -> Path:
        self._opened.pop(name).close()
        return self.folder / name

    def open(self, name: str) -> Workspace:
        return self._opened.setdefault(name, open_workspace(self.folder / name, PASSPHRASE))

    def close_all(self) -> None:
        for name in list(self._opened):
            self.close(name)


def pull(to: Workspace, source: Workspace) -> None:
    """Take in what the other has, as any way of exchange does."""
    applied = to.log.apply(source.log.frames_missing(to.log.heads(), 2**30), source.log.links())
    assert applied.refused == 0, applied.reasons


def settle(*all_of_them: Workspace) -> None:
    """Exchange until nobody lacks anything."""
    for _round in range(2):
        for to in all_of_them:
            for source in all_of_them:
                if source is not to:
                    pull(to, source)


@pytest.fixture(scope="session")
def template_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two closed vaults of one community, which have the same."""
    made = Office(tmp_path_factory.mktemp("pair"))
    oksana = made.found()
    settle(oksana, made.invite(oksana, "ivan", "Іван Черненко"))
    made.close_all()
    for name in ("oksana", "ivan"):
        forget_place(made.folder / name, PASSPHRASE)
    return made.folder


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.close_all()


@pytest.fixture
def pair(office: Office, template_pair: Path) -> tuple[Workspace, Workspace]:
    """The same two, open, for one test."""
    shutil.copytree(template_pair, office.folder, dirs_exist_ok=True)
    return office.open("oksana"), office.open("ivan")


@pytest.fixture
def appeal() -> Callable[..., dict[str, object]]:
    from desktop_app.kits import examples

    def make(seed: int = 1, **changed: object) -> dict[str, object]:
        return {**examples.example("appeal", seed), **changed}

    return make
