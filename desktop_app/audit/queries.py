"""Lists of the audit's entries: SQL filters and counts, and only the rows asked for are read."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from desktop_app.audit import chain
from desktop_app.audit.model import AuditQuery, Entry
from desktop_app.directory import Directory, moment
from sync import ids
from sync.sqlcipher import Connection

_COLUMNS = "e.id, e.time, a.device, a.person, e.origin, e.kind, e.subject, e.detail, e.hash"


@dataclass(frozen=True, slots=True)
class _Where:
    index: str
    sql: str
    values: tuple[object, ...]


def count(connection: Connection, query: AuditQuery, only: bytes | None) -> int:
    """Return how many entries a query finds.

    Args:
        connection: A transaction to read in.
        query: Which entries.
        only: The id of the one person whose entries may be seen, or None for all.
    """
    where = _where(connection, query, only)
    if where is None:
        return 0
    if not where.values:  # their numbers have no gaps
        return int(connection.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()[0])
    sql = f"SELECT count(*) FROM audit INDEXED BY {where.index} WHERE {where.sql}"  # noqa: S608 - constants
    (total,) = connection.execute(sql, where.values).fetchone()
    return int(total)


def page(
    connection: Connection, directory: Directory, query: AuditQuery, only: bytes | None, offset: int, limit: int
) -> list[Entry]:
    """Return some of the entries that a query finds, the newest first.

    Args:
        connection: A transaction to read in.
        directory: Names of people and devices.
        query: Which entries.
        only: The id of the one person whose entries may be seen, or None for all.
        offset: How many to pass over.
        limit: How many to return at most.
    """
    where = _where(connection, query, only)
    if where is None:
        return []
    direction, backwards = "DESC", False
    total = count(connection, query, only) if offset > limit else None
    if total is not None and offset > total // 2:  # from the end that is nearer
        last = min(offset + limit, total)
        offset, limit = total - last, max(0, last - offset)
        direction, backwards = "ASC", True
    sql = (
        f"SELECT id FROM audit INDEXED BY {where.index} WHERE {where.sql}"  # noqa: S608 - constants
        f" ORDER BY time {direction}, id {direction} LIMIT ? OFFSET ?"
    )
    numbers = [number for (number,) in connection.execute(sql, (*where.values, limit, offset))]
    return _entries(connection, directory, numbers[::-1] if backwards else numbers)


def people(connection: Connection, directory: Directory, only: bytes | None) -> list[tuple[str, str]]:
    """Return id and name of everybody who has entries that may be seen, by name."""
    found = {person for (person,) in connection.execute("SELECT person FROM audit_author")}
    seen = [person for person in found if only in {None, person}]
    return sorted(
        ((ids.to_text(person), directory.name(connection, person)) for person in seen), key=lambda one: one[1]
    )


def _where(connection: Connection, query: AuditQuery, only: bytes | None) -> _Where | None:
    """Return the condition and the index that narrows most; None when nobody asked for has any entry."""
    parts: list[tuple[str, object]] = []
    index = "audit_time"
    if query.subject:
        index = "audit_subject"
        parts.append(("subject = ?", query.subject))
    elif query.kind:
        index = "audit_kind"
    if query.kind:
        parts.append(("kind = ?", query.kind))
    if query.since:
        parts.append(("time >= ?", _milliseconds(query.since)))
    if query.until:
        parts.append(("time < ?", _milliseconds(query.until + timedelta(days=1))))
    conditions, values = [sql for sql, _value in parts], tuple(value for _sql, value in parts)
    authors, everyone = _authors(connection, query, only)
    if not everyone:
        if not authors:
            return None
        conditions.append(f"author IN ({','.join('?' * len(authors))})")
        values += tuple(authors)
    if query.subject:
        conditions.append("subject <> ''")  # what the index holds
    return _Where(index, " AND ".join(conditions) or "true", values)


def _authors(connection: Connection, query: AuditQuery, only: bytes | None) -> tuple[list[int], bool]:
    """Return the authors that are asked for and may be seen, and whether these are all there are."""
    known = connection.execute("SELECT id, person FROM audit_author").fetchall()
    wanted = ids.from_text(query.person) or b"" if query.person else None
    chosen = [number for number, person in known if wanted in {None, person} and only in {None, person}]
    return chosen, len(chosen) == len(known)


def _entries(connection: Connection, directory: Directory, numbers: list[int]) -> list[Entry]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM json_each(?) p JOIN audit e ON e.id = p.value"  # noqa: S608 - constants
        " JOIN audit_author a ON a.id = e.author ORDER BY p.key",
        (json.dumps(numbers),),
    ).fetchall()
    authors = {(device, person): directory.author(connection, device) for _id, _time, device, person, *_rest in rows}
    cases = {row[6]: _case_number(connection, row[6]) for row in rows if row[6]}
    return [
        Entry(
            number=number,
            when=moment(time_ms),
            person=directory.name(connection, person),
            person_id=ids.to_text(person),
            device=authors[device, person][1],
            origin=origin,
            kind=kind,
            subject=subject,
            number_of_case=cases.get(subject, ""),
            detail=chain.detail_of(detail),
            hash=bytes(hash_).hex(),
        )
        for number, time_ms, device, person, origin, kind, subject, detail, hash_ in rows
    ]


def _case_number(connection: Connection, subject: str) -> str:
    identifier = ids.from_text(subject)
    if identifier is None:
        return ""
    row = connection.execute(
        "SELECT c.number FROM record r JOIN case_row c ON c.id = r.id WHERE r.uuid = ?", (identifier,)
    ).fetchone()
    return row[0] if row else ""


def _milliseconds(day: date) -> int:
    """Return when a day begins on this computer's clock; a year that no clock has is as early or late as can be."""
    try:
        return int(datetime.combine(day, time()).astimezone().timestamp() * 1000)
    except (OverflowError, OSError, ValueError):
        return int(datetime.combine(day, time(), UTC).timestamp() * 1000)
