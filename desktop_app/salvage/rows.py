"""Rows out of single pages of a SQLite database (https://www.sqlite.org/fileformat2.html)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from desktop_app.salvage.pages import USABLE_BYTES, Pages

Value = int | float | str | bytes | None
_TABLE_LEAF, _TABLE_INTERIOR, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x05, 0x0A, 0x02
_FILE_HEADER_BYTES = 100
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_FLOAT, _ZERO, _ONE, _FIRST_BLOB = 7, 8, 9, 12


class _Broken(Exception):
    """A cell does not hold together: a page of it is missing, or its numbers lead nowhere."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Args:
        rowid: Its number; None in a table without.
        values: In the order in which the table keeps them.
    """

    rowid: int | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What could be read of one table.

    Args:
        rows: The rows that can be reached.
        whole: Whether these are all: no page on the way is missing, broken or an older one.
    """

    rows: list[Row]
    whole: bool


def every_row(pages: Pages) -> Iterator[Row]:
    """Yield the rows of all pages that are whole, whatever table they belong to; removed ones may be among them."""
    for number in pages.numbers():
        page = pages.page(number)
        if page is not None:
            yield from (row for row in _rows(pages, page, _start(number)) if row is not None)


def table_roots(pages: Pages) -> dict[str, int]:
    """Return the names of the tables that can still be found, and the page at which each begins."""
    found = {}
    for row in read_table(pages, 1).rows:
        match row.values:
            case ("table", str(name), _, int(root), _):
                found[name] = root
    return found


def read_table(pages: Pages, root: int) -> Table:
    """Read the rows of one table that can still be reached.

    Args:
        pages: The pages of the database.
        root: The page at which the table begins.
    """
    rows: list[Row] = []
    whole = True
    seen: set[int] = set()
    pending = [root]
    while pending:
        number = pending.pop()
        page = pages.page(number) if number > 0 and number not in seen else None
        seen.add(number)
        if page is None:
            whole = False
            continue
        found = list(_rows(pages, page, _start(number)))
        rows += [row for row in found if row is not None]
        whole = whole and None not in found and not pages.is_stale(number)
        pending.extend(_children(page, _start(number)))
    return Table(rows, whole)


def _start(number: int) -> int:
    return _FILE_HEADER_BYTES if number == 1 else 0


def _cells(page: bytes, start: int) -> Iterator[int]:
    head = 12 if page[start] in {_TABLE_INTERIOR, _INDEX_INTERIOR} else 8
    (count,) = struct.unpack_from(">H", page, start + 3)
    for index in range(count):
        at = start + head + 2 * index
        if at + 2 <= len(page):
            (cell,) = struct.unpack_from(">H", page, at)
            if 0 < cell < USABLE_BYTES:
                yield cell


def _children(page: bytes, start: int) -> Iterator[int]:
    if page[start] in {_TABLE_INTERIOR, _INDEX_INTERIOR}:
        yield int(struct.unpack_from(">I", page, start + 8)[0])
        for cell in _cells(page, start):
            if cell + 4 <= len(page):
                yield int(struct.unpack_from(">I", page, cell)[0])


def _rows(pages: Pages, page: bytes, start: int) -> Iterator[Row | None]:
    """Yield the rows of one page, None for one that does not hold together."""
    kind = page[start]
    if kind not in {_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR}:
        return
    for cell in _cells(page, start):
        try:
            at = cell + 4 if kind == _INDEX_INTERIOR else cell
            size, at = _varint(page, at)
            rowid = None
            if kind == _TABLE_LEAF:
                rowid, at = _varint(page, at)
            values = _record(_payload(pages, page, at, size, in_table=kind == _TABLE_LEAF))
        except (_Broken, IndexError, struct.error, UnicodeDecodeError):
            yield None
            continue
        yield Row(rowid, values)


def _payload(pages: Pages, page: bytes, at: int, size: int, *, in_table: bool) -> bytes:
    if size > pages.count * USABLE_BYTES:
        raise _Broken  # else a chain of pages that leads back to itself would be followed for long
    most = USABLE_BYTES - 35 if in_table else (USABLE_BYTES - 12) * 64 // 255 - 23
    if size <= most:
        return page[at : at + size]
    least = (USABLE_BYTES - 12) * 32 // 255 - 23
    here = least + (size - least) % (USABLE_BYTES - 4)
    here = here if here <= most else least
    parts, left = [page[at : at + here]], size - here
    (following,) = struct.unpack_from(">I", page, at + here)
    while left > 0:
        overflow = pages.page(following) if following > 0 else None
        if overflow is None:
            raise _Broken
        parts.append(overflow[4 : 4 + min(left, USABLE_BYTES - 4)])
        left -= len(parts[-1])
        (following,) = struct.unpack_from(">I", overflow, 0)
    return b"".join(parts)


def _record(payload: bytes) -> tuple[Value, ...]:
    head, at = _varint(payload, 0)
    if head > len(payload):
        raise _Broken
    values: list[Value] = []
    body = head
    while at < head:
        kind, at = _varint(payload, at)
        value, body = _value(payload, body, kind)
        values.append(value)
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind in _INTEGER_BYTES:
        end = at + _INTEGER_BYTES[kind]
        return int.from_bytes(_cut(payload, at, end), "big", signed=True), end
    if kind == _FLOAT:
        return float(struct.unpack(">d", _cut(payload, at, at + 8))[0]), at + 8
    if kind < _FIRST_BLOB:
        return {_ZERO: 0, _ONE: 1}.get(kind), at
    end = at + (kind - _FIRST_BLOB) // 2
    data = _cut(payload, at, end)
    return (data.decode() if kind % 2 else data), end


def _cut(payload: bytes, start: int, end: int) -> bytes:
    if end > len(payload):
        raise _Broken
    return payload[start:end]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9
