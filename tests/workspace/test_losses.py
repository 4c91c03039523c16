"""What a repair could not find of a device that holds colleagues' work: said until it is back, or given up."""

import random
import shutil
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import examples
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.repair import Report, repair
from desktop_app.salvage.pages import PAGE_BYTES, Pages
from desktop_app.vault.custody import Custody
from desktop_app.verify import LOSSES, verify_folder
from sync import frames
from sync.messages import set_language
from sync.server import RunningServer
from tests.templates import forget_place

PASSPHRASE = "калина горить над ставом 77"
CASES = 20
OWN = 4
WINDOW = 20_000
ENOUGH = 5
"""Pages that are tried at least; further ones until one held frames and one did not."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault that holds a colleague's cases beside its own, closed and as after a crash, and the colleague's stick."""
    folder = tmp_path_factory.mktemp("losses")
    with create_workspace(
        folder / "oksana", PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR
    ) as oksana:
        invitation = oksana.invite("clerk", "Ц").data
        for fields in examples("appeal", CASES, 1):
            oksana.cases.register("appeal", fields)
        oksana.exchange.export_bundle(folder / "first")
        with join_workspace(
            folder / "ivan", PASSPHRASE, invitation=invitation, person="І", kdf=vault.KDF_FLOOR
        ) as ivan:
            ivan.exchange.import_bundle(folder / "first")
            ivan.exchange.export_bundle(folder / "asks")
            oksana.exchange.import_bundle(folder / "asks")
            oksana.exchange.export_bundle(folder / "answer")
            ivan.exchange.import_bundle(folder / "answer")
            for fields in examples("appeal", OWN, 99):
                ivan.cases.register("appeal", fields)
            ivan.exchange.export_bundle(folder / "of ivan")
            shutil.copytree(folder / "ivan", folder / "crashed")
        oksana.exchange.import_bundle(folder / "of ivan")
        oksana.exchange.export_bundle(folder / "stick")
    (folder / "crashed" / "vault.db-shm").unlink()
    forget_place(folder / "ivan", PASSPHRASE)
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    set_language("en")
    return Path(shutil.copytree(template / "ivan", tmp_path / "vault"))


def overwrite(path: Path, start: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(data)


def flip(path: Path, at: int) -> None:
    overwrite(path, at, bytes([path.read_bytes()[at] ^ 0x40]))


def count(folder: Path) -> int:
    with open_workspace(folder, PASSPHRASE) as opened:
        return opened.cases.count(CaseQuery())


def faulty(folder: Path) -> list[str]:
    return [check.part for check in verify_folder(folder, PASSPHRASE) if not check.sound]


def tells_the_truth(folder: Path, report: Report) -> bool:
    """Whether nothing is missing; what verify says agrees with what there is, and so does the repair."""
    said = faulty(folder)
    assert set(said) <= {LOSSES}
    assert report.sound == (not said) == (not report.missing)
    whole = count(folder) == CASES + OWN
    assert whole or said, "cases are missing, and nothing is said"
    return whole


def brought_back(folder: Path, stick: Path) -> None:
    """The stick brings everything, and then nothing is said any more."""
    report = repair(folder, PASSPHRASE, [stick])
    assert (report.sound, report.missing) == (True, []), report.missing
    assert faulty(folder) == []
    assert count(folder) == CASES + OWN


def test_one_flipped_byte_in_each_of_many_pages(folder: Path, template: Path) -> None:
    whole = (folder / "vault.db").read_bytes()
    pages = len(whole) // PAGE_BYTES
    outcomes: list[bool] = []
    for page in random.Random(5).sample(range(pages), pages):
        if len(outcomes) >= ENOUGH and len(set(outcomes)) > 1:
            break
        target = folder.with_name(f"page {page}")
        shutil.copytree(folder, target)
        flip(target / "vault.db", page * PAGE_BYTES + 777)
        outcomes.append(tells_the_truth(target, repair(target, PASSPHRASE)))
        if not outcomes[-1]:
            brought_back(target, template / "stick")
    assert set(outcomes) == {True, False}, "some pages hold frames, and some do not"


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.85])
@pytest.mark.parametrize("mark", [True, False])
def test_a_window_is_lost(folder: Path, template: Path, share: float, mark: bool) -> None:  # noqa: FBT001 - a case
    database = folder / "vault.db"
    overwrite(database, int(database.stat().st_size * share), random.Random(1).randbytes(WINDOW))
    if not mark:
        (folder / "vault.mark").unlink()
    tells_the_truth(folder, repair(folder, PASSPHRASE))
    if faulty(folder):
        brought_back(folder, template / "stick")


