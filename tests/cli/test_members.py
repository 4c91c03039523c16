"""Who belongs to the community, from the command line: two people with one invitation, as a script sees it."""

from pathlib import Path

import pytest

from sync.server import RunningServer
from tests.cli.conftest import Sprava


def _exchange(sprava: Sprava, folder: Path, source: Path, target: Path) -> None:
    file = folder / f"{source.name}-{target.name}.sprava-bundle"
    assert sprava("bundle", "export", source, file).code == 0
    assert sprava("bundle", "import", target, file).code == 0


@pytest.fixture
def third(tmp_path: Path, second: Path, sprava: Sprava) -> Path:
    """A vault that joined with the same invitation as the second one."""
    folder = tmp_path / "stranger"
    invitation = second.parent / "ivan.invitation"
    assert sprava("vault", "join", folder, "--invitation", invitation, "--person", "Хтось").code == 0
    return folder


def test_a_second_device_of_an_invitation_waits_for_an_administrator(
    sprava: Sprava, tmp_path: Path, seat: Path, second: Path, third: Path, appeal: Path
) -> None:
    assert sprava("--json", "case", "register", third, "--kit", "appeal", "--from", appeal).code == 0
    _exchange(sprava, tmp_path, second, seat)
    _exchange(sprava, tmp_path, third, seat)
    listed = sprava("--json", "member", "list", seat).json["members"]
    assert [(member["device"], member["state"]) for member in listed] == [
        ("1", "member"),
        ("2", "member"),
        ("2", "waiting"),
    ]
    assert listed[2]["frames_waiting"] > 0
    code = sprava("--json", "vault", "info", third).json["code"]
    assert listed[2]["code"] == code
    assert sprava("--json", "case", "list", seat).json["total"] == 0
    assert sprava("--json", "member", "confirm", second, code).error == "unknown_device"
    _exchange(sprava, tmp_path, seat, second)
    assert sprava("--json", "member", "confirm", second, code).error == "no_right"
    assert sprava("--json", "member", "confirm", seat, "0000 0000").error == "unknown_device"
    assert sprava("--json", "member", "confirm", seat, code).json["device"] == "3"
    assert sprava("--json", "case", "list", seat).json["total"] == 1
    for vault in (second, third):
        _exchange(sprava, tmp_path, seat, vault)
        assert sprava("--json", "case", "list", vault).json["total"] == 1
    assert sprava("--json", "vault", "info", third).json["device"] == "3"


def test_a_device_that_is_turned_away_keeps_its_work_and_is_told(
    sprava: Sprava, tmp_path: Path, seat: Path, second: Path, third: Path
) -> None:
    _exchange(sprava, tmp_path, second, seat)
    _exchange(sprava, tmp_path, third, seat)
    code = sprava("--json", "vault", "info", third).json["code"].replace(" ", "")
    assert sprava("--json", "member", "decline", seat, code).code == 0
    _exchange(sprava, tmp_path, seat, third)
    assert sprava("--json", "vault", "info", third).error == "not_a_member"


def test_an_exchange_tells_a_device_where_it_stands(
    sprava: Sprava, tmp_path: Path, seat: Path, second: Path, third: Path
) -> None:
    with RunningServer(tmp_path / "server") as server:
        for vault in (seat, second, seat):
            assert sprava("sync", vault, "--server", server.url).code == 0
        waits = sprava("--lang", "en", "sync", third, "--server", server.url)
        assert (waits.code, "waits to be let in" in waits.err) == (0, True)
        assert "waits to be let in" not in sprava("--lang", "en", "sync", second).err
        assert sprava("sync", seat).code == 0
        code = sprava("--json", "vault", "info", third).json["code"].replace(" ", "")
        assert sprava("--json", "member", "decline", seat, code).code == 0
        assert sprava("sync", seat).code == 0
        told = sprava("--json", "sync", third)
        assert (told.error, told.code) == ("not_a_member", 3)


def test_a_lost_device_is_put_out_and_told_and_its_late_work_is_decided_on(
    sprava: Sprava, tmp_path: Path, seat: Path, second: Path, appeal: Path
) -> None:
    with RunningServer(tmp_path / "server") as server:
        for vault in (seat, second, seat, second):
            assert sprava("sync", vault, "--server", server.url).code == 0
        assert sprava("--json", "member", "revoke", second, "1").error == "no_right"
        assert sprava("--json", "member", "revoke", seat, "1").error == "own_device"
        assert sprava("--json", "member", "revoke", seat, "9").error == "unknown_device"
        assert sprava("--json", "member", "accept", seat, "2").error == "not_revoked"
        assert sprava("--json", "member", "revoke", seat, "2").json["state"] == "revoked"
        assert sprava("sync", seat).code == 0
        assert sprava("case", "register", seat, "--kit", "appeal", "--from", appeal).code == 0
        assert sprava("sync", seat).code == 0
        assert sprava("case", "register", second, "--kit", "appeal", "--from", appeal).code == 0
        told = sprava("--json", "sync", second)
        assert (told.error, told.code) == ("revoked", 3)
        assert sprava("--json", "case", "list", second).json["total"] == 1, "it has its own, and got nothing"
        assert sprava("--json", "sync", second, "--server", "http://127.0.0.1:9").error == "revoked"
        assert sprava("sync", seat).code == 0
    assert sprava("--json", "case", "list", seat).json["total"] == 1
    listed = sprava("--json", "member", "list", seat).json["members"]
    assert [(member["state"], member["frames_waiting"]) for member in listed] == [("member", 0), ("revoked", 1)]
    assert sprava("member", "reject", seat, "2").code == 0
    assert sprava("--json", "case", "list", seat).json["total"] == 1
    assert sprava("member", "accept", seat, "2").code == 0
    assert sprava("--json", "case", "list", seat).json["total"] == 2
    assert sprava("verify", seat).code == 0
    assert sprava("verify", second).code == 0
    bundle = tmp_path / "late.sprava-bundle"
    assert sprava("bundle", "export", second, bundle).code == 0
    assert sprava("bundle", "import", seat, bundle).code == 0
    assert sprava("bundle", "export", seat, bundle).code == 0
    assert sprava("--json", "bundle", "import", second, bundle).error == "revoked"
