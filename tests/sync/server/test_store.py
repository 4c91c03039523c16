"""The store when there is no room, when somebody else holds it, and when a block fails half-way."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import frames, membership, messages
from sync.client.failures import Problem, of_problem
from sync.errors import Damaged, Refused, Unreachable
from sync.server import sqlite_store
from sync.server.app import _explain
from sync.server.sqlite_store import SqliteStore
from sync.server.store import CommunityTaken, StoreBusy, StoreFull
from sync.sqlcipher import Connection, connect
from tests.sync.replicas import Replica


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "server.db")
    yield opened
    opened.close()


def _fill(store: SqliteStore, replica: Replica) -> None:
    with store.writing() as writer:
        writer.claim(replica.log.community)
        writer.add_links(replica.log.community, [membership.parse(link) for link in replica.log.links()])
        writer.ingest(replica.log.community, [frames.parse(body) for body in replica.frames()])


def _frames(store: SqliteStore, replica: Replica) -> list[bytes]:
    with store.reading() as reader:
        return reader.frames_missing(replica.log.community, frozenset({replica.unit}), {}, 2**30).frames


def test_no_room(store: SqliteStore, first: Replica) -> None:
    first.set(b"r" * 16, name="Олена")
    _fill(store, first)
    before = _frames(store, first)
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages}")
    first.set(b"s" * 16, name="x" * 5_000)
    for number in range(20):
        first.set(b"s" * 16, name=f"{number}")
    with pytest.raises(StoreFull):
        _fill(store, first)
    assert _frames(store, first) == before
    store._writer.execute("PRAGMA max_page_count = 1000000")
    _fill(store, first)
    assert _frames(store, first) == first.frames()


def test_somebody_else_holds_it(store: SqliteStore, first: Replica, tmp_path: Path) -> None:
    store._writer.execute("PRAGMA busy_timeout = 10")
    other = connect(tmp_path / "server.db", None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        _fill(store, first)
    other.execute("ROLLBACK")
    other.close()
    _fill(store, first)


def test_a_block_that_fails_leaves_nothing(store: SqliteStore, first: Replica) -> None:
    first.set(b"r" * 16, name="Олена")

    def half_way() -> None:
        with store.writing() as writer:
            writer.claim(first.log.community)
            writer.ingest(first.log.community, [frames.parse(body) for body in first.frames()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    with store.reading() as reader:
        assert reader.communities() == []
    assert _frames(store, first) == []


def test_one_community_only(store: SqliteStore, first: Replica) -> None:
    _fill(store, first)
    _fill(store, first)
    with pytest.raises(CommunityTaken), store.writing() as writer:
        writer.claim(bytes(32))


@pytest.mark.parametrize(
    ("error", "code"),
    [(StoreBusy(), "server_busy"), (StoreFull(), "server_full"), (ZeroDivisionError(), "server_error")],
)
def test_what_a_person_is_told(error: Exception, code: str) -> None:
    status, word = _explain(error)
    failure = of_problem(Problem(word, status), "http://server.example")
    assert isinstance(failure, Unreachable)
    assert failure.code == code


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
    _fill(store, first)
    store.close()
    content = bytearray((tmp_path / "server.db").read_bytes())
    content[100:4096] = os.urandom(3_996)  # the first page holds the list of tables
    (tmp_path / "server.db").write_bytes(content)
    with pytest.raises(Damaged) as caught:
        SqliteStore(tmp_path / "server.db")
    assert caught.value.code == "damaged_server_data"
