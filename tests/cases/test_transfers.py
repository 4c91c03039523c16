"""Cases that go from unit to unit: history and files go with them, a pointer stays, late edits are carried over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.cases.model import MOVED_FROM, CaseQuery
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, join_workspace
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync.errors import Refused

PASSPHRASE = "калина горить над ставом 77"
APPEAL = examples.example("appeal", 1) | {"subject": "Ремонт криниці", "applicant_name": "Мельник Ганна"}


def exchange(*workspaces: Workspace) -> None:
    """Everybody gets everything that is for them."""
    for _round in range(3):
        for one in workspaces:
            for other in workspaces:
                if one is not other:
                    one.log.apply(other.log.frames_missing(one.log.heads(), 2**30), other.log.links())


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[Workspace]]:
    """An administrator in both units, a clerk of the first one, a clerk of the other one."""
    founder = create_workspace(
        tmp_path / "a", PASSPHRASE, community="Громада", unit="Прийом", person="Оксана", kdf=vault.KDF_FLOOR
    )
    founder.members.units.add("Захист")
    everybody = [founder]
    for name, unit in (("Іван", "Прийом"), ("Марія", "Захист")):
        invitation = founder.invite("clerk", unit).data
        everybody.append(
            join_workspace(tmp_path / name, PASSPHRASE, invitation=invitation, person=name, kdf=vault.KDF_FLOOR)
        )
    exchange(*everybody)
    yield everybody
    for workspace in everybody:
        workspace.close()


def told(workspace: Workspace, ref: str) -> list[tuple[str, str, object, object, str, bool]]:
    return [
        (entry.person, entry.field, entry.before, entry.after, entry.unit, entry.late)
        for entry in workspace.cases.history(ref)
    ]


def whole(*workspaces: Workspace) -> None:
    for workspace in workspaces:
        assert [check.finding for check in verify(workspace) if not check.sound] == []


def test_a_case_goes_with_its_history_and_files_and_leaves_a_pointer(three: list[Workspace], tmp_path: Path) -> None:
    founder, intake, care = three
    number = intake.cases.register("appeal", APPEAL).number
    intake.cases.edit(number, {"subject": "Ремонт колодязя"})
    paper = tmp_path / "заява.txt"
    paper.write_text("прошу")
    file = intake.files.add(number, paper)
    exchange(*three)
    assert care.cases.count(CaseQuery()) == 0
    moved = founder.transfers.transfer(number, "Захист")
    exchange(*three)
    assert moved.unit.name == "Захист"
    assert care.cases.find(number).values["subject"] == "Ремонт колодязя"
    history = told(care, number)
    assert ("Іван", "subject", "Ремонт криниці", "Ремонт колодязя", "Прийом", False) in history
    assert history[0] == ("Оксана", MOVED_FROM, None, "Прийом", "", False)
    assert history == told(founder, number)
    (entry,) = care.files.list(number)
    assert (entry.id, entry.name, entry.person) == (file.id, "заява.txt", "Іван")
    assert intake.cases.count(CaseQuery()) == 0
    with pytest.raises(Refused) as refused:
        intake.cases.find(number)
    assert refused.value.code == "case_moved"
    assert "Захист" in refused.value.message
    (pointer,) = intake.transfers.pointers()
    assert (pointer.number, pointer.unit, pointer.moved_to, pointer.here) == (number, "Прийом", "Захист", False)
    care.cases.edit(number, {"subject": "Новий колодязь"})
    exchange(*three)
    assert founder.cases.find(number).values["subject"] == "Новий колодязь"
    with pytest.raises(Refused) as refused:
        care.transfers.transfer(number, "Прийом")
    assert refused.value.code == "unknown_unit"
    whole(*three)


def test_late_edits_are_carried_over_once_whoever_does_it(three: list[Workspace], tmp_path: Path) -> None:
    founder, intake, care = three
    second = join_workspace(
        tmp_path / "second",
        PASSPHRASE,
        invitation=founder.invite("clerk", ["Прийом", "Захист"]).data,
        person="Петро",
        kdf=vault.KDF_FLOOR,
    )
    exchange(*three, second)
    number = intake.cases.register("appeal", APPEAL).number
    exchange(*three, second)
    founder.transfers.transfer(number, "Захист")
    exchange(founder, care)
    intake.cases.edit(number, {"subject": "пізня зміна"})  # it does not know yet
    intake.cases.edit(number, {"applicant_name": "Мельник Ганна Іванівна"})
    care.cases.edit(number, {"subject": "зміна в новому підрозділі"})
    paper = tmp_path / "пізно.txt"
    paper.write_text("пізно")
    intake.files.add(number, paper)
    frames, links = intake.log.frames_missing({}, 2**30), intake.log.links()
    second.log.apply(founder.log.frames_missing(second.log.heads(), 2**30), founder.log.links())
    for carrier in (founder, second):  # both have both units, and neither has heard of the other
        carrier.log.apply(frames, links)
    exchange(*three, second)
    for workspace in (founder, second, care):
        view = workspace.cases.find(number)
        assert view.values["applicant_name"] == "Мельник Ганна Іванівна"
        values = {str(sibling.value) for sibling in view.conflicts["subject"]}
        assert values == {"пізня зміна", "зміна в новому підрозділі"}
        assert list(view.conflicts) == ["subject"]
        assert [entry.name for entry in workspace.files.list(number)] == ["пізно.txt"]
        late = [entry for entry in told(workspace, number) if entry[5]]
        assert sorted(entry[:4] for entry in late) == [
            ("Іван", "applicant_name", "Мельник Ганна", "Мельник Ганна Іванівна"),
            ("Іван", "subject", "Ремонт криниці", "пізня зміна"),
        ]
    assert care.digest("Захист") == founder.digest("Захист") == second.digest("Захист")
    frames_now = founder.log.heads()
    exchange(*three, second)
    assert founder.log.heads() == frames_now, "nothing is carried over twice"
    whole(*three, second)
    second.close()


def test_a_case_that_comes_back_is_what_it_has_become(three: list[Workspace]) -> None:
    founder, intake, care = three
    number = intake.cases.register("appeal", APPEAL).number
    exchange(*three)
    founder.transfers.transfer(number, "Захист")
    exchange(*three)
    care.cases.edit(number, {"subject": "Криниця і дорога"})
    exchange(*three)
    founder.transfers.transfer(number, "Прийом")
    exchange(*three)
    assert intake.cases.find(number).values["subject"] == "Криниця і дорога"
    assert intake.transfers.pointers() == []
    assert [pointer.moved_to for pointer in care.transfers.pointers()] == ["Прийом"]
    history = told(intake, number)
    assert ("Марія", "subject", "Ремонт криниці", "Криниця і дорога", "Захист", False) in history
    assert [entry[3] for entry in history if entry[1] == MOVED_FROM] == ["Захист", "Прийом"]
    assert sum(entry[1] == "subject" for entry in history) == 2
    intake.cases.edit(number, {"subject": "Далі тут"})
    exchange(*three)
    assert founder.cases.find(number).values["subject"] == "Далі тут"
    assert founder.cases.find(number).conflicts == {}
    with pytest.raises(Refused) as refused:
        founder.transfers.transfer(number, "Прийом")
    assert refused.value.code == "same_unit"
    whole(*three)


def test_a_conflict_stays_one_and_two_transfers_at_once_come_to_the_same(
    three: list[Workspace], tmp_path: Path
) -> None:
    founder, intake, care = three
    invitation = founder.invite("clerk", ["Прийом", "Захист"]).data
    second = join_workspace(tmp_path / "second", PASSPHRASE, invitation=invitation, person="Петро", kdf=vault.KDF_FLOOR)
    exchange(*three, second)
    number = intake.cases.register("appeal", APPEAL).number
    exchange(*three, second)
    intake.cases.edit(number, {"subject": "один"})
    founder.cases.edit(number, {"subject": "інший"})
    exchange(*three, second)
    founder.transfers.transfer(number, "Захист")
    second.transfers.transfer(number, "Захист")
    exchange(*three, second)
    for workspace in (founder, second, care):
        view = workspace.cases.find(number)
        assert {str(sibling.value) for sibling in view.conflicts["subject"]} == {"один", "інший"}
        assert list(view.conflicts) == ["subject"]
    assert care.digest("Захист") == founder.digest("Захист") == second.digest("Захист")
    assert len(intake.transfers.pointers()) == 1
    whole(*three, second)
    second.close()


def test_a_case_for_named_people_is_read_by_them_alone(three: list[Workspace]) -> None:
    founder, intake, care = three
    number = intake.circles.register("appeal", APPEAL, ["марія"]).number
    exchange(*three)
    assert care.cases.find(number).values["subject"] == "Ремонт криниці"
    assert care.circles.people(number) == ["Іван", "Марія"]
    with pytest.raises(Refused) as refused:
        founder.cases.find(number)
    assert refused.value.code == "unknown_case"
    assert all("(" not in unit.name for unit in care.units())
    care.cases.edit(number, {"subject": "Потерпіла"})
    exchange(*three)
    assert intake.cases.find(number).values["subject"] == "Потерпіла"
    # Either of them lets others in and takes them out; what is written from then on is closed to those.
    care.circles.restrict(number, ["Оксана"])
    exchange(*three)
    assert founder.cases.find(number).values["subject"] == "Потерпіла"
    assert care.circles.people(number) == ["Марія", "Оксана"]
    founder.cases.edit(number, {"subject": "Без Івана"})
    exchange(*three)
    assert care.cases.find(number).values["subject"] == "Без Івана"
    assert intake.cases.find(number).values["subject"] == "Потерпіла"
    with pytest.raises(Refused) as refused:
        intake.cases.edit(number, {"subject": "ще раз"})
    assert refused.value.code == "no_right"
    for people, code in ((["Ніхто"], "unknown_person"), (["Марія", "9"], "unknown_person")):
        with pytest.raises(Refused) as refused:
            care.circles.restrict(number, people)
        assert refused.value.code == code
    whole(*three)


def test_an_open_case_is_restricted_and_leaves_a_pointer_that_names_nobody(three: list[Workspace]) -> None:
    founder, intake, care = three
    number = intake.cases.register("appeal", APPEAL).number
    exchange(*three)
    view = intake.circles.restrict(number, ["Марія"])
    exchange(*three)
    assert view.unit.name == care.cases.find(number).unit.name
    with pytest.raises(Refused) as refused:
        founder.cases.find(number)
    assert refused.value.code == "case_moved"
    assert "Марія" not in refused.value.message
    (pointer,) = founder.transfers.pointers()
    assert (pointer.number, pointer.here) == (number, False)
    assert ("Іван", "subject", None, "Ремонт криниці", "Прийом", False) in told(care, number)
    with pytest.raises(Refused) as refused:
        founder.members.units.add_member(pointer.moved_to, "1")
    assert refused.value.code == "unknown_unit"
    whole(*three)
