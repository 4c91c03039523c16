"""Whether the audit is as it was written: every entry, their order, and the end that was noted outside."""

from desktop_app.audit import chain
from desktop_app.audit.chain import Link
from desktop_app.audit.mending import REPAIRED, Gap, told_gaps
from desktop_app.audit.recorder import Cut
from sync.messages import _, ngettext
from sync.sqlcipher import Connection

_ENTRIES = (
    "SELECT e.id, e.time, a.device, a.person, e.origin, e.kind, e.subject, e.detail, e.hash"
    " FROM audit e LEFT JOIN audit_author a ON a.id = e.author ORDER BY e.id"
)


class Tampered(Exception):
    """The audit is not as it was written; the argument says where."""


def check(connection: Connection, noted: tuple[int, bytes] | None, cut: Cut | None) -> str:
    """Check every entry of the chain against the one before it, and its end against what was noted outside.

    Args:
        connection: A transaction to read in.
        noted: How many entries were noted outside the database, and the hash of the last of them.
        cut: What was found missing when the vault was opened.

    Returns:
        What was found, in one sentence.

    Raises:
        Tampered: An entry was changed, taken out, put in or moved, or the end is missing.
    """
    count, last, at_note = 0, chain.NO_HASH, b""
    told = told_gaps(connection)
    tellers, behind = set(), set()
    for number, *rest, hash_ in connection.execute(_ENTRIES):
        follows = number == count + 1
        if not follows:
            teller, gap = told.get(count + 1, (0, None))
            if gap != Gap(count + 1, number - 1, bytes(last)):
                raise Tampered(_missing(count + 1, number - 1))
            tellers.add(teller)
            behind.add(number)
        # What the entry behind a gap followed is gone; the entry that tells of the gap binds both sides of it.
        if follows and (rest[1] is None or chain.hash_of(Link(number, *rest), last) != hash_):
            raise Tampered(
                _(
                    "entry {number} is not as it was written, or the one before it was changed, moved, put in or "
                    "taken out"
                ).format(number=number)
            )
        count, last = number, hash_
        if noted is not None and number == noted[0]:
            at_note = hash_
    if unproven := tellers & behind:
        raise Tampered(_missing(min(unproven) - 1, min(unproven) - 1))
    if cut is not None:
        raise Tampered(
            _(
                "entries noted in the file vault.mark: {expected}, found when the vault was opened: {found}; the end "
                "was cut off, or an older database was put back"
            ).format(expected=cut.expected, found=cut.found)
        )
    if noted is not None and count < noted[0]:
        raise Tampered(_missing(count + 1, noted[0]))
    if noted is not None and at_note != noted[1]:
        raise Tampered(_("entry {number} is not the one that was noted in the file vault.mark").format(number=noted[0]))
    (held,) = connection.execute("SELECT count(*) FROM audit").fetchone()
    return _whole(connection, held)


def _missing(first: int, last: int) -> str:
    if first >= last:
        return _("entry {number} is missing").format(number=first)
    return _("entries {first} to {last} are missing").format(first=first, last=last)


def _whole(connection: Connection, count: int) -> str:
    found = ngettext("{count} entry, chained without a gap", "{count} entries, chained without a gap", count)
    if told_gaps(connection):
        found = ngettext("{count} entry, chained", "{count} entries, chained", count)
    found = found.format(count=count)
    if lost := _lost(connection):
        lost_to_damage = ngettext(
            "{count} entry was lost to damage, as the entry of a repair says",
            "{count} entries were lost to damage, as the entries of repairs say",
            lost,
        ).format(count=lost)
        found = f"{found}; {lost_to_damage}"
    (cuts,) = connection.execute("SELECT count(*) FROM audit WHERE kind = 'audit_cut'").fetchone()
    if cuts:
        noted = _("earlier cuts noted in it: {cuts}").format(cuts=cuts)
        return f"{found}; {noted}"
    return found


def _lost(connection: Connection) -> int:
    """Return how many entries repairs could not read, as they wrote it down themselves."""
    rows = connection.execute("SELECT detail FROM audit WHERE kind = ?", (REPAIRED,))
    told = [chain.detail_of(detail).get("audit_lost") for (detail,) in rows]
    return sum(lost for lost in told if isinstance(lost, int))
