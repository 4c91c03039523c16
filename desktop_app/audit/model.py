"""What the audit is asked and what it answers."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum

from sync.messages import N_, _


class Origin(StrEnum):
    """Where on a device something was done."""

    DESK = "desk"
    CLI = "cli"
    PROGRAM = "program"


_ORIGINS = {
    Origin.DESK: N_("on the desk"),
    Origin.CLI: N_("in the command line"),
    Origin.PROGRAM: N_("by a program"),
}


def origin_words(name: str) -> str:
    """Return where something was done, as a person reads it."""
    return _(_ORIGINS[Origin(name)]) if name in set(Origin) else name


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


def narrowed(query: AuditQuery) -> dict[str, str]:
    """Return what a query asks for, as the audit keeps it."""
    return {name: str(value) for name, value in asdict(query).items() if value is not None}


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
