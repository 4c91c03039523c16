"""What passes from unit to unit with a case: its values, and its history as the giving device tells it."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from desktop_app.cases.model import CARRIED, MOVED_FROM, MOVED_ON, MOVED_TO
from sync import crypto, ids
from sync.changes import Change, Dot, Value
from sync.histories import Record, Written
from sync.log import Log
from sync.sqlcipher import Connection

PAST = "past"
"""The collection of histories that came with what was moved: a record for each record, a field for each change."""
_LATE = "late:"
_POINTER = frozenset({MOVED_TO, MOVED_ON})


class Told(msgspec.Struct, frozen=True, array_like=True):
    """A change made in another unit, as whoever moved the record found it there.

    Args:
        device: Who made it: the 16-byte id of a device, in hexadecimal.
        time_ms: The author's clock, milliseconds since 1970.
        unit: Where, as the id of the unit in text form.
        fields: For each field the value before and the value written.
    """

    device: str
    time_ms: int
    unit: str
    fields: dict[str, tuple[Value, Value]]


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Told)


def past_id(record: bytes) -> bytes:
    """Return the id of the history that came with a record: the same for whoever moves it."""
    return crypto.sha256(b"sprava/past/1\x00", record)[: ids.ID_BYTES]


def told(log: Log, connection: Connection, record: bytes, unit: bytes) -> dict[Dot, tuple[Told, bool]]:
    """Return what came with a record into a unit, by the dots that it had; and whether it came late.

    Args:
        log: The vault's log.
        connection: A transaction to read in.
        record: The 16-byte id of the record.
        unit: The 16-byte id of the unit.
    """
    past = log.record(connection, past_id(record), unit)
    found: dict[Dot, tuple[Told, bool]] = {}
    for name, value in (past.state.fields if past else {}).items():
        counter, _colon, incarnation = name.partition(":")
        if not counter.isdecimal() or not isinstance(value, str):
            continue
        try:
            entry = _decoder.decode(value)
            dot = (int(counter), bytes.fromhex(incarnation))
        except (msgspec.MsgspecError, ValueError):
            continue  # another program's, or forged: what can't be read tells nothing
        found[dot] = (entry, past is not None and bool(past.state.fields.get(_LATE + name)))
    return found


def of_own(written: Written) -> dict[str, Value]:
    """Return what a change says about the record itself: not what only moving it wrote."""
    if MOVED_FROM in written.fields:
        return {MOVED_FROM: written.fields[MOVED_FROM]}
    return {} if CARRIED in written.fields or MOVED_TO in written.fields else written.fields


def moved(log: Log, connection: Connection, source: Record, target: bytes) -> Iterator[Change]:
    """Give the changes that write a record and its history into another unit, whatever was moved there before.

    Args:
        log: The vault's log.
        connection: A transaction to read in.
        source: The record where it lies now.
        target: The 16-byte id of the unit.
    """
    there = log.record(connection, source.id, target)
    names = [name for name in source.state.fields if name not in _POINTER | {CARRIED, MOVED_FROM}]
    first: dict[str, Value] = {name: source.state.fields[name] for name in names}
    first[MOVED_FROM] = ids.to_text(source.unit)
    if there is not None:
        first |= dict.fromkeys(_POINTER & there.state.fields.keys())
    replaces = {name: there.state.dots_of(name) for name in first} if there else {}
    yield Change(source.collection, source.id, first, {name: dots for name, dots in replaces.items() if dots})
    for name in names:  # a conflict stays one
        for _dot, value in source.state.current(name):
            if value != source.state.fields[name]:
                yield Change(source.collection, source.id, {name: value, CARRIED: True})
    if history := dict(_history(log, connection, source, target)):
        yield Change(PAST, past_id(source.id), history)


def pointer(source: Record, target: bytes, when: str) -> Change:
    """Return the change that says, where a record was, where it is now."""
    fields: dict[str, Value] = {MOVED_TO: ids.to_text(target), MOVED_ON: when}
    replaces = {name: dots for name in fields if (dots := source.state.dots_of(name))}
    return Change(source.collection, source.id, fields, replaces)


def late(log: Log, connection: Connection, source: Record, target: Record) -> Iterator[Change]:
    """Give the changes that carry over what was written where a record was, after it had been moved.

    Whoever carries something over writes the same history; the values replace what their author saw, as far as it is
    still there, and stand beside what others wrote meanwhile.

    Args:
        log: The vault's log.
        connection: A transaction to read in.
        source: The record where it was.
        target: The record where it is.
    """
    history = log.history(connection, source.id, source.unit, present=True)
    known = _known(history, told(log, connection, source.id, target.unit).keys())
    here = {written.dot for written in log.history(connection, source.id, target.unit)}
    fresh = [written for written in history if written.dot not in known | here and of_own(written)]
    if not fresh:
        return
    values = {(written.dot, name): value for written in history for name, value in written.fields.items()}
    entries: dict[str, Value] = {}
    for written in fresh:
        name = _name(written.dot)
        entries |= {name: _told(written, source.unit, values), _LATE + name: True}
    yield Change(PAST, past_id(source.id), entries)
    dots = {written.dot for written in fresh}
    seen: dict[str, list[Value]] = {}
    for written in fresh:
        for field, replaced in written.replaces.items():
            seen.setdefault(field, []).extend(values[dot, field] for dot in replaced if (dot, field) in values)
    for field in dict.fromkeys(field for written in fresh for field in of_own(written) if field != MOVED_FROM):
        present = target.state.current(field)
        replaced = tuple(dot for dot, value in present if value in seen.get(field, []))
        for dot, value in source.state.current(field):
            if dot in dots and all(value != other for _dot, other in present):
                yield Change(source.collection, source.id, {field: value, CARRIED: True}, {field: replaced})


def _known(history: Sequence[Written], named: AbstractSet[Dot]) -> set[Dot]:
    """Return the changes that whoever moved a record knew: those told, and what those replace.

    Behind a snapshot more may have been written than the one who moved it had to tell.
    """
    known: set[Dot] = set(named)
    replaced: set[tuple[Dot, str]] = set()
    for written in reversed(history):
        if written.dot in known or (written.fields and all((written.dot, name) in replaced for name in written.fields)):
            known.add(written.dot)
            replaced |= {(dot, name) for name, dots in written.replaces.items() for dot in dots}
    return known


def _history(log: Log, connection: Connection, source: Record, target: bytes) -> Iterator[tuple[str, Value]]:
    """Give the history of a record as it is told in another unit, what it came with itself included."""
    here = {written.dot for written in log.history(connection, source.id, target)}
    known = told(log, connection, source.id, target).keys()
    for dot, (entry, was_late) in told(log, connection, source.id, source.unit).items():
        if dot not in here | known:
            yield _name(dot), _encoder.encode(entry).decode()
            if was_late:
                yield _LATE + _name(dot), True
    history = log.history(connection, source.id, source.unit, present=True)
    values = {(written.dot, name): value for written in history for name, value in written.fields.items()}
    for written in history:
        if written.dot not in here | known and of_own(written):
            yield _name(written.dot), _told(written, source.unit, values)


def _told(written: Written, unit: bytes, values: Mapping[tuple[Dot, str], Value]) -> str:
    fields = {
        name: (values.get((max(replaced), name)) if (replaced := written.replaces.get(name)) else None, value)
        for name, value in of_own(written).items()
    }
    return _encoder.encode(Told(written.device.hex(), written.time_ms, ids.to_text(unit), fields)).decode()


def _name(dot: Dot) -> str:
    return f"{dot[0]}:{dot[1].hex()}"
