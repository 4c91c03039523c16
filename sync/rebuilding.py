"""Building everything that follows from the log anew, from its frames."""

from sync import frames, schema
from sync.applying import Applier, Projector
from sync.membership import Membership
from sync.sqlcipher import Connection

_CHUNK = 500


def rebuild(connection: Connection, members: Membership, projector: Projector) -> int:
    """Empty the tables that follow from the frames and fill them again; frames stay as they are.

    Args:
        connection: Inside a write transaction that the caller commits.
        members: The members.
        projector: Whose tables are filled anew too.

    Returns:
        How many frames do not hold any more; the caller undoes everything if there is one.
    """
    bodies = [body for (body,) in connection.execute("SELECT body FROM frame ORDER BY id")]
    told = connection.execute("SELECT told, unit, incarnation FROM head").fetchall()
    projector.empty(connection)
    for table in (*schema.PROJECTED, "frame", "head"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
    applier = Applier(connection, members, projector, settled=True)
    applier.expect(bodies)
    for start in range(0, len(bodies), _CHUNK):
        applier.take(bodies[start : start + _CHUNK])
    applier.finish()
    connection.executemany("UPDATE head SET told = ? WHERE unit = ? AND incarnation = ?", told)
    (kept,) = connection.execute("SELECT count(*) FROM frame").fetchone()
    return len(bodies) - int(kept)


def withdraw(connection: Connection, members: Membership, projector: Projector, own_device: bytes) -> None:
    """Put back among those that wait what was applied of devices before their revocation was known here.

    Args:
        connection: Inside a write transaction that the caller commits.
        members: The members.
        projector: Whose tables are built anew, if something was put back.
        own_device: This device, which keeps what it wrote.
    """
    back = [
        row
        for device in members.revocations
        if device != own_device
        for row in connection.execute(
            "SELECT f.id, u.uuid, i.device, i.uuid, f.seq, f.hash, f.body FROM frame f JOIN unit u ON u.id = f.unit"
            " JOIN incarnation i ON i.id = f.incarnation WHERE i.device = ?",
            (device,),
        ).fetchall()
        if members.may_stand(device, row[1], row[3], row[4])
    ]
    if not back:
        return
    for number, unit, device, incarnation, seq, hash_, body in back:
        previous = frames.parse(body).header.previous
        connection.execute(
            "INSERT INTO waiting (hash, unit, device, incarnation, seq, previous, reason, body)"
            " VALUES (?, ?, ?, ?, ?, ?, 'revoked', ?)",
            (hash_, unit, device, incarnation, seq, previous, body),
        )
        connection.execute("DELETE FROM touched WHERE frame = ?", (number,))
        connection.execute("DELETE FROM frame WHERE id = ?", (number,))
    if rebuild(connection, members, projector):
        raise RuntimeError("a frame that held does not hold any more")
