"""A vault made once, and copies of it for every test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.vault import Vault
from sync.sqlcipher import Connection

PASSPHRASE = "сім качок біля ставка"
OTHER = "осінній дощ над містом"


def tables(connection: Connection) -> None:
    connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "vault"
    vault.create(folder, PASSPHRASE, tables, kdf=vault.KDF_FLOOR).close()
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A closed vault of its own."""
    return Path(shutil.copytree(template, tmp_path / "vault"))


@pytest.fixture
def opened(folder: Path) -> Iterator[Vault]:
    """The same, open."""
    with_key = vault.open_vault(folder, PASSPHRASE)
    yield with_key
    with_key.close()


@pytest.fixture
def names() -> Callable[[Vault], list[str]]:
    def read(source: Vault) -> list[str]:
        with source.read() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM people ORDER BY id")]

    return read
