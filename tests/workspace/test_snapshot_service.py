"""A new vault at a real server begins with a snapshot, shows what it lacks, fetches it, and helps others later."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync import ids
from sync.changes import Change
from sync.errors import Refused
from sync.server import RunningServer
from tests.workspace.conftest import Office

Appeal = Callable[..., dict[str, object]]
_MANY = 520


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "server") as running:
        yield running


def test_a_new_vault_begins_with_a_snapshot(
    office: Office, pair: tuple[Workspace, Workspace], appeal: Appeal, server: RunningServer
) -> None:
    oksana, ivan = pair
    case = oksana.cases.register("appeal", appeal(1))
    unit = ids.from_text(oksana.unit.id)
    assert unit is not None
    many = [
        Change("case", ids.new_id(), {"_kit": "appeal", "_number": f"Т-{each}", "_stage": "registered"})
        for each in range(_MANY)
    ]
    oksana.log.write(unit, many)
    for workspace in (oksana, ivan):
        workspace.exchange.sync(server.url)
    oksana.cases.edit(case.id, {"subject": "Змінено"})
    with pytest.raises(Refused):
        office.found("other").snapshots.make()
    oksana.exchange.sync()
    assert oksana.snapshots.make().made == 1
    ivan.exchange.sync()
    assert ivan.snapshots.make().confirmed == 1

    new = office.invite(oksana, "new", "Марія Нова")
    for workspace in (new, oksana, new):
        workspace.exchange.sync(server.url)
    assert new.digest() == oksana.digest()
    assert not new.snapshots.is_whole
    assert new.snapshots.missing(case.id) == 2
    assert new.cases.history(case.id) == []
    assert new.snapshots.make().made == 0
    assert all(check.sound for check in verify(new))

    assert new.snapshots.fetch(case.id)
    assert new.snapshots.missing(case.id) == 0
    assert new.cases.history(case.id)[0].after == "Змінено"
    assert len(new.cases.history(case.id)) == len(oksana.cases.history(case.id))
    assert not new.snapshots.is_whole

    new.snapshots._due = 0
    new.snapshots.tend(lambda: False)
    assert new.snapshots.is_whole
    assert not new.snapshots.warnings()
    assert all(check.sound for check in verify(new))
    assert new.snapshots.make().made == 0  # nothing has changed since
    new.cases.edit(case.id, {"subject": "Ще раз"})
    assert new.snapshots.make().made == 1


def test_history_is_left_where_it_is_if_so_wished(
    office: Office, pair: tuple[Workspace, Workspace], server: RunningServer
) -> None:
    oksana, ivan = pair
    ivan.snapshots.set_in_advance(wanted=False)
    assert not ivan.snapshots.in_advance
    for workspace in pair:
        workspace.exchange.sync(server.url)
    ivan.snapshots._due = 0
    ivan.snapshots.tend(lambda: False)
    assert ivan.snapshots.is_whole
    assert oksana.snapshots.warnings() == []
    assert office
