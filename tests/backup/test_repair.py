"""A repair takes from a backup what a vault has lost: its key file, and the frames of its log."""

from pathlib import Path

import pytest

from desktop_app.kits.examples import example
from desktop_app.opening import open_workspace
from desktop_app.repair import repair
from sync.errors import Damaged, Refused

from .conftest import PASSPHRASE


@pytest.fixture
def backup(folder: Path, stick: Path) -> Path:
    with open_workspace(folder, PASSPHRASE) as workspace:
        workspace.cases.register("appeal", example("appeal", 906))
        return workspace.backups.back_up(stick).file


def test_a_lost_key_file_is_put_back(folder: Path, backup: Path) -> None:
    (folder / "vault.key").write_bytes(b"")
    (folder / "vault.key.previous").unlink()
    with pytest.raises(Damaged) as refusal:
        open_workspace(folder, PASSPHRASE)
    assert "sprava repair VAULT --from" in refusal.value.message  # which is what is done now
    report = repair(folder, PASSPHRASE, [backup])
    assert report.sound
    assert backup.name in report.done[0]
    assert (folder / "vault.key.damaged").read_bytes() == b""
    open_workspace(folder, PASSPHRASE).close()


def test_frames_of_a_destroyed_database_come_back(folder: Path, backup: Path) -> None:
    with open_workspace(folder, PASSPHRASE) as workspace:
        digest, cases = workspace.digest(), workspace.info().cases
    database = folder / "vault.db"
    database.write_bytes(bytes(database.stat().st_size))
    report = repair(folder, PASSPHRASE, [backup])
    assert report.sound
    assert report.taken_back[backup.name] > 0
    with open_workspace(folder, PASSPHRASE) as workspace:
        assert (workspace.digest(), workspace.info().cases) == (digest, cases)


def test_a_lost_key_file_is_not_taken_from_another_vaults_backup(folder: Path, backup: Path, tmp_path: Path) -> None:
    from desktop_app import vault
    from desktop_app.opening import create_workspace

    kdf = vault.KDF_FLOOR
    with create_workspace(tmp_path / "b", PASSPHRASE, community="Г", unit="Ц", person="І", kdf=kdf) as other:
        made = other.backups.back_up(tmp_path / "others").file
    for name in ("vault.key", "vault.key.previous"):
        (folder / name).unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(Refused) as refusal:
        repair(folder, PASSPHRASE, [made])
    assert refusal.value.code == "other_vault"
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert repair(folder, PASSPHRASE, [backup]).sound


def test_the_backup_of_another_vault_is_refused(folder: Path, stick: Path, tmp_path: Path) -> None:
    from desktop_app import vault
    from desktop_app.backup.making import back_up
    from desktop_app.opening import create_workspace

    with create_workspace(
        tmp_path / "other", PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR
    ) as other:
        made = back_up(other, stick)
    with pytest.raises(Refused) as refusal:
        repair(folder, PASSPHRASE, [made.file])
    assert refusal.value.code == "other_vault"


def test_parts_of_attached_files_come_back(folder: Path, stick: Path) -> None:
    content = bytes(range(256)) * 12_000
    with open_workspace(folder, PASSPHRASE) as workspace:
        case = workspace.cases.register("appeal", example("appeal", 907))
        entry = workspace.files.add_bytes(case.id, "акт.pdf", content)
        backup = workspace.backups.back_up(stick).file
        parts = [workspace.files.chunks.path(chunk) for chunk, _data in workspace.files.to_carry()]
    flipped, shortened, gone, *untouched = parts
    whole = {path: path.stat().st_mtime_ns for path in untouched}
    flipped.write_bytes(flipped.read_bytes()[:-1] + bytes([flipped.read_bytes()[-1] ^ 1]))
    shortened.write_bytes(shortened.read_bytes()[:100])
    gone.unlink()
    assert not repair(folder, PASSPHRASE).sound
    report = repair(folder, PASSPHRASE, [backup])
    assert (report.parts_back, report.sound, report.missing) == (3, True, [])
    with open_workspace(folder, PASSPHRASE) as workspace:
        assert workspace.files.content(entry.id).read(len(content)) == content
    assert {path: path.stat().st_mtime_ns for path in untouched} == whole
    assert repair(folder, PASSPHRASE, [backup]).parts_back == 0


def test_a_vault_of_empty_files_is_not_taken_for_another_one(folder: Path, backup: Path) -> None:
    for path in folder.iterdir():
        if path.is_file():
            path.write_bytes(b"")
    with pytest.raises(Damaged) as refusal:
        repair(folder, PASSPHRASE, [backup])
    assert refusal.value.code == "cannot_repair"
    assert "резервної копії" in refusal.value.message  # that is the way: nothing else tells who this device was
