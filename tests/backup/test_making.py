"""A backup holds what the vault held at one moment, grows by what is new, and comes back whole."""

import itertools
from pathlib import Path

import pytest

from desktop_app.backup.drill import drill
from desktop_app.backup.making import back_up
from desktop_app.backup.reading import BackupFile
from desktop_app.backup.restoring import restore
from desktop_app.backup.ways import Way
from desktop_app.kits.examples import example
from desktop_app.opening import open_workspace
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync.errors import Refused

from .conftest import PASSPHRASE, WAY, add_file, contents, digest_of, unlock


def test_a_backup_comes_back_as_it_was(workspace: Workspace, stick: Path, tmp_path: Path) -> None:
    digest, cases = workspace.digest(), workspace.info().cases
    made = back_up(workspace, stick)
    assert made.file.parent == stick
    assert (made.generation, made.cases, made.digest, made.checked_all) == (1, cases, digest, True)
    restored = restore(made.file, tmp_path / "back", unlock)
    assert (restored.digest, restored.cases, restored.missing) == (digest, cases, ())
    assert contents(tmp_path / "back") == contents(workspace.folder)
    with open_workspace(tmp_path / "back", PASSPHRASE) as back:
        assert back.digest() == digest
        assert len(back.notices) == 1
        assert [check.finding for check in verify(back) if not check.sound and check.part != "mark"] == []
    assert made.file.stat().st_mode & 0o777 == 0o600


def test_the_same_file_again_takes_only_what_is_new(workspace: Workspace, stick: Path, tmp_path: Path) -> None:
    first = back_up(workspace, stick)
    unchanged = back_up(workspace, stick)
    assert unchanged.written < first.written / 3  # the list of files, and what the audit notes of the backup
    case = workspace.cases.register("appeal", example("appeal", 900))
    add_file(workspace.folder, "ad03", 5000, 4)
    second = back_up(workspace, first.file)
    assert (second.generation, second.cases) == (3, first.cases + 1)
    assert 5000 < second.written < first.written / 2
    restore(second.file, tmp_path / "back", unlock)
    with open_workspace(tmp_path / "back", PASSPHRASE) as back:
        assert back.cases.find(case.number).id == case.id
        assert back.digest() == workspace.digest()
    restore(second.file, tmp_path / "former", unlock, generation=1)
    assert digest_of(tmp_path / "former") == (first.digest, first.cases)
    assert "files/ad/ad03" not in contents(tmp_path / "former")


def test_a_file_keeps_as_many_generations_as_asked_and_is_written_anew_when_half_of_it_is_waste(
    workspace: Workspace, stick: Path, tmp_path: Path
) -> None:
    sizes = []
    for seed in range(14):
        add_file(workspace.folder, f"b{seed:03}", 2**20, 100 + seed)
        if seed:
            (workspace.folder / "files" / "b0" / f"b{seed - 1:03}").unlink()
        sizes.append(back_up(workspace, stick, keep=2).bytes)
    path = next(stick.iterdir())
    with BackupFile(path) as backup:
        backup.unlock(unlock)
        assert [generation.number for generation in backup.root.generations] == [13, 14]
    assert any(after < before for before, after in itertools.pairwise(sizes))
    assert [entry.name for entry in stick.iterdir()] == [path.name]
    proved = drill(path, WAY)
    assert proved.sound
    assert proved.digest == workspace.digest()
    restored = restore(path, tmp_path / "former", unlock, generation=13)
    assert "files/b0/b012" in contents(restored.folder)


def test_a_drill_leaves_nothing_and_does_not_touch_the_vault(workspace: Workspace, stick: Path, tmp_path: Path) -> None:
    made = back_up(workspace, stick)
    before = {path: path.stat().st_mtime_ns for path in workspace.folder.rglob("*")}
    proved = drill(made.file, WAY)
    assert proved.sound
    assert {check.part for check in proved.checks} >= {"backup", "contents", "database", "log", "projection"}
    assert {path: path.stat().st_mtime_ns for path in workspace.folder.rglob("*")} == before
    assert list((tmp_path / "data" / "sprava" / "jobs").iterdir()) == []


def test_what_a_killed_drill_left_is_removed_by_the_next(workspace: Workspace, stick: Path, tmp_path: Path) -> None:
    left = tmp_path / "data" / "sprava" / "jobs" / "job-left"
    left.mkdir(parents=True)
    (left / "vault.db").write_bytes(b"x")
    drill(back_up(workspace, stick).file, WAY)
    assert not left.exists()


def test_nothing_that_exists_is_written_over(workspace: Workspace, stick: Path) -> None:
    made = back_up(workspace, stick)
    with pytest.raises(Refused) as refusal:
        restore(made.file, workspace.folder, unlock)
    assert refusal.value.code == "vault_exists"
    foreign = stick / "letter.txt"
    foreign.write_bytes(b"my letters" * 1000)
    with pytest.raises(Refused) as refusal:
        back_up(workspace, foreign)
    assert refusal.value.code == "not_a_backup"
    assert foreign.read_bytes() == b"my letters" * 1000
    with pytest.raises(Refused) as refusal:
        back_up(workspace, workspace.folder)
    assert refusal.value.code == "inside_vault"


def test_a_wrong_passphrase_says_that_a_former_one_may_be_needed(
    workspace: Workspace, stick: Path, tmp_path: Path
) -> None:
    made = back_up(workspace, stick)
    with pytest.raises(Refused) as refusal:
        restore(made.file, tmp_path / "back", Way("не та фраза зовсім").vault_key)
    assert refusal.value.code == "wrong_passphrase"
    assert not (tmp_path / "back").exists()
