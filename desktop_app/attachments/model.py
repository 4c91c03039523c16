"""What the screens and the command line are told about attached files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

COLLECTION = "file"
FORMAT = "format"
CASE = "case"
NAME = "name"
TYPE = "type"
SIZE = "size"
MANIFEST = "manifest"
KEY = "key"
PRESENT_FORMAT = 1

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are done."""
Cancelled = Callable[[], bool]
"""Asked between two chunks whether to stop."""


class FileState(StrEnum):
    """Whether a file can be opened on this computer."""

    HERE = "here"
    PARTLY = "partly"
    NOT_HERE = "not_here"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a case.

    Args:
        id: Its id in text form.
        case: The id of its case.
        name: Its name, without anything that could mislead or lead to another folder.
        type: Its media type.
        size: How many bytes.
        state: Whether it can be opened here.
        person: Who added it.
        device: A short name of the device it was added on.
        when: The author's clock.
        mine: Whether it was added on this device.
        removed: Whether it was taken out of the case; that can be undone.
        at_server: Whether the server was found to have all of it; None when no server is known.
    """

    id: str
    case: str
    name: str
    type: str
    size: int
    state: FileState
    person: str
    device: str
    when: datetime
    mine: bool
    removed: bool
    at_server: bool | None = None
