"""Checks of what the vault holds: pages, chains of the log, drafts, the audit, attached files."""

import msgspec

from desktop_app.attachments.checking import check_files
from desktop_app.attachments.store import FOLDER_NAME, ChunkStore
from desktop_app.audit import checking
from desktop_app.checks.model import Fault, Subject
from sync import behind, frames, ids
from sync.messages import _
from sync.sqlcipher import Connection


def check_database(_subject: Subject, connection: Connection) -> str:
    """SQLCipher's own page authentication first, then SQLite's structure check."""
    faults = [row[0] for row in connection.execute("PRAGMA cipher_integrity_check")]
    faults += [row[0] for row in connection.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
    if faults:
        raise Fault(_("damaged places: {count}, the first: {first}").format(count=len(faults), first=faults[0]))
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    return _("pages: {pages}, every one authentic").format(pages=pages)


def check_chains(subject: Subject, connection: Connection) -> str:
    """Every frame is signed by its author and follows the one before it; the ends are where the database says."""
    members = subject.membership
    count = 0
    floors = behind.floors(connection)
    last = {place: (floor.seq, floor.hash) for place, floor in floors.items()}
    rows = connection.execute("SELECT unit, incarnation, seq, hash, body FROM frame ORDER BY unit, incarnation, seq")
    for unit, incarnation, seq, hash_, body in rows:
        place = _("frame {seq} of chain {chain}").format(seq=seq, chain=f"{unit}/{incarnation}")
        floor = floors.get((unit, incarnation))
        before = last.get((unit, incarnation), (0, frames.NO_PREVIOUS))
        try:
            frame = frames.parse(body)
            authors = members.seats(frame.header.device)
            if not authors:
                raise Fault(_("{place}: its author is not a member").format(place=place))
            frame.signed_with(author.entry.sign_key for author in authors)
        except frames.BadFrame as error:
            raise Fault(_("{place} is damaged").format(place=place)) from error
        follows = (seq - 1, frame.header.previous) == before
        is_behind = floor is not None and seq <= floor.seq  # of those, any may be lacking
        if (frame.hash, frame.header.seq) != (hash_, seq) or not (follows or is_behind):
            raise Fault(_("{place} does not follow the one before it").format(place=place))
        if not is_behind:
            last[unit, incarnation] = (seq, hash_)
        count += 1
    heads = {
        (unit, incarnation): (seq, hash_)
        for unit, incarnation, seq, hash_ in connection.execute("SELECT unit, incarnation, seq, hash FROM head")
    }
    if heads != last:
        raise Fault(_("the ends of the chains are not where the database says"))
    words = _("frames: {count}, chains: {chains}").format(count=count, chains=len(last))
    return f"{words}; {_('older ones are not here, a snapshot stands in their place')}" if floors else words


def check_drafts(_subject: Subject, connection: Connection) -> str:
    """Every draft can be read."""
    count = 0
    for (fields,) in connection.execute("SELECT fields FROM draft"):
        try:
            msgspec.json.decode(fields, type=dict[str, object])
        except (msgspec.MsgspecError, TypeError) as error:
            raise Fault(_("a draft can't be read")) from error
        count += 1
    return _("drafts that can be read: {count}").format(count=count)


def check_audit(subject: Subject, connection: Connection) -> str:
    """The audit is as it was written."""
    try:
        return checking.check(connection, subject.audit, subject.audit_cut)
    except checking.Tampered as fault:
        raise Fault(str(fault)) from fault


def check_attached(subject: Subject, connection: Connection) -> str:
    """Every part of every attached file that is here is whole."""
    found = check_files(connection, ChunkStore(subject.folder / FOLDER_NAME), thorough=subject.thorough)
    if found.damaged:
        raise Fault(
            _("damaged files: {count}, the first is {id}; take them from another computer or a backup").format(
                count=len(found.damaged), id=ids.to_text(found.damaged[0])
            )
        )
    words = _("whole files: {count}") if subject.thorough else _("files with each part in its place: {count}")
    parts = [words.format(count=found.whole)]
    if found.not_here:
        parts.append(_("{count} not on this computer yet").format(count=found.not_here))
    if found.unknown:
        parts.append(_("{count} of a newer program").format(count=found.unknown))
    return "; ".join(parts)
