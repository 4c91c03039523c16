"""The embedded store when there is no room, when somebody else holds it, when it is damaged, old or new."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import messages
from sync.client import sync_with
from sync.errors import Damaged, Refused
from sync.server import RunningServer, sqlite_store
from sync.server.sqlite_store import SqliteStore
from sync.server.store import StoreBusy, StoreFull
from sync.sqlcipher import Connection, connect
from tests.sync.replicas import Replica
from tests.sync.server.filling import fill, stored


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "server.db")
    yield opened
    opened.close()


def test_no_room(store: SqliteStore, first: Replica) -> None:
    first.set(b"r" * 16, name="Олена")
    fill(store, first)
    before = stored(store, first)
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages}")
    first.set(b"s" * 16, name="x" * 5_000)
    for number in range(20):
        first.set(b"s" * 16, name=f"{number}")
    with pytest.raises(StoreFull):
        fill(store, first)
    assert stored(store, first) == before
    store._writer.execute("PRAGMA max_page_count = 1000000")
    fill(store, first)
    assert stored(store, first) == first.frames()


def test_somebody_else_holds_it(store: SqliteStore, first: Replica, tmp_path: Path) -> None:
    store._writer.execute("PRAGMA busy_timeout = 10")
    other = connect(tmp_path / "server.db", None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        fill(store, first)
    other.execute("ROLLBACK")
    other.close()
    fill(store, first)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    before = messages.language()
    messages.set_language("en")
    yield
    messages.set_language(before)


def _refusal(path: Path) -> str:
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(Refused) as caught:
        SqliteStore(path)
    assert caught.value.code == "server_data"
    assert (path.read_bytes() if path.is_file() else None) == before
    return caught.value.message


@pytest.mark.parametrize(
    ("pragma", "word"), [("max_page_count = 1", "no room"), ("query_only = ON", "can't be opened and written")]
)
def test_a_good_database_that_can_not_be_written_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, word: str
) -> None:
    def limited(path: Path, key: None, *, read_only: bool = False) -> Connection:
        connection = connect(path, key, read_only=read_only)
        connection.execute(f"PRAGMA {pragma}")
        return connection

    connect(tmp_path / "server.db", None).close()
    monkeypatch.setattr(sqlite_store, "connect", limited)
    assert word in _refusal(tmp_path / "server.db")


def test_a_place_where_no_database_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "server.db").mkdir()
    assert "can't be opened and written" in _refusal(tmp_path / "server.db")


def test_a_database_that_another_program_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.sqlcipher.BUSY_SECONDS", 0.01)
    SqliteStore(tmp_path / "server.db").close()
    other = connect(tmp_path / "server.db", None)
    other.execute("BEGIN IMMEDIATE")
    assert "Another program holds" in _refusal(tmp_path / "server.db")
    other.close()
    SqliteStore(tmp_path / "server.db").close()


def test_a_database_that_is_damaged_inside(store: SqliteStore, first: Replica, tmp_path: Path) -> None:
    fill(store, first)
    store.close()
    content = bytearray((tmp_path / "server.db").read_bytes())
    content[100:4096] = os.urandom(3_996)  # the first page holds the list of tables
    (tmp_path / "server.db").write_bytes(content)
    with pytest.raises(Damaged) as caught:
        SqliteStore(tmp_path / "server.db")
    assert caught.value.code == "damaged_server_data"


def test_data_of_the_first_version_opens(tmp_path: Path, project: Path, first: Replica) -> None:
    data = tmp_path / "data"
    shutil.copytree(project / "tests" / "data" / "servers" / "format-1", data)
    with RunningServer(data) as server, pytest.raises(Refused) as caught:
        sync_with(first.log, server.url)
    assert caught.value.code == "other_community"
    store = SqliteStore(data / "server.db")
    with store.reading() as reader:
        (known,) = reader.communities()
        assert (known.label, known.quota, known.suspended, known.used) == ("", None, False, 2_008)
        assert len(reader.links(known.id)) == 3
    store.close()
