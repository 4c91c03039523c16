"""Tables kept as text: CSV in the encodings and with the separators that people here meet, and JSON."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import msgspec

from sync.errors import Refused
from sync.messages import _

_SEPARATORS = ",;\t|"
_LOOKED_AT = 20
"""As many rows tell what separates the columns."""
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_MAX_CELL = 1_000_000


def read(path: Path) -> Sequence[Sequence[object]]:
    """Return the rows of a text file, the header first.

    Raises:
        Refused: It is no table.
    """
    data = path.read_bytes()
    text = _decoded(data, path)
    start = text.lstrip()[:1]
    if path.suffix.lower() == ".json" or start in {"[", "{"}:
        return _json_rows(data if data[:1] in b"[{" else text.encode(), path)
    if start == "<":
        raise Refused(
            "unknown_format",
            _(
                "The file {file} is a web page, whatever its name says; nothing was registered. Open it in a "
                "spreadsheet program, save it as .xlsx and import that."
            ).format(file=path.name),
        )
    return _csv_rows(text, path)


def not_a_table(path: Path) -> Refused:
    """Return the refusal of a file that holds no table."""
    return Refused(
        "unknown_format",
        _(
            "The file {file} is no table; nothing was registered. Sprava reads .xlsx, .xls, .ods, .csv and .json."
        ).format(file=path.name),
    )


def _decoded(data: bytes, path: Path) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        try:
            # What spreadsheet programs on Windows write here when asked for plain CSV.
            text = data.decode("cp1251")
        except UnicodeDecodeError as error:
            raise not_a_table(path) from error
    if "\0" in text or text.startswith("%PDF"):
        raise not_a_table(path)
    return text


def _csv_rows(text: str, path: Path) -> list[list[str]]:
    csv.field_size_limit(_MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error as error:
        raise Refused(
            "bad_csv",
            _(
                "The file {file} breaks off the rules of CSV at line {line}, most likely by a quotation mark without "
                "its pair; nothing was registered. Correct the line, or save the table as .xlsx."
            ).format(file=path.name, line=reader.line_num),
        ) from error
    return rows


def _separator(text: str) -> str:
    """Return what separates the columns: what gives the most rows of the same, and the greatest, width."""
    scores = {separator: _cells_in_step(text, separator) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=scores.__getitem__)
    if scores[best]:
        return best
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(_SEPARATORS, key=header.count)


def _cells_in_step(text: str, separator: str) -> int:
    widths: Counter[int] = Counter()
    reader = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=separator, strict=True)
    try:
        for row in islice(reader, _LOOKED_AT):
            # A comma before a space belongs to a sentence, such as a label that names three things.
            inside = sum(cell.startswith(" ") for cell in row[1:]) if separator == "," else 0
            widths[len(row) - inside] += 1
    except csv.Error:
        pass  # what was read so far has to do; the reading proper tells of the fault
    return max((width * rows for width, rows in widths.items() if width > 1), default=0)


def _json_rows(data: bytes, path: Path) -> list[list[object]]:
    try:
        items = msgspec.json.decode(data, type=list[dict[str, object]])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(
            "bad_json",
            _(
                "The file {file} is no JSON array of objects; nothing was registered. It should look like "
                '[{{"column": "value"}}, …].'
            ).format(file=path.name),
        ) from error
    header = list(dict.fromkeys(name for item in items for name in item))
    return [list(header), *([item.get(name) for name in header] for item in items)] if items else []
