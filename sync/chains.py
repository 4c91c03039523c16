"""How far the chains of frames have come here, and what somebody else lacks of them."""

from collections.abc import Iterator

from sync import behind, frames
from sync.frames import Frame
from sync.membership import Cut
from sync.replica import Heads
from sync.sqlcipher import Connection


def held(connection: Connection) -> tuple[Heads, list[Frame]]:
    """Return the heads, frames kept aside that continue a chain included, and these frames in order.

    Others may be able to apply them, so they are passed on; a frame behind a gap is not, since its head would claim
    the frames in the gap.
    """
    heads: Heads = {unit: {} for (unit,) in connection.execute("SELECT uuid FROM unit")}
    rows = connection.execute(
        "SELECT u.uuid, i.uuid, h.seq, h.hash FROM head h JOIN unit u ON u.id = h.unit"
        " JOIN incarnation i ON i.id = h.incarnation"
    )
    for unit, incarnation, seq, hash_ in rows:
        heads[unit][incarnation] = (seq, hash_)
    continuing = []
    for (body,) in connection.execute("SELECT body FROM waiting ORDER BY unit, incarnation, seq"):
        frame = frames.parse(body)
        header = frame.header
        chain = heads.get(header.unit, {})
        if (header.seq - 1, header.previous) == chain.get(header.incarnation, (0, frames.NO_PREVIOUS)):
            chain[header.incarnation] = (header.seq, frame.hash)
            continuing.append(frame)
    return heads, continuing


def begins(connection: Connection) -> Heads:
    """Return the ends of the chains whose beginning is not here, since a snapshot stands in its place.

    Args:
        connection: A transaction to read in.
    """
    found: Heads = {}
    rows = connection.execute(
        "SELECT u.uuid, i.uuid, f.seq, f.hash FROM floor f JOIN unit u ON u.id = f.unit"
        " JOIN incarnation i ON i.id = f.incarnation"
    )
    for unit, incarnation, seq, hash_ in rows:
        found.setdefault(unit, {})[incarnation] = (seq, hash_)
    return found


def missing(connection: Connection, theirs: Heads) -> Iterator[bytes]:
    """Give the frames that somebody with other heads lacks, chain by chain, as far as what they lack first is here.

    Args:
        connection: A transaction to read in.
        theirs: The heads that the other side has.
    """
    chains = connection.execute(
        "SELECT h.unit, h.incarnation, u.uuid, i.uuid, h.seq FROM head h JOIN unit u ON u.id = h.unit"
        " JOIN incarnation i ON i.id = h.incarnation"
    ).fetchall()
    floors = behind.floors(connection)
    for unit_row, number, unit, incarnation, seq in chains:
        known, _ = theirs.get(unit, {}).get(incarnation, (0, b""))
        floor = floors.get((unit_row, number))
        if known >= seq or (floor and known < floor.seq):
            continue
        rows = connection.execute(
            "SELECT body FROM frame WHERE unit = ? AND incarnation = ? AND seq > ? ORDER BY seq",
            (unit_row, number, known),
        )
        for (body,) in rows:
            yield body
    for frame in held(connection)[1]:
        known, _ = theirs.get(frame.header.unit, {}).get(frame.header.incarnation, (0, b""))
        if frame.header.seq > known:
            yield frame.body


def changes_missing(connection: Connection, theirs: Heads) -> int:
    """Return how many changes the other side lacks of what is held here.

    Args:
        connection: A transaction to read in.
        theirs: The heads that the other side has.
    """
    return _sum_missing(connection, "SELECT coalesce(sum(changes), 0) FROM frame", theirs)


def bytes_missing(connection: Connection, theirs: Heads) -> int:
    """Return how large the frames are that the other side lacks.

    Args:
        connection: A transaction to read in.
        theirs: The heads that the other side has.
    """
    return _sum_missing(connection, "SELECT coalesce(sum(length(body)), 0) FROM frame", theirs)


def _sum_missing(connection: Connection, select: str, theirs: Heads) -> int:
    total = 0
    rows = connection.execute(
        "SELECT h.unit, h.incarnation, u.uuid, i.uuid FROM head h JOIN unit u ON u.id = h.unit"
        " JOIN incarnation i ON i.id = h.incarnation"
    ).fetchall()
    floors = behind.floors(connection)
    for unit_row, number, unit, incarnation in rows:
        known, _ = theirs.get(unit, {}).get(incarnation, (0, b""))
        floor = floors.get((unit_row, number))
        if floor and known < floor.seq:
            continue
        (found,) = connection.execute(
            f"{select} WHERE unit = ? AND incarnation = ? AND seq > ?", (unit_row, number, known)
        ).fetchone()
        total += found
    return total


def heads_seen_by(connection: Connection, device: bytes) -> Heads:
    """Return the heads that a device is known to hold: its own chains, and what its frames named.

    Args:
        connection: A transaction to read in.
        device: The 16-byte id of the device.
    """
    heads: Heads = {}
    rows = connection.execute(
        "SELECT f.body FROM frame f JOIN incarnation i ON i.id = f.incarnation WHERE i.device = ? ORDER BY f.id",
        (device,),
    )
    for (body,) in rows:
        frame = frames.parse(body)
        header = frame.header
        seen = heads.setdefault(header.unit, {})
        for incarnation, seq in (*header.heads, (header.incarnation, header.seq)):
            if seq > seen.get(incarnation, (0, b""))[0]:
                seen[incarnation] = (seq, frame.hash if incarnation == header.incarnation else b"")
    return heads


def ends(connection: Connection, device: bytes, *, waiting: bool = False) -> list[Cut]:
    """Return how far the chains of a device have come here.

    Args:
        connection: A transaction to read in.
        device: The 16-byte id.
        waiting: Count frames kept aside too.
    """
    rows = connection.execute(
        "SELECT u.uuid, i.uuid, h.seq FROM head h JOIN unit u ON u.id = h.unit"
        " JOIN incarnation i ON i.id = h.incarnation WHERE i.device = ?",
        (device,),
    ).fetchall()
    if waiting:
        rows += connection.execute(
            "SELECT unit, incarnation, max(seq) FROM waiting WHERE device = ? GROUP BY unit, incarnation", (device,)
        ).fetchall()
    found: dict[tuple[bytes, bytes], int] = {}
    for unit, incarnation, seq in rows:
        found[unit, incarnation] = max(seq, found.get((unit, incarnation), 0))
    return [Cut(unit, incarnation, seq) for (unit, incarnation), seq in sorted(found.items())]
