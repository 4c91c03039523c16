"""Making, opening, closing and keeping a vault, with real files."""

import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.vault import MarkState, Vault, tries
from sync.errors import Damaged, Failure, Refused
from sync.sqlcipher import Connection
from tests.rights import without_the_right_to_write

from .conftest import OTHER, PASSPHRASE, tables

Names = Callable[[Vault], list[str]]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "vault.lock"}


def refused(code: str, *args: object, **kwargs: object) -> None:
    with pytest.raises(Failure) as caught:
        vault.open_vault(*args, **kwargs).close()  # type: ignore[arg-type]
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


def test_a_vault_is_made_written_closed_and_read_again(tmp_path: Path, names: Names) -> None:
    folder = tmp_path / "Громада Їжаків" / "моє сховище"
    with_key = vault.create(folder, PASSPHRASE, tables, kdf=vault.KDF_FLOOR)
    with with_key.write() as connection:
        connection.execute("INSERT INTO people (name) VALUES ('Одарка')")
    assert names(with_key) == ["Одарка"]
    with_key.close()
    again = vault.open_vault(folder, PASSPHRASE)
    assert names(again) == ["Одарка"]
    assert again.id == with_key.id
    assert again.notices == ()
    again.close()
    assert sorted(contents(folder)) == ["vault.db", "vault.key", "vault.key.previous", "vault.mark"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    vault.create(tmp_path, PASSPHRASE, tables, kdf=vault.KDF_FLOOR).close()
    assert vault.is_vault(tmp_path)


def test_create_refuses_what_is_there_already(folder: Path, tmp_path: Path) -> None:
    before = contents(folder)
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter.txt").write_text("лист", encoding="utf-8")
    (tmp_path / "file").write_text("x")
    for place, code in (
        (folder, "vault_exists"),
        (tmp_path / "papers", "folder_not_empty"),
        (tmp_path / "file", "folder_not_empty"),
    ):
        with pytest.raises(Refused) as caught:
            vault.create(place, PASSPHRASE, tables, kdf=vault.KDF_FLOOR)
        assert caught.value.code == code
    assert contents(folder) == before
    assert (tmp_path / "papers" / "letter.txt").read_text(encoding="utf-8") == "лист"


def test_a_failing_initialise_leaves_nothing(tmp_path: Path) -> None:
    def half(connection: Connection) -> None:
        tables(connection)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        vault.create(tmp_path / "vault", PASSPHRASE, half, kdf=vault.KDF_FLOOR)
    assert list(tmp_path.iterdir()) == []


def test_a_weak_passphrase_makes_no_vault(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        vault.create(tmp_path / "vault", "12345", tables)
    assert caught.value.code == "weak_passphrase"
    assert list(tmp_path.iterdir()) == []


def test_wrong_passphrase_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "FREE_TRIES", 100)
    before = contents(folder)
    for wrong in ("", "сім качок біля ставкa", PASSPHRASE.upper(), "\ud800", "x" * 100_000):
        refused("wrong_passphrase", folder, wrong)
    (folder / tries.TRIES_NAME).unlink()  # tests/vault/test_tries.py is about it
    assert contents(folder) == before


def test_the_keyboard_does_not_matter(tmp_path: Path) -> None:
    vault.create(tmp_path / "v", "Мʼята й їжак у полі", tables, kdf=vault.KDF_FLOOR).close()
    vault.open_vault(tmp_path / "v", " М'ята й і\u0308жак у\u00a0полі\n").close()


def test_no_vault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path, tmp_path / "missing", tmp_path / "file"):
        refused("no_vault", place, PASSPHRASE)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "missing_database")] + [(b"x" * size, "damaged_database") for size in (0, 1, 511, 512, 1024, 4095, 4096)],
)
def test_a_missing_or_empty_database_is_never_a_new_vault(folder: Path, content: bytes | None, code: str) -> None:
    (folder / "vault.db").unlink()
    if content is not None:
        (folder / "vault.db").write_bytes(content)
    before = contents(folder)
    refused(code, folder, PASSPHRASE)
    assert contents(folder) == before


