"""Units and roles from the command line: real vaults, bundles between them, and what each of them may see and do."""

from pathlib import Path

import pytest

from sync.server import RunningServer
from tests.cli.conftest import Sprava
from tests.cli.test_members import _exchange


@pytest.fixture
def appeals(sprava: Sprava, tmp_path: Path, seat: Path, second: Path) -> tuple[Path, Path]:
    """Two vaults that know each other; the founder's has a second unit."""
    _exchange(sprava, tmp_path, second, seat)
    assert sprava("--json", "unit", "add", seat, "Соціальний відділ").json["devices"] == ["1"]
    _exchange(sprava, tmp_path, seat, second)
    return seat, second


def test_a_case_of_a_unit_is_seen_by_its_members_alone(
    sprava: Sprava, tmp_path: Path, appeals: tuple[Path, Path], appeal: Path
) -> None:
    seat, second = appeals
    registering = ("--json", "case", "register", seat, "--kit", "appeal", "--from", appeal)
    number = sprava(*registering, "--unit", "Соціальний відділ").json["number"]
    assert sprava(*registering, "--unit", "Ні такого").error == "unknown_unit"
    assert sprava(*registering).code == 0
    _exchange(sprava, tmp_path, seat, second)
    assert sprava("--json", "case", "list", seat).json["total"] == 2
    listed = sprava("--json", "case", "list", seat, "--unit", "Соціальний відділ").json
    assert [case["number"] for case in listed["cases"]] == [number]
    assert sprava("--json", "case", "list", second).json["total"] == 1
    assert sprava("--json", "case", "show", second, number).error == "unknown_case"
    assert sprava("--json", "case", "list", second, "--unit", "Соціальний відділ").error == "unknown_unit"
    assert len(sprava("--json", "unit", "list", second).json["units"]) == 1

    entered = sprava("--json", "unit", "member", "add", seat, "Соціальний відділ", "2").json
    assert entered["devices"] == ["1", "2"]
    _exchange(sprava, tmp_path, seat, second)
    assert sprava("--json", "case", "show", second, number).json["unit"] == "Соціальний відділ"
    assert sprava("--json", "unit", "rename", seat, "Соціальний відділ", "Захист").json["name"] == "Захист"
    assert sprava("--json", "unit", "add", seat, "захист").error == "name_taken"

    assert sprava("--json", "unit", "member", "remove", seat, "Захист", "2").json["devices"] == ["1"]
    assert sprava("--json", "unit", "member", "remove", seat, "Захист", "2").error == "not_in_unit"
    assert sprava("--json", "unit", "member", "remove", seat, "Захист", "1").error == "last_in_unit"
    later = sprava(*registering, "--unit", "Захист").json["number"]
    _exchange(sprava, tmp_path, seat, second)
    assert sprava("--json", "case", "show", second, later).error == "unknown_case"
    assert sprava("--json", "case", "set", second, number, "subject=Інше").error == "no_right"
    for vault in appeals:
        assert sprava("verify", vault).code == 0


