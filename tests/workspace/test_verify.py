"""Verify: whatever is damaged behind the program's back is found, named, and nothing is changed by looking."""

from collections.abc import Callable

import pytest

from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from tests.workspace.conftest import Office, settle

Appeal = Callable[..., dict[str, object]]

DAMAGE = {
    "a bit of a frame": (
        "UPDATE frame SET body = substr(body, 1, 400) || x'00' || substr(body, 402) WHERE id = 3",
        "log",
    ),
    "a frame less": ("DELETE FROM frame WHERE id = (SELECT max(id) FROM frame)", "log"),
    "a frame's number": ("UPDATE frame SET seq = seq + 5 WHERE id = (SELECT max(id) FROM frame)", "log"),
    "the end of a chain": ("UPDATE head SET seq = seq + 1", "log"),
    "a title": ("UPDATE case_row SET title = 'Інше' WHERE id = (SELECT min(id) FROM case_row)", "projection"),
    "a person": ("UPDATE case_row SET person = 'Хтось інший' WHERE id = (SELECT min(id) FROM case_row)", "projection"),
    "a term": ("UPDATE case_row SET due_on = '2030-01-01'", "projection"),
    "a reminder": ("UPDATE case_row SET remind_on = '2030-01-01'", "projection"),
    "a case less": ("DELETE FROM case_row WHERE id = (SELECT min(id) FROM case_row)", "projection"),
    "an index entry less": ("DELETE FROM case_search WHERE rowid = (SELECT min(id) FROM case_row)", "projection"),
    "an index entry more": ("INSERT INTO case_search (rowid, words) VALUES (9999, 'зайве')", "projection"),
    "a value": (
        "UPDATE record SET fields = json_set(fields, '$.subject', 'Інше') WHERE collection = 'case'",
        "projection",
    ),
    "a conflict hidden": ("UPDATE record SET siblings = NULL", "projection"),
    "a count of conflicts": ("UPDATE case_row SET conflicts = 0", "projection"),
    "a name": ("UPDATE named SET name = 'Хтось інший' WHERE collection = 'person'", "projection"),
    "a piece of history": ("DELETE FROM touched WHERE frame = (SELECT max(frame) FROM touched)", "projection"),
}


@pytest.fixture
def oksana(pair: tuple[Workspace, Workspace], appeal: Appeal) -> Workspace:
    oksana, _ = pair
    case = oksana.cases.register("appeal", appeal(1, executor="x"))
    oksana.cases.register_many("appeal", [appeal(seed) for seed in range(5)])
    settle(*pair)
    for workspace in pair:
        workspace.cases.edit(case.id, {"executor": workspace.person.name})
    settle(*pair)
    return oksana


def faulty(workspace: Workspace) -> set[str]:
    return {check.part for check in verify(workspace) if not check.sound}


def test_a_whole_vault_is_whole_and_stays_as_it_is(oksana: Workspace) -> None:
    before = oksana.digest()
    checks = verify(oksana)
    assert [check.part for check in checks] == [
        "key",
        "seat",
        "mark",
        "database",
        "log",
        "projection",
        "drafts",
        "audit",
        "files",
    ]
    assert all(check.sound and check.finding and check.title for check in checks)
    assert oksana.digest() == before


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_named(oksana: Workspace, name: str) -> None:
    statement, part = DAMAGE[name]
    with oksana.store.write() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        if name == "a frame less":
            connection.execute("DELETE FROM touched WHERE frame = (SELECT max(id) FROM frame)")
        assert connection.execute(statement).rowcount > 0
    assert part in faulty(oksana)


def test_a_mark_that_is_gone_or_damaged_is_named(office: Office, appeal: Appeal) -> None:
    office.found().cases.register("appeal", appeal())
    for damage in (lambda mark: mark.unlink(), lambda mark: mark.write_bytes(bytes(1024))):
        damage(office.close("oksana") / "vault.mark")
        reopened = office.open("oksana")
        assert faulty(reopened) == {"mark"}
        reopened.cases.register("appeal", appeal())
        assert faulty(reopened) == set()


def test_the_vault_of_somebody_who_only_reads_is_whole(office: Office, appeal: Appeal) -> None:
    oksana = office.found()
    auditor = office.invite(oksana, "auditor", "Ревізор", "auditor")
    oksana.cases.register("appeal", appeal())
    settle(oksana, auditor)
    assert faulty(auditor) == faulty(oksana) == set()
    assert auditor.digest() == oksana.digest()
    with oksana.store.read() as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM named")}
    assert "Ревізор" in names
