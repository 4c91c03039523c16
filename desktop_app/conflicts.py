"""Fields with more than one current value: listed, resolved, and the last resolution undone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from desktop_app.audit import Audit
from desktop_app.cases.model import COLLECTION, KIT, NUMBER, Sibling
from desktop_app.cases.projection import known_kit
from desktop_app.cases.views import CaseReader
from desktop_app.kits import values
from desktop_app.kits.model import FieldType, Kit
from desktop_app.units import require_right
from sync import ids
from sync.applying import Store
from sync.changes import Change, Value
from sync.errors import Refused
from sync.log import Log, Record
from sync.merge import Current
from sync.messages import _
from sync.sqlcipher import Connection


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field of one case with several current values.

    Args:
        base: The value that all of them replaced, or None.
        siblings: The values, the one shown in lists first.
    """

    case_id: str
    number: str
    title: str
    kit: Kit
    field: str
    base: Value
    siblings: list[Sibling]


class ConflictService:
    """Lists and resolves conflicts.

    Args:
        store: The vault's database.
        log: The vault's log.
        reader: Reads single cases.
        audit: Records whose values are shown.
    """

    def __init__(self, store: Store, log: Log, reader: CaseReader, audit: Audit) -> None:
        self._store = store
        self._log = log
        self._reader = reader
        self._audit = audit
        self._undo: tuple[bytes, bytes, str, list[Value], Value] | None = None

    def count(self) -> int:
        """Return how many fields have several current values."""
        with self._store.read() as connection:
            (total,) = connection.execute(
                "SELECT coalesce(sum(conflicts), 0) FROM case_row WHERE conflicts > 0"
            ).fetchone()
        return int(total)

    def list(self) -> list[Conflict]:
        """Return all conflicts, those of one case together."""
        found: list[Conflict] = []
        with self._store.read() as connection:
            rows = connection.execute(
                "SELECT c.uuid, u.uuid, c.title FROM case_row c JOIN unit u ON u.id = c.unit WHERE c.conflicts > 0"
                " ORDER BY c.id"
            ).fetchall()
            for uuid, unit, title in rows:
                record = self._log.record(connection, uuid, unit)
                kit = known_kit(str(record.state.fields.get(KIT))) if record else None
                if record is None or kit is None:
                    continue
                history = self._log.history(connection, uuid, unit, present=True)
                found += [
                    Conflict(
                        ids.to_text(uuid),
                        str(record.state.fields.get(NUMBER) or ""),
                        title,
                        kit,
                        field,
                        self._reader.base(record, field, history),
                        self._reader.siblings(connection, record, field, history),
                    )
                    for field in record.state.conflicts
                ]
        self._audit.read("conflict_shown", [conflict.case_id for conflict in found])
        return found

    def resolve(self, ref: str, field: str, value: object, seen: Sequence[Sibling] | None = None) -> None:
        """Write a value that replaces current values of a field.

        Args:
            ref: The case, by id or number.
            field: The field.
            value: One of the values, or another one.
            seen: The values that were displayed; one that arrived meanwhile stays a conflict. By default, all.

        Raises:
            Refused: The field has no conflict, or its rules refuse the value.
        """
        self._write(ref, field, lambda record, _replaced: self._accepted(record, field, value), seen)

    def keep_both(self, ref: str, field: str, seen: Sequence[Sibling] | None = None) -> None:
        """Write the current texts of a field, one after the other, in place of them.

        Args:
            ref: The case, by id or number.
            field: The field.
            seen: The values that were displayed; by default, all.

        Raises:
            Refused: The field has no conflict, or does not hold text.
        """
        self._write(ref, field, lambda record, replaced: self._joined(record, field, replaced), seen)

    def take(self, ref: str, field: str, side: str) -> None:
        """Write the value of one side in place of all.

        Args:
            ref: The case, by id or number.
            field: The field.
            side: ``mine`` for the value written on this device, ``theirs`` for the newest from elsewhere.

        Raises:
            Refused: The field has no conflict, or that side wrote none of its values.
        """
        with self._store.read() as connection:
            record = self._reader.find(connection, ref)
            history = self._log.history(connection, record.id, record.unit, present=True)
            siblings = self._reader.siblings(connection, record, field, history)
        chosen = next((sibling for sibling in siblings if sibling.mine == (side == "mine")), None)
        if len(siblings) < 2:
            raise _no_conflict(field)
        if chosen is None:
            raise Refused(
                "no_such_side",
                _("None of the values of “{field}” is from that side. Name the value itself.").format(field=field),
            )
        self.resolve(ref, field, chosen.value, siblings)

    def undo_last(self) -> bool:
        """Take the last resolution of this session back: its values stand side by side again.

        Returns:
            Whether there was one to take back.
        """
        if self._undo is None:
            return False
        record_id, unit, field, values_before, resolved = self._undo

        def decide(connection: Connection) -> tuple[bytes, list[Change]]:
            record = self._log.record(connection, record_id, unit)
            if record is None:
                raise Refused("unknown_case", _("The case is not in this vault any more."))
            # The first replaces the resolution, and nothing that came after it; the others replace nothing, so all
            # are current together.
            decided = tuple(dot for dot, value in record.state.current(field) if value == resolved)
            replaces = [{field: decided}, *({} for _value in values_before[1:])]
            return record.unit, [
                Change(COLLECTION, record.id, {field: value}, dots)
                for value, dots in zip(values_before, replaces, strict=True)
            ]

        self._log.write_with(decide)
        self._undo = None
        return True

    def _write(
        self, ref: str, field: str, choose: Callable[[Record, Current], Value], seen: Sequence[Sibling] | None
    ) -> None:
        require_right(self._log)
        undo: list[tuple[bytes, bytes, str, list[Value], Value]] = []

        def decide(connection: Connection) -> tuple[bytes, list[Change]]:
            record = self._reader.find(connection, ref)
            require_right(self._log, record.unit)
            if field not in record.state.conflicts:
                raise _no_conflict(field)
            shown = None if seen is None else [sibling.value for sibling in seen]
            replaced = [(dot, known) for dot, known in record.state.current(field) if shown is None or known in shown]
            value = choose(record, replaced)
            undo.append((record.id, record.unit, field, [known for _dot, known in replaced], value))
            dots = tuple(dot for dot, _known in replaced)
            return record.unit, [Change(COLLECTION, record.id, {field: value}, {field: dots})]

        self._log.write_with(decide)
        (self._undo,) = undo

    def _accepted(self, record: Record, field: str, value: object) -> Value:
        current = [known for _dot, known in record.state.current(field)]
        if value in current:
            return next(known for known in current if known == value)
        kit = known_kit(str(record.state.fields.get(KIT)))
        if kit is None or field.startswith("_"):
            raise Refused("invalid", _("Choose one of the values that “{field}” has now.").format(field=field))
        return values.parse(kit.field(field), value)

    @staticmethod
    def _joined(record: Record, field: str, replaced: Current) -> Value:
        kit = known_kit(str(record.state.fields.get(KIT)))
        if kit is None or field.startswith("_") or kit.field(field).type not in {FieldType.TEXT, FieldType.LONG_TEXT}:
            raise Refused("not_text", _("Only texts can be kept both; choose one of the values."))
        separator = "\n" if kit.field(field).type is FieldType.LONG_TEXT else "; "
        texts = [str(value) for _dot, value in sorted(replaced) if value]
        return values.parse(kit.field(field), separator.join(dict.fromkeys(texts)))


def _no_conflict(field: str) -> Refused:
    return Refused(
        "no_conflict",
        _("The field “{field}” of this case has one value only; there is nothing to resolve.").format(field=field),
    )
