"""What the audit is asked and what it answers."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Origin(StrEnum):
    """Where on a device something was done."""

    DESK = "desk"
    CLI = "cli"
    PROGRAM = "program"


@dataclass(slots=True)
class _Here:
    origin: Origin = Origin.PROGRAM


_here = _Here()


def set_origin(origin: Origin) -> None:
    """Say what this process is to a person: the screens or the command line."""
    _here.origin = origin


def origin() -> Origin:
    """Return what this process is to a person."""
    return _here.origin


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries to list, the newest first.

    Args:
        kind: Only of this kind.
        subject: Only about this, such as the id of a case.
        person: Only by this person, an id in text form.
        since: Only from this day on.
        until: Only up to the end of this day.
    """

    kind: str | None = None
    subject: str | None = None
    person: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the audit.

    Args:
        number: Its place in the chain, from 1.
        when: The device's clock.
        person: The name of who did it.
        person_id: The id of that person in text form.
        device: A short name of the device.
        origin: One of `Origin`, or what another version of the program wrote.
        kind: One of `kinds.KINDS`, or what another version of the program wrote.
        subject: What it concerns; the id of a case, or empty.
        number_of_case: The registration number of that case, or empty.
        detail: More of it.
        hash: The hash of the entry, in hexadecimal digits.
    """

    number: int
    when: datetime
    person: str
    person_id: str
    device: str
    origin: str
    kind: str
    subject: str
    number_of_case: str
    detail: dict[str, object]
    hash: str
