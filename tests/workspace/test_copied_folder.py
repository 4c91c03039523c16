"""A vault folder that was copied or put back: noticed at its first opening, and no number is given twice."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from desktop_app import machine, place, vault
from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.repair import repair
from desktop_app.verify import verify, verify_folder
from sync.server import RunningServer

PHRASE = "довга парольна фраза"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_workspace(tmp_path / "v", PHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR).close()
    return tmp_path / "v"


def register(folder: Path, notices: int) -> str:
    with open_workspace(folder, PHRASE) as workspace:
        assert len(workspace.notices) == notices, workspace.notices
        return workspace.cases.register("appeal", example("appeal", 1)).number


def put_back_in_place(backup: Path, folder: Path) -> None:
    """Write the old content into the files that are there: nothing in the folder tells."""
    for file in folder.iterdir():
        if (backup / file.name).exists():
            file.write_bytes((backup / file.name).read_bytes())
        else:
            file.unlink()


@pytest.mark.parametrize("copy", [shutil.copytree, partial(shutil.copytree, copy_function=shutil.copy)])
def test_a_copy_begins_a_new_life_and_the_original_goes_on(
    folder: Path, tmp_path: Path, copy: Callable[[Path, Path], object]
) -> None:
    numbers = [register(folder, notices=0)]
    copy(folder, tmp_path / "copy")
    copy(folder, tmp_path / "second")
    numbers += [register(tmp_path / "copy", notices=1), register(tmp_path / "second", notices=1)]
    numbers += [register(folder, notices=0), register(tmp_path / "copy", notices=0), register(folder, notices=0)]
    assert len(set(numbers)) == len(numbers)
    with open_workspace(folder, PHRASE) as original:
        suffix = original.lives.number_suffix
        assert suffix == original.log.me.entry.suffix


def test_a_copy_is_no_damage_whether_it_was_opened_or_not(folder: Path, tmp_path: Path) -> None:
    register(folder, notices=0)
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    findings = {check.part: check.finding for check in verify_folder(copy, PHRASE)}
    assert all(check.sound for check in verify_folder(copy, PHRASE))
    assert findings["mark"] != {check.part: check.finding for check in verify_folder(folder, PHRASE)}["mark"]
    with open_workspace(copy, PHRASE) as opened:
        assert len(opened.notices) == 1
        assert all(check.sound for check in verify(opened))
    untouched = Path(shutil.copytree(folder, tmp_path / "untouched"))
    report = repair(untouched, PHRASE)
    assert (report.built, report.missing, report.sound) == (None, [], True)


def test_a_folder_put_back_is_noticed_before_it_writes(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "backup")
    lost = register(folder, notices=0)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)
    assert register(folder, notices=1) != lost


def test_another_computer_is_noticed_and_this_one_with_another_adapter_is_not(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computer(name: str, *cards: str, system: str = "same installation") -> None:
        root = tmp_path / name
        for number, card in enumerate(cards):
            port = "usb1/1-2" if card.startswith("usb") else f"0000:0{number}:00.0"
            device = root / f"sys/devices/pci0000:00/{port}"
            device.mkdir(parents=True, exist_ok=True)
            shown = root / f"sys/class/net/eth{number}"
            shown.mkdir(parents=True)
            (shown / "device").symlink_to(device)
            (shown / "address").write_text(card + "\n")
            (shown / "addr_assign_type").write_text("0\n")
        (root / "etc").mkdir(parents=True)
        (root / "etc/machine-id").write_text(system + "\n")
        monkeypatch.setattr(place, "read_machine", partial(machine.read_machine, root))

    computer("office", "aa:01", "aa:02", "usb:99")
    register(folder, notices=1)
    register(folder, notices=0)
    computer("without the adapter, one card dead, system installed anew", "aa:02", system="another installation")
    register(folder, notices=0)
    computer("all cards off", system="another installation")
    register(folder, notices=0)
    computer("back again", "aa:01", "aa:02", system="another installation")
    register(folder, notices=0)
    computer("cloned disk image with the same adapter", "bb:01", "usb:99", system="another installation")
    register(folder, notices=1)


def test_a_move_in_one_file_system_is_no_copy(folder: Path, tmp_path: Path) -> None:
    register(folder, notices=0)
    (tmp_path / "elsewhere").mkdir()
    moved = folder.rename(tmp_path / "elsewhere" / "Моє місце")
    os.utime(moved / "vault.mark", (0, 0))
    (moved / "vault.mark").chmod(0o640)
    register(moved, notices=0)


def test_files_put_back_in_place_are_noticed_at_the_first_exchange(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "backup")
    with RunningServer(tmp_path / "server") as server:
        with open_workspace(folder, PHRASE) as workspace:
            first = workspace.cases.register("appeal", example("appeal", 1))
            workspace.exchange.sync(server.url)
        put_back_in_place(tmp_path / "backup", folder)
        with open_workspace(folder, PHRASE) as workspace:
            assert not workspace.notices
            workspace.exchange.sync(server.url)
            assert len(workspace.notices) == 1
            second = workspace.cases.register("appeal", example("appeal", 1))
            assert {row.number for row in workspace.cases.page(CaseQuery(), 0, 9)} == {first.number, second.number}
            assert first.number != second.number
            outcome = workspace.exchange.sync()
            assert (outcome.waiting, outcome.disputed) == (0, 0)
            assert len(workspace.notices) == 1


def test_files_put_back_in_place_that_wrote_on_are_noticed_and_later_work_reaches_the_others(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "backup")
    with RunningServer(tmp_path / "server") as server:
        with open_workspace(folder, PHRASE) as workspace:
            workspace.cases.register("appeal", example("appeal", 1))
            workspace.exchange.sync(server.url)
        put_back_in_place(tmp_path / "backup", folder)
        with open_workspace(folder, PHRASE) as copy:
            copy.cases.register("appeal", example("appeal", 2))
            assert copy.exchange.sync(server.url).disputed
            assert len(copy.notices) == 1
            later = copy.cases.register("appeal", example("appeal", 3))
            outcome = copy.exchange.sync(server.url)
            assert outcome.waiting or outcome.disputed
            assert len(copy.notices) == 1
        shutil.copytree(tmp_path / "backup", tmp_path / "other")
        with open_workspace(tmp_path / "other", PHRASE) as workspace:
            workspace.exchange.sync(server.url)
            assert workspace.cases.find(later.number).id == later.id
