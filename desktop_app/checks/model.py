"""What a check is given and what it finds."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from desktop_app.audit.recorder import Cut
from sync.membership import Membership
from sync.sqlcipher import Connection


@dataclass(frozen=True, slots=True)
class Check:
    """One part that was checked.

    Args:
        part: A machine word.
        title: The part in the person's language.
        sound: Whether it is whole.
        finding: What was found.
    """

    part: str
    title: str
    sound: bool
    finding: str


class Fault(Exception):
    """A part is damaged; the argument says how, in the person's language."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A vault whose database can be read, as the checks see it; nothing of it may be changed.

    Args:
        folder: The vault's folder.
        read: Gives a connection on one state of the database.
        membership: Who belongs to the community.
        units: The 16-byte ids of the units that this device reads.
        audit: What the high-water mark says of the audit chain: how many entries, and the hash of the last.
        audit_cut: What was missing at the end of the audit when the vault was opened.
        thorough: Decrypt every part of every attached file; otherwise only presence and length are looked at.
    """

    folder: Path
    read: Callable[[], AbstractContextManager[Connection]]
    membership: Membership
    units: tuple[bytes, ...]
    audit: tuple[int, bytes] | None = None
    audit_cut: Cut | None = None
    thorough: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a vault and how it is checked.

    Args:
        part: A machine word.
        title: The part in English, marked for translation.
        check: Says what was found, or raises `Fault`.
    """

    part: str
    title: str
    check: Callable[[Subject, Connection], str]
