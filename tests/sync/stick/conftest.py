import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.ids import new_id
from sync.stick import Options, Visit, Watcher, community_folder, visit
from tests.sync.replicas import Replica

Trio = tuple[Replica, Replica, Replica]
Go = Callable[..., Visit]


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[Trio]:
    """Three devices of one community that have never met: each has only what its invitation gave it."""
    first = Replica.found(tmp_path / "first.db")
    trio = (first, first.invite(tmp_path / "second.db"), first.invite(tmp_path / "third.db"))
    yield trio
    for replica in trio:
        replica.close()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


@pytest.fixture
def go(stick: Path) -> Go:
    """Put the stick into the computer of a device."""

    def go(replica: Replica, options: Options | None = None, watcher: Watcher | None = None) -> Visit:
        return visit(replica.log, stick, options, watcher)

    return go


@pytest.fixture
def place(stick: Path, trio: Trio) -> Path:
    return community_folder(stick, trio[0].log.community)


def volumes(place: Path) -> list[Path]:
    return sorted(place.glob("*.sprava"))


def equal(*replicas: Replica) -> bool:
    return len({replica.digest() for replica in replicas}) == 1


def write(replica: Replica, count: int = 1, letters: int = 6) -> None:
    for number in range(count):
        replica.set(new_id(), name=os.urandom(letters // 2).hex(), number=number)
