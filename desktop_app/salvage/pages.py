"""The pages of a damaged SQLCipher database, each authenticated and decrypted by itself.

SQLCipher gives a connection up at the first page that fails. What is read here is the same format (SQLCipher 4: AES-256
in CBC mode, HMAC-SHA512 over ciphertext, IV and page number), page by page, so that one bad page costs one page.
"""

import hmac
import struct
from collections.abc import Iterator
from hashlib import pbkdf2_hmac
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE_BYTES = 4096
SALT_BYTES = 16
USABLE_BYTES = PAGE_BYTES - 80
"""What SQLite has of a page; the rest is IV and authentication code."""
_IV_BYTES = 16
_MAC_BYTES = 64
_SALT_MASK = 0x3A
_MAC_KEY_ROUNDS = 2
_HEADER = b"SQLite format 3\x00"
_COUNT_AT = 28
"""Where the first page says how many there are."""
_WAL_HEADER = struct.Struct(">IIIIIIII")
_WAL_FRAME = struct.Struct(">IIIIII")
_WAL_MAGICS = frozenset({0x377F0682, 0x377F0683})


class Pages:
    """The pages of one database file and of the WAL beside it.

    Args:
        path: The database file, which may be missing; it and its WAL are only read.
        key: The raw 32-byte key.
        salt: The first 16 bytes of the file as they were noted elsewhere; those in the file may be damaged.
        as_sqlite: Look no further into the WAL than SQLite does.
    """

    def __init__(self, path: Path, key: bytes, salt: bytes = b"", *, as_sqlite: bool = False) -> None:
        self._key = key
        self._file: BinaryIO | None = path.open("rb") if path.is_file() else None
        self._size = path.stat().st_size if self._file else 0
        wal = path.with_name(path.name + "-wal")
        self._wal: BinaryIO | None = wal.open("rb") if wal.is_file() else None
        self._in_wal, self._log_is_odd = _committed(self._wal, as_sqlite=as_sqlite) if self._wal else ({}, False)
        salts = {salt, *(raw[:SALT_BYTES] for raw in self.copies(1))}
        self._mac_keys = [_mac_key(key, each) for each in salts if len(each) == SALT_BYTES]
        self._numbered, self._claimed = self._number()

    @property
    def count(self) -> int:
        """How many pages there should be."""
        return len(self._numbered) + len(self._claimed)

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of all pages that there should be."""
        yield from self._numbered
        yield from self._claimed

    @property
    def is_newest(self) -> bool:
        """Whether the write-ahead log names every page that it held, so that `is_stale` tells of each that is older."""
        return not self._log_is_odd and all(self.page(number) is not None for number in self._claimed)

    def is_stale(self, number: int) -> bool:
        """Whether the newest copy of a page can't be read, so that at best an older one is.

        Args:
            number: From 1.
        """
        newest = next(self.copies(number), None)
        return newest is None or not self._is_authentic(newest, number)

    def _number(self) -> tuple[range, list[int]]:
        """Return the pages up to the last one, and those behind it of which a damaged log only says that they are.

        A frame of the log may name any page, of which there can be four billion; only an authentic one proves that
        those before it exist.
        """
        in_file = max(-(-self._size // PAGE_BYTES), self._declared())
        beyond = sorted(number for number in self._in_wal if number > in_file)
        last = next((number for number in reversed(beyond) if self.page(number) is not None), in_file)
        return range(1, last + 1), [number for number in beyond if number > last]

    def _declared(self) -> int:
        """Return how many pages the first one says that there are: a file that was cut off has fewer."""
        first = self.page(1)
        return 0 if first is None else int.from_bytes(first[_COUNT_AT : _COUNT_AT + 4], "big")

    def page(self, number: int) -> bytes | None:
        """Return what SQLite has of a page, or None when it is missing or not authentic.

        Args:
            number: From 1.
        """
        for raw in self.copies(number):
            if self._is_authentic(raw, number):
                body = raw[SALT_BYTES if number == 1 else 0 : -_MAC_BYTES]
                cipher = Cipher(algorithms.AES(self._key), modes.CBC(body[-_IV_BYTES:])).decryptor()
                plain = cipher.update(body[:-_IV_BYTES]) + cipher.finalize()
                return _HEADER + plain if number == 1 else plain
        return None

    def _is_authentic(self, raw: bytes, number: int) -> bool:
        body, mac = raw[SALT_BYTES if number == 1 else 0 : -_MAC_BYTES], raw[-_MAC_BYTES:]
        return any(_authentic(key, body, number, mac) for key in self._mac_keys)

    def copies(self, number: int) -> Iterator[bytes]:
        """Yield the encrypted page as the WAL has it, then as the file has it.

        Args:
            number: From 1.
        """
        if self._wal is not None and number in self._in_wal:
            self._wal.seek(self._in_wal[number])
            yield self._wal.read(PAGE_BYTES)  # whole: only whole ones were counted
        if self._file is not None:
            self._file.seek((number - 1) * PAGE_BYTES)
            raw = self._file.read(PAGE_BYTES)
            if len(raw) == PAGE_BYTES:
                yield raw

    def close(self) -> None:
        """Close the files."""
        for file in (self._file, self._wal):
            if file is not None:
                file.close()


def is_own(path: Path, key: bytes) -> bool:
    """Return whether a database can be one of this key, before SQLite touches it.

    Its first page must be authentic in the file or in the write-ahead log beside it, and both must have one salt: else
    SQLite would mix the pages of two databases.

    Args:
        path: The database file.
        key: The raw key.
    """
    pages = Pages(path, key, as_sqlite=True)
    try:
        return len({copy[:SALT_BYTES] for copy in pages.copies(1)}) == 1 and pages.page(1) is not None
    finally:
        pages.close()


def _committed(wal: BinaryIO, *, as_sqlite: bool) -> tuple[dict[int, int], bool]:
    """Return where in a WAL the newest committed copy of each page begins, and whether something in it is odd.

    SQLite ends where something is odd, as it is after a power cut; a salvage takes what lies behind that too.

    Odd is a head that is none, or a frame of this log behind one of another: what lies behind the end of a log is left
    from before it was begun anew, and never newer.
    """
    head = wal.read(_WAL_HEADER.size)
    if len(head) < _WAL_HEADER.size:
        return {}, bool(head)
    magic, _version, page_bytes, _sequence, *salts, _sum1, _sum2 = _WAL_HEADER.unpack(head)
    if magic not in _WAL_MAGICS or page_bytes != PAGE_BYTES:
        return {}, True
    found: dict[int, int] = {}
    pending: dict[int, int] = {}
    count, end, odd = 0, 0, False
    while len(frame := wal.read(_WAL_FRAME.size)) == _WAL_FRAME.size:
        number, size_after_commit, *frame_salts, _sum1, _sum2 = _WAL_FRAME.unpack(frame)
        start = wal.tell()
        if len(wal.read(PAGE_BYTES)) < PAGE_BYTES:
            break
        count += 1
        if frame_salts != salts:
            continue
        odd = odd or end != count - 1
        end = count
        if odd and as_sqlite:
            break
        pending[number] = start
        if size_after_commit:
            found |= pending
            pending = {}
    return found, odd or (count > 0 and not end)


def _mac_key(key: bytes, salt: bytes) -> bytes:
    return pbkdf2_hmac("sha512", key, bytes(byte ^ _SALT_MASK for byte in salt), _MAC_KEY_ROUNDS, len(key))


def _authentic(key: bytes, body: bytes, number: int, mac: bytes) -> bool:
    found = hmac.digest(key, body + number.to_bytes(4, "little"), "sha512")
    return hmac.compare_digest(found, mac)