def lose_colleagues_frames(folder: Path) -> Report:
    """Overwrite the pages on which frames are, while something else tells how many there were."""
    with Custody(folder, PASSPHRASE) as custody:
        pages = Pages(custody.database_path, bytes(custody.database_key))
        holding = [number for number in pages.numbers() if _has_frames(pages, number)]
        pages.close()
    for number in holding[-4:]:
        flip(folder / "vault.db", (number - 1) * PAGE_BYTES + 777)
    report = repair(folder, PASSPHRASE)
    assert len(report.missing) == 1
    assert "still missing" in report.missing[0]
    assert "more may be" not in report.missing[0]
    return report


def _has_frames(pages: Pages, number: int) -> bool:
    return frames.MAGIC in (pages.page(number) or b"")


def test_the_words_name_pages_and_file_and_a_way_out_and_stay_until_it_is_given_up(folder: Path) -> None:
    report = lose_colleagues_frames(folder)
    assert report.built is not None
    for _again in range(2):  # opening and looking do not make it forgotten
        (said,) = [check.finding for check in verify_folder(folder, PASSPHRASE) if not check.sound]
        assert f"{report.built.bad_pages} pages of {report.built.pages}" in said
        assert report.built.aside in said
        assert "stick" in said
        count(folder)
    assert repair(folder, PASSPHRASE).missing == [said]
    assert repair(folder, PASSPHRASE, accept_loss=True).sound
    assert faulty(folder) == []


def test_an_exchange_with_the_server_clears_it_by_itself(folder: Path, template: Path, tmp_path: Path) -> None:
    colleague = Path(shutil.copytree(template / "oksana", tmp_path / "colleague"))
    with RunningServer(tmp_path / "server") as server:
        with open_workspace(colleague, PASSPHRASE) as opened:
            opened.exchange.sync(server.url)
        assert lose_colleagues_frames(folder).missing
        with open_workspace(folder, PASSPHRASE) as opened:
            opened.exchange.sync(server.url)
    assert faulty(folder) == []
    assert count(folder) == CASES + OWN


def test_a_stick_taken_in_at_the_desk_clears_it_too(folder: Path, template: Path) -> None:
    assert lose_colleagues_frames(folder).missing
    with open_workspace(folder, PASSPHRASE) as opened:
        opened.exchange.import_bundle(template / "stick")
    assert faulty(folder) == []


@pytest.mark.parametrize("also", ["", "vault.mark"])
def test_a_database_that_is_lost_altogether(folder: Path, template: Path, also: str) -> None:
    (folder / "vault.db").write_bytes(b"")
    if also:
        (folder / also).unlink()
    report = repair(folder, PASSPHRASE)
    assert report.missing
    assert faulty(folder) == [LOSSES]
    brought_back(folder, template / "stick")


def test_a_stick_from_before_does_not_bring_everything(folder: Path, template: Path) -> None:
    (folder / "vault.db").unlink()
    (folder / "vault.mark").unlink()
    report = repair(folder, PASSPHRASE, [template / "first"])
    assert report.missing, "what this device wrote itself is not on it"
    assert faulty(folder) == [LOSSES]
    brought_back(folder, template / "stick")


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_write_ahead_log_with_colleagues_work_in_it(template: Path, tmp_path: Path, seed: int) -> None:
    folder = Path(shutil.copytree(template / "crashed", tmp_path / "vault"))
    log = folder / "vault.db-wal"
    overwrite(log, random.Random(seed).randrange(log.stat().st_size - WINDOW), bytes(WINDOW))
    tells_the_truth(folder, repair(folder, PASSPHRASE))
    if faulty(folder):
        brought_back(folder, template / "stick")
