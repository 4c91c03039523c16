"""A vault folder that was copied, or put back from a backup with its mark: nothing in the folder tells, others do."""

import shutil
from pathlib import Path

from desktop_app import vault
from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, open_workspace
from sync.server import RunningServer

PHRASE = "довга парольна фраза"


def _found(folder: Path) -> None:
    create_workspace(folder, PHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR).close()


def test_a_folder_put_back_gets_its_cases_again_and_gives_no_number_twice(tmp_path: Path) -> None:
    _found(tmp_path / "v")
    shutil.copytree(tmp_path / "v", tmp_path / "backup")
    with RunningServer(tmp_path / "server") as server:
        with open_workspace(tmp_path / "v", PHRASE) as workspace:
            first = workspace.cases.register("appeal", example("appeal", 1))
            workspace.exchange.sync(server.url)
        shutil.rmtree(tmp_path / "v")
        shutil.copytree(tmp_path / "backup", tmp_path / "v")
        with open_workspace(tmp_path / "v", PHRASE) as workspace:
            assert not workspace.notices
            workspace.exchange.sync(server.url)
            assert len(workspace.notices) == 1
            second = workspace.cases.register("appeal", example("appeal", 1))
            assert {row.number for row in workspace.cases.page(CaseQuery(), 0, 9)} == {first.number, second.number}
            assert first.number != second.number
            outcome = workspace.exchange.sync()
            assert (outcome.waiting, outcome.disputed) == (0, 0)
            assert len(workspace.notices) == 1


def test_a_copy_that_wrote_on_is_noticed_and_its_later_work_reaches_the_others(tmp_path: Path) -> None:
    _found(tmp_path / "v")
    shutil.copytree(tmp_path / "v", tmp_path / "copy")
    with RunningServer(tmp_path / "server") as server:
        with open_workspace(tmp_path / "v", PHRASE) as workspace:
            workspace.cases.register("appeal", example("appeal", 1))
            workspace.exchange.sync(server.url)
        with open_workspace(tmp_path / "copy", PHRASE) as copy:
            copy.cases.register("appeal", example("appeal", 2))
            assert copy.exchange.sync(server.url).disputed
            assert len(copy.notices) == 1
            later = copy.cases.register("appeal", example("appeal", 3))
            outcome = copy.exchange.sync(server.url)
            assert outcome.waiting or outcome.disputed
            assert len(copy.notices) == 1
        with open_workspace(tmp_path / "v", PHRASE) as workspace:
            workspace.exchange.sync(server.url)
            assert workspace.cases.find(later.number).id == later.id
