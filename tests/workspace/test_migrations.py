"""A vault of every earlier version of the tables opens, whole, and has the tables of today."""

import shutil
from pathlib import Path

import pytest

from desktop_app import schema, vault
from desktop_app.cases.model import CaseQuery
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.verify import verify
from sync.errors import Refused
from tests.workspace.conftest import PASSPHRASE

STORED = Path(__file__).parent.parent / "data" / "vaults"
DIGEST = "f60dff07faea31046a85c46728ff77f3a6fe844426005e71c9aefcf225442b51"


def versions() -> list[str]:
    return sorted(path.name for path in STORED.iterdir())


def tables(folder: Path) -> tuple[int, list[tuple[str, str]]]:
    held = vault.open_vault(folder, PASSPHRASE, schema_version=schema.VERSION)
    with held.read() as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
    held.close()
    return version, [(name, " ".join(sql.split())) for name, sql in found]


@pytest.mark.parametrize("stored", versions())
def test_a_stored_vault_opens_with_all_it_held(stored: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(STORED / stored, tmp_path / "old"))
    with open_workspace(folder, PASSPHRASE) as old:
        assert old.digest() == DIGEST
        assert old.cases.count(CaseQuery()) == 7
        assert old.conflicts.count() == 1
        (draft,) = old.drafts.list()
        assert draft.values["applicant_name"] == "Ґудзь Федора Єлисеївна"
        assert [check.finding for check in verify(old) if not check.sound] == []
    create_workspace(tmp_path / "new", PASSPHRASE, community="Г", unit="В", person="О", kdf=vault.KDF_FLOOR).close()
    assert tables(folder) == tables(tmp_path / "new")
    assert tables(folder)[0] == schema.VERSION


def test_a_newer_vault_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "newer"
    create_workspace(folder, PASSPHRASE, community="Г", unit="В", person="О", kdf=vault.KDF_FLOOR).close()
    held = vault.open_vault(folder, PASSPHRASE, schema_version=schema.VERSION)
    with held.write() as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1:d}")
    held.close()
    before = (folder / "vault.db").read_bytes()
    with pytest.raises(Refused) as refused:
        open_workspace(folder, PASSPHRASE)
    assert refused.value.code == "newer_vault"
    assert (folder / "vault.db").read_bytes() == before


def test_a_step_that_changes_what_follows_from_the_log_builds_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(STORED / "schema-1", tmp_path / "old"))
    held = vault.open_vault(folder, PASSPHRASE, schema_version=schema.VERSION)
    with held.write() as connection:
        connection.execute("UPDATE case_row SET title = 'зовсім інше'")
        connection.execute("DELETE FROM case_search WHERE rowid = (SELECT min(id) FROM case_row)")
    held.close()
    monkeypatch.setattr(schema, "REBUILDING", frozenset({schema.DESK.steps[-1].__name__}))
    with open_workspace(folder, PASSPHRASE) as old:
        assert old.digest() == DIGEST
        assert [check.finding for check in verify(old) if not check.sound] == []
