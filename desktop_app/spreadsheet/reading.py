"""Open a file of any kind that people keep tables in: workbook, CSV or JSON."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from desktop_app.spreadsheet import archive, plain
from sync.errors import Misuse, Refused
from sync.files import open_named
from sync.messages import _

MAX_BYTES = 100_000_000
_ZIP = b"PK"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKS_OF_WORKBOOKS = frozenset({"xl/workbook.xml", "content.xml"})

Row: TypeAlias = Sequence[object]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as the file holds it; the first of ``rows`` is row 1."""

    name: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Book:
    """The sheets of a file; each is read when it is asked for.

    Args:
        file: Its name, for messages.
        sheets: How each sheet is read, by name, in the order of the file.
    """

    file: str
    sheets: MappingProxyType[str, Callable[[], Sequence[Row]]]

    def sheet(self, name: str = "") -> Sheet:
        """Return a sheet; without a name the first.

        Raises:
            Refused: ``unknown_sheet`` or ``empty_sheet``.
            Damaged: It can't be read.
        """
        chosen = name or next(iter(self.sheets), "")
        read = self.sheets.get(chosen)
        if read is None:
            raise Refused(
                "unknown_sheet",
                _("The file {file} has no sheet “{sheet}”; nothing was registered. Its sheets: {known}.").format(
                    file=self.file, sheet=chosen, known=", ".join(self.sheets) or "—"
                ),
            )
        rows = read()
        if not rows:
            raise Refused(
                "empty_sheet",
                _("The sheet “{sheet}” in {file} is empty; nothing was registered. Choose another sheet.").format(
                    file=self.file, sheet=chosen
                ),
            )
        return Sheet(chosen, rows)


def open_book(path: Path) -> Book:
    """Open a file by what it holds, whatever its name ends with.

    Raises:
        Misuse: It can't be read.
        Refused: It is too large, protected by a password, or no table.
        Damaged: It is damaged.
    """
    try:
        with open_named(path) as file:
            size = path.stat().st_size
            start = file.read(8)
    except OSError as error:
        raise Misuse(
            "unreadable_file",
            _("The file {file} can't be read: {reason}. Check its name and your rights.").format(
                file=path, reason=error.strerror
            ),
        ) from error
    if size > MAX_BYTES:
        raise Refused(
            "too_large",
            _(
                "The file {file} is larger than {limit} MB; nothing was registered. Divide it into several files."
            ).format(file=path.name, limit=MAX_BYTES // 1_000_000),
        )
    if start.startswith(_ZIP):
        if not archive.names(path) & _MARKS_OF_WORKBOOKS:
            raise plain.not_a_table(path)
        archive.check(path)
        return _workbook(path)
    if start == _COMPOUND:
        return _workbook(path)
    rows = plain.read(path)
    return Book(path.name, MappingProxyType({path.stem: lambda: rows}))


def _workbook(path: Path) -> Book:
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    with _reading(path):
        workbook = CalamineWorkbook.from_path(path)
        listed = [each.name for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]

    def reader(name: str) -> Callable[[], Sequence[Row]]:
        def read() -> Sequence[Row]:
            with _reading(path):
                sheet = workbook.get_sheet_by_name(name)
                cells = sheet.total_height * sheet.total_width
                if cells > archive.MAX_CELLS:
                    raise archive.too_many_cells(path, cells)
                # Rows are counted from the top of the sheet, also where it begins with empty ones.
                rows: Sequence[Row] = sheet.to_python(skip_empty_area=False)
                return rows

        return read

    return Book(path.name, MappingProxyType({name: reader(name) for name in listed}))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what the library says about a faulty file into a sentence."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError as error:
        raise Refused(
            "protected_file",
            _(
                "The file {file} is protected by a password; nothing was registered. Open it, save a copy without a "
                "password and import that."
            ).format(file=path.name),
        ) from error
    except (CalamineError, OSError, ValueError) as error:
        raise archive.damaged(path) from error
    except BaseException as error:
        # A panic inside the library is no Exception, so that nobody takes it for an ordinary one.
        if type(error).__name__ == "PanicException":
            raise archive.damaged(path) from error
        raise
