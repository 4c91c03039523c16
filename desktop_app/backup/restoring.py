"""From a backup file to a vault: in a folder beside the one that is meant, checked, and only then under its name."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app import schema
from desktop_app.attachments.store import FOLDER_NAME
from desktop_app.backup import failures
from desktop_app.backup.form import BadForm, File, Generation, Index
from desktop_app.backup.reading import BackupFile, Unlock, label
from desktop_app.backup.watch import Watch
from desktop_app.lives import RESTORED_NOTE
from desktop_app.moments import date_and_time
from desktop_app.private import private_folder
from desktop_app.vault import failures as disk
from desktop_app.vault import keyfile, keystore
from desktop_app.vault.instance import LOCK_NAME, InstanceLock
from desktop_app.vault.opening import publish, require_free
from desktop_app.vault.vault import DATABASE_LABEL, DATABASE_NAME
from sync import digest, files, sqlcipher
from sync.errors import Damaged, Refused
from sync.messages import _
from sync.sqlcipher import Connection

if TYPE_CHECKING:
    from desktop_app.audit import Audit

_MARGIN = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Restored:
    """A vault that was restored.

    Args:
        folder: Where it is.
        generation: Which state of the vault it is.
        made: When that was saved.
        cases: How many cases it holds.
        files: How many files.
        digest: The digest over everything visible, equal to the one that was saved.
        missing: Files that were damaged in the backup and left out, only when that was asked for.
    """

    folder: Path
    generation: int
    made: datetime
    cases: int
    files: int
    digest: str
    missing: tuple[str, ...]

    def record(self, audit: "Audit", file: Path) -> None:
        """Write into the audit of the vault, opened for the first time, that it comes from a backup.

        Args:
            audit: Its audit.
            file: The backup file.
        """
        audit.record("backup_restored", file=str(file), made=date_and_time(self.made))


def restore(
    path: Path,
    folder: Path,
    unlock: Unlock,
    *,
    generation: int | None = None,
    watch: Watch | None = None,
    salvage: bool = False,
) -> Restored:
    """Make a vault of a backup; nothing that exists is overwritten, and after a failure there is no vault.

    Args:
        path: The backup file.
        folder: Where to; it must not exist or be empty.
        unlock: Gives the vault key, such as `Way.vault_key`.
        generation: Which state of the vault; the newest when not given.
        watch: Told about progress; can stop the work.
        salvage: Leave out files (never the database) whose blocks are damaged, instead of giving up.

    Raises:
        Refused: The pass phrase does not fit, the folder holds something, or there is no room.
        Damaged: The backup is damaged.
        Unreachable: The medium with the backup is gone.
    """
    folder = folder.absolute()
    watch = watch or Watch()
    require_free(folder)
    with BackupFile(path) as backup:
        vault_key = backup.unlock(unlock)
        try:
            wanted = backup.generation(generation)
            _require_known(backup, wanted)
            with _folder_beside(folder, wanted) as (building, lock):
                missing = extract(backup, wanted, building, watch, salvage=salvage)
                keystore.store(building, keyfile.parse(backup.key_file))
                _check(building, backup, wanted, vault_key)
                _note_restored(building, wanted, vault_key)
                with disk.plainly():
                    files.sync_folder(building)
                    if os.name == "nt":
                        lock.release()  # no folder with an open file in it gets another name there
                    publish(building, folder)
        finally:
            keyfile.wipe(vault_key)
    made = datetime.fromtimestamp(wanted.made_ms / 1000, UTC)
    return Restored(folder, wanted.number, made, wanted.cases, wanted.files, wanted.digest, missing)


def extract(
    backup: BackupFile,
    generation: Generation,
    folder: Path,
    watch: Watch,
    *,
    salvage: bool = False,
    only: str | None = None,
) -> tuple[str, ...]:
    """Write the files of a generation, each durably and for its owner alone; all of them are encrypted as in a vault.

    Args:
        backup: The unlocked backup.
        generation: Which one.
        folder: An empty folder of the caller's.
        watch: Told about progress; can stop the work.
        salvage: Leave out damaged files but the database.
        only: The one file that is wanted; all when not given.

    Returns:
        The names of files that were left out.

    Raises:
        Refused: A newer program saved it, the disk is full, or the work was stopped.
        Damaged: The backup is damaged.
    """
    index = _require_known(backup, generation)
    missing = []
    watch.begin("writing", generation.total)
    for file in index.files:
        if only not in {None, file.name}:
            continue
        try:
            _extract_file(backup, file, folder, watch)
        except BadForm as error:
            if not salvage or file.name == DATABASE_NAME:
                part = _("blocks of {name} in generation {number}")
                raise failures.damaged(backup.path, part.format(name=file.name, number=generation.number)) from error
            (folder / file.name).unlink()
            missing.append(file.name)
    return tuple(missing)


def _require_known(backup: BackupFile, generation: Generation) -> Index:
    """Return the index of a generation that this program can restore."""
    if generation.schema > schema.VERSION:
        raise failures.newer(backup.path)
    return backup.index(generation)


def _extract_file(backup: BackupFile, file: File, folder: Path, watch: Watch) -> None:
    path = folder / file.name
    with disk.plainly():
        _make_folders(path.parent, folder)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as target:
            for block in file.places():
                plain = backup.block(block)
                target.write(plain)
                watch.step(len(plain))
            target.flush()
            os.fsync(target.fileno())
        files.sync_folder(path.parent)


def _make_folders(wanted: Path, folder: Path) -> None:
    """Make the folders below a folder that a file needs."""
    if wanted != folder and not wanted.is_dir():
        _make_folders(wanted.parent, folder)
        wanted.mkdir(mode=0o700)
        files.sync_folder(wanted.parent)


@contextmanager
def _folder_beside(folder: Path, generation: Generation) -> Iterator[tuple[Path, InstanceLock]]:
    """Give an empty private folder on the same disk, and the lock on it; it is gone after a failure."""
    with disk.plainly():
        folder.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{folder.name}.restoring-"
        _sweep(folder.parent, prefix)
        free = shutil.disk_usage(folder.parent).free
        if free < generation.total + _MARGIN:
            raise failures.no_space(folder, generation.total + _MARGIN, free)
        building = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
        lock = InstanceLock(building)
        lock.acquire()
    try:
        yield building, lock
    except BaseException:
        lock.release()
        shutil.rmtree(building, ignore_errors=True)  # unfinished and only ours; the first failure is the one to tell
        raise
    lock.release()


def _sweep(parent: Path, prefix: str) -> None:
    """Remove what killed restores of this very vault left: what is certainly theirs, and nobody works in it."""
    for left in parent.iterdir():
        if not left.name.startswith(prefix) or left.is_symlink() or not (left / LOCK_NAME).is_file():
            continue
        if not all(part.name == FOLDER_NAME or part.name.startswith("vault.") for part in left.iterdir()):
            continue
        lock = InstanceLock(left)
        try:
            lock.acquire()
        except (Refused, OSError):
            continue  # another restore is under way there
        lock.release()
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def database(folder: Path, vault_key: bytearray) -> Iterator[Connection]:
    """Give a read-only connection to a database that was extracted.

    Args:
        folder: Where it lies.
        vault_key: The vault key.

    Raises:
        Damaged: It is not what was saved.
    """
    key = keyfile.derive(vault_key, DATABASE_LABEL)
    try:
        with disk.plainly():
            connection = sqlcipher.connect(folder / DATABASE_NAME, key, read_only=True, create=False)
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.close()
    finally:
        keyfile.wipe(key)


def _note_restored(folder: Path, generation: Generation, vault_key: bytearray) -> None:
    """Let the vault know why it has no mark, so that its first opening says what happened."""
    key = keyfile.derive(vault_key, DATABASE_LABEL)
    try:
        with disk.plainly(), closing(sqlcipher.connect(folder / DATABASE_NAME, key, create=False)) as connection:
            connection.execute(
                "INSERT INTO local (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (RESTORED_NOTE, str(generation.made_ms).encode()),
            )
    finally:
        keyfile.wipe(key)


def _check(folder: Path, backup: BackupFile, generation: Generation, vault_key: bytearray) -> None:
    """Compare the restored database with what was counted when it was saved."""
    try:
        with database(folder, vault_key) as connection:
            faults = connection.execute("PRAGMA cipher_integrity_check").fetchall()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            same = not faults and version == generation.schema
            if same and version == schema.VERSION:
                units = list(backup.index(generation).units)
                (cases,) = connection.execute("SELECT count(*) FROM case_row").fetchone()
                same = (digest.of_units(connection, units), cases) == (generation.digest, generation.cases)
    except (Damaged, Refused) as error:
        if error.code != "damaged_database":
            raise  # it is the disk restored to that fails
        raise failures.damaged(backup.path, _("its database")) from error
    if not same:
        raise failures.damaged(backup.path, _("its database is not the one that was saved"))


@contextmanager
def saved_database(
    path: Path, unlock: Unlock, *, generation: int | None = None, within: Path | None = None
) -> Iterator[Connection]:
    """Give a read-only connection to the database of a backup, such as for a repair that takes frames from it.

    It is extracted into a private folder, encrypted as in a vault, which is gone at the end.

    Args:
        path: The backup file.
        unlock: Gives the vault key, such as `Way.vault_key`; it is called with the bytes of the backup's key file.
        generation: Which state; the newest when not given.
        within: Where the private folder is made; by default beside the vaults of this person.

    Raises:
        Refused: The key does not fit, or there is no room.
        Damaged: The backup is damaged.
        Unreachable: The medium with the backup is gone.
    """
    with BackupFile(path) as backup, private_folder(within) as folder:
        vault_key = backup.unlock(unlock)
        try:
            wanted = backup.generation(generation)
            extract(backup, wanted, folder, Watch(), only=DATABASE_NAME)
            with database(folder, vault_key) as connection:
                yield connection
        finally:
            keyfile.wipe(vault_key)


@contextmanager
def saved_database_file(path: Path, subkey: Callable[[str], bytes], *, within: Path | None = None) -> Iterator[Path]:
    """Give the database of a backup's newest state as an encrypted file in a private folder, for who has its keys.

    Args:
        path: The backup file.
        subkey: Gives the vault's key for one purpose, such as `Vault.subkey` or `Custody.subkey`.
        within: As for `saved_database`.

    Raises:
        Refused: There is no room.
        Damaged: The backup is damaged, or another vault's.
        Unreachable: The medium with the backup is gone.
    """
    with BackupFile(path) as backup, private_folder(within) as folder:
        backup.unlock_with(subkey(label(backup.header.backup)))
        extract(backup, backup.newest, folder, Watch(), only=DATABASE_NAME)
        yield folder / DATABASE_NAME


def saved_key_file(path: Path) -> bytes:
    """Return the key file of a backup, to put a lost one back; it opens with the pass phrase of then.

    Raises:
        Refused: It is not a backup.
        Damaged: It is damaged.
        Unreachable: The medium with the backup is gone.
    """
    with BackupFile(path) as backup:
        return backup.key_file
