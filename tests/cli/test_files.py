"""``sprava file``: its JSON, its exit codes, its sentences."""

from pathlib import Path

from sync.server import RunningServer
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


def test_files_by_a_server(sprava: Sprava, seat: Path, second: Path, appeal: Path, tmp_path: Path) -> None:
    number = register(sprava, seat, appeal)["number"]
    for name, size in (("мала.txt", 100), ("велика.bin", 3_000_000)):
        (tmp_path / name).write_bytes(b"x" * size)
        assert sprava("file", "add", seat, number, tmp_path / name).code == 0
    with RunningServer(tmp_path / "server") as server:
        sent = sprava("sync", seat, "--server", server.url, "--json")
        assert (sent.code, sent.json["files"]["sent"]) == (0, 2)
        got = sprava("sync", second, "--server", server.url, "--small", "2", "--json")
        assert (got.code, got.json["files"]["received"]) == (0, 1)
        listed = sprava("file", "list", second, number)
        assert "на сервері" in listed.out
        assert sprava("file", "fetch", second, number, "немає", "--json").error == "unknown_file"
        fetched = sprava("file", "fetch", second, number, "велика.bin", "--json")
        assert (fetched.code, fetched.json["received"], fetched.json["files"][0]["state"]) == (0, 1, "here")
        again = sprava("file", "fetch", second, number, "--all", "--json")
        assert (again.code, again.json["received"], len(again.json["files"])) == (0, 0, 2)
        assert sprava("sync", second, "--small", "0", "--json").code == 2
        assert sprava("sync", second, "--files", "none", "--json").json["files"]["received"] == 0
        (tmp_path / "велика.bin").write_bytes(b"y" * 50)
        sprava("file", "add", seat, number, tmp_path / "велика.bin")
        sprava("sync", seat)
        assert sprava("sync", second, "--json").json["files"]["received"] == 0  # the choice was kept
        twice = sprava("file", "fetch", second, number, "велика.bin", "--json")
        assert (twice.code, twice.error) == (3, "unknown_file")
        assert sprava("sync", second, "--files", "all", "--json").json["files"]["received"] == 1
    away = sprava("file", "fetch", second, number, "--all", "--json")
    assert away.code == 0  # all of them are here
