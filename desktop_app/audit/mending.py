"""The audit after a repair: what could not be read is told in the chain itself, so that it goes on honestly."""

from dataclasses import dataclass

from desktop_app.audit import chain
from desktop_app.audit.recorder import append, end_of
from sync.sqlcipher import Connection

REPAIRED = "vault_repaired"


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries that a repair could not read.

    Args:
        first: The number of the first of them.
        last: The number of the last.
        before: The hash of the entry before them, which binds what lies before to the entry that tells of the gap.
    """

    first: int
    last: int
    before: bytes


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of the audit.

    Args:
        kept: How many entries could be read.
        lost: How many this repair found missing, as far as can be told.
        end_known: Whether the mark told where the end had been.
        is_other: The entry that the mark noted is not the one that is here.
        end: How many entries there are now, and the hash of the last.
    """

    kept: int
    lost: int
    end_known: bool
    is_other: bool
    end: tuple[int, bytes]


def tell(
    connection: Connection,
    author: tuple[bytes, bytes],
    noted: tuple[int, bytes] | None,
    pages: tuple[int, int],
    *,
    is_whole: bool,
    mark_known: bool,
) -> Mended:
    """Append to a salvaged audit what the repair found missing in it.

    Args:
        connection: Inside a write transaction that the caller commits.
        author: The 16-byte ids of the device and of the person whose seat it is.
        noted: How many entries the mark noted, and the hash of the last.
        pages: How many pages of the database could not be read, and how many there were.
        is_whole: The audit was read whole: whatever is missing in its middle is no work of the damage.
        mark_known: Whether the mark could be read.
    """
    count, _last = end_of(connection)
    (kept,) = connection.execute("SELECT count(*) FROM audit").fetchone()
    told = told_gaps(connection)
    gaps = [] if is_whole else _gaps(connection)
    lost = sum(gap.last + 1 - gap.first for gap in gaps if gap.first not in told)
    is_other = False
    if noted is not None:
        lost += max(0, noted[0] - count)
        row = connection.execute("SELECT hash FROM audit WHERE id = ?", (noted[0],)).fetchone()
        is_other = row is not None and bytes(row[0]) != noted[1]
        if is_other or (is_whole and noted[0] > count):
            append(connection, *author, "audit_cut", expected=noted[0], found=count)
    end = append(
        connection,
        *author,
        REPAIRED,
        bad=pages[0],
        pages=pages[1],
        audit_kept=kept,
        audit_lost=lost,
        gaps=[[gap.first, gap.last, gap.before.hex()] for gap in gaps],
    )
    return Mended(kept, lost, mark_known, is_other, end)


def told_gaps(connection: Connection) -> dict[int, tuple[int, Gap]]:
    """Return the gaps that entries tell of, by the first number missing, each with the number of the telling entry."""
    found: dict[int, tuple[int, Gap]] = {}
    rows = connection.execute("SELECT id, detail FROM audit WHERE kind = ? ORDER BY id", (REPAIRED,))
    for number, detail in rows:
        given = chain.detail_of(detail).get("gaps")
        for each in given if isinstance(given, list) else ():
            match each:
                case [int(first), int(last), str(before)] if 0 < first <= last < number:
                    found[first] = (number, Gap(first, last, bytes.fromhex(before)))
    return found


def _gaps(connection: Connection) -> list[Gap]:
    found = []
    count, last = 0, chain.NO_HASH
    for number, hash_ in connection.execute("SELECT id, hash FROM audit ORDER BY id"):
        if number != count + 1:
            found.append(Gap(count + 1, number - 1, bytes(last)))
        count, last = number, hash_
    return found
