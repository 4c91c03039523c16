"""The commands, and a bare machine: another home, other settings, nothing but the file and what a person knows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.kits.examples import example
from desktop_app.opening import open_workspace
from desktop_app.vault import keyfile
from tests.cli.conftest import Sprava, sprava

from .conftest import OTHER, PASSPHRASE, WAY, digest_of

__all__ = ["sprava"]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PASSPHRASE  # the same as that of the command line's tests
    monkeypatch.setenv("SPRAVA_PASSPHRASE", PASSPHRASE)


def test_backup_drill_info_restore(sprava: Sprava, folder: Path, stick: Path, tmp_path: Path) -> None:
    made = sprava("backup", folder, stick, "--json").json
    assert made["generation"] == 1
    file = made["file"]
    proved = sprava("backup", "drill", file, "--json").json
    assert proved["sound"]
    assert proved["digest"] == made["digest"] == sprava("digest", folder, "--json").json["digest"]
    assert sprava("drill", file).code == 0
    assert sprava("backup", folder, file, "--keep", "2", "--json").json["generation"] == 2
    assert sprava("backup", folder, file, "--json").json["generation"] == 3
    held = sprava("backup", "info", file, "--json").json
    assert [generation["generation"] for generation in held["generations"]] == [2, 3]
    assert sprava("backup", "list", file).out.count("\n") == 3
    said = sprava("restore", file, tmp_path / "back", "--json")
    assert said.json["digest"] == made["digest"]
    assert "позначк" in said.err  # a new life of the log, told
    assert sprava("restore", file, tmp_path / "older", "--generation", "2", "--json").json["generation"] == 2
    assert sprava("restore", file, tmp_path / "none", "--generation", "1", "--json").error == "unknown_generation"
    assert sprava("restore", file, tmp_path / "back", "--json").error == "vault_exists"
    assert sprava("restore", tmp_path / "missing", tmp_path / "none", "--json").code == 5
    assert sprava("drill", folder / "vault.db", "--json").error == "not_a_backup"
    assert sprava("backup", folder, tmp_path / "no" / "where", "--json").code == 5


def test_a_vault_called_like_a_command_is_written_with_its_folder(
    sprava: Sprava, folder: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.rename(folder.with_name("drill")).parent)
    assert sprava("backup", "./drill", stick, "--json").json["generation"] == 1


def test_a_bare_machine(project: Path, folder: Path, stick: Path, tmp_path: Path) -> None:
    with open_workspace(folder, PASSPHRASE) as workspace:
        workspace.cases.register("appeal", example("appeal", 905))
        made = workspace.backups.back_up(stick / "копія громади")
        cases = workspace.info().cases
    home = tmp_path / "home"
    home.mkdir()
    keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    bare = {**keep, "HOME": str(home), "USERPROFILE": str(home), "SPRAVA_PASSPHRASE": PASSPHRASE, "LANGUAGE": "uk"}
    for command in (
        ["drill", made.file],
        ["restore", made.file, home / "сховище"],
        ["verify", home / "сховище"],
        ["case", "list", home / "сховище"],
    ):
        line = [sys.executable, "-m", "ui.main", *map(os.fspath, command)]
        done = subprocess.run(line, cwd=project, env=bare, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
    assert digest_of(home / "сховище") == (made.digest, cases)


def test_a_changed_passphrase(
    sprava: Sprava, folder: Path, stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sprava("backup", folder, stick / "old", "--json").json["file"]
    vault.change_passphrase(folder, PASSPHRASE, OTHER, kdf=vault.KDF_FLOOR)
    monkeypatch.setenv("SPRAVA_PASSPHRASE", OTHER)
    said = sprava("restore", first, tmp_path / "back", "--json")
    assert said.error == "wrong_passphrase"
    assert "попередня" in said.err
    sprava("backup", folder, first)
    assert sprava("restore", first, tmp_path / "back", "--json").code == 0
    # With the first backup after the change the former pass phrase opens nothing in the file any more.
    monkeypatch.setenv("SPRAVA_PASSPHRASE", PASSPHRASE)
    assert sprava("drill", first, "--json").error == "wrong_passphrase"
    assert keyfile.parse(_key_file(Path(first))).generation > 1


def _key_file(path: Path) -> bytes:
    from desktop_app.backup.restoring import saved_key_file

    return saved_key_file(path)


def test_restored_with_the_recovery_sheet(
    sprava: Sprava, folder: Path, stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = tmp_path / "sheet.pdf"
    assert sprava("vault", "recovery-sheet", folder, "--out", sheet, "--json").code == 0
    made = sprava("backup", folder, stick, "--json").json
    info = sprava("vault", "info", folder, "--json").json
    assert info["recovery"]["arrangement"] == {"threshold": 1, "count": 1}
    assert info["last_backup"]["file"] == made["file"]
    told = sprava("vault", "info", folder, "--lang", "en").out
    assert f"Recovery sheet: {info['recovery']['number']} of " in told
    assert made["file"] in told
    assert WAY.text == PASSPHRASE
    (tmp_path / "new").write_text(OTHER, encoding="utf-8")
    monkeypatch.delenv("SPRAVA_PASSPHRASE")
    assert sprava("drill", made["file"], "--recovery-code", sheet, "--json").json["sound"]
    listed = sprava("backup-info", made["file"], "--recovery-code", sheet, "--json").json
    assert [held["generation"] for held in listed["generations"]] == [made["generation"]]
    said = sprava(
        "restore", made["file"], tmp_path / "back", "--recovery-code", sheet,
        "--new-passphrase-file", tmp_path / "new", "--recovery-sheet", tmp_path / "second.pdf", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert (tmp_path / "second.pdf").exists()
    assert digest_of(tmp_path / "back", OTHER)[0] == made["digest"]
    again = sprava(
        "vault",
        "recover",
        tmp_path / "back",
        "--recovery-code",
        sheet,
        "--new-passphrase-file",
        tmp_path / "new",
        "--json",
    )
    assert again.error == "wrong_recovery"
