"""Repair: whatever is damaged, what can be read is kept, the rest comes back from others, and nothing is deleted."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.audit.model import AuditQuery
from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.repair import Report, rebuild, repair
from desktop_app.verify import verify, verify_folder
from sync.errors import Damaged
from sync.server import RunningServer
from tests.templates import forget_place
from tests.workspace.test_verify import DAMAGE

PASSPHRASE = "калина горить над ставом 77"
CASES = 40
REPAIRS = """
import sys
from pathlib import Path
from desktop_app.repair import repair
print("ready", flush=True)
repair(Path(sys.argv[1]), sys.argv[2], [Path(sys.argv[3])])
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed vault, the same with its write-ahead log as after a crash, and what a colleague's stick holds of it."""
    folder = tmp_path_factory.mktemp("repair")
    with create_workspace(
        folder / "closed", PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR
    ) as first:
        invitation = first.invite("clerk", "Ц").data
        for seed in range(CASES):
            first.cases.register("appeal", example("appeal", seed))
        first.drafts.save("d", "appeal", {"subject": "чернетка"}, "subject")
        first.exchange.export_bundle(folder / "bundle")
        forget = folder / "crashed"
        shutil.copytree(folder / "closed", forget)
    (forget / "vault.db-shm").unlink()
    forget_place(folder / "closed", PASSPHRASE)
    with join_workspace(
        folder / "colleague", PASSPHRASE, invitation=invitation, person="І", kdf=vault.KDF_FLOOR
    ) as second:
        second.exchange.import_bundle(folder / "bundle")
        second.exchange.export_bundle(folder / "stick")
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template / "closed", tmp_path / "vault"))


