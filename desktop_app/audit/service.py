"""What a person may see of the audit."""

from collections.abc import Iterable

from desktop_app.audit import queries
from desktop_app.audit.model import AuditQuery, Entry, narrowed
from desktop_app.audit.recorder import Audit, Store
from desktop_app.directory import Directory
from sync import membership
from sync.errors import Refused
from sync.log import Log
from sync.messages import _

SEES_ALL = frozenset({membership.ADMINISTRATOR, membership.HEAD, membership.AUDITOR})
"""The roles that see everybody's entries; others see their own."""


class AuditService:
    """Lists the entries of the audit that the person at this desk may see; looking at them leaves entries too.

    Args:
        audit: Where entries are recorded.
        store: The vault's database.
        log: The vault's log.
        directory: Names of people and devices.
    """

    def __init__(self, audit: Audit, store: Store, log: Log, directory: Directory) -> None:
        self._audit = audit
        self._store = store
        self._log = log
        self._directory = directory

    @property
    def sees_all(self) -> bool:
        """Whether the role of this person sees everybody's entries."""
        return self._log.me.role in SEES_ALL

    def count(self, query: AuditQuery) -> int:
        """Return how many entries a query finds, for a list of them."""
        # The look itself is an entry: written first, it does not move the rows that are about to be read.
        self._audit.audit_read(query, lambda: self.peek_count(query))
        return self.peek_count(query)

    def page(self, query: AuditQuery, offset: int, limit: int) -> list[Entry]:
        """Return some of the entries that a query finds, the newest first."""
        self._audit.audit_read(query, lambda: self.peek_count(query))
        return self.peek(query, offset, limit)

    def peek_count(self, query: AuditQuery) -> int:
        """Return how many entries there are, where none of them is shown."""
        with self._store.read() as connection:
            return queries.count(connection, query, self._only)

    def peek(self, query: AuditQuery, offset: int, limit: int) -> list[Entry]:
        """Return entries for who has recorded that they are looked at."""
        with self._store.read() as connection:
            return queries.page(connection, self._directory, query, self._only, offset, limit)

    def record_export(self, query: AuditQuery, total: int, name: str) -> None:
        """Write that entries are about to be written to a readable file.

        Args:
            query: Which entries.
            total: How many there are.
            name: The name of the file.
        """
        self._audit.record("audit_exported", filter=narrowed(query), hits=total, file=name)

    def about(self, case_ids: Iterable[str]) -> list[Entry]:
        """Return every entry about some cases, the newest first; whoever asks records the report for which it is.

        Raises:
            Refused: The person's role does not see what others did.
        """
        self.require_all()
        self._audit.settle()
        found: list[Entry] = []
        with self._store.read() as connection:
            for case_id in case_ids:
                query = AuditQuery(subject=case_id)
                found += queries.page(connection, self._directory, query, None, 0, 2**31)
        return sorted(found, key=lambda entry: (entry.when, entry.number), reverse=True)

    def require_all(self) -> None:
        """Refuse whoever may not tell who has read a case.

        Raises:
            Refused: The person's role does not see what others did.
        """
        if not self.sees_all:
            raise Refused(
                "no_right",
                _("Your role does not let you make an access report. Ask an administrator or the head of your unit."),
            )

    def people(self) -> list[tuple[str, str]]:
        """Return id and name of everybody who has entries that may be seen here."""
        with self._store.read() as connection:
            return queries.people(connection, self._directory, self._only)

    @property
    def _only(self) -> bytes | None:
        return None if self.sees_all else self._log.me.entry.person
