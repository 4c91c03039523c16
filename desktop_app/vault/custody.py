"""A vault that is held and unlocked while its database stays closed: to look at it, or to mend it."""

import errno
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

from desktop_app.vault import failures, keyfile, keystore, opening, ways
from desktop_app.vault.fitting import fitting, is_foreign
from desktop_app.vault.instance import InstanceLock
from desktop_app.vault.keyfile import KeyFile
from desktop_app.vault.mark import Mark
from desktop_app.vault.seat import SEAT_LABEL, SEAT_NAME, SeatFile
from desktop_app.vault.stick import Stick
from desktop_app.vault.vault import DATABASE_LABEL, DATABASE_NAME, MARK_LABEL, MARK_NAME, PUBLIC_LABEL, Vault
from sync.errors import Failure
from sync.sqlcipher import Connection

_WAL = "-wal"


class Custody:
    """A vault held by nobody else, whose key is known; a context manager that lets go of both.

    Args:
        folder: The vault's folder.
        text: The pass phrase.
        stick: The second secret, where the vault needs one.
        only_look: Nothing will be written: a medium that can't be written is no hindrance.

    Raises:
        Refused: There is no vault, the pass phrase does not fit, or the vault is open elsewhere.
        Damaged: Both key files are damaged ("damaged_key_file"), or the only whole one is another vault's
            ("foreign_key_file").
    """

    def __init__(self, folder: Path, text: str, *, stick: Stick | None = None, only_look: bool = False) -> None:
        self.folder = folder.absolute()
        opening.require_vault(self.folder)
        self._lock: InstanceLock | None = InstanceLock(self.folder)
        try:
            with failures.plainly():
                self._lock.acquire()
        except Failure as problem:
            if not only_look or problem.code == "vault_in_use":
                raise
            self._lock = None
        try:
            found = fitting(self.folder, partial(ways.unlock, self.folder, text=text, given=stick))
            self._loaded, self._vault_key, self._seconds = found.loaded, found.vault_key, found.seconds
            if not only_look and is_foreign(self.folder, self._vault_key):
                keyfile.wipe(self._vault_key)
                raise keystore.foreign()
        except BaseException:
            self._release()
            raise

    @property
    def key_file(self) -> KeyFile:
        """The key file that opened the vault."""
        return self._loaded.key_file

    @property
    def database_path(self) -> Path:
        """The file of the database."""
        return self.folder / DATABASE_NAME

    @property
    def database_key(self) -> bytearray:
        """A new copy of the raw key of the database."""
        return keyfile.derive(self._vault_key, DATABASE_LABEL)

    @property
    def seat(self) -> SeatFile:
        """The file of the seat."""
        return SeatFile(self.folder / SEAT_NAME, keyfile.derive(self._vault_key, SEAT_LABEL))

    def mark(self) -> Mark:
        """Return the high-water mark as its file is now.

        Raises:
            Failure: The disk refused, or a newer program wrote it.
        """
        with failures.plainly():
            return Mark(self.folder / MARK_NAME, keyfile.derive(self._vault_key, MARK_LABEL))

    def subkey(self, label: str) -> bytes:
        """Return the key for one purpose; see `Vault.subkey`."""
        return bytes(keyfile.derive(self._vault_key, PUBLIC_LABEL + label))

    def copy_database(self, folder: Path) -> Path:
        """Copy the database, encrypted as it is, with its write-ahead log, so that looking changes nothing.

        Args:
            folder: Where to.

        Returns:
            The copy.

        Raises:
            Failure: The disk refused, or the database is no file.
        """
        with failures.plainly():
            copy = folder / DATABASE_NAME
            if not self.database_path.is_file():  # a device would be copied until the disk is full
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.database_path))
            shutil.copyfile(self.database_path, copy)
            wal = self.database_path.with_name(DATABASE_NAME + _WAL)
            if wal.is_file():
                shutil.copyfile(wal, copy.with_name(copy.name + _WAL))
            return copy

    def open(self, migrate: Callable[[Connection], None], schema_version: int) -> Vault:
        """Open the vault now; whoever gets it holds the lock and the key from then on.

        Args:
            migrate: As for `open_vault`.
            schema_version: As for `open_vault`.

        Raises:
            Failure: As for `open_vault`; the vault stays in custody.
        """
        opening.require_database(self.database_path, self._vault_key)
        if self._lock is None:
            raise failures.read_only()
        notices = keystore.mend(self.folder, self._loaded)
        key = bytearray(self._vault_key)
        vault = Vault(self.folder, self._lock, self.key_file, key, notices, self._seconds)
        try:
            opening.bring_up_to_date(vault, migrate, schema_version)
        except BaseException:
            vault.close()
            raise
        self._lock = None
        return vault

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        keyfile.wipe(self._vault_key)
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