def test_roles_are_given_and_late_work_waits_for_a_word(
    sprava: Sprava, tmp_path: Path, appeals: tuple[Path, Path], appeal: Path
) -> None:
    seat, second = appeals
    registering = ("--json", "case", "register", second, "--kit", "appeal", "--from", appeal)
    unit = sprava("--json", "unit", "list", second).json["units"][0]["name"]
    assert sprava("--json", "member", "role", second, "1", "clerk").error == "no_right"
    assert sprava("--json", "member", "role", seat, "2", "emperor").error == "unknown_role"
    assert sprava("--json", "member", "role", seat, "1", "clerk").error == "last_administrator"
    assert sprava("--json", "member", "role", seat, "2", "administrator", "--unit", unit).error == (
        "administrator_everywhere"
    )
    assert sprava(*registering).code == 0, "offline, it does not know yet"
    given = sprava("--json", "member", "role", seat, "2", "auditor", "--unit", unit).json
    assert (given["role"], given["roles"]) == ("clerk", ["auditor"])
    _exchange(sprava, tmp_path, second, seat)
    assert sprava("--json", "case", "list", seat).json["total"] == 0
    assert sprava("--json", "member", "list", seat).json["members"][1]["frames_waiting"] == 1
    _exchange(sprava, tmp_path, seat, second)
    assert sprava(*registering).error == "no_unit"
    assert sprava("member", "accept", seat, "2").code == 0
    assert sprava("--json", "case", "list", seat).json["total"] == 1
    assert sprava("--json", "member", "role", seat, "2", "administrator").json["role"] == "administrator"
    assert sprava("--json", "member", "role", seat, "1", "clerk").json["role"] == "clerk"
    assert sprava("--json", "unit", "add", seat, "Ще один").error == "no_right"
    _exchange(sprava, tmp_path, seat, second)
    assert len(sprava("--json", "unit", "list", second).json["units"]) == 2
    assert sprava("--json", "member", "list", second).json["disputed"] == []
    for vault in appeals:
        assert sprava("verify", vault).code == 0


def test_a_registrar_registers_cases_and_sees_only_the_own_ones(
    sprava: Sprava, tmp_path: Path, seat: Path, appeal: Path
) -> None:
    desk, invitation = tmp_path / "desk", tmp_path / "reg.sprava-invite"
    unit = sprava("--json", "unit", "list", seat).json["units"][0]["name"]
    sheet = tmp_path / "paper.txt"
    sheet.write_text("скан")
    with RunningServer(tmp_path / "server") as server:
        inviting = ("invite", seat, "--role", "registrar", "--unit", unit, "--server", server.url, "--out", invitation)
        assert sprava(*inviting).code == 0
        assert sprava("vault", "join", desk, "--invitation", invitation, "--person", "Ганна").code == 0
        foreign = sprava("--json", "case", "register", seat, "--kit", "appeal", "--from", appeal).json["number"]
        number = sprava("--json", "case", "register", desk, "--kit", "appeal", "--from", appeal).json["number"]
        assert sprava("file", "add", desk, number, sheet).code == 0
        for vault in (seat, desk, seat, desk, desk):
            done = sprava("--json", "sync", vault)
            assert done.code == 0, done.err
    _exchange(sprava, tmp_path, seat, desk)
    assert [case["number"] for case in sprava("--json", "case", "list", desk).json["cases"]] == [number]
    assert sprava("--json", "case", "show", desk, foreign).error == "unknown_case"
    assert sprava("--json", "case", "set", desk, number, "subject=Уточнено").code == 0
    _exchange(sprava, tmp_path, desk, seat)
    shown = sprava("--json", "case", "show", seat, number).json
    assert (shown["fields"]["subject"], shown["unit"]) == ("Уточнено", unit)
    assert len(sprava("--json", "file", "list", seat, number).json["files"]) == 1
    assert sprava("--json", "vault", "info", desk).json["role"] == "registrar"
    assert {entry["person"] for entry in sprava("--json", "case", "history", seat, number).json["history"]} == {"Ганна"}
    for vault in (seat, desk):
        assert sprava("verify", vault).code == 0


