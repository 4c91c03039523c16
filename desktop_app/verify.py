"""Whether everything in a vault is whole: each part checked and named."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from desktop_app import schema
from desktop_app.attachments.checking import check_files
from desktop_app.audit import checking
from desktop_app.lives import Past
from desktop_app.projection import DeskProjection
from desktop_app.workspace import Workspace
from sync import digest, frames, ids, sqlcipher
from sync import schema as log_schema
from sync.applying import Applier
from sync.messages import _
from sync.sqlcipher import Connection

_BATCH = 500


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


def verify(workspace: Workspace, *, thorough: bool = True) -> list[Check]:
    """Check the database, the chains of the log, the high-water mark, the projection, the index and attached files.

    The projection is built anew in memory from the frames and compared; nothing in the vault is changed
    but that the audit tells of the check.

    Args:
        workspace: An opened vault.
        thorough: Decrypt every part of every attached file; otherwise only presence and length are looked at.
    """
    checks: list[tuple[str, str, Callable[[Connection], str]]] = [
        ("database", _("Database"), _check_database),
        ("log", _("Log: chains, signatures, contents"), lambda connection: _check_chains(workspace, connection)),
        ("mark", _("High-water mark"), lambda _connection: _check_mark(workspace)),
        ("projection", _("Cases as the log has them"), lambda connection: _check_projection(workspace, connection)),
        ("audit", _("Audit"), lambda connection: _check_audit(workspace, connection)),
        ("files", _("Attached files"), lambda connection: _check_files(workspace, connection, thorough=thorough)),
    ]
    workspace.audit.flush()
    results = []
    # Page authentication looks at the file alone, where a power cut may have torn what the write-ahead log holds whole.
    workspace.store.checkpoint()
    with workspace.store.read() as connection:
        for part, title, check in checks:
            try:
                results.append(Check(part, title, sound=True, finding=check(connection)))
            except _Fault as fault:
                results.append(Check(part, title, sound=False, finding=str(fault)))
            except sqlcipher.DatabaseError as error:
                finding = _("The database can't be read here: {problem}").format(problem=type(error).__name__)
                results.append(Check(part, title, sound=False, finding=finding))
    faults = [check.part for check in results if not check.sound]
    if "database" not in faults:  # nothing is written into a damaged one
        workspace.audit.record("vault_checked", sound=not faults, faults=faults)
    return results


class _Fault(Exception):
    """A part is damaged; the argument says how."""


def _check_database(connection: Connection) -> str:
    """SQLCipher's own page authentication first, then SQLite's structure check."""
    faults = [row[0] for row in connection.execute("PRAGMA cipher_integrity_check")]
    faults += [row[0] for row in connection.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
    if faults:
        raise _Fault(_("damaged in {count} places: {first}").format(count=len(faults), first=faults[0]))
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    return _("{pages} pages, every one authentic").format(pages=pages)


def _check_chains(workspace: Workspace, connection: Connection) -> str:
    members = workspace.log.membership.devices
    count = 0
    last: dict[tuple[int, int], tuple[int, bytes]] = {}
    rows = connection.execute("SELECT unit, incarnation, seq, hash, body FROM frame ORDER BY unit, incarnation, seq")
    for unit, incarnation, seq, hash_, body in rows:
        place = _("frame {seq} of chain {chain}").format(seq=seq, chain=f"{unit}/{incarnation}")
        before = last.get((unit, incarnation), (0, frames.NO_PREVIOUS))
        try:
            frame = frames.parse(body)
            member = members.get(frame.header.device)
            if member is None:
                raise _Fault(_("{place}: its author is not a member").format(place=place))
            frame.verify(member.entry.sign_key)
        except frames.BadFrame as error:
            raise _Fault(_("{place} is damaged").format(place=place)) from error
        if (frame.hash, frame.header.seq) != (hash_, seq) or (seq - 1, frame.header.previous) != before:
            raise _Fault(_("{place} does not follow the one before it").format(place=place))
        last[unit, incarnation] = (seq, hash_)
        count += 1
    heads = {
        (unit, incarnation): (seq, hash_)
        for unit, incarnation, seq, hash_ in connection.execute("SELECT unit, incarnation, seq, hash FROM head")
    }
    if heads != last:
        raise _Fault(_("the ends of the chains are not where the database says"))
    return _("{count} frames in {chains} chains").format(count=count, chains=len(last))


def _check_mark(workspace: Workspace) -> str:
    match workspace.lives.past:
        case Past.SET_BACK:
            raise _Fault(_("the database was an older copy when it was opened; exchange to get back what is newer"))
        case Past.LOST:
            raise _Fault(_("the file vault.mark was missing or damaged; it is written anew with the next change"))
        case Past.COPIED:
            raise _Fault(_("the folder was a copy when it was opened; its log has begun anew"))
        case Past.KNOWN | Past.NEW:
            return _("the database is not older than the mark")


def _check_audit(workspace: Workspace, connection: Connection) -> str:
    try:
        return checking.check(connection, workspace.lives.highwater.audit, workspace.audit.cut)
    except checking.Tampered as fault:
        raise _Fault(str(fault)) from fault


def _check_projection(workspace: Workspace, connection: Connection) -> str:
    with _rebuilt(workspace, connection) as again:
        units = list(workspace.log.me.units)
        if digest.of_units(connection, units) != digest.of_units(again, units):
            raise _Fault(_("the merged records differ from what the log gives"))
        if _rows(connection) != _rows(again):
            raise _Fault(_("the list of cases differs from what the log gives"))
        if _index(connection) != _index(again):
            raise _Fault(_("the search index differs from what the log gives"))
        if _history(connection) != _history(again):
            raise _Fault(_("the histories of the cases differ from what the log gives"))
        if _names(connection) != _names(again):
            raise _Fault(_("the names of people and units differ from what the log gives"))
        if _files(connection) != _files(again):
            raise _Fault(_("the list of attached files differs from what the log gives"))
        (count,) = again.execute("SELECT count(*) FROM case_row").fetchone()
    return _("{count} cases, rebuilt from the log and equal").format(count=count)


def _check_files(workspace: Workspace, connection: Connection, *, thorough: bool) -> str:
    found = check_files(connection, workspace.files.chunks, thorough=thorough)
    if found.damaged:
        raise _Fault(
            _("{count} files are damaged, the first is {id}; take them from another computer or a backup").format(
                count=len(found.damaged), id=ids.to_text(found.damaged[0])
            )
        )
    words = _("{count} files whole") if thorough else _("{count} files, each part in its place")
    parts = [words.format(count=found.whole)]
    if found.not_here:
        parts.append(_("{count} not on this computer yet").format(count=found.not_here))
    if found.unknown:
        parts.append(_("{count} of a newer program").format(count=found.unknown))
    return "; ".join(parts)


@contextmanager
def _rebuilt(workspace: Workspace, connection: Connection) -> Iterator[Connection]:
    """Give a database in memory alone, built from the frames of the vault."""
    again = sqlcipher.connect_in_memory()
    try:
        log_schema.create(again)
        schema.create(again)
        again.execute("BEGIN")
        for table in ("unit", "epoch_key"):
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - the names above
            marks = ",".join("?" * len(rows[0])) if rows else "?"
            again.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - only question marks
        applier = Applier(again, workspace.log.membership, DeskProjection())
        cursor = connection.execute("SELECT body FROM frame ORDER BY id")
        while bodies := cursor.fetchmany(_BATCH):
            applier.take([body for (body,) in bodies])
        applier.finish()
        yield again
    finally:
        again.close()


def _rows(connection: Connection) -> str:
    """Hash the list of cases, without what only says when this device heard of it."""
    return _hash(
        connection.execute(
            "SELECT uuid, kit, number, stage, final, title, person, received_on, due_on, remind_on, conflicts"
            " FROM case_row ORDER BY uuid"
        )
    )


def _history(connection: Connection) -> str:
    """Hash which frames touched which records."""
    return _hash(
        connection.execute(
            "SELECT r.uuid, f.hash FROM touched t JOIN record r ON r.id = t.record JOIN frame f ON f.id = t.frame"
            " ORDER BY r.uuid, f.hash"
        )
    )


def _names(connection: Connection) -> str:
    """Hash the names by which people, units and the community are shown."""
    return _hash(connection.execute("SELECT uuid, collection, name FROM named ORDER BY uuid"))


def _files(connection: Connection) -> str:
    """Hash the list of attached files."""
    return _hash(
        connection.execute(
            "SELECT uuid, case_uuid, name, type, size, manifest, key, removed FROM file_row ORDER BY uuid, unit"
        )
    )


def _index(connection: Connection) -> str:
    """Hash the words of the search index and in how many cases each stands."""
    return _hash(connection.execute("SELECT term, doc FROM case_words ORDER BY term"))


def _hash(rows: Iterable[tuple[object, ...]]) -> str:
    found = hashlib.sha256()
    for row in rows:
        found.update(repr(row).encode())
    return found.hexdigest()
