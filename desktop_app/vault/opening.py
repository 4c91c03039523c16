"""How a vault's folder comes about and how it is opened."""

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from desktop_app.salvage.pages import is_own
from desktop_app.vault import failures, keyfile, keystore, passphrase, ways
from desktop_app.vault.fitting import fitting, is_foreign
from desktop_app.vault.instance import InstanceLock
from desktop_app.vault.kdf import TARGET_SECONDS, KdfParameters
from desktop_app.vault.keyfile import KeyFile
from desktop_app.vault.mark import Mark
from desktop_app.vault.shares import Secret
from desktop_app.vault.stick import Stick
from desktop_app.vault.storage import Database
from desktop_app.vault.vault import DATABASE_LABEL, DATABASE_NAME, MARK_LABEL, MARK_NAME, Vault, change
from desktop_app.vault.ways import NewPhrase
from sync import files
from sync.errors import Damaged, Failure, Refused
from sync.messages import _
from sync.sqlcipher import Connection

_PAGE_BYTES = 4096
_Unlocked = tuple[KeyFile, bytearray, tuple[str, ...], float]
"""Key file, vault key, sentences to show, and the seconds that the key took."""


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
    require_free(folder)
    vault_key = bytearray(os.urandom(32))
    key_file = ways.replaced(keyfile.blank(), vault_key, NewPhrase(text, cost=kdf))
    with failures.plainly():
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        _build(building, key_file, vault_key, initialise, schema_version)
        with failures.plainly():
            publish(building, folder)
    except BaseException:
        keyfile.wipe(vault_key)
        shutil.rmtree(building, ignore_errors=True)  # unfinished and only ours; the first failure is the one to tell
        raise
    return _open(folder, lambda: (key_file, vault_key, (), TARGET_SECONDS))


def open_vault(
    folder: Path,
    text: str,
    migrate: Callable[[Connection], None] | None = None,
    *,
    schema_version: int = 1,
    stick: Stick | None = None,
) -> Vault:
    """Open a vault.

    Args:
        folder: Its folder.
        text: The pass phrase.
        migrate: Called inside a transaction to bring the tables to `schema_version`; not called when they are there.
        schema_version: The newest version of the tables that this program knows.
        stick: The second secret, where the vault needs one; else it is looked for on what is plugged in.

    Raises:
        Refused: "no_vault", "vault_in_use", "wrong_passphrase", "too_many_tries", "stick_missing", "other_stick",
            "newer_vault", "read_only" or "disk_full".
        Damaged: "damaged_key_file", "foreign_key_file", "missing_database", "damaged_database" or "disk_error"; nothing
            was changed.
    """
    way = partial(ways.unlock, text=text, given=stick)
    return _opened(folder.absolute(), way, migrate, schema_version)


def open_with_recovery(
    folder: Path, secret: Secret, migrate: Callable[[Connection], None] | None = None, *, schema_version: int = 1
) -> Vault:
    """Open a vault with what its recovery sheets stand for; `Vault.replace_ways` then gives it new ways in.

    Args:
        folder: Its folder.
        secret: From `shares.combine`.
        migrate: As for `open_vault`.
        schema_version: As for `open_vault`.

    Raises:
        Refused: "no_recovery", "wrong_recovery", "too_many_tries", or as `open_vault`.
        Damaged: As `open_vault`.
    """
    return _opened(folder.absolute(), partial(ways.unlock_with_recovery, secret=secret), migrate, schema_version)


def change_passphrase(
    folder: Path,
    old: str,
    new: str,
    *,
    kdf: KdfParameters | None = None,
    stick: Stick | None = None,
    new_stick: Stick | None = None,
    drop_stick: bool = False,
) -> None:
    """Change the pass phrase of a vault that is not open anywhere.

    Args:
        folder: Its folder.
        old: The present pass phrase.
        new: The one to use from now on.
        kdf: The cost of one guess; calibrated on this machine when not given.
        stick: The present second secret, where there is one.
        new_stick: The second secret from now on, in the place of the present one.
        drop_stick: Let the pass phrase alone open the vault from now on.

    Raises:
        Refused: The old one does not fit, the new one is weak, or the vault is open; the old one still opens.
        Damaged: The key file is damaged, or it and its copy are of two vaults ("foreign_key_file").
    """
    folder = folder.absolute()
    require_vault(folder)
    lock = InstanceLock(folder)
    with failures.plainly():
        lock.acquire()
        try:
            following = NewPhrase(new, new_stick, kdf)
            loaded = keystore.load(folder)
            if keystore.other(folder, loaded) is not None:
                # Written over by the next generation, the copy that belongs here would be gone.
                raise keystore.foreign()
            change(folder, loaded.key_file, (old, stick), following, drop_stick=drop_stick)
        finally:
            lock.release()


def wants_stick(folder: Path) -> bool:
    """Return whether a key file on a stick is needed beside the pass phrase; False where that can't be known."""
    try:
        return keystore.load(folder).key_file.stick_mark is not None
    except (Failure, OSError):
        return False


