"""The audit after damage: what can be read is kept, what is lost is said in the chain itself, and it goes on."""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.audit.chain import Link, hash_of
from desktop_app.audit.model import AuditQuery
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.repair import Report, repair
from desktop_app.salvage.pages import PAGE_BYTES, Pages
from desktop_app.salvage.rows import read_table, table_roots
from desktop_app.vault.custody import Custody
from desktop_app.verify import verify_folder
from sync.messages import set_language
from sync.sqlcipher import Connection
from tests.templates import forget_place

PASSPHRASE = "калина горить над ставом 77"
ENTRIES = 400
Choose = Callable[[Pages], list[int]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit") / "vault"
    with create_workspace(folder, PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR) as made:
        for number in range(ENTRIES):
            made.audit.read("case_shown", [f"{number:032x}"])
    forget_place(folder, PASSPHRASE)
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    set_language("en")
    return Path(shutil.copytree(template, tmp_path / "vault"))


def leaves(pages: Pages) -> list[int]:
    """Return the pages with entries, in their order: those that the first page of the table leads to."""
    top = pages.page(table_roots(pages)["audit"]) or b""
    (count,) = struct.unpack_from(">H", top, 3)
    cells = struct.unpack_from(f">{count}H", top, 12)
    return [*(struct.unpack_from(">I", top, cell)[0] for cell in cells), struct.unpack_from(">I", top, 8)[0]]


def damaged(folder: Path, choose: Choose) -> Report:
    with Custody(folder, PASSPHRASE) as custody:
        pages = Pages(custody.database_path, bytes(custody.database_key))
        chosen = choose(pages)
        pages.close()
    with (folder / "vault.db").open("r+b") as file:
        for number in chosen:
            file.seek((number - 1) * PAGE_BYTES + 1000)
            file.write(bytes(40))
    return repair(folder, PASSPHRASE)


def in_the_middle(pages: Pages) -> list[int]:
    found = leaves(pages)
    return found[len(found) // 2 : len(found) // 2 + 2]


def at_the_end(pages: Pages) -> list[int]:
    return leaves(pages)[-1:]


def both_ends_and_the_way_to_the_rest(pages: Pages) -> list[int]:
    found = leaves(pages)
    return [found[0], found[-1], table_roots(pages)["audit"]]


def finding(folder: Path) -> tuple[bool, str]:
    return next((check.sound, check.finding) for check in verify_folder(folder, PASSPHRASE) if check.part == "audit")


@pytest.mark.parametrize("choose", [in_the_middle, at_the_end, both_ends_and_the_way_to_the_rest])
def test_what_is_lost_is_counted_and_told_and_the_chain_goes_on(folder: Path, choose: Choose) -> None:
    with Custody(folder, PASSPHRASE) as custody:
        pages = Pages(custody.database_path, bytes(custody.database_key))
        before = len(read_table(pages, table_roots(pages)["audit"]).rows)
        pages.close()
    report = damaged(folder, choose)
    assert report.built is not None
    kept, lost = report.built.audit.kept, report.built.audit.lost
    assert 0 < lost < before / 2
    assert kept + lost == before
    assert f"entries kept {kept}, lost {lost}" in " ".join(report.done)
    sound, said = finding(folder)
    assert sound, said
    assert f"{lost} entries were lost" in said
    with open_workspace(folder, PASSPHRASE) as opened:
        assert opened.notices == []
        (told,) = opened.audit_log.page(AuditQuery(kind="vault_repaired"), 0, 9)
        assert told.detail["audit_lost"] == lost
        opened.audit.record("mark_lost")
    assert finding(folder)[0]
    again = damaged(folder, in_the_middle)  # a gap that is told of stays told, and another comes
    assert again.built is not None
    assert again.built.audit.lost
    sound, said = finding(folder)
    assert sound, said


def test_the_one_row_that_all_entries_lean_on_is_lost(folder: Path) -> None:
    report = damaged(folder, lambda pages: [table_roots(pages)["audit_author"]])
    assert report.built is not None
    assert report.built.audit.lost == 0
    assert finding(folder)[0]


def test_without_the_mark_it_is_said_that_the_end_is_not_known(folder: Path) -> None:
    (folder / "vault.mark").unlink()
    report = damaged(folder, in_the_middle)
    assert "vault.mark does not tell" in " ".join(report.done)


def test_a_gap_that_no_repair_told_of_is_no_damage(folder: Path) -> None:
    """What somebody took out is not explained away by a repair of something else, and nobody can tell of it later."""
    with open_workspace(folder, PASSPHRASE) as opened, opened.store.write() as connection:
        connection.execute("DROP TRIGGER audit_is_never_shortened")
        connection.execute("DELETE FROM audit WHERE id = 100")
        connection.execute("UPDATE head SET seq = seq + 1")
    report = repair(folder, PASSPHRASE)
    assert report.built is not None
    assert not finding(folder)[0]


def rewrite_the_last_before_the_gap(connection: Connection) -> None:
    """Change an entry, its hash too: no entry behind it follows it any more."""
    number, *rest, previous = connection.execute(
        "SELECT a.id, a.time, w.device, w.person, a.origin, a.kind, 'x', a.detail,"
        " (SELECT hash FROM audit b WHERE b.id = a.id - 1) FROM audit a JOIN audit_author w ON w.id = a.author"
        " WHERE NOT EXISTS (SELECT 1 FROM audit b WHERE b.id = a.id + 1) ORDER BY a.id LIMIT 1"
    ).fetchone()
    changed = hash_of(Link(number, *rest), bytes(previous))
    connection.execute("UPDATE audit SET subject = 'x', hash = ? WHERE id = ?", (changed, number))


@pytest.mark.parametrize("change", ["before", "teller"])
def test_both_sides_of_a_gap_stay_bound(folder: Path, change: str) -> None:
    damaged(folder, in_the_middle)
    assert finding(folder)[0]
    with open_workspace(folder, PASSPHRASE) as opened, opened.store.write() as connection:
        connection.execute("DROP TRIGGER audit_is_never_changed")
        if change == "before":
            rewrite_the_last_before_the_gap(connection)
        else:
            connection.execute('UPDATE audit SET detail = replace(detail, \'"gaps":[[\', \'"gaps":[[1,1,""],[\')')
    assert not finding(folder)[0]
