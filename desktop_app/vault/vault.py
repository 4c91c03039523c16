"""A vault: one person's seat on one computer, in one folder (docs/formats/key-file.md, "The folder")."""

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from desktop_app.vault import failures, keyfile, keystore, passphrase
from desktop_app.vault.instance import InstanceLock
from desktop_app.vault.keyfile import KdfParameters, KeyFile
from desktop_app.vault.mark import Mark
from desktop_app.vault.storage import Database
from sync import crypto, files
from sync.errors import Damaged, Refused
from sync.messages import _
from sync.sqlcipher import Connection

DATABASE_NAME = "vault.db"
MARK_NAME = "vault.mark"
_PAGE_BYTES = 4096
_DATABASE_LABEL = "sprava/v1/database"
_MARK_LABEL = "sprava/v1/mark"
_PUBLIC_LABEL = "sprava/v1/vault/"
_SEALED_LABEL = "sprava/v1/sealed/"


class Vault:
    """An open vault; `create` and `open_vault` make one.

    Args:
        folder: The vault's folder.
        lock: The lock on it, already taken.
        key_file: The key file that the vault was opened with.
        vault_key: The 32-byte vault key; it is wiped by `close`.
        notices: Sentences about what was found and mended on opening.
    """

    def __init__(
        self, folder: Path, lock: InstanceLock, key_file: KeyFile, vault_key: bytearray, notices: tuple[str, ...]
    ) -> None:
        self.folder = folder
        self.notices = notices
        self._lock = lock
        self._key_file = key_file
        self._vault_key = vault_key
        self._closed = False
        self._mark_key = keyfile.derive(vault_key, _MARK_LABEL)
        with failures.plainly():
            self.mark = Mark(folder / MARK_NAME, self._mark_key)
        self._database = Database(folder / DATABASE_NAME, keyfile.derive(vault_key, _DATABASE_LABEL))

    @property
    def id(self) -> bytes:
        """The 16-byte id of the vault, random, in the clear in its key file."""
        return self._key_file.vault_id

    def subkey(self, label: str) -> bytes:
        """Return a 32-byte key for one purpose, always the same for this vault.

        Args:
            label: What it is for, such as ``drafts``; it never meets the labels of the vault itself.

        Raises:
            Refused: The vault is closed.
        """
        self._require_open()
        return bytes(keyfile.derive(self._vault_key, _PUBLIC_LABEL + label))

    def seal(self, label: str, plaintext: bytes) -> bytes:
        """Encrypt something that only this vault, opened again, shall read.

        Args:
            label: What it is, such as ``spot``; its key is derived for it alone, and it is bound to it.
            plaintext: What to hide.

        Raises:
            Refused: The vault is closed.
        """
        self._require_open()
        key = keyfile.derive(self._vault_key, _SEALED_LABEL + label)
        try:
            return crypto.seal(key, plaintext, label.encode())
        finally:
            keyfile.wipe(key)

    def unseal(self, label: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made with the same label.

        Raises:
            Refused: The vault is closed.
            CryptoError: Another vault sealed it, or it was altered.
        """
        self._require_open()
        key = keyfile.derive(self._vault_key, _SEALED_LABEL + label)
        try:
            return crypto.unseal(key, sealed, label.encode())
        finally:
            keyfile.wipe(key)

    def write(self) -> AbstractContextManager[Connection]:
        """Give the write connection inside one transaction; see `Database.write`."""
        return self._database.write()

    def read(self) -> AbstractContextManager[Connection]:
        """Give this thread a read-only connection on one state of the database; see `Database.read`."""
        return self._database.read()

    def verify_passphrase(self, text: str) -> None:
        """Check the pass phrase of the open vault, such as to unlock a locked desk.

        Raises:
            Refused: It does not fit ("wrong_passphrase").
        """
        keyfile.wipe(_unlock(self._key_file, text))

    def change_passphrase(self, old: str, new: str, *, kdf: KdfParameters | None = None) -> None:
        """Put another pass phrase in the place of the present one; nothing is encrypted anew.

        Args:
            old: The present pass phrase.
            new: The one to use from now on.
            kdf: The cost of one guess; calibrated on this machine when not given.

        Raises:
            Refused: The old one does not fit, the new one is weak, or the disk refuses; the old one still opens.
        """
        self._require_open()
        self._key_file = _change(self.folder, self._key_file, old, new, kdf)

    def close(self) -> None:
        """Close the database, wipe the keys that Python lets us wipe and give the lock back; twice does no harm."""
        if self._closed:
            return
        self._database.close()
        self._closed = True
        keyfile.wipe(self._vault_key, self._mark_key)
        self._lock.release()

    def _require_open(self) -> None:
        if self._closed:
            raise failures.closed()


def create(
    folder: Path,
    text: str,
    initialise: Callable[[Connection], None],
    *,
    kdf: KdfParameters | None = None,
    schema_version: int = 1,
) -> Vault:
    """Make a new vault and open it; after a failure or a power cut there is either a whole vault or none.

    Args:
        folder: Where; it must not exist or be empty.
        text: The pass phrase.
        initialise: Called with the write connection inside the first transaction, to make the tables.
        kdf: The cost of one guess; calibrated on this machine when not given.
        schema_version: The version of the tables that `initialise` makes, at least 1.

    Raises:
        Refused: The pass phrase is weak, the folder holds something, or the disk refuses.
    """
    passphrase.check_passphrase(text)
    folder = folder.absolute()
    _require_free(folder)
    vault_key = bytearray(os.urandom(32))
    secret = passphrase.secret(text)
    try:
        key_file = keyfile.new(vault_key, secret, kdf or keyfile.calibrate())
    finally:
        keyfile.wipe(secret)
    with failures.plainly():
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        _build(building, key_file, vault_key, initialise, schema_version)
        with failures.plainly():
            _publish(building, folder)
    except BaseException:
        keyfile.wipe(vault_key)
        shutil.rmtree(building, ignore_errors=True)  # unfinished and only ours; the first failure is the one to tell
        raise
    return _open(folder, lambda: (key_file, vault_key, ()))


def open_vault(
    folder: Path, text: str, migrate: Callable[[Connection], None] | None = None, *, schema_version: int = 1
) -> Vault:
    """Open a vault.

    Args:
        folder: Its folder.
        text: The pass phrase.
        migrate: Called inside a transaction to bring the tables to `schema_version`; not called when they are there.
        schema_version: The newest version of the tables that this program knows.

    Raises:
        Refused: "no_vault", "vault_in_use", "wrong_passphrase", "newer_vault", "read_only" or "disk_full".
        Damaged: "damaged_key_file", "missing_database", "damaged_database" or "disk_error"; nothing was changed.
    """
    folder = folder.absolute()
    _require_vault(folder)

    def unlock() -> tuple[KeyFile, bytearray, tuple[str, ...]]:
        with failures.plainly():
            loaded = keystore.load(folder)
        vault_key = _unlock(loaded.key_file, text)
        return loaded.key_file, vault_key, keystore.mend(folder, loaded)

    vault = _open(folder, unlock)
    try:
        _bring_up_to_date(vault, migrate, schema_version)
    except BaseException:
        vault.close()
        raise
    return vault


def change_passphrase(folder: Path, old: str, new: str, *, kdf: KdfParameters | None = None) -> None:
    """Change the pass phrase of a vault that is not open anywhere.

    Args:
        folder: Its folder.
        old: The present pass phrase.
        new: The one to use from now on.
        kdf: The cost of one guess; calibrated on this machine when not given.

    Raises:
        Refused: The old one does not fit, the new one is weak, or the vault is open; the old one still opens.
        Damaged: The key file is damaged.
    """
    folder = folder.absolute()
    _require_vault(folder)
    lock = InstanceLock(folder)
    with failures.plainly():
        lock.acquire()
        try:
            _change(folder, keystore.load(folder).key_file, old, new, kdf)
        finally:
            lock.release()


def is_vault(folder: Path) -> bool:
    """Return whether a folder holds a vault, whole or damaged."""
    return any((folder / name).exists() for name in (keystore.KEY_NAME, keystore.PREVIOUS_NAME, DATABASE_NAME))


def _require_vault(folder: Path) -> None:
    if not is_vault(folder):
        raise Refused(
            "no_vault",
            _("There is no vault in {folder}. Nothing was changed. Choose another folder or make a new vault.").format(
                folder=folder
            ),
        )


def _require_free(folder: Path) -> None:
    if is_vault(folder):
        raise Refused(
            "vault_exists",
            _("There is a vault in {folder} already; it was not touched. Open it, or choose another folder.").format(
                folder=folder
            ),
        )
    with failures.plainly():
        occupied = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if occupied:
        raise Refused(
            "folder_not_empty",
            _("{folder} holds other files; nothing was changed. Choose a new or an empty folder.").format(
                folder=folder
            ),
        )


def _build(
    folder: Path,
    key_file: KeyFile,
    vault_key: bytearray,
    initialise: Callable[[Connection], None],
    schema_version: int,
) -> None:
    database = Database(folder / DATABASE_NAME, keyfile.derive(vault_key, _DATABASE_LABEL), create=True)
    try:
        with database.write() as connection:
            initialise(connection)
            connection.execute(f"PRAGMA user_version = {schema_version:d}")
    finally:
        database.close()
    mark_key = keyfile.derive(vault_key, _MARK_LABEL)
    with failures.plainly():
        Mark.create(folder / MARK_NAME, mark_key)
        keystore.store(folder, key_file)
        for file in folder.iterdir():
            file.chmod(0o600)  # wherever it is copied to, it is its owner's alone; SQLite gives its WAL the same rights
            files.sync_file(file)
        files.sync_folder(folder)
    keyfile.wipe(mark_key)


def _publish(building: Path, folder: Path) -> None:
    if folder.exists():
        folder.rmdir()  # an empty one is in the way of the rename on Windows; a filled one refuses
    building.rename(folder)
    files.sync_folder(folder.parent)


def _open(folder: Path, unlock: Callable[[], tuple[KeyFile, bytearray, tuple[str, ...]]]) -> Vault:
    lock = InstanceLock(folder)
    with failures.plainly():
        lock.acquire()
    vault_key = bytearray()
    try:
        key_file, vault_key, notices = unlock()
        _require_database(folder / DATABASE_NAME)
        return Vault(folder, lock, key_file, vault_key, notices)
    except BaseException:
        keyfile.wipe(vault_key)
        lock.release()
        raise


def _require_database(path: Path) -> None:
    if not path.exists():
        raise Damaged(
            "missing_database",
            _(
                "The vault's database (vault.db) is missing. Nothing was changed and no empty one was made. "
                "Put the file back, restore the vault from a backup, or join the community again."
            ),
        )
    if path.stat().st_size < _PAGE_BYTES:  # SQLite would take it for a new database and begin to fill it
        raise failures.broken_database()


def _bring_up_to_date(vault: Vault, migrate: Callable[[Connection], None] | None, schema_version: int) -> None:
    with vault.read() as connection:
        (present,) = connection.execute("PRAGMA user_version").fetchone()
    if present == 0:  # `create` never leaves it so: this is no database of a vault
        raise failures.broken_database()
    if present > schema_version:
        raise keyfile.newer()
    if migrate is None or present == schema_version:
        return
    with vault.write() as connection:
        migrate(connection)
        connection.execute(f"PRAGMA user_version = {schema_version:d}")


def _unlock(key_file: KeyFile, text: str) -> bytearray:
    secret = passphrase.secret(text)
    try:
        return key_file.unlock(secret)
    finally:
        keyfile.wipe(secret)


def _change(folder: Path, key_file: KeyFile, old: str, new: str, kdf: KdfParameters | None) -> KeyFile:
    passphrase.check_passphrase(new)
    vault_key = _unlock(key_file, old)
    secret = passphrase.secret(new)
    try:
        changed = key_file.with_passphrase(vault_key, secret, kdf or keyfile.calibrate())
    finally:
        keyfile.wipe(vault_key, secret)
    with failures.plainly():
        keystore.replace(folder, key_file, changed)
    return changed
