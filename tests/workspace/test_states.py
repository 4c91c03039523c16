"""Promise 5: from any state of its files the vault opens, or says in plain words why not and what to do."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.repair import repair
from desktop_app.verify import verify_folder
from sync.errors import Damaged
from sync.messages import set_language
from tests.rights import without_the_right_to_write
from ui.main import main

PASSPHRASE = "калина горить над ставом 77"
FILES = ("vault.key", "vault.key.previous", "vault.db", "vault.db-wal", "vault.mark", "vault.seat", "vault.lock")
DATABASE = {"vault.db", "vault.db-wal"}
WAYS_OUT = ("repair", "backup", "back", "Move", "Close", "update", "Copy", "again")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault as a crash leaves it, with a write-ahead log, and another vault."""
    folder = tmp_path_factory.mktemp("states")
    for name in ("vault", "other"):
        with create_workspace(
            folder / f"open-{name}", PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR
        ) as made:
            for seed in range(8):
                made.cases.register("appeal", example("appeal", seed))
            shutil.copytree(folder / f"open-{name}", folder / name)
        (folder / name / "vault.db-shm").unlink()
    return folder


def missing(path: Path, _other: Path) -> None:
    path.unlink()


def empty(path: Path, _other: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path, _other: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 1])


def flipped(path: Path, _other: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(20, len(data), 1009):
        data[place] ^= 0x10
    path.write_bytes(data)


def foreign(path: Path, other: Path) -> None:
    shutil.copyfile(other, path)


def directory(path: Path, _other: Path) -> None:
    path.unlink()
    path.mkdir()


STATES: tuple[Callable[[Path, Path], None], ...] = (missing, empty, truncated, flipped, foreign, directory)


def damage(template: Path, folder: Path, *what: tuple[str, Callable[[Path, Path], None]]) -> None:
    shutil.copytree(template / "vault", folder)
    for name, state in what:
        if (folder / name).exists():
            state(folder / name, template / "other" / name)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before if after.get(name) != before[name]}


def outcome(folder: Path) -> str:
    """Open the vault, use it, and return "opens" or the code of the failure, whose sentence names a way out."""
    set_language("en")
    try:
        with open_workspace(folder, PASSPHRASE) as opened:
            opened.cases.count(CaseQuery())
            opened.cases.register("appeal", example("appeal", 3))
            assert all(notice.endswith(".") for notice in opened.notices)
            return "opens"
    except Damaged as damage:
        failure = damage
    assert any(way in failure.message for way in WAYS_OUT), failure.message
    return failure.code


def is_kept(folder: Path, before: dict[str, bytes], *, log_taken_in: bool = False) -> None:
    """What could not be opened is as it was, but for the lock and what belongs to opening itself."""
    mended = {"vault.lock", "vault.key", "vault.key.previous", "vault.db-shm"}
    if log_taken_in:  # the write-ahead log is the database's own, and its pages were moved into it
        mended |= {"vault.db", "vault.db-wal"}
    gone = changed(before, contents(folder)) - mended
    assert gone == set(), gone


EXPECTED = {
    "vault.db": {
        missing: "missing_database",
        empty: "damaged_database",
        truncated: "damaged_database",
        flipped: "damaged_database",
        foreign: "damaged_database",
        directory: "damaged_database",
    },
    "vault.db-wal": {directory: "file_in_the_way"},
    "vault.lock": {directory: "file_in_the_way"},
}


@pytest.mark.parametrize(("name", "state"), list(itertools.product(FILES, STATES)))
def test_one_file_in_each_state(template: Path, tmp_path: Path, name: str, state: Callable[[Path, Path], None]) -> None:
    folder = tmp_path / "vault"
    damage(template, folder, (name, state))
    before = contents(folder)
    checks = verify_folder(folder, PASSPHRASE) if name != "vault.lock" else []
    assert changed(before, contents(folder)) <= {"vault.lock"}
    found = outcome(folder)
    expected = EXPECTED.get(name, {}).get(state, "opens")
    if name == "vault.db-wal" and expected == "opens":
        # The database lacks what only the log held, which the mark tells; or it can't be read at all.
        assert found in {"opens", "damaged_database"}
    else:
        assert found == expected
    one_slot_is_whole = name == "vault.mark" and state in {truncated, flipped}  # as after a torn write: no damage
    if name not in {"vault.lock", "vault.db-wal"} and not one_slot_is_whole:
        part = {"vault.key": "key", "vault.key.previous": "key", "vault.db": "database"}.get(name, name[6:])
        assert part in {check.part for check in checks if not check.sound}
    if found != "opens":
        is_kept(folder, before, log_taken_in=(name in DATABASE and state in {truncated, flipped}))


