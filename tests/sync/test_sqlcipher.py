"""The one SQL driver: its settings, its key, and that sqlite-utils takes its exceptions for its own."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from sync import sqlcipher

KEY = bytes(range(32))
CORRUPTING = ((3, 7, 0), (3, 51, 2))

FIVE_BEHAVIOURS = """
import sys
from pathlib import Path
{before}
import sqlite_utils
from sync import sqlcipher

database = sqlite_utils.Database(sqlcipher.connect(Path(sys.argv[1]), bytes(32)))
table = database["t"]
table.insert({{"a": 1}})


def alter():
    table.insert({{"a": 2, "b": "x"}}, alter=True)
    assert {{c.name for c in table.columns}} == {{"a", "b"}}


def drop():
    database["nothing"].drop(ignore=True)


def unique_name():
    table.create_index(["a"])
    table.create_index(["a"], find_unique_name=True)
    assert {{i.name for i in table.indexes}} >= {{"idx_t_a", "idx_t_a_2"}}


def counts():
    assert database.cached_counts() == {{}}


def returning():
    rows = list(database.query("insert into t (a) values (7), (8), (9) returning a"))
    assert rows == [{{"a": 7}}, {{"a": 8}}, {{"a": 9}}], rows


for behaviour in (alter, drop, unique_name, counts, returning):
    try:
        behaviour()
    except Exception as error:
        print(behaviour.__name__, "fails", type(error).__name__)
    else:
        print(behaviour.__name__, "works")
"""


def five_behaviours(project: Path, database: Path, before: str) -> list[str]:
    script = FIVE_BEHAVIOURS.format(before=before)
    done = subprocess.run(
        [sys.executable, "-c", script, str(database)],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()


def test_sqlite_utils_works_on_the_driver(project: Path, tmp_path: Path) -> None:
    results = five_behaviours(project, tmp_path / "db", "import sync.sqlcipher")
    assert results == [f"{name} works" for name in ("alter", "drop", "unique_name", "counts", "returning")]


def test_without_the_registration_it_does_not(project: Path, tmp_path: Path) -> None:
    # The control: imported first, sqlite-utils takes another sqlite3 and fails at catching the driver's errors.
    before = "sys.modules['pysqlite3'] = sys.modules['pysqlite3.dbapi2'] = None"
    results = five_behaviours(project, tmp_path / "db", before)
    assert "drop fails OperationalError" in results
    assert "alter fails OperationalError" in results


def test_sqlite_is_outside_the_range_that_corrupts() -> None:
    assert not CORRUPTING[0] <= dbapi2.sqlite_version_info <= CORRUPTING[1]


@pytest.mark.parametrize("key", [KEY, None])
def test_settings(tmp_path: Path, key: bytes | None) -> None:
    connection = sqlcipher.connect(tmp_path / "db", key)
    expected = {
        "journal_mode": "wal",
        "synchronous": "2",
        "foreign_keys": "1",
        "trusted_schema": "0",
        "temp_store": "2",
        "page_size": "4096",
    }
    found = {name: str(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in expected}
    connection.close()
    assert found == expected


def test_a_key_of_another_length_is_refused_before_a_file_is_made(tmp_path: Path) -> None:
    for length in (0, 16, 31, 33, 64):
        with pytest.raises(ValueError, match="32 bytes"):
            sqlcipher.connect(tmp_path / "db", bytes(length))
    assert not list(tmp_path.iterdir())


def test_only_the_key_opens_and_nothing_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "db"
    connection = sqlcipher.connect(path, bytearray(KEY))
    connection.execute("CREATE TABLE people (name TEXT)")
    connection.execute("INSERT INTO people VALUES ('Одарка Шевчук')")
    connection.close()
    assert "Одарка".encode() not in path.read_bytes()
    assert not path.read_bytes().startswith(b"SQLite format 3")
    for wrong in (bytes(32), None):
        with pytest.raises(sqlcipher.DatabaseError):
            sqlcipher.connect(path, wrong)
    again = sqlcipher.connect(path, KEY, create=False)
    assert again.execute("SELECT name FROM people").fetchone() == ("Одарка Шевчук",)
    again.close()


def test_plain_database_for_the_server(tmp_path: Path) -> None:
    sqlcipher.connect(tmp_path / "db", None).close()
    assert (tmp_path / "db").read_bytes().startswith(b"SQLite format 3")


def test_a_missing_file_is_not_made_unless_asked(tmp_path: Path) -> None:
    for read_only, create in ((True, True), (False, False)):
        with pytest.raises(sqlcipher.DatabaseError):
            sqlcipher.connect(tmp_path / "db", KEY, read_only=read_only, create=create)
    assert not list(tmp_path.iterdir())


def test_read_only_refuses_writes(tmp_path: Path) -> None:
    sqlcipher.connect(tmp_path / "db", KEY).close()
    reader = sqlcipher.connect(tmp_path / "db", KEY, read_only=True)
    with pytest.raises(sqlcipher.DatabaseError, match="readonly"):
        reader.execute("CREATE TABLE t (a)")
    reader.close()


def test_a_path_with_signs_that_mean_something_in_an_address(tmp_path: Path) -> None:
    folder = tmp_path / "Сховище № 1 ? 50% #a&b"
    folder.mkdir()
    sqlcipher.connect(folder / "db?mode=memory", KEY).close()
    assert [path.name for path in folder.iterdir()] == ["db?mode=memory"]


def test_full_text_search_folds_ukrainian_letters_and_works_in_triggers(tmp_path: Path) -> None:
    connection = sqlcipher.connect(tmp_path / "db", KEY)
    connection.executescript("""
        CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
        CREATE VIRTUAL TABLE search USING fts5 (name, tokenize = 'unicode61');
        CREATE TRIGGER added AFTER INSERT ON people BEGIN
            INSERT INTO search (rowid, name) VALUES (new.id, new.name);
        END;
    """)
    connection.execute("INSERT INTO people (name) VALUES ('ҐАНДЗЯ Їжакевич'), ('Гандзя Іванова')")
    found = connection.execute("SELECT rowid FROM search WHERE search MATCH '\"ґандзя\"'").fetchall()
    connection.close()
    assert found == [(1,)]


def test_immediate_transactions_lose_no_update(tmp_path: Path) -> None:
    path = tmp_path / "db"
    connection = sqlcipher.connect(path, None)
    connection.execute("CREATE TABLE t AS SELECT 0 AS n")

    def add() -> None:
        own = sqlcipher.connect(path, None)
        for _turn in range(25):
            own.execute("BEGIN IMMEDIATE")
            (number,) = own.execute("SELECT n FROM t").fetchone()
            own.execute("UPDATE t SET n = ?", (number + 1,))
            own.execute("COMMIT")
        own.close()

    threads = [threading.Thread(target=add) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connection.execute("SELECT n FROM t").fetchone() == (100,)
    connection.close()


@pytest.mark.parametrize("content", [b"SQLite format 3\x00" + bytes(4080), bytes(range(256)) * 32])
def test_what_is_not_a_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "db").write_bytes(content)
    with pytest.raises(sqlcipher.DatabaseError):
        sqlcipher.connect(tmp_path / "db", KEY)
    assert (tmp_path / "db").read_bytes() == content
