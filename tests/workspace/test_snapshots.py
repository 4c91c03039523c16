"""A vault that began with a snapshot: everything that a clerk sees is there, and verify and repair know of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.cases.model import CaseQuery
from desktop_app.repair import rebuild, repair
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync import ids, snapshot_keeping
from tests.workspace.conftest import PASSPHRASE, Office, pull, settle

Appeal = Callable[..., dict[str, object]]


def listed(workspace: Workspace) -> list[tuple[object, ...]]:
    rows = workspace.cases.page(CaseQuery(), 0, 100)
    return [(row.number, row.title, row.person, row.stage, row.due_on, row.conflicts) for row in rows]


def begin(new: Workspace, maker: Workspace, second: Workspace) -> None:
    unit = ids.from_text(maker.unit.id)
    assert unit is not None
    made = snapshot_keeping.make(maker.log, unit)
    vote = snapshot_keeping.confirm(second.log, made.snapshot)
    assert vote is not None
    assert not snapshot_keeping.objection(new.log, made.snapshot, [vote.pack()])
    for number in snapshot_keeping.begin(new.log, made.snapshot):
        snapshot_keeping.add_part(new.log, made.snapshot, number, made.parts[number])
    snapshot_keeping.take(new.log, made.snapshot)


@pytest.fixture
def begun(office: Office, pair: tuple[Workspace, Workspace], appeal: Appeal, tmp_path: Path) -> Workspace:
    """A third vault, whose cases came with a snapshot of what two others wrote, a conflict and a file among it."""
    oksana, ivan = pair
    case = oksana.cases.register("appeal", appeal(1, executor="x"))
    oksana.cases.register_many("appeal", [appeal(seed) for seed in range(5)])
    paper = tmp_path / "довідка.txt"
    paper.write_text("Довідка", "utf-8")
    oksana.files.add(case.id, paper)
    settle(oksana, ivan)
    for workspace in pair:
        workspace.cases.edit(case.id, {"executor": workspace.person.name})
    settle(oksana, ivan)
    new = office.invite(oksana, "new", "Марія Нова")
    oksana.log.apply(new.log.frames_missing(oksana.log.heads(), 2**20), new.log.links())
    new.log.apply([], oksana.log.links())
    begin(new, oksana, ivan)
    pull(new, oksana)
    return new


def test_everything_that_is_shown_is_there(begun: Workspace, pair: tuple[Workspace, Workspace]) -> None:
    oksana = pair[0]
    assert begun.digest(begun.unit.id) == oksana.digest(oksana.unit.id)
    assert listed(begun) == listed(oksana)
    assert begun.cases.count(CaseQuery(text="К-1")) == oksana.cases.count(CaseQuery(text="К-1"))
    (conflict,) = begun.conflicts.list()
    (theirs,) = oksana.conflicts.list()
    assert [(each.value, each.person, each.when) for each in conflict.siblings] == [
        (each.value, each.person, each.when) for each in theirs.siblings
    ]
    (file,) = begun.files.list(conflict.case_id)
    assert (file.name, file.person) == ("довідка.txt", "Оксана Левченко")
    begun.conflicts.resolve(conflict.case_id, "executor", "Обоє")
    pull(oksana, begun)
    assert oksana.cases.get(conflict.case_id).values["executor"] == "Обоє"
    assert begun.digest() == oksana.digest()


def test_verify_and_repair_know_it(begun: Workspace, office: Office) -> None:
    begun.cases.edit(begun.conflicts.list()[0].case_id, {"subject": "Змінено тут"})
    assert all(check.sound for check in verify(begun)), [check for check in verify(begun) if not check.sound]
    before = begun.digest()
    rebuild(begun)
    assert begun.digest() == before
    folder = office.close("new")
    repair(folder, PASSPHRASE)
    assert office.open("new").digest() == before


@pytest.mark.parametrize("whole", [True, False])
def test_a_database_built_anew_begins_with_the_snapshot_if_that_can_be_read(
    begun: Workspace, office: Office, pair: tuple[Workspace, Workspace], *, whole: bool
) -> None:
    begun.cases.edit(begun.conflicts.list()[0].case_id, {"subject": "Змінено тут"})
    before = begun.digest()
    with begun.store.write() as connection:
        connection.execute("UPDATE frame SET body = x'00' WHERE id = 1")
        if not whole:
            connection.execute("UPDATE snapshot_part SET body = CAST(x'00' || substr(body, 2) AS BLOB)")
    assert not all(check.sound for check in verify(begun))
    folder = office.close("new")
    repair(folder, PASSPHRASE)
    again, oksana = office.open("new"), pair[0]
    settle(again, oksana)
    assert again.digest() == oksana.digest()
    assert (again.digest() == before) or not whole
