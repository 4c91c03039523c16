"""``sprava file``: its JSON, its exit codes, its sentences."""

from pathlib import Path

from tests.cli.conftest import Sprava
from tests.cli.test_contract import carry, register


def test_add_list_get_remove(sprava: Sprava, seat: Path, second: Path, appeal: Path, tmp_path: Path) -> None:
    number = register(sprava, seat, appeal)["number"]
    scan = tmp_path / "скан.pdf"
    scan.write_bytes(b"%PDF-1.7 " + b"x" * 3_000_000)
    added = sprava("file", "add", seat, number, scan, "--json")
    assert added.code == 0, added.err
    assert added.json.items() >= {"name": "скан.pdf", "size": 3_000_009, "type": "application/pdf"}.items()
    file = added.json["id"]
    (listed,) = sprava("file", "list", seat, number, "--json").json["files"]
    assert listed.items() >= {"id": file, "state": "here", "person": "Оксана", "removed": False}.items()
    assert not {"key", "manifest", "place"} & listed.keys()
    copy = tmp_path / "copy.pdf"
    said = sprava("file", "get", seat, file, copy, "--json")
    assert (said.code, said.json["path"]) == (0, str(copy))
    assert "не зашифрована" in said.err
    assert copy.read_bytes() == scan.read_bytes()
    again = sprava("file", "get", seat, file, copy, "--json")
    assert (again.code, again.error) == (3, "file_exists")
    assert sprava("file", "get", seat, file, copy, "--force").code == 0
    carry(sprava, seat, second)
    (there,) = sprava("file", "list", second, number, "--json").json["files"]
    assert (there["state"], there["person"], there["mine"]) == ("not_here", "Оксана", False)
    away = sprava("file", "get", second, file, tmp_path / "away", "--json")
    assert (away.code, away.error) == (5, "file_not_here")
    assert not (tmp_path / "away").exists()
    assert sprava("file", "remove", seat, file, "--json").json["removed"] is True
    assert sprava("file", "list", seat, number, "--json").json["files"] == []
    assert len(sprava("file", "list", seat, number, "--removed", "--json").json["files"]) == 1
    assert sprava("file", "remove", seat, file, "--undo", "--json").json["removed"] is False
    history = sprava("case", "history", seat, number, "--json").json["history"]
    assert [entry["after"] for entry in history if entry["field"] == "_file"] == ["скан.pdf", None, "скан.pdf"]


def test_what_can_t_be_added_is_refused(sprava: Sprava, seat: Path, appeal: Path, tmp_path: Path) -> None:
    case = register(sprava, seat, appeal)["id"]
    empty = tmp_path / "empty"
    empty.touch()
    for ref, path, code in (
        (case, tmp_path / "absent", "unreadable_file"),
        (case, tmp_path, "is_folder"),
        (case, empty, "empty_file"),
        ("no such case", appeal, "unknown_case"),
    ):
        said = sprava("file", "add", seat, ref, path, "--json")
        assert (said.code, said.error) == (3, code)
    for command in ("get", "remove"):
        arguments = ["file", command, seat, "nonsense", *([tmp_path / "x"] if command == "get" else []), "--json"]
        said = sprava(*arguments)
        assert (said.code, said.error) == (3, "unknown_file")
    assert sprava("file", "list", seat, "no such case", "--json").error == "unknown_case"
