"""Every kind of damage to a backup file is noticed and said; what is whole in it can still be had."""

import shutil
from pathlib import Path

import pytest

from desktop_app.backup.drill import drill
from desktop_app.backup.form import DATA_START, HEADER_BYTES, ROOT_BYTES, ROOT_PLACES
from desktop_app.backup.making import Made, back_up
from desktop_app.backup.reading import BackupFile
from desktop_app.backup.restoring import restore, saved_database, saved_key_file
from desktop_app.kits.examples import example
from desktop_app.opening import open_workspace
from desktop_app.workspace import Workspace
from sync.errors import Damaged, Failure, Refused

from .conftest import PASSPHRASE, WAY, digest_of, unlock


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A backup with two generations."""
    folder = tmp_path_factory.mktemp("made")
    vault = Path(shutil.copytree(template, folder / "vault"))
    with open_workspace(vault, PASSPHRASE) as workspace:
        back_up(workspace, folder / "good")
        workspace.cases.register("appeal", example("appeal", 901))
        return back_up(workspace, folder / "good")


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copy(made.file, tmp_path / "copy"))


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x20]))


def refused(path: Path, folder: Path) -> str:
    """Restore, see that nothing comes of it, and return the code of the failure."""
    with pytest.raises(Failure) as failure:
        restore(path, folder, unlock)
    assert not folder.exists()
    assert [entry.name for entry in folder.parent.iterdir() if "restoring" in entry.name] == []
    return failure.value.code


def in_use(path: Path) -> list[tuple[int, int]]:
    """Return begin and end of all that a restore of the newest generation needs beside the roots."""
    with BackupFile(path) as backup:
        backup.unlock(unlock)
        newest = backup.newest
        index = backup.index(newest)
        blocks = [(block.offset, block.offset + block.length) for file in index.files for block in file.places()]
        return [*blocks, (newest.offset, newest.offset + newest.length)]


def test_a_flipped_bit_in_anything_that_is_needed_is_noticed(copy: Path, tmp_path: Path) -> None:
    places = in_use(copy)
    for begin, end in places[:: max(1, len(places) // 6)] + places[-1:]:
        for offset in (begin, (begin + end) // 2, end - 1):
            flip(copy, offset)
            assert refused(copy, tmp_path / "back") == "damaged_backup"
            flip(copy, offset)
    restore(copy, tmp_path / "back", unlock)


@pytest.mark.parametrize("offset", [0, 3, 8, 10, 12, 30, 45, 80, 4000])
def test_a_flipped_bit_in_the_header_is_noticed(copy: Path, tmp_path: Path, offset: int) -> None:
    flip(copy, offset)
    assert refused(copy, tmp_path / "back") in {"not_a_backup", "newer_backup", "damaged_backup"}


@pytest.mark.parametrize("place", ROOT_PLACES)
def test_one_damaged_root_is_made_good_by_the_other_and_told(copy: Path, place: int) -> None:
    flip(copy, place + 300)
    proved = drill(copy, WAY)
    assert proved.sound
    assert "один із двох" in proved.checks[0].finding


def test_both_roots_damaged_is_said(copy: Path, tmp_path: Path) -> None:
    for place in ROOT_PLACES:
        flip(copy, place + ROOT_BYTES - 1)
    assert refused(copy, tmp_path / "back") == "damaged_backup"


@pytest.mark.parametrize("size", [0, 1, 100, HEADER_BYTES, DATA_START, DATA_START + 5000, -1])
def test_a_file_cut_short_is_said(copy: Path, tmp_path: Path, size: int) -> None:
    data = copy.read_bytes()
    copy.write_bytes(data[:size])
    assert refused(copy, tmp_path / "back") in {"not_a_backup", "damaged_backup"}


def test_blocks_that_changed_places_are_noticed(copy: Path, tmp_path: Path) -> None:
    data = bytearray(copy.read_bytes())
    (first, first_end), (second, _end) = in_use(copy)[:2]
    length = first_end - first
    data[first:first_end], data[second : second + length] = data[second : second + length], data[first:first_end]
    copy.write_bytes(data)
    assert refused(copy, tmp_path / "back") == "damaged_backup"


def test_a_root_of_another_backup_of_the_same_vault_does_not_open(copy: Path, made: Made, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    restore(made.file, vault, unlock)
    with open_workspace(vault, PASSPHRASE) as workspace:
        other = back_up(workspace, tmp_path / "other")
    data = bytearray(copy.read_bytes())
    for place in ROOT_PLACES:
        data[place : place + ROOT_BYTES] = other.file.read_bytes()[place : place + ROOT_BYTES]
    copy.write_bytes(data)
    assert refused(copy, tmp_path / "back") == "damaged_backup"


def test_a_damaged_attachment_can_be_left_out(copy: Path, made: Made, tmp_path: Path) -> None:
    with BackupFile(copy) as backup:
        backup.unlock(unlock)
        index = backup.index(backup.newest)
        block = next(file for file in index.files if file.name.endswith("aa01")).places()[0]
    flip(copy, block.offset + 500)
    assert refused(copy, tmp_path / "back") == "damaged_backup"
    restored = restore(copy, tmp_path / "back", unlock, salvage=True)
    assert restored.missing == ("files/aa/aa01",)
    assert digest_of(tmp_path / "back") == (made.digest, made.cases)


def test_a_damaged_newest_generation_leaves_the_one_before(copy: Path, tmp_path: Path) -> None:
    with BackupFile(copy) as backup:
        backup.unlock(unlock)
        former, newest = (backup.index(generation) for generation in backup.root.generations)
    old = {block for file in former.files for block in file.places()}
    new = next(block for file in newest.files for block in file.places() if block not in old)
    flip(copy, new.offset + 20)
    assert refused(copy, tmp_path / "back") == "damaged_backup"
    restored = restore(copy, tmp_path / "back", unlock, generation=1)
    assert digest_of(tmp_path / "back") == (restored.digest, restored.cases)


def test_a_backup_onto_a_damaged_file_begins_anew_and_keeps_the_old_one(folder: Path, stick: Path) -> None:
    with open_workspace(folder, PASSPHRASE) as workspace:
        first = back_up(workspace, stick)
        flip(first.file, DATA_START + 1000)
        again = back_up(workspace, stick)
        assert again.notices
        assert len([entry for entry in stick.iterdir() if ".damaged-" in entry.name]) == 1
        assert drill(again.file, WAY).sound
        for place in ROOT_PLACES:
            flip(first.file, place + 40)
        assert back_up(workspace, stick).notices
        assert drill(first.file, WAY).digest == workspace.digest()


def test_a_damaged_vault_does_not_replace_its_good_backup(folder: Path, stick: Path) -> None:
    with open_workspace(folder, PASSPHRASE) as workspace:
        first = back_up(workspace, stick)
        before = first.file.read_bytes()
    flip(folder / "vault.db", 4096 * 20 + 100)
    with open_workspace(folder, PASSPHRASE) as workspace, pytest.raises(Damaged) as damage:
        back_up(workspace, stick)
    assert damage.value.code == "unsound_vault"
    assert first.file.read_bytes() == before


def test_the_backup_of_another_vault_is_not_written_over(workspace: Workspace, stick: Path, tmp_path: Path) -> None:
    from desktop_app import vault
    from desktop_app.opening import create_workspace

    with create_workspace(
        tmp_path / "other", PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR
    ) as other:
        made = back_up(other, stick / "one")
    before = made.file.read_bytes()
    with pytest.raises(Refused) as refusal:
        back_up(workspace, stick / "one")
    assert refusal.value.code == "other_vault"
    assert made.file.read_bytes() == before


def test_frames_and_key_file_can_be_taken_from_a_backup(made: Made, tmp_path: Path) -> None:
    with saved_database(made.file, unlock, within=tmp_path / "private") as connection:
        (count,) = connection.execute("SELECT count(*) FROM frame").fetchone()
        assert count > 0
    assert list((tmp_path / "private").iterdir()) == []
    assert saved_key_file(made.file).startswith(b"SPRVKEY")


def test_a_garbage_end_left_by_an_interrupted_backup_does_no_harm(folder: Path, stick: Path) -> None:
    with open_workspace(folder, PASSPHRASE) as workspace:
        first = back_up(workspace, stick)
        with first.file.open("ab") as file:
            file.write(b"\xff" * 300_000)
        assert drill(first.file, WAY).sound
        workspace.cases.register("appeal", example("appeal", 902))
        second = back_up(workspace, stick)
        assert second.file.stat().st_size == second.bytes
        assert drill(second.file, WAY).digest == workspace.digest()
