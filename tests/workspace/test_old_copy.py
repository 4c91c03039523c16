"""An old copy of the database is put back: it is noticed, no number and no counter is given twice, nothing is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

from desktop_app.cases.model import CaseQuery
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync import frames
from tests.workspace.conftest import Office, settle

Appeal = Callable[..., dict[str, object]]


def put_back(office: Office, name: str, copy: Path) -> Workspace:
    folder = office.close(name)
    for leftover in folder.glob("vault.db-*"):
        leftover.unlink()
    shutil.copy(copy, folder / "vault.db")
    return office.open(name)


def copied(office: Office, name: str, to: Path) -> Workspace:
    shutil.copy(office.close(name) / "vault.db", to)
    return office.open(name)


def dots(workspace: Workspace) -> list[tuple[bytes, int]]:
    """The place of every frame: no two different ones may share it."""
    found = [frames.parse(body).header for body in workspace.log.frames_missing({}, 2**30)]
    return [(header.unit + header.incarnation, header.seq) for header in found]


def test_it_is_noticed_and_nothing_is_given_twice_or_lost(office: Office, appeal: Appeal, tmp_path: Path) -> None:
    oksana = office.found()
    ivan = office.invite(oksana, "ivan", "Іван")
    oksana.cases.register("appeal", appeal(1))
    oksana = copied(office, "oksana", tmp_path / "old.db")
    assert oksana.notices == []
    after_copy = [oksana.cases.register("appeal", appeal(seed)) for seed in (2, 3)]
    settle(oksana, ivan)
    given = {row.number for row in oksana.cases.page(CaseQuery(), 0, 9)}
    for life in (1, 2, 3):
        oksana = put_back(office, "oksana", tmp_path / "old.db")
        assert len(oksana.notices) == 1, life
        fresh = oksana.cases.register("appeal", appeal(2))
        assert fresh.number not in given
        given.add(fresh.number)
        assert dict(dots(oksana)).keys() == {place for place, _ in dots(oksana)}
        settle(oksana, ivan)
        assert {row.number for row in oksana.cases.page(CaseQuery(), 0, 99)} == given
        assert oksana.cases.get(after_copy[1].id).number == after_copy[1].number
        assert oksana.digest() == ivan.digest()
        assert oksana.log.waiting() == ivan.log.waiting() == {}
        assert all(check.sound for check in verify(oksana))
    assert len(set(dots(oksana))) == len(dots(oksana))
    office.close("oksana")
    assert office.open("oksana").notices == []


def test_opening_an_old_copy_again_and_again_uses_nothing_up(office: Office, appeal: Appeal, tmp_path: Path) -> None:
    office.found()
    oksana = copied(office, "oksana", tmp_path / "old.db")
    first = oksana.cases.register("appeal", appeal(1)).number
    oksana = put_back(office, "oksana", tmp_path / "old.db")
    for _ in range(3):
        office.close("oksana")
        oksana = office.open("oksana")
    second = oksana.cases.register("appeal", appeal(1)).number
    assert first != second
    office.close("oksana")
    oksana = office.open("oksana")
    assert oksana.notices == []
    assert oksana.cases.register("appeal", appeal(1)).number not in {first, second}


def test_without_its_mark_a_vault_gives_no_number_twice_either(office: Office, appeal: Appeal, tmp_path: Path) -> None:
    office.found()
    oksana = copied(office, "oksana", tmp_path / "old.db")
    given = [oksana.cases.register("appeal", appeal(1)).number]
    for damage in (Path.unlink, lambda mark: mark.write_bytes(b"x" * 1024), lambda mark: mark.write_bytes(b"")):
        folder = office.close("oksana")
        shutil.copy(tmp_path / "old.db", folder / "vault.db")
        damage(folder / "vault.mark")
        oksana = office.open("oksana")
        assert len(oksana.notices) == 1
        given.append(oksana.cases.register("appeal", appeal(1)).number)
    assert len(set(given)) == 4
    office.close("oksana")
    assert office.open("oksana").notices == []


def test_what_one_wrote_in_an_earlier_life_is_still_ones_own(office: Office, appeal: Appeal, tmp_path: Path) -> None:
    oksana = office.found()
    ivan = office.invite(oksana, "ivan", "Іван")
    mine = oksana.cases.register("appeal", appeal(1))
    oksana = copied(office, "oksana", tmp_path / "old.db")
    oksana.cases.register("appeal", appeal(2))
    oksana = put_back(office, "oksana", tmp_path / "old.db")
    theirs = ivan.cases.register("appeal", appeal(3))
    settle(oksana, ivan)
    today = oksana.cases.today()
    assert [row.id for row in today.from_others] == [theirs.id]
    assert mine.id in {row.id for row in today.recent}


def test_a_crash_between_the_commit_and_the_mark_is_no_old_copy(office: Office, appeal: Appeal) -> None:
    oksana = office.found()
    oksana.cases.register("appeal", appeal(1))
    folder = office.close("oksana")
    before = (folder / "vault.mark").read_bytes()
    office.open("oksana").cases.register("appeal", appeal(2))
    office.close("oksana")
    (folder / "vault.mark").write_bytes(before)
    assert office.open("oksana").notices == []
