"""A thief reads nothing: known names are in no file of the vault, neither while it is open nor afterwards."""

import zlib
from pathlib import Path

from desktop_app.vault import Vault

NAMES = ["Одарка Нечуй-Левицька", "вул. Шовковична, 17", "odarka@example.org"]


def forms(name: str) -> list[bytes]:
    return [name.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be", "cp1251")] + [
        zlib.compress(name.encode())[2:-4]
    ]


def test_no_known_name_in_any_file(opened: Vault, folder: Path) -> None:
    with opened.write() as connection:
        connection.execute("CREATE VIRTUAL TABLE search USING fts5 (name)")
        for name in NAMES:
            connection.execute("INSERT INTO people (name) VALUES (?)", (name,))
            connection.execute("INSERT INTO search (name) VALUES (?)", (name,))
        connection.execute("CREATE INDEX by_name ON people (name)")
        connection.execute("SELECT name FROM people ORDER BY name DESC").fetchall()
    opened.mark.store(NAMES[0].encode())
    search(
        folder, expected={"vault.db", "vault.db-wal", "vault.db-shm", "vault.key", "vault.key.previous", "vault.mark"}
    )
    secrets = [bytes(opened._vault_key), bytes(opened._mark_key), bytes(opened._database._key)]
    opened.close()
    search(folder, expected={"vault.db", "vault.key", "vault.key.previous", "vault.mark"})
    for path in folder.iterdir():
        assert not [
            secret for secret in secrets if secret in path.read_bytes() or secret.hex().encode() in path.read_bytes()
        ]


def search(folder: Path, expected: set[str]) -> None:
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert set(files) - {"vault.lock"} == expected
    for data in files.values():
        assert not [name for name in NAMES for form in forms(name) if form in data]
        assert b"SQLite format 3" not in data
        assert b"CREATE TABLE" not in data
