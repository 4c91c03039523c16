"""A vault's folder that came from somebody else may hold links: nothing that they lead to is written over."""

import shutil
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, open_workspace
from sync.errors import Failure

PASSPHRASE = "калина горить над ставом 77"
NAMES = (
    "vault.lock", "vault.mark", "vault.tries", "vault.key.previous", "vault.key.new", "vault.seat", "vault.seat.new",
    "vault.db-wal", "vault.db-shm", "vault.db-wal.kept", "vault.tries.new",
)  # fmt: skip


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("links")
    with create_workspace(folder / "v", PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR) as made:
        made.cases.register("appeal", example("appeal", 1))
        shutil.copytree(folder / "v", folder / "crashed")
    return folder / "crashed"


@pytest.mark.parametrize("name", NAMES)
def test_what_a_link_leads_to_stays_as_it_is(crashed: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(crashed, tmp_path / "vault"))
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious " * 500)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(precious)
    with pytest.raises(Failure):
        open_workspace(folder, "зовсім не та фраза 55")
    try:
        with open_workspace(folder, PASSPHRASE) as workspace:
            workspace.cases.register("appeal", example("appeal", 2))
    except Failure as said:
        assert said.code in {"file_in_the_way", "damaged_database"}  # noqa: PT017 - it may open or refuse
    assert precious.read_bytes() == b"precious " * 500