def flip(path: Path, count: int, seed: int, start: int = 0) -> None:
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _bit in range(count):
        data[chance.randrange(start, len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file() and file.name != "vault.lock"}


def checked(folder: Path, report: Report, *, cases: int = CASES, drafts: int = 1) -> None:
    """The vault is whole, opens without a word and has what it should; its numbers are its own."""
    assert report.sound, report.after
    with open_workspace(folder, PASSPHRASE) as opened:
        assert opened.notices == []
        assert opened.cases.count(CaseQuery()) == cases
        assert len(opened.drafts.list()) == drafts
        given = {row.number for row in opened.cases.page(CaseQuery(), 0, 99)}
        assert opened.cases.register("appeal", example("appeal", 1)).number not in given
        assert [check.finding for check in verify(opened) if not check.sound] == []


def no_database(folder: Path) -> None:
    (folder / "vault.db").unlink()


def empty_database(folder: Path) -> None:
    (folder / "vault.db").write_bytes(b"")


def folder_in_its_place(folder: Path) -> None:
    (folder / "vault.db").unlink()
    (folder / "vault.db").mkdir()
    (folder / "vault.db" / "file").write_bytes(b"somebody's")


def another_vaults(folder: Path) -> None:
    other = folder.with_name("other")
    create_workspace(other, PASSPHRASE, community="І", unit="Ш", person="Х", kdf=vault.KDF_FLOOR).close()
    shutil.copyfile(other / "vault.db", folder / "vault.db")


@pytest.mark.parametrize("damage", [no_database, empty_database, folder_in_its_place, another_vaults])
def test_a_lost_database_is_made_again_from_the_seat_and_filled_from_a_stick(
    folder: Path, template: Path, damage: Callable[[Path], None]
) -> None:
    damage(folder)
    before = contents(folder)
    with pytest.raises(Damaged):
        open_workspace(folder, PASSPHRASE)
    faulty = {check.part for check in verify_folder(folder, PASSPHRASE) if not check.sound}
    assert faulty == {"database", "log", "projection", "drafts", "audit", "files"}
    assert contents(folder) == before
    report = repair(folder, PASSPHRASE, [template / "stick"])
    assert report.taken_back == {"stick": CASES + 2}
    checked(folder, report, drafts=0)
    aside = folder / "vault.db.damaged-1"
    if "vault.db" in before:
        assert aside.read_bytes() == before["vault.db"]
    elif damage is folder_in_its_place:
        assert (aside / "file").read_bytes() == b"somebody's"


@pytest.mark.parametrize("seed", range(6))
def test_flipped_bits_cost_the_pages_they_are_in_and_the_rest_comes_back(
    folder: Path, template: Path, seed: int
) -> None:
    flip(folder / "vault.db", 4 ** (seed % 4), seed)
    before = contents(folder)
    assert any(not check.sound for check in verify_folder(folder, PASSPHRASE))
    assert contents(folder) == before
    report = repair(folder, PASSPHRASE, [template / "stick"])
    assert report.built is not None
    assert 0 < report.built.bad_pages < report.built.pages
    assert (folder / "vault.db.damaged-1").read_bytes() == before["vault.db"]
    with open_workspace(folder, PASSPHRASE) as opened:
        drafts = len(opened.drafts.list())
    checked(folder, report, drafts=drafts)


@pytest.mark.parametrize("size", [4096, 40_000, 200_001])
def test_a_truncated_database(folder: Path, template: Path, size: int) -> None:
    with (folder / "vault.db").open("r+b") as file:
        file.truncate(size)
    report = repair(folder, PASSPHRASE, [template / "stick"])
    with open_workspace(folder, PASSPHRASE) as opened:
        drafts = len(opened.drafts.list())
    checked(folder, report, drafts=drafts)


@pytest.mark.parametrize("lost", [1, 4096])
def test_a_destroyed_salt_or_first_page_costs_nothing_else(folder: Path, lost: int) -> None:
    whole = (folder / "vault.db").read_bytes()
    (folder / "vault.db").write_bytes(bytes(byte ^ 0xFF for byte in whole[:lost]) + whole[lost:])
    report = repair(folder, PASSPHRASE)
    assert report.missing == []
    checked(folder, report)


def test_without_the_seat_a_damaged_database_still_says_who_this_is(folder: Path) -> None:
    (folder / "vault.seat").unlink()
    flip(folder / "vault.db", 1, 3, start=8192)
    assert repair(folder, PASSPHRASE).sound


def test_without_seat_and_database_nothing_is_changed(folder: Path) -> None:
    (folder / "vault.seat").write_bytes(b"damaged")
    (folder / "vault.db").write_bytes(bytes(200_000))
    before = contents(folder)
    with pytest.raises(Damaged) as damaged:
        repair(folder, PASSPHRASE)
    assert damaged.value.code == "cannot_repair"
    assert contents(folder) == before


@pytest.mark.parametrize("seed", range(3))
def test_what_a_damaged_write_ahead_log_still_holds_is_taken_back(template: Path, tmp_path: Path, seed: int) -> None:
    folder = Path(shutil.copytree(template / "crashed", tmp_path / "vault"))
    whole = (folder / "vault.db-wal").stat().st_size
    flip(folder / "vault.db-wal", 1, seed, start=whole // 3)
    if seed == 2:  # opened before anybody thought of repair: SQLite forgets what is behind the flipped bit
        with open_workspace(folder, PASSPHRASE) as opened:
            assert opened.cases.count(CaseQuery()) < CASES
            assert len(opened.notices) == 2
        assert (folder / "vault.db.damaged-1-wal").stat().st_size == whole
    report = repair(folder, PASSPHRASE)
    assert report.missing == []
    with open_workspace(folder, PASSPHRASE) as opened:
        assert opened.cases.count(CaseQuery()) >= CASES - 1


def test_the_write_ahead_log_alone_gives_everything(template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template / "crashed", tmp_path / "vault"))
    (folder / "vault.db").unlink()
    checked(folder, repair(folder, PASSPHRASE))


def test_a_repair_that_was_cut_off_is_done_by_the_next(folder: Path) -> None:
    whole = (folder / "vault.db").read_bytes()
    (folder / "vault.db").rename(folder / "vault.db.damaged-1")
    (folder / "vault.db.new-0a1b2c3d").write_bytes(b"half")
    checked(folder, repair(folder, PASSPHRASE))
    assert (folder / "vault.db.damaged-1").read_bytes() == whole


def test_the_server_gives_back_what_was_lost(folder: Path) -> None:
    with RunningServer(folder.with_name("server")) as server:
        with open_workspace(folder, PASSPHRASE) as opened:
            opened.exchange.sync(server.url)
        (folder / "vault.db").write_bytes(b"")
        report = repair(folder, PASSPHRASE)
        assert report.taken_back == {server.url: CASES + 1}
        assert report.missing == []
        checked(folder, report, drafts=0)
        with open_workspace(folder, PASSPHRASE) as opened:
            known = opened.exchange.sync().sent + report.taken_back[server.url]
    (folder / "vault.db").write_bytes(b"")
    assert len(repair(folder, PASSPHRASE).missing) == 2
    with RunningServer(folder.with_name("server"), port=int(server.url.rsplit(":", 1)[1])) as again:
        report = repair(folder, PASSPHRASE)
    assert report.taken_back == {again.url: known}
    assert report.missing == []


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_repair_is_taken_up_again(folder: Path, template: Path, project: Path, seed: int) -> None:
    chance = random.Random(seed)
    flip(folder / "vault.db", 5, seed)
    command = [sys.executable, "-c", REPAIRS, str(folder), PASSPHRASE, str(template / "stick")]
    for latest in (0.3, 1.0, 2.0):
        with subprocess.Popen(
            command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, latest))
            running.kill()
    report = repair(folder, PASSPHRASE, [template / "stick"])
    assert report.sound, report.after
    with open_workspace(folder, PASSPHRASE) as opened:
        assert opened.cases.count(CaseQuery()) == CASES


