"""Every table that follows from the log, kept in step by one projector."""

from collections.abc import Sequence

from desktop_app.attachments import projection as attachments
from desktop_app.attachments.projection import FileProjection
from desktop_app.cases import projection as cases
from desktop_app.cases.bulk import Bulk
from desktop_app.cases.projection import CaseProjection
from desktop_app.kits.calendar import Calendar
from sync.merging import Touched
from sync.sqlcipher import Connection

PROJECTED = (*cases.PROJECTED, *attachments.PROJECTED)
"""Tables that can be emptied and built again from the frames."""
SEARCH = "case_search"


class DeskProjection:
    """Cases, names and attached files; see `sync.applying.Projector`."""

    def __init__(self) -> None:
        self._cases = CaseProjection()
        self._files = FileProjection()
        self._bulk = Bulk()

    @property
    def calendar(self) -> Calendar:
        """How terms are counted."""
        return self._cases.calendar

    def project(self, connection: Connection, touched: Sequence[Touched]) -> None:
        """Bring all tables up to date for some records."""
        self._cases.project(connection, touched)
        self._files.project(connection, touched)

    def expect(self, connection: Connection, changes: int) -> None:
        """Prepare for about so many changes in this transaction."""
        self._bulk.begin(connection, changes)

    def settle(self, connection: Connection) -> None:
        """Finish what was prepared for."""
        self._bulk.end(connection)

    def latest(self, connection: Connection, rows: Sequence[int]) -> dict[int, tuple[int, bytes]]:
        """Return the author's clock and the incarnation of the latest change of some cases."""
        return cases.latest(connection, rows)

    def empty(self, connection: Connection) -> None:
        """Empty all tables, to build them anew."""
        empty(connection)


def empty(connection: Connection) -> None:
    """Empty every table that follows from the log, to build it anew.

    Args:
        connection: Inside a write transaction that the caller commits.
    """
    for table in PROJECTED:
        if table == SEARCH:  # it has no rows of its own that could be deleted one by one
            connection.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")  # noqa: S608 - the name above
        else:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
