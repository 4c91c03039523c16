"""Building everything that follows from the log anew, from its frames."""

from desktop_app.projection import DeskProjection
from desktop_app.vault import failures
from sync.membership import Membership
from sync.rebuilding import rebuild
from sync.snapshots import BadSnapshot
from sync.sqlcipher import Connection


def rebuild_tables(connection: Connection) -> None:
    """Empty the tables that follow from the frames and fill them again; frames stay as they are.

    Args:
        connection: Inside a write transaction that the caller commits.

    Raises:
        Damaged: A frame is damaged; the caller undoes everything.
    """
    members = Membership.of([body for (body,) in connection.execute("SELECT body FROM link ORDER BY id")])
    try:
        lost = rebuild(connection, members, DeskProjection())
    except BadSnapshot as error:
        raise failures.broken_database() from error
    if lost:
        # A frame that doesn't hold any more is never dropped in passing: repair keeps its database.
        raise failures.broken_database()
