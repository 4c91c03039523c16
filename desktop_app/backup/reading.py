"""A backup file, opened to be read: with the pass phrase or whatever else gives the vault key."""

import os
from collections.abc import Callable, Iterable
from io import FileIO
from pathlib import Path
from typing import Self

from desktop_app.backup import failures
from desktop_app.backup.form import (
    HEADER_BYTES,
    ROOT_BYTES,
    ROOT_PLACES,
    BadForm,
    Block,
    Generation,
    Header,
    Index,
    Newer,
    NotABackup,
    Root,
    Sealer,
    Slot,
    read_slot,
)
from desktop_app.vault import keyfile
from sync.errors import Damaged, Refused
from sync.files import require_ordinary
from sync.messages import _

Unlock = Callable[[bytes], bytearray]
"""Gives the vault key of a key file, such as `Way.vault_key`, or refuses."""


def label(backup_id: bytes) -> str:
    """Return what the key of a backup file is derived for; see `Vault.subkey`."""
    return f"backup/{backup_id.hex()}"


class SealedParts:
    """The sealed parts of a backup file, read where they lie.

    Args:
        path: The file.
        sealer: Opens them; a subclass may set it later.

    Raises:
        Unreachable: The medium does not give the file out.
        Misuse: It is no file.
    """

    def __init__(self, path: Path, sealer: Sealer | None = None) -> None:
        self.path = path
        self._sealer = sealer
        try:
            require_ordinary(path)
            self._file = FileIO(path)
        except OSError as error:
            raise failures.unreadable(path, error) from error

    @property
    def sealer(self) -> Sealer:
        """Opens the parts of the file; only after it was unlocked."""
        if self._sealer is None:
            raise RuntimeError("a backup that nobody unlocked")
        return self._sealer

    def index(self, generation: Generation) -> Index:
        """Return what a generation is made of.

        Raises:
            Damaged: Its index is damaged.
            Unreachable: The medium does not give it out.
        """
        try:
            return self.sealer.open_index(self.read(generation.offset, generation.length), generation)
        except BadForm as error:
            part = _("the list of files of generation {number}").format(number=generation.number)
            raise failures.damaged(self.path, part) from error

    def block(self, block: Block) -> bytes:
        """Return what is in a block.

        Raises:
            BadForm: It is damaged.
            Unreachable: The medium does not give it out.
        """
        return self.sealer.open_block(self.read(block.offset, block.length), block.hash)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file as they lie there; fewer at its end.

        Raises:
            Unreachable: The medium does not give them out.
        """
        parts = bytearray()
        try:
            self._file.seek(offset)
            while len(parts) < length:
                part = self._file.read(length - len(parts))
                if not part:
                    break
                parts += part
        except OSError as error:
            raise failures.unreadable(self.path, error) from error
        return bytes(parts)

    def forget_cache(self) -> None:
        """Let the next reading come from the medium, not from memory, where the system can do that."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class BackupFile(SealedParts):
    """An opened backup file.

    Args:
        path: The file.

    Raises:
        Refused: It is not a backup, or a newer program's.
        Damaged: Its header, or both of its roots, are damaged.
        Unreachable: The medium does not give it out.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self.size = self._file.seek(0, os.SEEK_END)
            self.header = self._header()
            self.slots = self._slots()
        except OSError as error:
            self._file.close()
            raise failures.unreadable(path, error) from error
        except BaseException:
            self._file.close()
            raise
        self._root: Root | None = None

    @property
    def key_file(self) -> bytes:
        """The vault's key file, as it was at the last backup."""
        return self._best.key_file

    @property
    def root(self) -> Root:
        """What the file holds; only after it was unlocked."""
        if self._root is None:
            raise RuntimeError("a backup that nobody unlocked")
        return self._root

    @property
    def newest(self) -> Generation:
        """The last generation."""
        return self.root.generations[-1]

    @property
    def one_root_lost(self) -> bool:
        """Whether one of the two roots is damaged; the other one serves."""
        return None in self.slots

    def generation(self, number: int | None) -> Generation:
        """Return one generation, the newest when none is named.

        Raises:
            Refused: The file holds no such one.
        """
        if number is None:
            return self.newest
        for generation in self.root.generations:
            if generation.number == number:
                return generation
        raise Refused(
            "unknown_generation",
            _("{file} does not hold a generation {number}. It holds: {numbers}.").format(
                file=self.path,
                number=number,
                numbers=", ".join(str(generation.number) for generation in self.root.generations),
            ),
        )

    def unlock(self, unlock: Unlock) -> bytearray:
        """Open the file.

        Args:
            unlock: Gives the vault key, such as `Way.vault_key`.

        Returns:
            The vault key; the caller wipes it.

        Raises:
            Refused: It does not fit.
            Damaged: The key file or the roots are damaged.
        """
        try:
            key_file = keyfile.parse(self.key_file)
        except Refused as newer_key_file:
            raise failures.newer(self.path) from newer_key_file
        except Damaged as damage:
            raise failures.damaged(self.path, _("its copy of the key file")) from damage
        if key_file.vault_id != self.header.vault:
            raise failures.damaged(self.path, _("its key file is of another vault"))
        vault_key = unlock(self.key_file)
        try:
            self.unlock_with(bytes(keyfile.derive(vault_key, f"sprava/v1/vault/{label(self.header.backup)}")))
        except BaseException:
            keyfile.wipe(vault_key)
            raise
        return vault_key

    def unlock_with(self, key: bytes) -> None:
        """Open the file with its own key.

        Args:
            key: 32 bytes, derived from the vault key for this file.

        Raises:
            Damaged: Neither root opens with it, or the file is shorter than it must be.
        """
        sealer = Sealer(self.header, key)
        for slot in sorted(filter(None, self.slots), key=lambda slot: slot.sequence, reverse=True):
            try:
                root = sealer.open_root(slot)
            except BadForm:
                continue
            if root.end > self.size:
                part = _("its end is missing (bytes that are there: {size} of {whole})")
                raise failures.damaged(self.path, part.format(size=self.size, whole=root.end))
            self._sealer, self._root = sealer, root
            return
        raise failures.damaged(self.path, _("its table of contents"))

    @property
    def _best(self) -> Slot:
        return max(filter(None, self.slots), key=lambda slot: slot.sequence)

    def _header(self) -> Header:
        try:
            return Header.unpack(self.read(0, HEADER_BYTES))
        except NotABackup as error:
            raise failures.not_a_backup(self.path) from error
        except Newer as error:
            raise failures.newer(self.path) from error
        except BadForm as error:
            raise failures.damaged(self.path, _("its beginning")) from error

    def _slots(self) -> list[Slot | None]:
        slots = [read_slot(self.read(place, ROOT_BYTES)) for place in ROOT_PLACES]
        if not any(slots):
            raise failures.damaged(self.path, _("its table of contents"))
        return slots


def blocks_of(indexes: Iterable[Index]) -> set[Block]:
    """Return every block of some generations once."""
    return {block for index in indexes for file in index.files for block in file.places()}


def check_blocks(backup: SealedParts, blocks: Iterable[Block], step: Callable[[int], None]) -> None:
    """Read blocks back and see that each is what was written.

    Args:
        backup: The unlocked file.
        blocks: Which.
        step: Told how many bytes were checked after each; may raise to stop.

    Raises:
        BadForm: One is damaged.
    """
    for block in sorted(blocks):
        backup.block(block)
        step(block.length)