def test_a_case_is_moved_and_restricted_from_the_command_line(
    sprava: Sprava, tmp_path: Path, appeals: tuple[Path, Path], appeal: Path
) -> None:
    seat, second = appeals
    registering = ("--json", "case", "register", second, "--kit", "appeal", "--from", appeal)
    number = sprava(*registering).json["number"]
    _exchange(sprava, tmp_path, second, seat)
    assert sprava("--json", "case", "transfer", second, number, "Соціальний відділ").error == "unknown_unit"
    moved = sprava("--json", "case", "transfer", seat, number, "Соціальний відділ").json
    assert moved["unit"] == "Соціальний відділ"
    _exchange(sprava, tmp_path, seat, second)
    assert sprava("--json", "case", "show", second, number).error == "case_moved"
    (pointer,) = sprava("--json", "case", "moved", second).json["moved"]
    assert (pointer["number"], pointer["moved_to"], pointer["here"]) == (number, "Соціальний відділ", False)
    history = sprava("--json", "case", "history", seat, number).json["history"]
    assert {entry["unit"] for entry in history} == {
        "",
        sprava("--json", "unit", "list", second).json["units"][0]["name"],
    }

    names = [member["person"] for member in sprava("--json", "member", "list", seat).json["members"]]
    own = sprava(*registering, "--only", names[1]).json["number"]
    assert sprava("--json", "case", "show", second, own).json["only"] == [names[1]]
    assert sprava("--json", "case", "restrict", second, own, "--only", *names).json["only"] == sorted(names)
    _exchange(sprava, tmp_path, second, seat)
    assert sprava("--json", "case", "show", seat, own).json["only"] == sorted(names)
    assert sprava("--json", "case", "restrict", second, own, "--only", "Ніхто").error == "unknown_person"
    for vault in appeals:
        assert sprava("verify", vault).code == 0


def test_over_a_server_who_left_a_unit_gets_nothing_more_of_it_and_late_work_arrives(
    sprava: Sprava, tmp_path: Path, appeals: tuple[Path, Path], appeal: Path
) -> None:
    seat, second = appeals
    unit = "Соціальний відділ"
    registering = ("--json", "case", "register", "--kit", "appeal", "--from", appeal, "--unit", unit)
    with RunningServer(tmp_path / "server") as server:
        assert sprava("unit", "member", "add", seat, unit, "2").code == 0
        for vault in (seat, second, seat):
            assert sprava("sync", vault, "--server", server.url).code == 0
        assert sprava(*registering, seat).code == 0
        assert sprava("unit", "member", "remove", seat, unit, "2").code == 0
        assert sprava(*registering, seat).code == 0
        assert sprava(*registering, second).code == 0, "it does not know yet"
        assert sprava("sync", seat).code == 0
        for _again in range(2):
            done = sprava("sync", second)
            assert done.code == 0, done.err
        assert sprava("--json", "case", "list", second, "--query", "").json["total"] == 1
        assert sprava("sync", seat).code == 0
        assert sprava("--json", "member", "list", seat).json["members"][1]["frames_waiting"] == 1
        assert sprava("member", "accept", seat, "2").code == 0
        assert sprava("--json", "case", "list", seat, "--unit", unit).json["total"] == 3
        for vault in (seat, second):
            assert sprava("sync", vault).code == 0
            assert sprava("verify", vault).code == 0


def test_a_moved_and_restricted_case_is_right_after_one_repair_of_a_damaged_database(
    sprava: Sprava, tmp_path: Path, appeals: tuple[Path, Path], appeal: Path
) -> None:
    seat, second = appeals
    assert sprava("unit", "member", "add", seat, "Соціальний відділ", "2").code == 0
    _exchange(sprava, tmp_path, seat, second)
    number = sprava("--json", "case", "register", second, "--kit", "appeal", "--from", appeal).json["number"]
    assert sprava("case", "transfer", second, number, "Соціальний відділ").code == 0
    person = sprava("--json", "member", "list", seat).json["members"][0]["person"]
    assert sprava("case", "restrict", second, number, "--only", person).code == 0
    _exchange(sprava, tmp_path, second, seat)
    moved = sprava("--json", "case", "moved", seat).json["moved"]
    backup = tmp_path / "whole.sprava-backup"
    assert sprava("backup", seat, backup).code == 0
    with (seat / "vault.db").open("r+b") as database:
        database.seek(20_000)
        database.write(b"X" * 24)
    assert sprava("verify", seat).code == 4
    assert sprava("repair", seat, "--from", backup).code == 0
    assert sprava("--json", "case", "moved", seat).json["moved"] == moved
    assert len(moved) == 2
