"""What a reviewer found, and what must hold since."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.workspace import ChangeEvent, Workspace
from sync.changes import Change
from sync.ids import new_id
from sync.membership import CLERK
from sync.sqlcipher import Connection
from tests.sync.replicas import Replica

PHRASE = "довга парольна фраза"


@pytest.fixture
def founded(tmp_path: Path) -> Callable[[], Workspace]:
    create_workspace(tmp_path / "v", PHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR).close()
    return lambda: open_workspace(tmp_path / "v", PHRASE)


def test_a_saved_case_is_never_called_unsaved(founded: Callable[[], Workspace], tmp_path: Path) -> None:
    with founded() as workspace:

        def broken(_event: ChangeEvent) -> None:
            raise ZeroDivisionError

        workspace.subscribe(broken)
        (tmp_path / "v" / "vault.mark").unlink()
        (tmp_path / "v" / "vault.mark").mkdir()
        workspace.cases.register("appeal", example("appeal", 1))
        assert workspace.cases.count(CaseQuery()) == 1
        assert workspace.notices


def test_an_old_copy_begins_one_new_life_however_often_it_is_opened(
    founded: Callable[[], Workspace], tmp_path: Path
) -> None:
    database = tmp_path / "v" / "vault.db"
    old = database.read_bytes()
    with founded() as workspace:
        workspace.cases.register("appeal", example("appeal", 1))
    for leftover in (tmp_path / "v").glob("vault.db-*"):
        leftover.unlink()
    database.write_bytes(old)
    with founded() as workspace:
        assert workspace.notices
        life = workspace.log.identity.incarnation
    with founded() as workspace:
        assert not workspace.notices
        assert workspace.log.identity.incarnation == life


def test_links_of_a_transaction_that_failed_are_forgotten(tmp_path: Path) -> None:
    founder = Replica.found(tmp_path / "a.db")
    before = founder.log.links()

    class Full(Exception):
        pass

    class FullStore:
        read = staticmethod(founder.store.read)

        @contextmanager
        def write(self) -> Iterator[Connection]:
            with founder.store.write() as connection:
                yield connection
                raise Full

    founder.log._store = FullStore()
    with pytest.raises(Full):
        founder.invite(tmp_path / "b.db", CLERK)
    founder.log._store = founder.store
    assert founder.log.links() == before
    second = founder.invite(tmp_path / "c.db", CLERK)
    assert second.log.me.entry.suffix == "2"
    founder.close()
    second.close()


def test_a_frame_behind_a_gap_is_not_passed_on(tmp_path: Path) -> None:
    a = Replica.found(tmp_path / "a.db")
    b = a.invite(tmp_path / "b.db")
    c = a.invite(tmp_path / "c.db")
    for replica in (a, b, c):
        replica.log.apply([], [*a.log.links(), *b.log.links(), *c.log.links()])
    for number in range(3):
        a.log.write(a.unit, [Change("case", new_id(), {"subject": str(number)})])
    first, _second, third = a.frames()
    assert b.log.apply([first, third]).reasons == {"gap": 1}
    assert b.frames() == [first]
    assert b.log.apply([third]).waiting == 0
    assert b.log.apply([a.frames()[1]]).frames == 2
    assert b.log.waiting() == {}
    for replica in (a, b, c):
        replica.close()
