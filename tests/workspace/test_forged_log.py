"""A write-ahead log whose frames say what they like: looking at it ends, and what is whole is kept."""

import shutil
import struct
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.repair import repair
from desktop_app.salvage.pages import PAGE_BYTES, Pages
from desktop_app.vault.custody import Custody
from desktop_app.verify import verify_folder

PASSPHRASE = "калина горить над ставом 77"
FRAME = struct.Struct(">IIIIII")


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    folder = tmp_path / "crashed"
    with create_workspace(tmp_path / "v", PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR) as made:
        made.cases.register("appeal", example("appeal", 1))
        shutil.copytree(tmp_path / "v", folder)
    (folder / "vault.db-shm").unlink()
    return folder


def forge(folder: Path, number: int) -> None:
    """Add a committed frame for some page; whoever does that needs no key."""
    log = folder / "vault.db-wal"
    salts = struct.unpack_from(">II", log.read_bytes(), 16)
    with log.open("ab") as file:
        file.write(FRAME.pack(number, number, *salts, 0, 0) + bytes(PAGE_BYTES))


@pytest.mark.parametrize("number", [2**32 - 1, 2**20, 0, 1, 5])
def test_a_frame_for_any_page_is_looked_at_once(crashed: Path, number: int) -> None:
    with Custody(crashed, PASSPHRASE) as custody:
        pages = Pages(custody.database_path, bytes(custody.database_key))
        before = list(pages.numbers())
        pages.close()
        forge(crashed, number)
        pages = Pages(custody.database_path, bytes(custody.database_key))
        after = list(pages.numbers())
        assert pages.count == len(after)
        assert set(before) <= set(after) <= {*before, number}
        pages.close()


def test_pages_before_an_authentic_one_are_missed(crashed: Path) -> None:
    with Custody(crashed, PASSPHRASE) as custody:
        whole = Pages(custody.database_path, bytes(custody.database_key))
        count = whole.count
        whole.close()
        custody.database_path.write_bytes(custody.database_path.read_bytes()[:PAGE_BYTES])
        cut = Pages(custody.database_path, bytes(custody.database_key))
        assert count - 5 < cut.count <= count, "the log holds one of the last pages, so those before it exist"
        cut.close()


def test_such_a_vault_is_checked_and_mended(crashed: Path) -> None:
    forge(crashed, 2**32 - 1)
    assert any(not check.sound for check in verify_folder(crashed, PASSPHRASE))
    report = repair(crashed, PASSPHRASE)
    assert report.sound, report.after
    with open_workspace(crashed, PASSPHRASE) as workspace:
        assert workspace.info().cases == 1
