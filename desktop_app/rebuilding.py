"""Building everything that follows from the log anew, from its frames."""

from desktop_app import projection
from desktop_app.projection import DeskProjection
from desktop_app.vault import failures
from sync import schema as log_schema
from sync.applying import Applier
from sync.membership import Membership
from sync.sqlcipher import Connection

_CHUNK = 500


def rebuild_tables(connection: Connection) -> None:
    """Empty the tables that follow from the frames and fill them again; frames stay as they are.

    Args:
        connection: Inside a write transaction that the caller commits.

    Raises:
        Damaged: A frame is damaged; the caller undoes everything.
    """
    members = Membership.of([body for (body,) in connection.execute("SELECT body FROM link ORDER BY id")])
    bodies = [body for (body,) in connection.execute("SELECT body FROM frame ORDER BY id")]
    told = connection.execute("SELECT told, unit, incarnation FROM head").fetchall()
    projection.empty(connection)
    for table in (*log_schema.PROJECTED, "frame", "head"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
    applier = Applier(connection, members, DeskProjection(), settled=True)
    for start in range(0, len(bodies), _CHUNK):
        applier.take(bodies[start : start + _CHUNK])
    applier.finish()
    (kept,) = connection.execute("SELECT count(*) FROM frame").fetchone()
    if kept != len(bodies):  # a frame that doesn't hold any more is never dropped in passing: repair keeps its database
        raise failures.broken_database()
    connection.executemany("UPDATE head SET told = ? WHERE unit = ? AND incarnation = ?", told)
