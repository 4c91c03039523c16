"""A vault: one person's seat on one computer, in one folder (docs/formats/vault.md)."""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from desktop_app.vault import failures, keyfile, keystore, passphrase, wal, ways
from desktop_app.vault.instance import InstanceLock
from desktop_app.vault.kdf import TARGET_SECONDS, KdfParameters
from desktop_app.vault.keyfile import KeyFile
from desktop_app.vault.mark import Mark
from desktop_app.vault.seat import SEAT_LABEL, SEAT_NAME, SeatFile
from desktop_app.vault.shares import Secret
from desktop_app.vault.snapshot import Snapshot
from desktop_app.vault.stick import Stick
from desktop_app.vault.storage import Database
from desktop_app.vault.ways import NewPhrase
from sync import crypto
from sync.errors import Failure
from sync.sqlcipher import Connection

DATABASE_NAME = "vault.db"
MARK_NAME = "vault.mark"
DATABASE_LABEL = "sprava/v1/database"
MARK_LABEL = "sprava/v1/mark"
PUBLIC_LABEL = "sprava/v1/vault/"
_SEALED_LABEL = "sprava/v1/sealed/"


class Vault:
    """An open vault; `create` and `open_vault` make one.

    Args:
        folder: The vault's folder.
        lock: The lock on it, already taken.
        key_file: The key file that the vault was opened with.
        vault_key: The 32-byte vault key; it is wiped by `close`.
        notices: Sentences about what was found and mended on opening.
        unlock_seconds: How long the key took; much less than the target lets `raise_cost` act.
    """

    def __init__(
        self,
        folder: Path,
        lock: InstanceLock,
        key_file: KeyFile,
        vault_key: bytearray,
        notices: tuple[str, ...],
        unlock_seconds: float = TARGET_SECONDS,
    ) -> None:
        self.folder = folder
        self.notices = notices
        self._lock = lock
        self._key_file = key_file
        self._vault_key = vault_key
        self._closed = False
        self._unlock_seconds = unlock_seconds
        self._mark_key = keyfile.derive(vault_key, MARK_LABEL)
        with failures.plainly():
            self.mark = Mark(folder / MARK_NAME, self._mark_key)
        self._seat_key = keyfile.derive(vault_key, SEAT_LABEL)
        self.seat = SeatFile(folder / SEAT_NAME, self._seat_key)
        wal.keep(self.database_path)
        self._database = Database(folder / DATABASE_NAME, keyfile.derive(vault_key, DATABASE_LABEL))

    @property
    def id(self) -> bytes:
        """The 16-byte id of the vault, random, in the clear in its key file."""
        return self._key_file.vault_id

    @property
    def database_path(self) -> Path:
        """The file of the database."""
        return self.folder / DATABASE_NAME

    def subkey(self, label: str) -> bytes:
        """Return a 32-byte key for one purpose, always the same for this vault.

        Args:
            label: What it is for, such as ``drafts``; it never meets the labels of the vault itself.

        Raises:
            Refused: The vault is closed.
        """
        self._require_open()
        return bytes(keyfile.derive(self._vault_key, PUBLIC_LABEL + label))

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

    def write(self, *, durable: bool = True) -> AbstractContextManager[Connection]:
        """Give the write connection inside one transaction; see `Database.write`."""
        return self._database.write(durable=durable)

    def read(self) -> AbstractContextManager[Connection]:
        """Give this thread a read-only connection on one state of the database; see `Database.read`."""
        return self._database.read()

    def checkpoint(self) -> None:
        """Bring what the write-ahead log holds into the database file; see `Database.checkpoint`."""
        self._database.checkpoint()

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Give one state of the database as the bytes of its file; see `Database.snapshot`."""
        return self._database.snapshot()

    @property
    def unlock_seconds(self) -> float:
        """How long the key took when the vault was opened."""
        return self._unlock_seconds

    def drop_readers(self) -> None:
        """Begin with new read connections; see `Database.drop_readers`."""
        self._database.drop_readers()

    @property
    def key_file(self) -> KeyFile:
        """The key file in force; nothing secret is in it."""
        return self._key_file

    def verify_passphrase(self, text: str, stick: Stick | None = None) -> None:
        """Check the pass phrase of the open vault, before something that only its owner may do.

        Raises:
            Refused: It does not fit ("wrong_passphrase"), it is too early to try again, or the stick is missing.
        """
        keyfile.wipe(ways.unlock(self.folder, self._key_file, text, stick))

    def change_passphrase(
        self,
        old: str,
        new: str,
        *,
        kdf: KdfParameters | None = None,
        stick: Stick | None = None,
        new_stick: Stick | None = None,
        drop_stick: bool = False,
    ) -> None:
        """Put another pass phrase in the place of the present one; nothing is encrypted anew.

        Args:
            old: The present pass phrase.
            new: The one to use from now on.
            kdf: The cost of one guess; calibrated on this machine when not given.
            stick: The present second secret, where there is one.
            new_stick: The second secret from now on, in the place of the present one.
            drop_stick: Let the pass phrase alone open the vault from now on.

        Raises:
            Refused: The old one does not fit, the new one is weak, or the disk refuses; the old one still opens.
        """
        self._require_open()
        following = NewPhrase(new, new_stick, kdf)
        self._key_file = change(self.folder, self._key_file, (old, stick), following, drop_stick=drop_stick)

    def replace_ways(self, phrase: NewPhrase | None = None, recovery: Secret | None = None) -> None:
        """Put another pass phrase or recovery secret, or both at once, in the place of the present ones.

        After a power cut either all present ones open the vault or all new ones do. Whoever asks has made sure that
        the person holds the new ones.

        Args:
            phrase: The new pass phrase.
            recovery: The new recovery secret.

        Raises:
            Refused: The pass phrase is weak, or the disk refuses; the present ones still open.
        """
        self._require_open()
        changed = ways.replaced(self._key_file, self._vault_key, phrase, recovery)
        with failures.plainly():
            keystore.replace(self.folder, self._key_file, changed)
            loaded = keystore.load(self.folder)
        if loaded.from_previous:
            raise keyfile.damaged()
        # What is replaced here must not open the vault any more, not even when the newest file is damaged one day.
        keystore.mend(self.folder, loaded)
        self._key_file = changed

    def raise_cost(self, text: str, stick: Stick | None = None) -> bool:
        """Let a guess cost what this machine bears, if opening this vault was much cheaper than that.

        Args:
            text: The pass phrase that opened the vault.
            stick: The second secret, as it was given then.

        Returns:
            Whether the cost was raised. A disk that refuses, or too little memory, is no failure: it is tried again
            at the next unlock.
        """
        if self._unlock_seconds >= ways.CHEAP_SECONDS:
            return False
        try:
            changed = ways.raised(self._key_file, text, stick)
            if changed is None:
                return False
            with failures.plainly():
                keystore.replace(self.folder, self._key_file, changed)
        except Failure:
            return False
        self._key_file = changed
        return True

    def close(self) -> None:
        """Close the database, wipe the keys that Python lets us wipe and give the lock back; twice does no harm."""
        if self._closed:
            return
        self._database.close()
        wal.forget(self.database_path)
        self._closed = True
        keyfile.wipe(self._vault_key, self._mark_key, self._seat_key)
        self._lock.release()

    def _require_open(self) -> None:
        if self._closed:
            raise failures.closed()


def change(
    folder: Path, key_file: KeyFile, old: tuple[str, Stick | None], new: NewPhrase, *, drop_stick: bool = False
) -> KeyFile:
    """Write the next generation of a key file, with another pass phrase; a second secret stays the same.

    Args:
        folder: The vault's folder, whose lock is held.
        key_file: The present generation.
        old: The present pass phrase and second secret.
        new: What is to be used from now on.
        drop_stick: Let the pass phrase alone open the vault from now on.

    Raises:
        Refused: The old one does not fit, the new one is weak, or the disk refuses; the old one still opens.
    """
    passphrase.check_passphrase(new.text)
    text, given = old
    present = ways.stick_for(key_file, given)
    vault_key = ways.unlock(folder, key_file, text, present)
    if new.stick is None and not drop_stick:
        new = replace(new, stick=present)
    try:
        changed = ways.replaced(key_file, vault_key, new)
    finally:
        keyfile.wipe(vault_key)
    with failures.plainly():
        keystore.replace(folder, key_file, changed)
    return changed
