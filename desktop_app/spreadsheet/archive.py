"""Measure a zipped workbook before anything reads it: how large it grows, and how far its cells reach.

The reader that follows allocates the whole rectangle between the first and the last cell; a file of a few bytes
with one cell in the far corner would end the process. So both are measured on the true content, whatever the
archive claims about itself.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sync.errors import Damaged, Refused
from sync.messages import _

MAX_EXPANDED = 500_000_000
MAX_CELLS = 10_000_000
_MAX_ENTRIES = 5_000
_CHUNK = 1 << 20
# Enough of the end of one chunk to complete a reference that the cut went through.
_OVERLAP = 64
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_REFERENCE = re.compile(rb"""[\s]r\s*=\s*["']\s*([A-Za-z]{0,4})([0-9]{0,12})""")
# The reader sets aside memory for as many strings, styles and so on as a part says that it holds.
_COUNT = re.compile(rb"""ount\s*=\s*["']\s*\+?([0-9]+)""")
_SHARED_STRINGS = "sharedStrings.xml"
# What reading a torn archive raises; NotImplementedError where a flipped bit asks for a version never made.
_TORN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError)


def names(path: Path) -> frozenset[str]:
    """Return the names of the files inside an archive.

    Raises:
        Damaged: It is no archive or a torn one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return frozenset(archive.namelist())
    except _TORN as error:
        raise damaged(path) from error


def check(path: Path) -> None:
    """Make sure that an archive stays within bounds when it is read.

    Raises:
        Refused: ``too_large``; it grows too large, or its cells reach too far apart.
        Damaged: ``damaged_file``; it can't be unpacked.
    """
    total = 0
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            entries = archive.infolist()
            if len(entries) > _MAX_ENTRIES:
                raise _too_large(path)
            for entry in entries:
                reach = _Reach()
                for chunk in _content(file, entry):
                    total += len(chunk)
                    if total > MAX_EXPANDED:
                        raise _too_large(path)
                    reach.see(chunk, cells=not entry.filename.endswith(_SHARED_STRINGS))
                    if reach.cells > MAX_CELLS:
                        raise too_many_cells(path, reach.cells)
    except _TORN as error:
        raise damaged(path) from error


def _content(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield what an entry truly holds; the sizes that the archive declares aren't believed."""
    if entry.flag_bits & 1 or entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise zipfile.BadZipFile(entry.filename)
    file.seek(entry.header_offset)
    signature, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    if signature != b"PK\x03\x04":
        raise zipfile.BadZipFile(entry.filename)
    file.seek(name_length + extra_length, 1)
    left = entry.compress_size
    unpacker = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0 and (packed := file.read(min(left, _CHUNK))):
        left -= len(packed)
        if unpacker is None:
            yield packed
            continue
        while packed:
            yield unpacker.decompress(packed, _CHUNK)
            packed = unpacker.unconsumed_tail
    if left or (unpacker is not None and not unpacker.eof):
        raise EOFError(entry.filename)


class _Reach:
    """How many cells the references seen so far span, counted from the first cell of the sheet, or a count declares."""

    def __init__(self) -> None:
        self.row = 1
        self.column = 1
        self._declared = 0
        self._rest = b""
        self._seen_columns: set[bytes] = set()

    @property
    def cells(self) -> int:
        return max(self.row * self.column, self._declared)

    def see(self, chunk: bytes, *, cells: bool) -> None:
        """Take in a piece of XML.

        Args:
            chunk: The piece.
            cells: Whether cells may stand in it.
        """
        window = self._rest + chunk
        self._rest = window[-_OVERLAP:]
        self._declared = max(self._declared, max(map(int, _COUNT.findall(window)), default=0))
        found = _REFERENCE.findall(window) if cells else ()
        if not found:
            return
        columns, rows = zip(*found, strict=True)
        self.row = max(self.row, max(map(int, filter(None, set(rows))), default=1))
        fresh = set(columns) - self._seen_columns
        self._seen_columns |= fresh
        self.column = max(self.column, max(map(_column_number, fresh), default=1))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def damaged(path: Path) -> Damaged:
    """Return the failure for a file that can't be read to its end."""
    return Damaged(
        "damaged_file",
        _(
            "The file {file} is damaged and can't be read; nothing was registered. Open it in a spreadsheet program, "
            "save it anew and try again, or ask for it once more."
        ).format(file=path.name),
    )


def too_many_cells(path: Path, cells: int) -> Refused:
    """Return the refusal of a sheet with too many cells."""
    return Refused(
        "too_large",
        _(
            "The sheet in {file} spans {cells} cells, and at most {limit} can be read; nothing was registered. Delete "
            "what stands far from the table, or divide the file."
        ).format(file=path.name, cells=cells, limit=MAX_CELLS),
    )


def _too_large(path: Path) -> Refused:
    return Refused(
        "too_large",
        _(
            "Unpacked, the file {file} is larger than {limit} MB; nothing was registered. Divide it into several files."
        ).format(file=path.name, limit=MAX_EXPANDED // 1_000_000),
    )
