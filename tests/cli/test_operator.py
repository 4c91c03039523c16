"""What an operator does on the command line: admit communities, look at them, limit them, stop serving them."""

import re
from pathlib import Path

import pytest

from sync.server import Options, RunningServer
from tests.cli.conftest import Sprava


def test_a_community_from_its_code_to_its_suspension(sprava: Sprava, seat: Path, tmp_path: Path) -> None:
    data = tmp_path / "server"
    made = sprava("server", "community", "add", "Лісова громада", "--quota", "2GB", "--data", data, "--json")
    code = made.json["code"]
    assert (made.json["quota"], re.fullmatch(r"([A-Z2-9]{5}-){4}[A-Z2-9]{5}", code) is not None) == (2 * 2**30, True)
    listed = sprava("server", "community", "list", "--data", data, "--json").json
    assert listed == {"communities": [], "codes": [{"label": "Лісова громада", "quota": 2 * 2**30}]}
    assert code not in (data / "server.db").read_bytes().decode("latin-1")
    with RunningServer(data, options=Options(admits_first=False)) as server:
        refused = sprava("sync", seat, "--server", server.url, "--json")
        assert (refused.code, refused.error) == (3, "not_admitted")
        wrong = sprava("sync", seat, "--server", server.url, "--admission", "ABCDE-ABCDE-ABCDE-ABCDE-ABCDE", "--json")
        assert (wrong.code, wrong.error) == (3, "admission_unknown")
        typo = sprava("sync", seat, "--server", server.url, "--admission", "ABC", "--json")
        assert (typo.code, typo.error) == (2, "bad_code")
        synced = sprava("sync", seat, "--server", server.url, "--admission", code, "--json")
        assert (synced.code, synced.json["waiting"], synced.json["over_quota"]) == (0, 0, False)
        _suspend_and_resume(sprava, seat, data)
        assert sprava("server", "community", "quota", "Лісова громада", "10", "--data", data).code == 0
        assert sprava("vault", "info", seat).code == 0


def _suspend_and_resume(sprava: Sprava, seat: Path, data: Path) -> None:
    (known,) = sprava("server", "community", "list", "--data", data, "--json").json["communities"]
    assert (known["label"], known["suspended"]) == ("Лісова громада", False)
    assert sprava("server", "community", "suspend", known["id"][:12], "--data", data).code == 0
    refused = sprava("sync", seat, "--json")
    assert (refused.code, refused.error) == (3, "suspended")
    assert sprava("server", "community", "resume", "Лісова громада", "--data", data).code == 0
    assert sprava("sync", seat, "--json").code == 0


def test_a_full_community_is_told_so(sprava: Sprava, seat: Path, appeal: Path, tmp_path: Path) -> None:
    data = tmp_path / "server"
    with RunningServer(data) as server:
        assert sprava("sync", seat, "--server", server.url).code == 0
        (known,) = sprava("server", "community", "list", "--data", data, "--json").json["communities"]
        assert sprava("server", "community", "quota", known["id"], str(known["used"]), "--data", data).code == 0
        assert sprava("case", "register", seat, "--kit", "appeal", "--from", appeal).code == 0
        full = sprava("sync", seat, "--lang", "en", "--json")
        assert (full.code, full.json["over_quota"], full.json["waiting"]) == (3, True, 1)
        assert "no more room for this community" in full.err
        assert sprava("server", "community", "quota", known["id"], "none", "--data", data).code == 0
        again = sprava("sync", seat, "--json")
        assert (again.code, again.json["sent"], again.json["waiting"]) == (0, 1, 0)


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("list",), 3, "no_server_data"),
        (("add", "Лісова", "--quota", "багато"), 2, "size"),
        (("suspend", "Невідома"), 3, "no_server_data"),
        (("list", "--database", "postgresql://me:secret@host/name"), 2, "password_shown"),
        (("list", "--database", "mysql://host/name"), 2, "database"),
    ],
)
def test_what_an_operator_may_get_wrong(
    sprava: Sprava, tmp_path: Path, arguments: tuple[str, ...], code: int, error: str
) -> None:
    said = sprava("server", "community", *arguments, "--data", tmp_path / "none", "--json")
    assert (said.code, said.error) == (code, error)
    assert "secret" not in said.out + said.err


def test_an_unknown_community(sprava: Sprava, tmp_path: Path) -> None:
    data = tmp_path / "data"
    sprava("server", "community", "add", "Лісова", "--data", data)
    said = sprava("server", "community", "suspend", "Степова", "--data", data, "--json")
    assert (said.code, said.error) == (3, "unknown_community")
