"""One writer, many readers, and what the database can do to a transaction."""

import gc
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from desktop_app.vault import Vault
from sync.errors import Damaged, Refused

Names = Callable[[Vault], list[str]]
ADD = "INSERT INTO people (name) VALUES (?)"


def in_thread(work: Callable[[], object]) -> object:
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join(60)
    return results[0]


def test_an_exception_rolls_everything_back(opened: Vault, names: Names) -> None:
    def half(error: type[BaseException]) -> None:
        with opened.write() as connection:
            connection.execute(ADD, ("Одарка",))
            raise error

    for error in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(error):
            half(error)
    assert names(opened) == []


def test_a_broken_rule_of_a_table_is_a_bug_and_stays_one(opened: Vault, names: Names) -> None:
    with pytest.raises(dbapi2.IntegrityError), opened.write() as connection:
        connection.executemany("INSERT INTO people VALUES (1, ?)", [("a",), ("b",)])
    with pytest.raises(dbapi2.OperationalError), opened.read() as connection:
        connection.execute("SELECT nothing FROM nowhere")
    assert names(opened) == []


def test_write_inside_write_is_a_bug(opened: Vault, names: Names) -> None:
    def nested() -> None:
        with opened.write() as connection:
            connection.execute(ADD, ("Одарка",))
            with opened.write():
                pass

    with pytest.raises(RuntimeError, match="inside write"):
        nested()
    assert names(opened) == []
    with opened.write() as connection:
        connection.execute(ADD, ("Остап",))
    assert names(opened) == ["Остап"]


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_ending_the_transaction_oneself_is_a_bug(opened: Vault, end: str) -> None:
    with pytest.raises(RuntimeError, match="ended inside"), opened.write() as connection:
        connection.execute(end)


def test_readers_see_one_state_and_do_not_wait_for_the_writer(opened: Vault, names: Names) -> None:
    with opened.read() as connection:
        assert connection.execute("SELECT count(*) FROM people").fetchone() == (0,)
        with opened.write() as writer:
            writer.execute(ADD, ("Одарка",))
            assert in_thread(lambda: names(opened)) == []
        assert in_thread(lambda: names(opened)) == ["Одарка"]
        assert names(opened) == []  # nested: the same state
        assert connection.execute("SELECT count(*) FROM people").fetchone() == (0,)
    assert names(opened) == ["Одарка"]


def test_a_statement_not_read_to_its_end_holds_no_old_state(opened: Vault, names: Names) -> None:
    with opened.write() as connection:
        connection.executemany(ADD, [(str(number),) for number in range(100)])
    with opened.read() as connection:
        unfinished = connection.execute("SELECT name FROM people")
        assert unfinished.fetchone() == ("0",)
    with opened.write() as connection:
        connection.execute("DELETE FROM people")
    assert names(opened) == []
    del unfinished


def test_a_reader_can_not_write(opened: Vault) -> None:
    with pytest.raises(Refused) as caught, opened.read() as connection:
        connection.execute(ADD, ("Одарка",))
    assert caught.value.code == "read_only"


def test_eight_threads_lose_no_update(opened: Vault) -> None:
    with opened.write() as connection:
        connection.execute("INSERT INTO people VALUES (1, '0')")
    done: list[int] = []

    def work() -> None:
        for turn in range(20):
            with opened.write() as connection:
                (number,) = connection.execute("SELECT name FROM people").fetchone()
                connection.execute("UPDATE people SET name = ?", (str(int(number) + 1),))
            with opened.read() as connection:
                connection.execute("SELECT name FROM people").fetchone()
            done.append(turn)

    threads = [threading.Thread(target=work) for _thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == 160
    with opened.read() as connection:
        assert connection.execute("SELECT name FROM people").fetchone() == ("160",)
    assert len(opened._database._idle) <= 4


def test_a_full_database_is_said_plainly_and_nothing_is_half_saved(opened: Vault, names: Names) -> None:
    with opened.write() as connection:
        connection.execute(ADD, ("Одарка",))
    opened._database._writer.execute("PRAGMA max_page_count = 10")
    with pytest.raises(Refused) as caught, opened.write() as connection:
        connection.executemany(ADD, [("x" * 4000,)] * 50)
    assert caught.value.code == "disk_full"
    assert "xxx" not in caught.value.message
    assert isinstance(caught.value.__cause__, dbapi2.Error)
    assert names(opened) == ["Одарка"]
    opened._database._writer.execute("PRAGMA max_page_count = 1000000")
    with opened.write() as connection:
        connection.execute(ADD, ("Остап",))
    assert names(opened) == ["Одарка", "Остап"]


def test_damage_found_while_reading(opened: Vault, folder: Path) -> None:
    with opened.write() as connection:
        connection.executemany(ADD, [("x" * 1000,)] * 500)
    opened._database._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (folder / "vault.db").open("rb+") as file:
        file.seek(4096 * 40 + 100)
        file.write(b"\xff" * 64)
    with pytest.raises(Damaged) as caught, opened.read() as connection:
        connection.execute("SELECT sum(length(name)) FROM people").fetchone()
    assert caught.value.code == "damaged_database"


def test_close_stops_a_reader(opened: Vault) -> None:
    reading, outcomes = threading.Event(), []

    def read() -> None:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        try:
            with opened.read() as connection:
                reading.set()
                connection.execute(endless).fetchone()
        except Refused as failure:
            outcomes.append(failure.code)

    reader = threading.Thread(target=read)
    reader.start()
    assert reading.wait(30)
    opened.close()
    reader.join(30)
    assert outcomes == ["vault_closed"]
    for use in (opened.read, opened.write):
        with pytest.raises(Refused) as caught, use():
            pass
        assert caught.value.code == "vault_closed"


def test_close_inside_a_block_is_a_bug(opened: Vault) -> None:
    with pytest.raises(RuntimeError, match="inside read"), opened.read():
        opened.close()
    with pytest.raises(RuntimeError, match="inside write"), opened.write():
        opened.close()


def test_no_connection_is_left_behind(opened: Vault, folder: Path) -> None:
    for _turn in range(10):
        in_thread(lambda: opened.read().__enter__().execute("SELECT 1").fetchone())
        gc.collect()
    with opened.read() as connection:
        connection.execute("SELECT 1")
    opened.close()
    assert not (folder / "vault.db-wal").exists()