def is_vault(folder: Path) -> bool:
    """Return whether a folder holds a vault, whole or damaged."""
    return any((folder / name).exists() for name in (keystore.KEY_NAME, keystore.PREVIOUS_NAME, DATABASE_NAME))


def require_vault(folder: Path) -> None:
    """Refuse a folder without a vault.

    Raises:
        Refused: There is none ("no_vault").
    """
    if not is_vault(folder):
        raise Refused(
            "no_vault",
            _("There is no vault in {folder}. Nothing was changed. Choose another folder or make a new vault.").format(
                folder=folder
            ),
        )


def require_free(folder: Path) -> None:
    """Refuse a folder that a new vault can't become.

    Raises:
        Refused: It holds a vault ("vault_exists") or anything else ("folder_not_empty").
    """
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
    database = Database(folder / DATABASE_NAME, keyfile.derive(vault_key, DATABASE_LABEL), create=True)
    try:
        with database.write() as connection:
            initialise(connection)
            connection.execute(f"PRAGMA user_version = {schema_version:d}")
    finally:
        database.close()
    mark_key = keyfile.derive(vault_key, MARK_LABEL)
    with failures.plainly():
        Mark.create(folder / MARK_NAME, mark_key)
        keystore.store(folder, key_file)
        for file in folder.iterdir():
            file.chmod(0o600)  # wherever it is copied to, it is its owner's alone; SQLite gives its WAL the same rights
            files.sync_file(file)
        files.sync_folder(folder)
    keyfile.wipe(mark_key)


def publish(building: Path, folder: Path) -> None:
    """Let a finished folder take the name that is meant for it, at once and durably.

    Raises:
        OSError: The disk refused, or the name was taken meanwhile.
    """
    if folder.exists():
        folder.rmdir()  # an empty one is in the way of the rename on Windows; a filled one refuses
    building.rename(folder)
    files.sync_folder(folder.parent)


def _opened(
    folder: Path,
    way: Callable[[Path, KeyFile], bytearray],
    migrate: Callable[[Connection], None] | None,
    schema_version: int,
) -> Vault:
    require_vault(folder)

    def unlock() -> _Unlocked:
        found = fitting(folder, partial(way, folder))
        try:
            require_database(folder / DATABASE_NAME, found.vault_key)
            notices = keystore.mend(folder, found.loaded)
        except BaseException:
            keyfile.wipe(found.vault_key)
            raise
        return found.loaded.key_file, found.vault_key, notices, found.seconds

    vault = _open(folder, unlock)
    try:
        bring_up_to_date(vault, migrate, schema_version)
    except BaseException:
        vault.close()
        raise
    return vault


def _open(folder: Path, unlock: Callable[[], _Unlocked]) -> Vault:
    lock = InstanceLock(folder)
    with failures.plainly():
        lock.acquire()
    vault_key = bytearray()
    try:
        key_file, vault_key, notices, seconds = unlock()
        return Vault(folder, lock, key_file, vault_key, notices, seconds)
    except BaseException:
        keyfile.wipe(vault_key)
        lock.release()
        raise


def require_database(path: Path, vault_key: bytearray) -> None:
    """Refuse to open what SQLite would take for a new database.

    Raises:
        Damaged: The file is missing ("missing_database"), or not this vault's ("damaged_database"), or the key is not
            ("foreign_key_file"); or something else lies where its write-ahead log belongs ("file_in_the_way").
    """
    if not path.exists():
        raise Damaged(
            "missing_database",
            _(
                "The vault's database (vault.db) is missing. Nothing was changed and no empty one was made. "
                "Put the file back, or choose “Check and repair” (“sprava repair”): it makes a new database and takes "
                "back what the server or a stick holds. A backup helps as well."
            ),
        )
    if (
        not path.is_file() or path.stat().st_size < _PAGE_BYTES
    ):  # SQLite would take it for a new database and begin to fill it
        raise failures.broken_database()
    if (name := in_the_way(path)) is not None:
        raise failures.in_the_way(name)
    key = keyfile.derive(vault_key, DATABASE_LABEL)
    try:
        with failures.plainly():
            if not is_own(path, bytes(key)):
                raise keystore.foreign() if is_foreign(path.parent, vault_key) else failures.broken_database()
    finally:
        keyfile.wipe(key)


def in_the_way(path: Path) -> str | None:
    """Return the name of something beside a database that is no file: SQLite follows no link and waits at a pipe.

    Args:
        path: The database file.
    """
    beside = (path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))
    return next((each.name for each in beside if each.is_symlink() or (each.exists() and not each.is_file())), None)


def bring_up_to_date(vault: Vault, migrate: Callable[[Connection], None] | None, schema_version: int) -> None:
    """Bring the tables of an opened vault to the version of this program, in one transaction.

    Args:
        vault: The vault.
        migrate: Called inside the transaction; not called when they are there.
        schema_version: The newest version that this program knows.

    Raises:
        Refused: A newer program wrote them ("newer_vault").
        Damaged: It is no database of a vault.
    """
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
