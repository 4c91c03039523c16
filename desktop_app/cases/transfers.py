"""Moving cases from unit to unit, and what is left behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from desktop_app.attachments import model as attachments
from desktop_app.audit import Audit
from desktop_app.cases import passing
from desktop_app.cases.model import CaseView
from desktop_app.cases.views import CaseReader
from desktop_app.directory import Directory
from desktop_app.units import require_right
from sync import ids
from sync.applying import Store
from sync.changes import Change
from sync.errors import Refused
from sync.histories import Record
from sync.log import Log
from sync.messages import _
from sync.sqlcipher import Connection

_CARRIED_UP_TO = "carried-up-to"


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a unit keeps of a case that was moved to another one.

    Args:
        id: The id of the case.
        number: Its registration number.
        unit: The name of the unit that it was in.
        moved_to: The name of the unit that it is in.
        moved_on: When, by the clock of whoever moved it.
        here: This device reads it in its new unit.
    """

    id: str
    number: str
    unit: str
    moved_to: str
    moved_on: datetime
    here: bool


class TransferService:
    """Moves cases, lists what was moved, and carries over what others wrote late.

    Args:
        store: The vault's database.
        log: The vault's log.
        reader: Finds cases.
        directory: Names of units.
        audit: Where it is recorded.
        unit: Finds a unit of this device by name or id.
        peek: Reads a case for the program itself.
    """

    def __init__(
        self,
        store: Store,
        log: Log,
        reader: CaseReader,
        directory: Directory,
        audit: Audit,
        unit: Callable[[str], bytes],
        peek: Callable[[str], CaseView],
    ) -> None:
        self._store = store
        self._log = log
        self._reader = reader
        self._directory = directory
        self._audit = audit
        self._unit = unit
        self._peek = peek
        self._carrying = False

    def transfer(self, ref: str, unit: str) -> CaseView:
        """Move a case with its history and files to another unit, all or nothing; the old one keeps a pointer.

        From then on it is read and changed by the members of the new unit. Who had read it before, has read it.

        Args:
            ref: The case, by id or number.
            unit: The name or id of the unit, to which this device must belong too.

        Raises:
            Refused: There is no such case or unit, it is there already, or the role may not write in one of them.
        """
        target = self._unit(unit)
        moved = self.move(ref, target)
        self._audit.record("case_moved", ids.to_text(moved.id), unit=unit)
        return self._peek(ids.to_text(moved.id))

    def move(self, ref: str, target: bytes) -> Record:
        """Move a case to a unit by its 16-byte id, without an entry in the audit; see `transfer`."""
        found: list[Record] = []

        def decide(connection: Connection) -> list[tuple[bytes, Sequence[Change]]]:
            case = self._reader.find(connection, ref)
            for unit in (case.unit, target):
                require_right(self._log, unit)
            if case.unit == target:
                raise Refused("same_unit", _("The case is in that unit already. Nothing was changed."))
            found.append(case)
            records = [case, *self._files(connection, case.id, case.unit)]
            there = [change for record in records for change in passing.moved(self._log, connection, record, target)]
            when = datetime.now().astimezone().isoformat(timespec="seconds")
            return [(target, there), (case.unit, [passing.pointer(case, target, when)])]

        self._log.write_all(decide)
        return found[0]

    def pointers(self, unit: str | None = None) -> list[Pointer]:
        """Return what is left of cases that were moved, the latest first.

        Args:
            unit: Only of the unit with this name or id; by default of all that this device reads.
        """
        only = None if unit is None else self._unit(unit)
        with self._store.read() as connection:
            rows = connection.execute(
                "SELECT m.uuid, m.number, u.uuid, m.moved_to, m.moved_on, EXISTS (SELECT 1 FROM record r"
                " JOIN case_row c ON c.id = r.id WHERE r.uuid = m.uuid) FROM moved_row m JOIN unit u ON u.id = m.unit"
                " WHERE ? IS NULL OR u.uuid = ? ORDER BY m.moved_on DESC",
                (only, only),
            ).fetchall()
            return [
                Pointer(
                    ids.to_text(case),
                    number,
                    self._directory.unit(connection, of),
                    self._directory.unit(connection, to),
                    datetime.fromisoformat(when),
                    bool(here),
                )
                for case, number, of, to, when, here in rows
            ]

    def carry_over(self) -> int:
        """Carry over what was written where cases were, by people who did not know yet that they had been moved.

        Every device that writes in both units does so by itself; it makes no difference how many do.

        Returns:
            How many changes were carried over.
        """
        if self._carrying:
            return 0
        with self._store.read() as connection:
            (moved,) = connection.execute("SELECT EXISTS (SELECT 1 FROM moved_row)").fetchone()
            if not moved:
                return 0
            due = self._touched(connection)
            astray = self._astray(connection)
        mine = {unit for unit in self._log.me.units if self._log.me.may_write_in(unit)}
        self._carrying = True  # what is written now tells of itself
        try:
            count = sum(self._carry(case, old, new) for case, old, new in due if {old, new} <= mine)
            count += sum(self._bring_back(case, units) for case, units in astray.items() if units <= mine)
            self._note_end()
        finally:
            self._carrying = False
        return count

    def _carry(self, case: bytes, old: bytes, new: bytes) -> int:
        written: list[Change] = []

        def decide(connection: Connection) -> list[tuple[bytes, Sequence[Change]]]:
            if self._log.record(connection, case, new) is None:
                return []
            was = self._log.record(connection, case, old)
            for source in [*([was] if was else []), *self._files(connection, case, old)]:
                target = self._log.record(connection, source.id, new)
                if target is not None:
                    written.extend(passing.late(self._log, connection, source, target))
                else:
                    written.extend(passing.moved(self._log, connection, source, new))
            return [(new, written)]

        self._log.write_all(decide)
        return len(written)

    def _bring_back(self, case: bytes, units: set[bytes]) -> int:
        """Let a case be in the first of some units, when each of them says that it is in another."""
        target, *others = sorted(units)
        written: list[Change] = []

        def decide(connection: Connection) -> list[tuple[bytes, Sequence[Change]]]:
            for unit in others:
                records = [self._log.record(connection, case, unit), *self._files(connection, case, unit)]
                for record in records:
                    if record is not None:
                        written.extend(passing.moved(self._log, connection, record, target))
            return [(target, written)]

        self._log.write_all(decide)
        return len(written)

    @staticmethod
    def _astray(connection: Connection) -> dict[bytes, set[bytes]]:
        """Return the cases that are nowhere, with the units that send to each other for them.

        It takes two people who move a case back and forth without knowing of each other.
        """
        found: dict[bytes, set[bytes]] = {}
        rows = connection.execute(
            "SELECT m.uuid, u.uuid FROM moved_row m JOIN unit u ON u.id = m.unit JOIN unit t ON t.uuid = m.moved_to"
            " JOIN moved_row n ON n.uuid = m.uuid AND n.unit = t.id WHERE NOT EXISTS (SELECT 1 FROM record r"
            " JOIN case_row c ON c.id = r.id WHERE r.uuid = m.uuid)"
        )
        for case, unit in rows:
            found.setdefault(case, set()).add(unit)
        return {case: units for case, units in found.items() if len(units) > 1}

    def _touched(self, connection: Connection) -> list[tuple[bytes, bytes, bytes]]:
        """Return the moved cases about which frames came since the last time, with the old and the new unit."""
        (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM frame").fetchone()
        noted = int(self._log.recall(_CARRIED_UP_TO) or b"0")
        since = noted if noted <= last else 0  # the frames were numbered anew
        return list(
            connection.execute(
                "SELECT DISTINCT m.uuid, u.uuid, m.moved_to FROM moved_row m JOIN unit u ON u.id = m.unit"
                " JOIN (SELECT id, uuid AS case_uuid FROM record WHERE uuid IN (SELECT uuid FROM moved_row)"
                " UNION ALL SELECT id, case_uuid FROM file_row WHERE case_uuid IN (SELECT uuid FROM moved_row)) r"
                " ON r.case_uuid = m.uuid JOIN touched t ON t.record = r.id WHERE t.frame > ?",
                (since,),
            ).fetchall()
        )

    def _note_end(self) -> None:
        with self._store.read() as connection:
            (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM frame").fetchone()
        if self._log.recall(_CARRIED_UP_TO) != str(last).encode():
            self._log.remember(_CARRIED_UP_TO, str(last).encode())

    def _files(self, connection: Connection, case: bytes, unit: bytes) -> list[Record]:
        rows = connection.execute(
            "SELECT f.uuid FROM file_row f JOIN unit u ON u.id = f.unit WHERE f.case_uuid = ? AND u.uuid = ?"
            " ORDER BY f.id",
            (case, unit),
        ).fetchall()
        found = [self._log.record(connection, file, unit) for (file,) in rows]
        return [record for record in found if record is not None and record.collection == attachments.COLLECTION]
