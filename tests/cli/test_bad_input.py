"""Wrong input of every kind: a sentence, the right exit code, one JSON document, and nothing changed."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.settings import Settings
from desktop_app.vault import tries
from tests.cli.conftest import PASSPHRASE, Said, Sprava
from tests.cli.test_contract import free_port, register


@pytest.fixture
def unchanged(sprava: Sprava, seat: Path, appeal: Path) -> Iterator[Callable[..., Said]]:
    """Run commands that must fail, and see at the end that the vault says the same as before."""
    case = register(sprava, seat, appeal)
    before = sprava("digest", seat).out

    def call(*argv: object) -> Said:
        words = [case["id"] if word == "CASE" else seat if word == "VAULT" else word for word in argv]
        said = sprava(*words, "--json")
        assert said.code in {2, 3, 4, 5}, (argv, said.code, said.err)
        assert said.error, argv
        assert said.err.strip() == said.json["error"]["message"].strip()
        return said

    yield call
    assert sprava("digest", seat).out == before


USAGE = [
    ("case",),
    ("nosuch",),
    ("case", "register", "VAULT"),
    ("case", "register", "VAULT", "--kit", "appeal"),
    ("case", "register", "VAULT", "--kit", "appeal", "--set", "a=b", "--from", "f"),
    ("case", "register", "VAULT", "--kit", "appeal", "--set", "no sign"),
    ("case", "register", "VAULT", "--kit", "appeal", "--set", "=x"),
    ("case", "register", "VAULT", "--kit", "appeal", "--set", "subject=a", "--set", "subject=b"),
    ("case", "register", "VAULT", "--kit", "appeal", "--from", "/nowhere/at/all.json"),
    ("case", "set", "VAULT", "CASE"),
    ("case", "set", "VAULT", "CASE", "no sign"),
    ("case", "list", "VAULT", "--limit", "many"),
    ("case", "list", "VAULT", "--where", "x"),
    ("case", "list", "VAULT", "--nosuch"),
    ("case", "list", "VAULT", "--quer", "x"),
    ("case", "list", "VAULT", "--lang", "fr"),
    ("conflict", "resolve", "VAULT", "CASE", "executor"),
    ("vault", "info", "VAULT", "--passphrase-file", "/nowhere"),
    ("vault", "info", "VAULT", "--passphrase-file", "/"),
    ("vault", "join", "new", "--invitation", "/nowhere", "--person", "П"),
    ("vault", "info", "VAULT", "\udcff"),
    ("case", "list", "VAULT", "--query", "\udcff"),
    ("invite", "VAULT", "--role", "clerk", "--unit", "ЦНАП", "--out", "/nowhere/x"),
]


def test_wrong_usage_is_exit_code_2(unchanged: Callable[..., Said]) -> None:
    for argv in USAGE:
        assert unchanged(*argv).code == 2, argv


REFUSED = [
    (("vault", "info", "/nowhere"), "no_vault"),
    (("case", "show", "VAULT", "nosuch"), "unknown_case"),
    (("case", "show", "VAULT", ""), "unknown_case"),
    (("case", "show", "VAULT", "00000000-0000-0000-0000-000000000000"), "unknown_case"),
    (("case", "history", "VAULT", "%"), "unknown_case"),
    (("case", "set", "VAULT", "nosuch", "a=b"), "unknown_case"),
    (("case", "set", "VAULT", "CASE", "nosuch=b"), "invalid"),
    (("case", "set", "VAULT", "CASE", "_stage=answered"), "invalid"),
    (("case", "set", "VAULT", "CASE", "received_on=32.13.2026"), "invalid"),
    (("case", "set", "VAULT", "CASE", "appendix_sheets=" + "9" * 400), "invalid"),
    (("case", "set", "VAULT", "CASE", "subject=" + "х" * 100_000), "invalid"),
    (("case", "set", "VAULT", "CASE", "subject=\x1b[2J"), "invalid"),
    (("case", "move", "VAULT", "CASE", "nosuch"), "unknown_stage"),
    (("case", "move", "VAULT", "CASE", "answered"), None),
    (("case", "register", "VAULT", "--kit", "nosuch", "--set", "a=b"), "unknown_kit"),
    (("case", "register", "VAULT", "--kit", "../appeal", "--set", "a=b"), "unknown_kit"),
    (("case", "register", "VAULT", "--kit", "appeal", "--set", "a=b"), "invalid"),
    (("case", "list", "VAULT", "--kit", "nosuch"), "unknown_kit"),
    (("case", "list", "VAULT", "--where", "nosuch=1"), "unknown_field"),
    (("case", "list", "VAULT", "--where", "a'b=1"), "unknown_field"),
    (("case", "list", "VAULT", "--sort", "nosuch"), "unknown_field"),
    (("kit", "show", "nosuch"), "unknown_kit"),
    (("kit", "example", "nosuch"), "unknown_kit"),
    (("conflict", "resolve", "VAULT", "CASE", "executor", "--take", "mine"), "no_conflict"),
    (("conflict", "resolve", "VAULT", "CASE", "nosuch", "--take", "x"), "no_conflict"),
    (("digest", "VAULT", "--unit", "nosuch"), "unknown_unit"),
    (("invite", "VAULT", "--role", "emperor", "--unit", "ЦНАП", "--out", "i"), "unknown_role"),
    (("invite", "VAULT", "--role", "clerk", "--unit", "nosuch", "--out", "i"), "unknown_unit"),
    (("invite", "VAULT", "--role", "clerk", "--unit", "ЦНАП", "--out", "i", "--server", "ftp://x"), "bad_address"),
    (("sync", "VAULT"), "no_server"),
    (("bundle", "import", "VAULT", "/nowhere"), "cannot_read"),
    (("bundle", "export", "VAULT", "/nowhere/x"), "cannot_write"),
    (("bundle", "export", "VAULT", "b", "--for", "77"), "unknown_device"),
    (("vault", "create", "VAULT", "--community", "Г", "--unit", "Ц", "--person", "П"), "vault_exists"),
    (("vault", "create", "/etc", "--community", "Г", "--unit", "Ц", "--person", "П"), "folder_not_empty"),
    (("vault", "create", "new", "--community", " ", "--unit", "Ц", "--person", "П"), "empty_name"),
]


def test_what_is_refused_is_exit_code_3(
    unchanged: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for argv, code in REFUSED:
        said = unchanged(*argv)
        assert said.code == 3, argv
        assert code in {None, said.error}, (argv, said.error)
    assert list((tmp_path / "here").iterdir()) == []


NOT_JSON = [
    b"{",
    b"[1, 2]",
    b'"text"',
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"{}\n{",
    b"{} {}",
    b'{"subject": "\\ud800"}',
    b'{"subject": NaN}',
    b"\x00" * 100,
]


def test_what_is_no_json_is_said_so(unchanged: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    for data in NOT_JSON:
        file.write_bytes(data)
        said = unchanged("case", "register", "VAULT", "--kit", "appeal", "--from", file)
        assert (said.code, said.error) == (2, "not_json"), data[:20]


def test_every_faulty_field_of_many_cases_is_named_and_none_registered(
    sprava: Sprava, seat: Path, appeal: Path
) -> None:
    good = json.loads(appeal.read_text("utf-8"))
    appeal.write_text(json.dumps([good, {**good, "subject": "", "channel": "?"}]), "utf-8")
    said = sprava("case", "register", seat, "--kit", "appeal", "--from", appeal, "--json")
    assert (said.code, {fault["field"] for fault in said.json["error"]["fields"]}) == (3, {"subject", "channel"})
    assert sprava("case", "list", seat, "--json").json["total"] == 0


def test_a_wrong_or_missing_passphrase(sprava: Sprava, seat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "FREE_TRIES", 100)
    for phrase in ("не та фраза зовсім 12", "", " ", PASSPHRASE + "x", "\x00"):
        if "\x00" not in phrase:
            monkeypatch.setenv("SPRAVA_PASSPHRASE", phrase)
            assert sprava("vault", "info", seat, "--json").error == "wrong_passphrase", phrase
    monkeypatch.delenv("SPRAVA_PASSPHRASE")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    said = sprava("vault", "info", seat, "--json")
    assert (said.code, said.error) == (3, "no_passphrase")


def test_a_weak_passphrase_makes_no_vault(sprava: Sprava, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPRAVA_PASSPHRASE", "12345678")
    said = sprava("vault", "create", tmp_path / "v", "--community", "Г", "--unit", "Ц", "--person", "П", "--json")
    assert (said.code, said.error) == (3, "weak_passphrase")
    assert not (tmp_path / "v").exists()


def test_no_argument_takes_a_passphrase(sprava: Sprava, seat: Path) -> None:
    for option in ("--passphrase", "--password", "--pass", "-p"):
        assert sprava("vault", "info", seat, option, PASSPHRASE).code == 2


def test_a_vault_that_is_open_elsewhere(process: Callable[..., Said], seat: Path) -> None:
    from desktop_app.opening import open_workspace

    with open_workspace(seat, PASSPHRASE):
        said = process("vault", "info", seat, "--json")
    assert (said.code, said.error) == (3, "vault_in_use")
    assert process("vault", "info", seat, "--json").code == 0


def test_a_damaged_bundle_or_invitation_is_exit_code_4(
    sprava: Sprava, seat: Path, second: Path, tmp_path: Path
) -> None:
    bundle, invitation = tmp_path / "b", tmp_path / "ivan.invitation"
    assert sprava("bundle", "export", seat, bundle).code == 0
    whole, paper = bundle.read_bytes(), invitation.read_bytes()
    before = sprava("digest", second).out
    for data in (b"", b"x" * 1000, whole[:-1], whole[: len(whole) // 2], whole + b"x", b"PK\x03\x04" + whole):
        bundle.write_bytes(data)
        said = sprava("bundle", "import", second, bundle, "--json")
        assert (said.code, said.error) == (4, "damaged_bundle")
    for data in (b"", b"x" * 1000, paper[:-1], whole):
        invitation.write_bytes(data)
        said = sprava("vault", "join", tmp_path / "z", "--invitation", invitation, "--person", "П", "--json")
        assert (said.code, said.error) == (4, "damaged_invitation")
        assert not (tmp_path / "z").exists()
    assert sprava("digest", second).out == before


def test_what_belongs_to_another_community_is_refused(sprava: Sprava, seat: Path, tmp_path: Path) -> None:
    from sync.server import RunningServer

    other = tmp_path / "other"
    sprava("vault", "create", other, "--community", "Чужа", "--unit", "Ц", "--person", "П")
    before = sprava("digest", seat).out
    assert sprava("bundle", "export", other, tmp_path / "b").code == 0
    said = sprava("bundle", "import", seat, tmp_path / "b", "--json")
    assert (said.code, said.error) == (3, "other_community")
    assert sprava("digest", seat).out == before
    with RunningServer(tmp_path / "server") as server:
        assert sprava("sync", other, "--server", server.url).code == 0
        assert sprava("sync", seat, "--server", server.url, "--json").code in {0, 3}
    assert sprava("digest", seat).out == before


def test_a_server_that_is_away_is_exit_code_5_and_loses_nothing(sprava: Sprava, seat: Path, appeal: Path) -> None:
    register(sprava, seat, appeal)
    before = sprava("digest", seat).out
    said = sprava("sync", seat, "--server", f"http://127.0.0.1:{free_port()}", "--json")
    assert said.code == 5
    assert said.error
    assert sprava("digest", seat).out == before
    assert sprava("vault", "info", seat, "--json").json["server"] is None
    for address in ("ftp://x", "nonsense", "http://", "http://[", "http://a b", "file:///etc/passwd", "http://x:99999"):
        failed = sprava("sync", seat, "--server", address, "--json")
        assert failed.code in {2, 3, 5}, (address, failed.err)
        assert failed.error


@pytest.mark.parametrize("name", ["vault.db", "vault.key"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "flipped"])
def test_a_damaged_vault_is_said_so_and_left_alone(sprava: Sprava, seat: Path, name: str, damage: str) -> None:
    target = seat / name
    data = target.read_bytes()
    place = len(data) // 2
    changed = {
        "gone": None,
        "empty": b"",
        "cut": data[: len(data) // 3],
        "flipped": data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :],
    }[damage]
    for file in seat.iterdir():
        if file.name.startswith(name):
            file.unlink()
    if changed is not None:
        target.write_bytes(changed)
    for command in (("vault", "info"), ("verify",), ("digest",)):
        said = sprava(*command, seat, "--json")
        assert said.code == 4 or (command != ("verify",) and damage == "flipped" and said.code == 0), said.err
        if "error" in said.json:
            assert said.error
    assert target.exists() == (changed is not None)
    if changed is not None:
        assert target.read_bytes() == changed


def test_a_mistake_of_the_program_tells_no_data(
    sprava: Sprava, seat: Path, appeal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from desktop_app.cases.service import CaseService

    def broken(_self: object, _kit: str, many: object, *_rest: object) -> None:
        raise RuntimeError(f"Петренко Ганна Іванівна {many}")

    monkeypatch.setattr(CaseService, "register_many", broken)
    said = sprava("case", "register", seat, "--kit", "appeal", "--from", appeal, "--json")
    assert (said.code, said.error) == (1, "program_error")
    assert "Петренко" not in said.err + said.out
    assert "RuntimeError, test_bad_input.py" in said.err


def test_an_interruption_is_one_document_too(sprava: Sprava, seat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from desktop_app.workspace import Workspace

    def interrupted(_self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Workspace, "info", interrupted)
    said = sprava("vault", "info", seat, "--json")
    assert (said.code, said.error) == (130, "interrupted")


def test_settings_that_cannot_be_kept_stop_no_vault(
    sprava: Sprava, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("SPRAVA_SETTINGS_DIR", str(tmp_path / "file" / "below"))
    said = sprava("vault", "create", tmp_path / "v", "--community", "Г", "--unit", "Ц", "--person", "П", "--json")
    assert said.code == 0, said.err
    assert said.json["community"] == "Г"
    assert said.err.strip()


@pytest.mark.parametrize("data", [b"", b"[]", b'{"language": "\xff"}', b"[" * 100_000, b'{"vaults": [1]}'])
def test_settings_in_any_state_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setenv("SPRAVA_SETTINGS_DIR", str(tmp_path))
    (tmp_path / "settings.json").write_bytes(data)
    assert Settings.load() == Settings()


@pytest.mark.parametrize("encoding", ["ascii", "cp866", "cp1251"])
def test_output_in_a_narrow_encoding_is_no_mistake(process: Callable[..., Said], encoding: str) -> None:
    said = process("kit", "show", "appeal", "--json", "--lang", "uk", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert said.json["title"] == "Звернення громадян"
    plain = process("kit", "list", "--lang", "en", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert plain.code == 0
    assert process("kit", "list", "--lang", "uk", PYTHONIOENCODING="ascii", PYTHONUTF8="0").code == 0
