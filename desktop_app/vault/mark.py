"""The high-water mark: what the vault had already seen, kept outside its database.

An old copy of the whole database passes every check of SQLite and SQLCipher; only a note beside it tells that
something newer has existed.
"""

import os
import struct
from enum import StrEnum
from io import FileIO
from pathlib import Path
from threading import Lock

from desktop_app.vault import failures, keyfile
from sync import crypto, files
from sync.crypto import CryptoError

MAX_PAYLOAD_BYTES = 256
_SLOT_BYTES = 512
"""One disk sector: what a power cut tears is at most the slot being written."""
_MAGIC = b"SPRVMRK\x01"
_PLAIN = struct.Struct(f">QH{MAX_PAYLOAD_BYTES}s")
_SEALED_BYTES = crypto.NONCE_BYTES + _PLAIN.size + crypto.TAG_BYTES
_BOUND = b"sprava/v1/mark"
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class MarkState(StrEnum):
    """What the file of the mark turned out to be."""

    EMPTY = "empty"
    VALID = "valid"
    MISSING = "missing"
    DAMAGED = "damaged"


class Mark:
    """An encrypted and authenticated note of at most 256 bytes, overwritten in place.

    Two slots take turns, so a write that a power cut tears leaves the note before it.

    Args:
        path: The file of the mark.
        key: The 32-byte subkey of the mark.

    Raises:
        Refused: A newer program wrote it ("newer_vault").
        OSError: The disk refused.
    """

    def __init__(self, path: Path, key: bytearray) -> None:
        self._path = path
        self._key = key
        self._lock = Lock()
        self._sequence = 0
        self._payload: bytes | None = None
        self.state = MarkState.MISSING
        try:
            with files.open_own(path) as file:
                self._read(file.read(2 * _SLOT_BYTES))
        except FileNotFoundError:
            return
        except IsADirectoryError:
            self.state = MarkState.DAMAGED

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @classmethod
    def create(cls, path: Path, key: bytearray) -> None:
        """Write the file of a mark that nothing was stored in yet.

        Raises:
            OSError: The disk refused.
        """
        path.write_bytes(_seal(key, 0, b"") + bytes(_SLOT_BYTES))

    def load(self) -> bytes | None:
        """Return what was stored last, or None; then `state` tells why.

        A torn or damaged newest note gives the one before it.
        """
        return self._payload

    def store(self, payload: bytes) -> None:
        """Keep a note; it reaches the disk when the system writes it out, so it never outruns a commit made durable.

        Args:
            payload: 1 to 256 bytes.

        Raises:
            ValueError: The payload has another size.
            Failure: The disk refused; the mark is the one before.
        """
        if not 1 <= len(payload) <= MAX_PAYLOAD_BYTES:
            raise ValueError("a mark holds 1 to 256 bytes")
        with self._lock:
            sequence = self._sequence + 1
            with failures.plainly(), self._opened() as file:
                file.seek(sequence % 2 * _SLOT_BYTES)
                file.write(_seal(self._key, sequence, payload))
            self._sequence, self._payload, self.state = sequence, payload, MarkState.VALID

    def _opened(self) -> FileIO:
        """Open the file to write into it; a link, which would lead elsewhere, or a pipe in its place is removed."""
        if self._path.is_symlink() or not (self._path.is_file() or self._path.is_dir()):
            self._path.unlink(missing_ok=True)
        return FileIO(os.open(self._path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o600), "r+")

    def _read(self, data: bytes) -> None:
        self.state = MarkState.DAMAGED
        for start in (0, _SLOT_BYTES):
            note = _unseal(self._key, data[start : start + _SLOT_BYTES])
            if note is not None and (self.state is MarkState.DAMAGED or note[0] > self._sequence):
                self._sequence, payload = note
                self._payload = payload or None
                self.state = MarkState.VALID if payload else MarkState.EMPTY
        if self.state is MarkState.DAMAGED and any(_is_newer(data[start:]) for start in (0, _SLOT_BYTES)):
            raise keyfile.newer()


def _seal(key: bytearray, sequence: int, payload: bytes) -> bytes:
    sealed = crypto.seal(bytes(key), _PLAIN.pack(sequence, len(payload), payload), _BOUND)
    return (_MAGIC + sealed).ljust(_SLOT_BYTES, b"\x00")


def _is_newer(slot: bytes) -> bool:
    """Whether a newer program wrote a slot; a damaged number of the version would let it open, so it is not asked."""
    return slot.startswith(_MAGIC[:-1]) and slot[len(_MAGIC) - 1 : len(_MAGIC)] > _MAGIC[-1:]


def _unseal(key: bytearray, slot: bytes) -> tuple[int, bytes] | None:
    if len(slot) != _SLOT_BYTES or not slot.startswith(_MAGIC[:-1]):
        return None
    try:
        plain = crypto.unseal(bytes(key), slot[len(_MAGIC) : len(_MAGIC) + _SEALED_BYTES], _BOUND)
    except CryptoError:
        return None
    sequence, length, padded = _PLAIN.unpack(plain)
    return sequence, padded[:length]
