"""What a cell holds, in the forms in which the import needs it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

Cell: TypeAlias = object
_EXACT = 10**15


def clean(cell: Cell) -> Cell:
    """Return a cell without the accidents of its file: spaces around text, 4.0 for 4, clock times as objects.

    Returns:
        None for an empty cell.
    """
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < _EXACT else cell
    if isinstance(cell, time):
        return cell.isoformat(timespec="minutes")
    if isinstance(cell, timedelta):
        minutes = int(cell.total_seconds()) // 60
        return f"{minutes // 60}:{minutes % 60:02}"
    return cell


def text(cell: Cell) -> str:
    """Return a cleaned cell as a person sees it in the sheet."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.isoformat(" ", timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    return ", ".join(map(text, cell)) if isinstance(cell, list | tuple) else str(cell)


def letter(index: int) -> str:
    """Return the name of a column in a spreadsheet program: 0 is A, 26 is AA."""
    name = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def is_blank(row: Sequence[Cell]) -> bool:
    """Tell whether a row holds nothing."""
    # The usual row has something in its first cells, so this ends at once.
    return all(clean(cell) is None for cell in row)
