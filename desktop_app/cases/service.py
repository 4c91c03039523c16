"""What a clerk does with cases; screens and command line call these and nothing below them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NoReturn

from desktop_app.audit import Audit
from desktop_app.cases import queries, standings
from desktop_app.cases.model import (
    COLLECTION,
    KIT,
    KIT_VERSION,
    NUMBER,
    REGISTERED_ON,
    STAGE,
    CaseQuery,
    CaseRow,
    CaseView,
    HistoryEntry,
    Registered,
    Today,
)
from desktop_app.cases.views import CaseReader
from desktop_app.drafts import DraftService
from desktop_app.kits import loader, numbering, stages, validation
from desktop_app.kits.model import Kit
from desktop_app.units import require_right
from sync import ids
from sync.applying import Store
from sync.changes import Change, Value
from sync.errors import Refused
from sync.log import Log
from sync.messages import _
from sync.sqlcipher import Connection

TODAY_ROWS = 50
_LIVES_OF = "SELECT uuid FROM incarnation WHERE device = ?"


@dataclass
class _Numbers:
    """Gives registration numbers inside one transaction: a number given is never given again."""

    connection: Connection
    suffix: str
    today: date
    last: dict[str, int] = field(default_factory=dict)

    def next(self, kit: Kit, values: Mapping[str, Value]) -> str:
        if kit.id not in self.last:
            row = self.connection.execute(
                "SELECT value FROM number_counter WHERE kit = ? AND year = ?", (kit.id, self.today.year)
            ).fetchone()
            self.last[kit.id] = row[0] if row else 0
        self.last[kit.id] += 1
        return numbering.registration_number(kit, self.last[kit.id], self.suffix, self.today.year, values)

    def keep(self) -> None:
        self.connection.executemany(
            "INSERT INTO number_counter (kit, year, value) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value",
            [(kit, self.today.year, value) for kit, value in self.last.items()],
        )


class CaseService:
    """Registers, edits, moves, finds and lists cases.

    Args:
        store: The vault's database.
        log: The vault's log.
        reader: Reads single cases.
        drafts: Shown with what waits today.
        audit: Records what is read; `peek` and `peek_page` alone leave no entry.
        number_suffix: What makes this device's registration numbers its own.
    """

    def __init__(
        self, store: Store, log: Log, reader: CaseReader, drafts: DraftService, audit: Audit, number_suffix: str
    ) -> None:
        self._store = store
        self._log = log
        self._reader = reader
        self._drafts = drafts
        self._audit = audit
        self._counted: tuple[CaseQuery, int] | None = None
        self.number_suffix = number_suffix

    def register(self, kit_id: str, values: Mapping[str, object], unit_id: str | None = None) -> Registered:
        """Register one case: check it, number it and keep it durably.

        Args:
            kit_id: The kit.
            values: What was typed or is stored, by field id.
            unit_id: The unit; by default this device's first.

        Raises:
            Refused: A rule of the kit refuses a value (every faulty field is named), or the role may not write.
        """
        return self.register_many(kit_id, [values], unit_id)[0]

    def register_many(
        self, kit_id: str, many: Sequence[Mapping[str, object]], unit_id: str | None = None
    ) -> list[Registered]:
        """Register many cases in one transaction: all of them, or none when one is refused.

        Raises:
            Refused: As for one; the message names the first faulty case by its place.
        """
        require_right(self._log)
        unit = self._unit(unit_id)
        kit = loader.kit(kit_id)
        today = date.today()  # noqa: DTZ011 - the clerk's calendar day
        checked = [self._checked(kit, values, today, place, len(many)) for place, values in enumerate(many, start=1)]
        registered: list[Registered] = []

        def decide(connection: Connection) -> tuple[bytes, list[Change]]:
            numbers = _Numbers(connection, self.number_suffix, today)
            changes = []
            for values in checked:
                record, number = ids.new_id(), numbers.next(kit, values)
                system: dict[str, Value] = {
                    KIT: kit.id,
                    KIT_VERSION: kit.version,
                    NUMBER: number,
                    STAGE: kit.initial_stage,
                    REGISTERED_ON: today.isoformat(),
                }
                given: dict[str, Value] = {name: value for name, value in values.items() if value is not None}
                changes.append(Change(COLLECTION, record, system | given))
                registered.append(Registered(ids.to_text(record), number))
            numbers.keep()
            return unit, changes

        self._log.write_with(decide)
        return registered

    def check(self, kit_id: str, values: Mapping[str, object]) -> None:
        """Check what would be registered, and register nothing.

        Raises:
            Refused: As for `register`.
        """
        today = date.today()  # noqa: DTZ011 - the clerk's calendar day
        self._checked(loader.kit(kit_id), values, today, 1, 1)

    @staticmethod
    def _checked(kit: Kit, values: Mapping[str, object], today: date, place: int, total: int) -> dict[str, Value]:
        try:
            return validation.validate(kit, values, today)
        except Refused as error:
            if total == 1:
                raise
            message = _("Case {place} of {total}: {problem} None of them was registered.").format(
                place=place, total=total, problem=error.message
            )
            raise Refused(error.code, message, error.fields) from error

    def edit(self, case_id: str, values: Mapping[str, object], seen: CaseView | None = None) -> CaseView:
        """Change fields of a case.

        Args:
            case_id: Its id or number.
            values: The new values by field id; None or empty text empties a field.
            seen: The case as the form displayed it; only the values displayed are replaced, so that a value that
                arrived meanwhile becomes a conflict and is not lost. By default, as it is now.

        Raises:
            Refused: A rule refuses a value, or the role may not write.
        """
        today = date.today()  # noqa: DTZ011 - the clerk's calendar day

        def decide(connection: Connection) -> tuple[bytes, list[Change]]:
            record = self._reader.find(connection, case_id)
            require_right(self._log, record.unit)
            present = self._reader.view(connection, record, today)
            shown = seen or present
            result = validation.validate(present.kit, values, today, previous=shown.values)
            changed = {
                name: value
                for name, value in result.items()
                if value != shown.values.get(name) and not (value is None and name not in present.dots)
            }
            replaces = {name: shown.dots[name] for name in changed if name in shown.dots}
            return record.unit, [Change(COLLECTION, record.id, changed, replaces)] if changed else []

        self._log.write_with(decide)
        return self.get(case_id)

    def move(self, case_id: str, stage: str, seen: CaseView | None = None) -> CaseView:
        """Move a case to another stage.

        Args:
            case_id: Its id or number.
            stage: The stage to go to.
            seen: The case as it was displayed; by default, as it is now.

        Raises:
            Refused: The kit has no such way, something must be filled in first, or the role may not write.
        """
        today = date.today()  # noqa: DTZ011 - the clerk's calendar day

        def decide(connection: Connection) -> tuple[bytes, list[Change]]:
            record = self._reader.find(connection, case_id)
            require_right(self._log, record.unit)
            present = self._reader.view(connection, record, today)
            shown = seen or present
            stages.check_move(present.kit, present.values, shown.stage, stage)
            replaces = {STAGE: shown.dots[STAGE]} if STAGE in shown.dots else {}
            return record.unit, [Change(COLLECTION, record.id, {STAGE: stage}, replaces)]

        self._log.write_with(decide)
        return self.get(case_id)

    def find(self, ref: str) -> CaseView:
        """Return a case by its id or registration number.

        Raises:
            Refused: There is none.
        """
        view = self.peek(ref)
        self._audit.read("case_shown", [view.id])
        return view

    def peek(self, ref: str) -> CaseView:
        """Return a case for the program itself, which shows it to nobody; `find` is for people.

        Raises:
            Refused: There is none.
        """
        with self._store.read() as connection:
            record = self._reader.find(connection, ref)
            return self._reader.view(connection, record, date.today())  # noqa: DTZ011 - the clerk's calendar day

    def open(self, ref: str) -> tuple[CaseView, list[HistoryEntry]]:
        """Return a case with its history, as a page shows both.

        Raises:
            Refused: There is none.
        """
        with self._store.read() as connection:
            record = self._reader.find(connection, ref)
            view = self._reader.view(connection, record, date.today())  # noqa: DTZ011 - the clerk's calendar day
            history = self._reader.history(connection, record)
        self._audit.read("case_opened", [view.id])
        return view, history

    def get(self, case_id: str) -> CaseView:
        """Return a case by its id; see `find`."""
        return self.find(case_id)

    def history(self, ref: str) -> list[HistoryEntry]:
        """Return every value ever written to a case, newest first.

        Raises:
            Refused: There is no such case.
        """
        with self._store.read() as connection:
            record = self._reader.find(connection, ref)
            history = self._reader.history(connection, record)
        self._audit.read("case_history", [ids.to_text(record.id)])
        return history

    def count(self, query: CaseQuery) -> int:
        """Return how many cases a query finds."""
        total = self._count(query)
        if query.text:  # that a name is found at all tells something about a person
            self._audit.listed(_narrowed(query), lambda: total)
        return total

    def page(self, query: CaseQuery, offset: int, limit: int) -> list[CaseRow]:
        """Return some of the cases that a query finds; see `queries.page`."""
        rows = self.peek_page(query, offset, limit)
        counted = self._counted
        known = counted[1] if counted is not None and counted[0] == query else None
        self._audit.listed(_narrowed(query), lambda: self._count(query) if known is None else known)
        return rows

    def peek_page(self, query: CaseQuery, offset: int, limit: int) -> list[CaseRow]:
        """Return some cases for the program itself, which shows them to nobody; `page` is for people."""
        with self._store.read() as connection:
            return queries.page(connection, query, date.today(), offset, limit)  # noqa: DTZ011 - the clerk's day

    def _count(self, query: CaseQuery) -> int:
        with self._store.read() as connection:
            total = queries.count(connection, query, date.today())  # noqa: DTZ011 - the clerk's calendar day
        self._counted = (query, total)
        return total

    def today(self) -> Today:
        """Return what waits for somebody today."""
        today = date.today()  # noqa: DTZ011 - the clerk's calendar day
        now = today.isoformat()
        mine = self._log.device

        with self._store.read() as connection:

            def rows(condition: str, *values: object) -> list[CaseRow]:
                return queries.rows_where(connection, f"{condition} LIMIT {TODAY_ROWS}", values, today)

            def total(condition: str, *values: object) -> int:
                (found,) = connection.execute(
                    f"SELECT count(*) FROM case_row WHERE {condition}",  # noqa: S608 - constants below
                    values,
                ).fetchone()
                return int(found)

            soon = "due_on >= ? AND remind_on <= ?"
            found = Today(
                overdue=rows("due_on < ? ORDER BY due_on", now),
                due_soon=rows(f"{soon} ORDER BY due_on", now, now),
                recent=rows(f"c.incarnation IN ({_LIVES_OF}) ORDER BY c.updated DESC", mine),
                from_others=rows(f"c.incarnation NOT IN ({_LIVES_OF}) ORDER BY c.updated DESC", mine),
                overdue_total=total("due_on < ?", now),
                due_soon_total=total(soon, now, now),
                open_total=sum(each.cases for each in standings.standings(connection) if not each.final),
                drafts=self._drafts.list(),
            )
        self._audit.read("today_shown")
        return found

    def _unit(self, unit_id: str | None) -> bytes:
        members, me = self._log.membership, self._log.me
        units = me.roles.keys() - members.circles - {members.common_unit}
        if unit_id is None:
            return min((unit for unit in units if me.may_write_in(unit)), default=None) or self._no_unit()
        identifier = ids.from_text(unit_id)
        if identifier is None or identifier not in me.roles.keys() - {members.common_unit}:
            raise Refused("unknown_unit", _("This device does not belong to that unit; nothing was registered."))
        require_right(self._log, identifier)
        return identifier

    def _no_unit(self) -> NoReturn:
        raise Refused(
            "no_unit",
            _(
                "This device belongs to no unit in which it may register cases. Ask your administrator to let it into "
                "one. Nothing was registered."
            ),
        )


def _narrowed(query: CaseQuery) -> dict[str, object]:
    """Return what narrows a list, as the audit keeps it; the order of its rows says nothing about people."""
    return {
        "words": query.text,
        "kit": query.kit,
        "stage": query.stage,
        "only_open": query.only_open,
        "overdue": query.overdue,
        "where": {**query.where, **({"unit": query.unit} if query.unit else {})},
    }
