"""What the screens and the command line are told about cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from desktop_app.kits.model import Kit
from sync.changes import Dot, Value

KIT = "_kit"
KIT_VERSION = "_kit_version"
NUMBER = "_number"
STAGE = "_stage"
REGISTERED_ON = "_registered_on"
DELETED = "_deleted"
MOVED_TO = "_moved_to"
MOVED_ON = "_moved_on"
MOVED_FROM = "_moved_from"
CARRIED = "_carried"
COLLECTION = "case"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the community: its id in text form, and its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Registered:
    """A case just registered."""

    id: str
    number: str


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases to list, and in what order.

    Args:
        kit: Only of this kit.
        text: Words to find, each from its beginning, in any order.
        stage: Only in this stage.
        only_open: Only cases that are not in a final stage.
        overdue: Only open cases whose term is over.
        where: Field and value that must be equal.
        sort: A column of the list, or a field of the kit.
        descending: The largest first.
        unit: Only of the unit with this id.
    """

    kit: str | None = None
    text: str = ""
    stage: str | None = None
    only_open: bool = False
    overdue: bool = False
    where: Mapping[str, str] = field(default_factory=dict)
    sort: str = "received_on"
    descending: bool = True
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a list of cases.

    Args:
        due_soon: Its term is about to end, as the kit says, and is not over.
        overdue: Its term is over.
    """

    id: str
    number: str
    kit: str
    stage: str
    title: str
    person: str
    received_on: date | None
    due_on: date | None
    due_soon: bool
    overdue: bool
    final: bool
    conflicts: int
    unit_id: str


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of several current values of a field.

    Args:
        value: The value.
        person: The name of who wrote it.
        device: A short name of the device it was written on.
        when: The author's clock.
        mine: Whether it was written on this device.
        winner: Whether it is the one shown in lists meanwhile.
    """

    value: Value
    person: str
    device: str
    when: datetime
    mine: bool
    winner: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as a form shows it.

    Args:
        due_soon: Its term is about to end, as the kit says, and is not over.
        overdue: Its term is over.
        dots: The dots of the values shown; an edit replaces these and no others.
    """

    id: str
    number: str
    kit: Kit
    stage: str
    values: dict[str, Value]
    conflicts: dict[str, list[Sibling]]
    due_on: date | None
    due_soon: bool
    overdue: bool
    registered_on: date | None
    unit: Unit
    dots: dict[str, tuple[Dot, ...]]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One written value in the history of a case.

    Args:
        unit: The name of the unit in which it was written, when that is not the present one.
        late: It was written there after the case had been moved, by somebody who did not know, and carried over.
    """

    when: datetime
    person: str
    device: str
    field: str
    before: Value
    after: Value
    mine: bool
    unit: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """Something begun and not registered yet."""

    id: str
    kit_id: str
    values: dict[str, Value]
    focus: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Today:
    """What waits for somebody today; the lists hold the first of each, the totals count all."""

    overdue: list[CaseRow]
    due_soon: list[CaseRow]
    recent: list[CaseRow]
    from_others: list[CaseRow]
    overdue_total: int
    due_soon_total: int
    open_total: int
    drafts: list[Draft]