def test_a_missing_key_file_is_damage(folder: Path) -> None:
    (folder / "vault.key").unlink()
    (folder / "vault.key.previous").unlink()
    refused("damaged_key_file", folder, PASSPHRASE)
    assert sorted(contents(folder)) == ["vault.db", "vault.mark"]


def test_a_foreign_database_is_damage(folder: Path, tmp_path: Path) -> None:
    vault.create(tmp_path / "other", PASSPHRASE, tables, kdf=vault.KDF_FLOOR).close()
    shutil.copy(tmp_path / "other" / "vault.db", folder / "vault.db")
    before = contents(folder)
    refused("damaged_database", folder, PASSPHRASE)
    assert contents(folder) == before


def test_flipped_bits_in_the_database_are_damage_and_never_wrong_data(folder: Path, names: Names) -> None:
    with_key = vault.open_vault(folder, PASSPHRASE)
    expected = [f"Заявник {number}" for number in range(500)]
    with with_key.write() as connection:
        connection.executemany("INSERT INTO people (name) VALUES (?)", [(name,) for name in expected])
    with_key.close()
    whole = (folder / "vault.db").read_bytes()
    for place in (0, 20, 4095, len(whole) // 2, len(whole) - 1):
        broken = bytearray(whole)
        broken[place] ^= 1
        (folder / "vault.db").write_bytes(broken)
        with pytest.raises(Damaged) as caught:
            _read_all(folder, names)
        assert caught.value.code == "damaged_database"
    (folder / "vault.db").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Damaged):
        _read_all(folder, names)
    (folder / "vault.db").write_bytes(whole)
    assert _read_all(folder, names) == expected


def _read_all(folder: Path, names: Names) -> list[str]:
    with_key = vault.open_vault(folder, PASSPHRASE)
    try:
        return names(with_key)
    finally:
        with_key.close()


def test_a_newer_vault_is_refused_politely(folder: Path) -> None:
    vault.open_vault(folder, PASSPHRASE, lambda _connection: None, schema_version=7).close()
    before = contents(folder)
    refused("newer_vault", folder, PASSPHRASE, schema_version=6)
    assert contents(folder) == before
    vault.open_vault(folder, PASSPHRASE, schema_version=7).close()


def test_a_migration_runs_once_and_whole_or_not_at_all(folder: Path) -> None:
    def breaks(connection: Connection) -> None:
        connection.execute("ALTER TABLE people ADD COLUMN born TEXT")
        raise RuntimeError("in the middle")

    calls = []

    def migrate(connection: Connection) -> None:
        calls.append(1)
        connection.execute("ALTER TABLE people ADD COLUMN born TEXT")

    with pytest.raises(RuntimeError, match="in the middle"):
        vault.open_vault(folder, PASSPHRASE, breaks, schema_version=2)
    vault.open_vault(folder, PASSPHRASE, migrate, schema_version=2).close()
    vault.open_vault(folder, PASSPHRASE, migrate, schema_version=2).close()
    assert calls == [1]


def test_subkeys(opened: Vault, folder: Path) -> None:
    drafts = opened.subkey("drafts")
    assert len(drafts) == 32
    assert drafts == opened.subkey("drafts") != opened.subkey("attachments")
    opened.close()
    for use in (lambda: opened.subkey("drafts"), lambda: opened.change_passphrase(PASSPHRASE, OTHER)):
        with pytest.raises(Refused) as caught:
            use()
        assert caught.value.code == "vault_closed"
    again = vault.open_vault(folder, PASSPHRASE)
    assert again.subkey("drafts") == drafts
    again.close()


def test_close_wipes_the_keys_and_may_be_repeated(opened: Vault) -> None:
    secrets = [opened._vault_key, opened._mark_key, opened._database._key]
    assert all(any(secret) for secret in secrets)
    opened.close()
    opened.close()
    assert not any(any(secret) for secret in secrets)


