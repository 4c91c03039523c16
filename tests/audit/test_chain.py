"""The chain: its vectors, and everything that somebody with the keys could do to it."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import schema, vault
from desktop_app.audit import AuditQuery, chain
from desktop_app.audit.chain import Link
from desktop_app.cases.model import CaseQuery
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync.sqlcipher import Connection, DatabaseError
from tests.audit import second
from tests.workspace.conftest import PASSPHRASE, Office

Appeal = Callable[..., dict[str, object]]


def test_both_implementations_give_the_hashes_of_the_vectors(project: Path) -> None:
    vectors = json.loads((project / "tests/data/vectors/audit.json").read_text(encoding="utf-8"))["entries"]
    last = chain.NO_HASH
    for values in vectors:
        link = Link(
            values["number"], values["time_ms"], bytes.fromhex(values["device"]), bytes.fromhex(values["person"]),
            values["origin"], values["kind"], values["subject"], values["detail"],
        )  # fmt: skip
        last = chain.hash_of(link, last)
        assert last.hex() == values["hash"]
    assert second.chained(vectors) == [values["hash"] for values in vectors]


def test_what_a_vault_wrote_is_what_the_format_says(office: Office, appeal: Appeal) -> None:
    oksana = office.found()
    case = oksana.cases.register("appeal", appeal())
    oksana.cases.open(case.id)
    oksana.cases.count(CaseQuery(text="Ґудзь"))
    oksana.audit.flush()
    with oksana.store.read() as connection:
        rows = connection.execute(
            "SELECT e.id, e.time, a.device, a.person, e.origin, e.kind, e.subject, e.detail, e.hash"
            " FROM audit e JOIN audit_author a ON a.id = e.author ORDER BY e.id"
        ).fetchall()
    names = ("number", "time_ms", "device", "person", "origin", "kind", "subject", "detail")
    entries = [dict(zip(names, row[:8], strict=True)) for row in rows]
    assert [entry["kind"] for entry in entries] == ["unlocked", "vault_made", "case_opened", "search"]
    plain = [{**entry, "device": entry["device"].hex(), "person": entry["person"].hex()} for entry in entries]
    assert second.chained(plain) == [row[8].hex() for row in rows]
    assert oksana.lives.highwater.audit == (len(rows), rows[-1][8])


@pytest.fixture
def filled(office: Office, appeal: Appeal) -> Workspace:
    oksana = office.found()
    for seed in range(6):
        oksana.cases.open(oksana.cases.register("appeal", appeal(seed)).id)
    oksana.audit.flush()
    return oksana


def tampered(workspace: Workspace, change: Callable[[Connection], object]) -> str:
    """Do something to the database as somebody with its key could, and return what `verify` says of the audit."""
    with workspace.store.write() as connection:
        for trigger in ("audit_is_never_changed", "audit_is_never_shortened"):
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        change(connection)
    (check,) = [check for check in verify(workspace) if check.part == "audit"]
    return "" if check.sound else check.finding


def renumber(connection: Connection, old: int, new: int) -> None:
    connection.execute("UPDATE audit SET id = ? WHERE id = ?", (new, old))


def swap(connection: Connection) -> None:
    renumber(connection, 3, 1000)
    renumber(connection, 4, 3)
    renumber(connection, 1000, 4)


def put_in(connection: Connection) -> None:
    for number in (8, 7, 6, 5):
        renumber(connection, number, number + 1)
    connection.execute("INSERT INTO audit SELECT 5, time, author, origin, kind, subject, detail, hash FROM audit"
                       " WHERE id = 3")  # fmt: skip


def take_out_and_close_the_gap(connection: Connection) -> None:
    connection.execute("DELETE FROM audit WHERE id = 4")
    for number in (5, 6, 7, 8):
        renumber(connection, number, number - 1)


CHANGES = {
    "time": ("UPDATE audit SET time = time + 1 WHERE id = 4", "4"),
    "origin": ("UPDATE audit SET origin = iif(origin = 'cli', 'desk', 'cli') WHERE id = 4", "4"),
    "kind": ("UPDATE audit SET kind = 'case_shown' WHERE id = 4", "4"),
    "subject": ("UPDATE audit SET subject = '' WHERE id = 4", "4"),
    "detail": ("UPDATE audit SET detail = '{ }' WHERE id = 4", "4"),
    "hash": ("UPDATE audit SET hash = zeroblob(32) WHERE id = 4", "4"),
    "person": ("UPDATE audit_author SET person = zeroblob(16)", "1"),
    "device": ("UPDATE audit_author SET device = zeroblob(16)", "1"),
    "first": ("DELETE FROM audit WHERE id = 1", "1"),
    "middle": ("DELETE FROM audit WHERE id = 4", "4"),
    "several": ("DELETE FROM audit WHERE id BETWEEN 3 AND 5", "3"),
    "end": ("DELETE FROM audit WHERE id = 8", "8"),
    "longer end": ("DELETE FROM audit WHERE id > 5", "6"),
    "all": ("DELETE FROM audit", "1"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_changed_or_taken_out_is_noticed_and_named(filled: Workspace, name: str) -> None:
    statement, number = CHANGES[name]
    assert tampered(filled, lambda _connection: None) == ""
    finding = tampered(filled, lambda connection: connection.execute(statement))
    assert number in finding.replace(",", " ").split()


@pytest.mark.parametrize("change", [swap, put_in, take_out_and_close_the_gap])
def test_entries_moved_put_in_or_closed_up_are_noticed(filled: Workspace, change: Callable[[Connection], None]) -> None:
    finding = tampered(filled, change)
    assert any(number in finding.split() for number in ("3", "4", "5"))


def test_a_chain_that_was_made_anew_is_not_the_one_that_was_noted(filled: Workspace) -> None:
    def forge(connection: Connection) -> None:
        rows = connection.execute(
            "SELECT e.id, e.time, a.device, a.person, e.origin, e.kind, e.subject, e.detail"
            " FROM audit e JOIN audit_author a ON a.id = e.author ORDER BY e.id"
        ).fetchall()
        last = chain.NO_HASH
        for number, _time, *rest in rows:
            link = Link(number, 0, *rest)
            last = chain.hash_of(link, last)
            connection.execute("UPDATE audit SET time = 0, hash = ? WHERE id = ?", (last, number))

    assert "vault.mark" in tampered(filled, forge)


def test_an_end_cut_off_while_the_vault_was_closed_is_told_and_written_down(office: Office, filled: Workspace) -> None:
    with filled.store.write() as connection:
        connection.execute("DROP TRIGGER audit_is_never_shortened")
    folder = office.close("oksana")
    noted = 9  # the eight before, and that it was closed
    held = vault.open_vault(folder, PASSPHRASE, schema_version=schema.VERSION)
    with held.write() as connection:
        connection.execute("DELETE FROM audit WHERE id > 3")
    held.close()
    again = office.open("oksana")
    assert len(again.notices) == 1
    (check,) = [check for check in verify(again) if not check.sound]
    assert (check.part, str(noted) in check.finding) == ("audit", True)
    (entry,) = again.audit_log.page(AuditQuery(kind="audit_cut"), 0, 9)
    assert entry.detail == {"expected": noted, "found": 3}
    office.close("oksana")
    reopened = office.open("oksana")
    assert reopened.notices == []
    (check,) = [check for check in verify(reopened) if check.part == "audit"]
    assert check.sound
    assert "1" in check.finding


def test_the_database_itself_refuses_to_change_or_shorten_it(filled: Workspace) -> None:
    for statement in ("UPDATE audit SET time = 0 WHERE id = 1", "DELETE FROM audit WHERE id = 8"):
        with pytest.raises(DatabaseError), filled.store.write() as connection:
            connection.execute(statement)
    assert all(check.sound for check in verify(filled))


@pytest.mark.usefixtures("filled")
def test_the_chain_is_not_readable_without_the_key(office: Office) -> None:
    folder = office.close("oksana")
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(folder / "vault.db").execute("SELECT count(*) FROM audit").fetchone()
    assert b"case_opened" not in b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
