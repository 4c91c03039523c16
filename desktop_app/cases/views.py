"""Reading one case: its values, its conflicts and its history."""

from datetime import date, datetime

from desktop_app.attachments import rows as attached
from desktop_app.cases import passing
from desktop_app.cases.model import (
    COLLECTION,
    KIT,
    MOVED_FROM,
    NUMBER,
    REGISTERED_ON,
    STAGE,
    CaseView,
    HistoryEntry,
    Sibling,
    Unit,
)
from desktop_app.cases.projection import day, deadline
from desktop_app.directory import Directory, moment
from desktop_app.kits import loader
from desktop_app.kits.calendar import Calendar
from sync import ids
from sync.changes import Dot, Value
from sync.errors import Refused
from sync.log import Log, Record, Written
from sync.messages import _
from sync.sqlcipher import Connection


class CaseReader:
    """Reads cases out of the log.

    Args:
        log: The vault's log.
        directory: Names of people and units.
        calendar: How terms are counted.
    """

    def __init__(self, log: Log, directory: Directory, calendar: Calendar) -> None:
        self._log = log
        self._directory = directory
        self._calendar = calendar

    def find(self, connection: Connection, ref: str) -> Record:
        """Return the record of a case by its id or registration number.

        Raises:
            Refused: There is none, or several have that number.
        """
        identifier = ids.from_text(ref)
        if identifier is None:
            identifier = self._by_number(connection, ref)
        record = self._here(connection, identifier) if identifier else None
        if record is None or record.collection != COLLECTION:
            raise Refused(
                "unknown_case",
                _(
                    "There is no case “{ref}” in this vault. Check the number; if a colleague registered the case, "
                    "exchange first."
                ).format(ref=ref),
            )
        return record

    @staticmethod
    def _by_number(connection: Connection, number: str) -> bytes | None:
        rows = connection.execute(
            "SELECT uuid FROM case_row WHERE number = ?1 UNION SELECT uuid FROM moved_row WHERE number = ?1 LIMIT 2",
            (number.strip(),),
        ).fetchall()
        if len(rows) > 1:
            raise Refused(
                "ambiguous_number",
                _("Several cases have the number {number}. Name the case by its id.").format(number=number),
            )
        return bytes(rows[0][0]) if rows else None

    def _here(self, connection: Connection, case: bytes) -> Record | None:
        """Return the record of a case in the unit that it is in, or None when there is none.

        Raises:
            Refused: It was moved to a unit that this device does not read.
        """
        row = connection.execute(
            "SELECT u.uuid FROM record r JOIN case_row c ON c.id = r.id JOIN unit u ON u.id = r.unit WHERE r.uuid = ?"
            " ORDER BY u.uuid",
            (case,),
        ).fetchone()
        if row is not None:
            return self._log.record(connection, case, row[0])
        pointer = connection.execute(
            "SELECT number, moved_to, moved_on FROM moved_row WHERE uuid = ? ORDER BY moved_on DESC", (case,)
        ).fetchone()
        if pointer is None:
            return self._log.record(connection, case)
        number, target, when = pointer
        raise Refused(
            "case_moved",
            _("The case {number} was moved to the unit “{unit}” on {day}. Ask there.").format(
                number=number,
                unit=self._directory.unit(connection, target),
                day=f"{datetime.fromisoformat(when).astimezone():%d.%m.%Y}",
            ),
        )

    def view(self, connection: Connection, record: Record, today: date) -> CaseView:
        """Return a case as a form shows it.

        Raises:
            Refused: Its kit is not here.
        """
        fields = record.state.fields
        kit = loader.kit(str(fields.get(KIT)))
        stage = str(fields.get(STAGE) or kit.initial_stage)
        due = deadline(kit, fields, stage, self._calendar)
        history = self._log.history(connection, record.id, record.unit, present=True) if record.state.conflicts else []
        registered = fields.get(REGISTERED_ON)
        return CaseView(
            id=ids.to_text(record.id),
            number=str(fields.get(NUMBER) or ""),
            kit=kit,
            stage=stage,
            values={name: value for name, value in fields.items() if value is not None and not name.startswith("_")},
            conflicts={name: self.siblings(connection, record, name, history) for name in record.state.conflicts},
            due_on=due.due_on if due else None,
            due_soon=due is not None and due.due_soon(today),
            overdue=due is not None and due.overdue(today),
            registered_on=day(registered),
            unit=Unit(ids.to_text(record.unit), self._directory.unit(connection, record.unit)),
            # Two people may have written the same: who changes that value has seen, and replaces, both.
            dots={
                name: tuple(dot for dot, known in record.state.current(name) if known == value)
                for name, value in fields.items()
            },
        )

    def siblings(self, connection: Connection, record: Record, field: str, history: list[Written]) -> list[Sibling]:
        """Return the different current values of a field, the winner first; equal values are one.

        Args:
            connection: A transaction to read in.
            record: The case.
            field: The field.
            history: The history of the case.
        """
        by_dot = {written.dot: written for written in history}
        winner = record.state.winner_dot(field)
        found: dict[str, Sibling] = {}
        for dot, value in sorted(record.state.current(field), key=lambda entry: entry[0], reverse=True):
            written = by_dot[dot]
            person, device = self._directory.author(connection, written.device)
            found.setdefault(
                repr(value),
                Sibling(
                    value,
                    person,
                    device,
                    moment(written.time_ms),
                    mine=written.device == self._log.device,
                    winner=dot == winner,
                ),
            )
        return list(found.values())

    def base(self, record: Record, field: str, history: list[Written]) -> Value:
        """Return the value that the current values of a field replaced, or None when they had no common one."""
        by_dot = {written.dot: written for written in history}
        replaced = [set(by_dot[dot].replaces.get(field, ())) for dot in record.state.dots_of(field) if dot in by_dot]
        common: set[Dot] = set.intersection(*replaced) if replaced else set()
        known = by_dot.get(max(common)) if common else None
        return known.fields.get(field) if known else None

    def history(self, connection: Connection, record: Record) -> list[HistoryEntry]:
        """Return every value ever written to a case, and its files added and removed, newest first.

        What was written in units that the case was in before stands among it, as whoever moved the case told it.
        """
        history = self._log.history(connection, record.id, record.unit)
        entries = self._told(connection, record) + attached.history(connection, self._log, self._directory, record)
        values = {(written.dot, name): value for written in history for name, value in written.fields.items()}
        for written in history:
            person, device = self._directory.author(connection, written.device)
            for name, value in passing.of_own(written).items():
                replaced = written.replaces.get(name, ())
                before = values.get((max(replaced), name)) if replaced else None
                entry = HistoryEntry(
                    moment(written.time_ms),
                    person,
                    device,
                    name,
                    before,
                    self._unit_name(connection, value) if name == MOVED_FROM else value,
                    mine=written.device == self._log.device,
                )
                entries.append((written.dot, entry))
        return [entry for _dot, entry in sorted(entries, key=lambda each: each[0])][::-1]

    def _told(self, connection: Connection, record: Record) -> list[tuple[Dot, HistoryEntry]]:
        entries = []
        for dot, (told, late) in passing.told(self._log, connection, record.id, record.unit).items():
            author = bytes.fromhex(told.device)
            person, device = self._directory.author(connection, author)
            unit = self._unit_name(connection, told.unit)
            for name, (before, value) in told.fields.items():
                shown = self._unit_name(connection, value) if name == MOVED_FROM else value
                mine = author == self._log.device
                when = moment(told.time_ms)
                entries.append((dot, HistoryEntry(when, person, device, name, before, shown, mine, unit, late)))
        return entries

    def _unit_name(self, connection: Connection, unit: Value) -> str:
        return self._directory.unit(connection, (ids.from_text(unit) if isinstance(unit, str) else None) or b"")