PAIRS = [
    (("vault.key", flipped), ("vault.key.previous", missing), "damaged_key_file"),
    (("vault.key", missing), ("vault.key.previous", empty), "damaged_key_file"),
    # Both vaults have one pass phrase, so the other's key file opens, and then nothing fits it.
    (("vault.key", directory), ("vault.key.previous", foreign), "foreign_key_file"),
    (("vault.key", foreign), ("vault.key.previous", missing), "foreign_key_file"),
    (("vault.key", foreign), ("vault.key.previous", foreign), "foreign_key_file"),
    (("vault.key", foreign), ("vault.db", flipped), "damaged_database"),
    (("vault.key", foreign), ("vault.mark", missing), "opens"),
    (("vault.db", flipped), ("vault.mark", missing), "damaged_database"),
    (("vault.db", missing), ("vault.seat", flipped), "missing_database"),
    (("vault.mark", directory), ("vault.seat", directory), "opens"),
    (("vault.db-wal", missing), ("vault.mark", flipped), "opens"),
    (("vault.key", truncated), ("vault.db", empty), "damaged_database"),
]


@pytest.mark.parametrize(("one", "two", "expected"), PAIRS)
def test_two_files_at_once(
    template: Path,
    tmp_path: Path,
    one: tuple[str, Callable[[Path, Path], None]],
    two: tuple[str, Callable[[Path, Path], None]],
    expected: str,
) -> None:
    folder = tmp_path / "vault"
    damage(template, folder, one, two)
    before = contents(folder)
    if expected == "damaged_key_file":
        checks = verify_folder(folder, PASSPHRASE)
        assert not any(check.sound for check in checks)
        assert len(checks) > 5
    assert outcome(folder) == expected
    if expected != "opens":
        is_kept(folder, before, log_taken_in=("vault.db", flipped) in {one, two})


def test_the_key_file_of_another_vault_gives_way_to_the_copy_beside_it(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    damage(template, folder, ("vault.key", foreign))
    other = (folder / "vault.key").read_bytes()
    with pytest.raises(Damaged) as refusal:
        vault.change_passphrase(folder, PASSPHRASE, PASSPHRASE + " небо")
    assert refusal.value.code == "foreign_key_file"
    set_language("en")
    with open_workspace(folder, PASSPHRASE) as opened:
        assert any("another vault" in notice for notice in opened.notices)
        assert opened.cases.count(CaseQuery()) == 8
    assert (folder / "vault.key.damaged").read_bytes() == other
    assert (folder / "vault.key").read_bytes() == (template / "vault" / "vault.key").read_bytes()


def test_both_key_files_of_another_vault_are_put_back_from_a_backup(template: Path, tmp_path: Path) -> None:
    folder, saved = tmp_path / "vault", tmp_path / "saved"
    damage(template, folder)
    saved.mkdir()
    with open_workspace(folder, PASSPHRASE) as opened:
        opened.backups.back_up(saved)
    for name in ("vault.key", "vault.key.previous"):
        foreign(folder / name, template / "other" / name)
    before = contents(folder)
    with pytest.raises(Damaged):
        repair(folder, PASSPHRASE)
    assert changed(before, contents(folder)) <= {"vault.lock"}
    report = repair(folder, PASSPHRASE, list(saved.iterdir()))
    assert report.sound
    assert outcome(folder) == "opens"


@pytest.mark.skipif(os.name != "posix", reason="mounting and rights of POSIX")
def test_a_medium_that_can_not_be_written(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the right to write, and by a read-only mount of a mount namespace of its own where that is allowed."""
    folder = tmp_path / "vault"
    damage(template, folder)
    before = contents(folder)
    monkeypatch.setenv("SPRAVA_PASSPHRASE", PASSPHRASE)
    for told in filter(None, (by_mounting(folder), by_rights(folder, capsys))):
        assert "info 3" in told
        assert "read-only" in told or "written" in told
        assert any(f"verify {code}" in told for code in (0, 3, 4))
        assert contents(folder) == before


def by_mounting(folder: Path) -> str:
    """Return what is told on a read-only mount; nothing where that is not allowed."""
    command = f"{sys.executable} -m ui.main --lang en"
    script = (
        f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} || exit 9; "
        f"{command} verify {folder}; echo verify $?; {command} vault info {folder}; echo info $?"
    )
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.stdout else ""


def by_rights(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what is told without the right to write, in this process."""
    commands = {"verify": ["verify", str(folder)], "info": ["vault", "info", str(folder)]}
    warm = shutil.copytree(folder, folder.with_name("warm"))  # whoever has no rights imports nothing
    for command in commands.values():
        main([*command[:-1], str(warm), "--lang", "en"])
    capsys.readouterr()
    told = ""
    with without_the_right_to_write(folder):
        for name, command in commands.items():
            code = main([*command, "--lang", "en"])
            said = capsys.readouterr()
            told += f"{said.out}{said.err}{name} {code}\n"
    return told
