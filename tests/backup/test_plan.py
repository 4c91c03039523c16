"""When a backup is due, what counts as too old, and what is remembered of good and failed ones."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop_app.backup.plan import BY_HAND, ON_SIGHT, Failed, Good, Notes, Place, Plan
from desktop_app.opening import open_workspace
from desktop_app.workspace import Workspace
from sync.errors import Failure, Refused

from .conftest import PASSPHRASE

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACE = Place("/media/stick", apart=False)


def notes(hours: int, age: timedelta | None) -> Notes:
    good = {} if age is None else {PLACE.path: Good("f", int((NOW - age).timestamp() * 1000), 1, 1, 1)}
    return Notes(plan=Plan((PLACE,), hours), good=good)


@pytest.mark.parametrize(
    ("hours", "age", "appeared", "due"),
    [
        (24, None, False, True),
        (24, timedelta(hours=23), False, False),
        (24, timedelta(hours=24), False, True),
        (1, timedelta(minutes=61), False, True),
        (24, -timedelta(days=400), False, True),
        (ON_SIGHT, timedelta(days=9), False, False),
        (ON_SIGHT, timedelta(hours=1), True, True),
        (ON_SIGHT, timedelta(minutes=1), True, False),
        (ON_SIGHT, None, False, True),
        (BY_HAND, None, True, False),
    ],
)
def test_due(hours: int, age: timedelta | None, appeared: bool, due: bool) -> None:  # noqa: FBT001
    assert notes(hours, age).is_due(PLACE, NOW, appeared=appeared) is due


def test_what_failed_just_now_is_not_tried_again_at_once() -> None:
    failed = {PLACE.path: Failed(int((NOW - timedelta(minutes=5)).timestamp() * 1000), "no_space")}
    assert not Notes(plan=Plan((PLACE,)), failed=failed).is_due(PLACE, NOW, appeared=False)
    assert Notes(plan=Plan((PLACE,)), failed=failed).is_due(PLACE, NOW + timedelta(hours=1), appeared=False)


def test_late() -> None:
    assert notes(24, None).is_late(NOW)
    assert not notes(24, timedelta(days=2)).is_late(NOW)
    assert notes(24, timedelta(days=4)).is_late(NOW)
    assert notes(24, timedelta(days=-3650)).is_late(NOW), "a clock that was ten years ahead does not calm for ten years"
    assert notes(24, timedelta(days=-3650)).next_due(NOW) == NOW
    assert not notes(24, timedelta(minutes=-5)).is_late(NOW)


def test_what_comes_of_backups_is_remembered_in_the_vault(workspace: Workspace, stick: Path) -> None:
    service = workspace.backups
    assert service.status().late
    service.add_place(stick)
    assert [place.path for place in service.due()] == [str(stick)]
    made = service.back_up(stick)
    assert service.due() == []
    (stick / "foreign").write_bytes(b"x" * 5000)
    with pytest.raises(Refused):
        service.back_up(stick / "foreign")
    folder = workspace.folder
    workspace.close()
    with open_workspace(folder, PASSPHRASE) as again:
        status = again.backups.status()
        assert status.last_good is not None
        assert (status.last_good.file, status.last_good.generation) == (str(made.file), 1)
        assert [failed.code for failed in status.notes.failed.values()] == ["not_a_backup"]
        assert not status.late
        again.backups.remove_place(str(stick))
        assert again.backups.plan.places == ()


def test_a_place_whose_medium_is_gone_is_not_there(workspace: Workspace, stick: Path) -> None:
    assert Place(str(stick), apart=False).is_there(workspace.folder)
    assert Place(str(stick / "file"), apart=False, is_folder=False).is_there(workspace.folder)
    assert not Place(str(stick / "gone"), apart=False).is_there(workspace.folder)
    # On another disk when it was chosen, on the vault's own now: the folder in which the stick is usually mounted.
    assert not Place(str(stick), apart=True).is_there(workspace.folder)
    workspace.backups.add_place(stick)
    stick.rename(stick.with_name("away"))
    assert workspace.backups.due() == []
    with pytest.raises(Failure) as failure:
        workspace.backups.back_up(stick)
    assert failure.value.code == "medium_gone"
    assert failure.value.exit_code == 5
    assert not stick.exists()
    stick.with_name("away").rename(stick)
    assert len(workspace.backups.due()) == 1


def test_an_older_copy_in_the_place_of_a_backup_is_noticed_and_another_stick_is_not(
    workspace: Workspace, stick: Path, tmp_path: Path
) -> None:
    file = workspace.backups.back_up(stick).file
    older = file.read_bytes()
    workspace.backups.back_up(stick)
    assert not workspace.backups.back_up(stick).notices
    file.write_bytes(older)
    made = workspace.backups.back_up(stick)
    assert len(made.notices) == 1
    assert str(file) in made.notices[0]
    assert not workspace.backups.back_up(stick).notices, "it goes on from there"
    first = file.rename(tmp_path / "first stick")
    assert not workspace.backups.back_up(stick).notices
    first.replace(file)
    assert not workspace.backups.back_up(stick).notices


def test_a_plan_has_bounds(workspace: Workspace) -> None:
    for plan in (Plan(hours=7), Plan(keep=0), Plan(keep=31), Plan(tuple(Place(str(n), apart=False) for n in range(6)))):
        with pytest.raises(Refused) as refusal:
            workspace.backups.set_plan(plan)
        assert refusal.value.code == "bad_plan"