def test_what_a_repair_could_not_find_is_named_until_it_is_back(folder: Path, template: Path) -> None:
    (folder / "vault.db").write_bytes(b"")
    assert not repair(folder, PASSPHRASE).sound
    assert [check.part for check in verify_folder(folder, PASSPHRASE) if not check.sound] == ["losses"]
    assert len(repair(folder, PASSPHRASE).missing) == 1
    back = repair(folder, PASSPHRASE, [template / "stick"])
    assert (back.sound, back.missing) == (True, [])
    assert all(check.sound for check in verify_folder(folder, PASSPHRASE))


def test_a_loss_is_forgotten_only_when_a_person_says_so(folder: Path) -> None:
    (folder / "vault.db").write_bytes(b"")
    assert not repair(folder, PASSPHRASE).sound
    given_up = repair(folder, PASSPHRASE, accept_loss=True)
    assert (given_up.sound, given_up.missing) == (True, [])
    assert all(check.sound for check in verify_folder(folder, PASSPHRASE))
    with open_workspace(folder, PASSPHRASE) as opened:
        assert "loss_accepted" in [entry.kind for entry in opened.audit_log.page(AuditQuery(), 0, 50)]


@pytest.mark.parametrize("name", [name for name, (_sql, part) in DAMAGE.items() if part == "projection"])
def test_what_follows_from_the_log_is_built_anew_in_place(folder: Path, name: str) -> None:
    with open_workspace(folder, PASSPHRASE) as opened:
        digest = opened.digest()
        with opened.store.write() as connection:
            connection.execute(DAMAGE[name][0])
        if name in {"a conflict hidden", "a count of conflicts"}:
            return  # there is none in this vault
        assert any(not check.sound for check in verify(opened))
        if name != "a value":  # one goes all the way; the rest is the same
            rebuild(opened)
            assert [check.finding for check in verify(opened) if not check.sound] == []
            assert opened.digest() == digest
            return
    report = repair(folder, PASSPHRASE)
    assert report.built is None
    assert list(folder.glob("vault.db.damaged-*")) == []
    checked(folder, report)


def test_a_whole_vault_is_left_as_it_is(folder: Path) -> None:
    before = contents(folder)
    assert all(check.sound for check in verify_folder(folder, PASSPHRASE))
    assert contents(folder) == before
    report = repair(folder, PASSPHRASE)
    assert (report.done, report.missing, report.built) == ([], [], None)