def test_verify_passphrase(opened: Vault) -> None:
    opened.verify_passphrase(PASSPHRASE)
    with pytest.raises(Refused) as caught:
        opened.verify_passphrase(OTHER)
    assert caught.value.code == "wrong_passphrase"


def test_change_passphrase_of_a_closed_and_of_an_open_vault(folder: Path) -> None:
    database = (folder / "vault.db").read_bytes()
    vault.change_passphrase(folder, PASSPHRASE, OTHER, kdf=vault.KDF_FLOOR)
    assert (folder / "vault.db").read_bytes() == database
    refused("wrong_passphrase", folder, PASSPHRASE)
    with_key = vault.open_vault(folder, OTHER)
    with_key.change_passphrase(OTHER, PASSPHRASE, kdf=vault.KDF_FLOOR)
    with_key.verify_passphrase(PASSPHRASE)
    with pytest.raises(Refused):
        with_key.verify_passphrase(OTHER)
    with_key.close()
    vault.open_vault(folder, PASSPHRASE).close()


def test_change_passphrase_refuses_and_the_old_one_stays(folder: Path, opened: Vault) -> None:
    before = (folder / "vault.key").read_bytes()
    for old, new, code in (
        (OTHER, "ще одна добра фраза", "wrong_passphrase"),
        (PASSPHRASE, "0000000000", "weak_passphrase"),
    ):
        with pytest.raises(Refused) as caught:
            opened.change_passphrase(old, new)
        assert caught.value.code == code
    with pytest.raises(Refused) as caught:
        vault.change_passphrase(folder, PASSPHRASE, OTHER)
    assert caught.value.code == "vault_in_use"
    assert (folder / "vault.key").read_bytes() == before


def test_the_former_passphrase_ends_when_the_new_one_has_opened_the_vault(folder: Path) -> None:
    former = (folder / "vault.key").read_bytes()
    vault.change_passphrase(folder, PASSPHRASE, OTHER, kdf=vault.KDF_FLOOR)
    assert (folder / "vault.key.previous").read_bytes() == former
    vault.open_vault(folder, OTHER).close()
    assert (folder / "vault.key.previous").read_bytes() == (folder / "vault.key").read_bytes() != former


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 50])
def test_a_damaged_key_file_is_replaced_by_the_copy_with_a_notice(folder: Path, content: bytes | None) -> None:
    good = (folder / "vault.key").read_bytes()
    (folder / "vault.key").unlink()
    if content is not None:
        (folder / "vault.key").write_bytes(content)
    refused("wrong_passphrase", folder, OTHER)
    assert not (folder / "vault.key.damaged").exists()
    with_key = vault.open_vault(folder, PASSPHRASE)
    assert len(with_key.notices) == 1
    with_key.close()
    assert (folder / "vault.key").read_bytes() == good
    if content is not None:
        assert (folder / "vault.key.damaged").read_bytes() == content
    again = vault.open_vault(folder, PASSPHRASE)
    assert again.notices == ()
    again.close()


def test_the_mark_of_the_vault(folder: Path, opened: Vault) -> None:
    assert opened.mark.load() is None
    assert opened.mark.state is MarkState.EMPTY
    opened.mark.store(b"17 frames")
    opened.close()
    again = vault.open_vault(folder, PASSPHRASE)
    assert again.mark.load() == b"17 frames"
    again.close()


def test_others_on_this_computer_can_not_look_in(tmp_path: Path) -> None:
    vault.create(tmp_path / "v", PASSPHRASE, tables, kdf=vault.KDF_FLOOR).close()
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "v").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "v" / "vault.key").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
def test_a_folder_that_can_not_be_written(folder: Path) -> None:
    before = contents(folder)
    with without_the_right_to_write(folder):
        refused("read_only", folder, PASSPHRASE)
        with pytest.raises(Refused) as caught:
            vault.create(folder / "inside", PASSPHRASE, tables, kdf=vault.KDF_FLOOR)
    assert caught.value.code == "read_only"
    assert contents(folder) == before
    vault.open_vault(folder, PASSPHRASE).close()
