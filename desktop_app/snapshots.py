"""Snapshots as a vault deals with them: a new one begins with them, an old one makes them, and the log follows."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.attachments.rows import rows_of_case
from desktop_app.directory import Directory
from sync import behind, ids, snapshot_keeping
from sync.errors import Failure, Refused
from sync.log import Log
from sync.messages import _
from sync.pins import pinned_server

if TYPE_CHECKING:
    from sync.client.channel import Channel
    from sync.client.rounds import Begin
    from sync.client.snapshots import SnapshotExchange

_ASKED = "snapshot-asked "
_IN_ADVANCE = "history-in-advance"
_TEND_SECONDS = 15 * 60
_FIRST_TEND_SECONDS = 60
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tended:
    """What was done about snapshots.

    Args:
        made: How many this device made and gave to the server.
        confirmed: How many of others it confirmed.
        whole: Whether the whole log of every unit is here.
    """

    made: int
    confirmed: int
    whole: bool


class SnapshotService:
    """Makes, confirms and takes snapshots, and fetches the log behind them.

    Args:
        log: The vault's log.
        directory: Names of people.
        server: Returns the address of the server, or None.
    """

    def __init__(self, log: Log, directory: Directory, server: Callable[[], str | None]) -> None:
        self._log = log
        self._directory = directory
        self._server = server
        self._due = time.monotonic() + _FIRST_TEND_SECONDS

    @property
    def in_advance(self) -> bool:
        """Whether older history is fetched by itself; otherwise when somebody wants to see it."""
        return self._log.recall(_IN_ADVANCE) != b"0"

    def set_in_advance(self, *, wanted: bool) -> None:
        """Keep whether older history is fetched by itself."""
        self._log.remember(_IN_ADVANCE, b"1" if wanted else b"0")

    @property
    def is_whole(self) -> bool:
        """Whether the whole history of every unit is here."""
        return not self._log.begins()

    def beginning(self, cancelled: Callable[[], bool]) -> "Begin | None":
        """Return what takes snapshots in the first exchange of a new device; None when there is nothing to begin.

        Args:
            cancelled: Asked between requests.
        """
        from sync.client.snapshots import SnapshotExchange, new_units

        units = [unit for unit in new_units(self._log) if self._log.recall(_ASKED + unit.hex()) is None]
        if not units:
            return None

        def begin(channel: "Channel", key: bytes) -> None:
            SnapshotExchange(self._log, channel, key, cancelled).begin()
            for unit in units:  # from now on everything comes as it is written
                self._log.remember(_ASKED + unit.hex(), b"1")

        return begin

    def missing(self, case_id: str) -> int:
        """Return how many frames of the history of a case and its files are not here."""
        with self._log.store.read() as connection:
            return sum(len(behind.of_record(connection, record).missing) for record in self._records(case_id))

    def _records(self, case_id: str) -> list[bytes]:
        case = ids.from_text(case_id) or b""
        with self._log.store.read() as connection:
            record = self._log.record(connection, case)
            return [case, *(row.id for row in rows_of_case(connection, record))] if record else [case]

    def fetch(self, case_id: str | None = None, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Fetch older history from the server.

        Args:
            case_id: That of one case and its files; by default all.
            cancelled: Asked between requests; what has come until then stays.

        Returns:
            Whether nothing of it is lacking any more.

        Raises:
            Unreachable: The server does not answer.
            Refused: No server is known, or it refuses.
        """
        done = False
        with self._dealing(cancelled) as exchange:
            done = exchange.fetch(None if case_id is None else self._records(case_id))
        return done  # noqa: RET504 - a stop in between leaves it as it was

    def make(self) -> Tended:
        """Make a snapshot of every unit now, and confirm those of others.

        Raises:
            Unreachable: The server does not answer.
            Refused: No server is known, or it refuses.
        """
        made = confirmed = 0
        with self._dealing(lambda: False) as exchange:
            confirmed = exchange.confirm()
            made = exchange.make_due(fewest=0)
        return Tended(made, confirmed, self.is_whole)

    def tend(self, cancelled: Callable[[], bool]) -> None:
        """Do now and then, beside everything else, what is worthwhile; whatever fails is tried again later.

        Args:
            cancelled: Asked between requests.
        """
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _TEND_SECONDS
        try:
            with self._dealing(cancelled) as exchange:
                exchange.confirm()
                exchange.make_due()
                if self.in_advance and not self.is_whole:
                    exchange.fetch()
        except Failure as failure:
            _logger.info("snapshots wait: %s", failure.code)

    def warnings(self) -> list[str]:
        """Say whose snapshots turned out to be false."""
        with self._log.store.read() as connection:
            return [
                _(
                    "{person} (device {device}) gave a snapshot of the cases that is not what the log says. What is "
                    "shown here follows the log. That computer is damaged, or somebody changed its program: tell the "
                    "administrator."
                ).format(person=person, device=device)
                for person, device in sorted(
                    {self._directory.author(connection, maker) for maker in self._false_ones()}
                )
            ]

    def _false_ones(self) -> list[bytes]:
        return snapshot_keeping.makers_of_false_ones(self._log)

    @contextmanager
    def _dealing(self, cancelled: Callable[[], bool]) -> "Iterator[SnapshotExchange]":
        from sync.client import failures
        from sync.client.channel import Channel
        from sync.client.snapshots import SnapshotExchange

        address = self._server()
        key = pinned_server(self._log, address) if address else None
        if not address or key is None:
            raise Refused(
                "no_server", _("No exchange with a server has taken place yet. Exchange first, then try again.")
            )
        try:
            with Channel(address, cancelled) as channel:
                yield SnapshotExchange(self._log, channel, key, cancelled)
        except failures.Problem as problem:
            raise failures.of_problem(problem, address) from problem
        except failures.Cancelled:
            return
