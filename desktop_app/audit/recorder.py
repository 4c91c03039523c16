"""Writes the audit: every entry follows the one before it, and the end of the chain is noted outside the database."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from desktop_app.audit import chain
from desktop_app.audit.chain import Link
from desktop_app.audit.kinds import KINDS, Kind
from desktop_app.audit.model import AuditQuery, narrowed, origin
from sync.errors import Failure, whereabouts
from sync.sqlcipher import Connection

QUIET_SECONDS = 300.0
"""The same person reading the same again within this time is the same reading: nothing more is written."""
SETTLED_SECONDS = 2.0
"""Words in the search box are those that were meant when nothing else was typed for so long."""
DURABLE_SECONDS = 1.0
"""So long after it was written, an entry is on disk at the latest."""
_FLUSHED = "note:audit_flushed"
_MOST_KEPT = 10_000
_TOUCH = "INSERT INTO local (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
_INSERT = "INSERT INTO audit (id, time, author, origin, kind, subject, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_logger = logging.getLogger(__name__)


class Store(Protocol):
    """The vault's database."""

    def read(self) -> AbstractContextManager[Connection]:
        """Give a connection to read from."""

    def write(self, *, durable: bool = True) -> AbstractContextManager[Connection]:
        """Give the write connection inside one transaction."""


class HeadKeeper(Protocol):
    """Keeps the end of the chain outside the database."""

    @property
    def audit(self) -> tuple[int, bytes] | None:
        """How many entries there were and the hash of the last, or None."""

    def note_audit(self, count: int, last: bytes) -> None:
        """Keep the end of the chain."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Entries that were there are not there any more.

    Args:
        expected: How many there were, as the mark outside the database says.
        found: How many there are, or how many there are of another chain.
    """

    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class _Event:
    kind: Kind
    subject: str
    detail: str
    time_ms: int
    origin: str


@dataclass(frozen=True, slots=True)
class _Typed:
    words: str
    key: str
    event: _Event
    due: float


class Audit:
    """Records what is read and done in one opened vault.

    Never record inside a `write` of the same store: an entry is a transaction of its own.

    Args:
        store: The vault's database.
        keeper: Keeps the end of the chain outside it.
        device: The 16-byte id of this device.
        person: The 16-byte id of the person whose seat it is.

    Attributes:
        cut: What was found missing when the vault was opened, until the next change of the vault; or None.
    """

    def __init__(self, store: Store, keeper: HeadKeeper, device: bytes, person: bytes) -> None:
        self._store = store
        self._keeper = keeper
        self._device = device
        self._person = person
        self._lock = threading.Lock()
        self._lately: dict[tuple[str, str, str], float] = {}
        self._kept: list[_Event] = []
        self._typed: _Typed | None = None
        self._timer: threading.Timer | None = None
        self._committing = threading.Lock()
        self._loose = self._closed = self._wrote = False
        self._end: tuple[int, bytes] | None = None
        self.cut: Cut | None = None
        self._notice_cut()

    def begin(self, found: Iterable[str]) -> None:
        """Tell that the vault was opened; this is written with the first entry about anything else.

        Whoever only asks how large a vault is, or whether it is damaged, has read nothing and changes nothing.

        Args:
            found: The kinds of what was found on opening, to be written at once.
        """
        with self._lock:
            self._kept.append(_event("unlocked", "", {}))
        for kind in found:
            self.record(kind)

    def record(self, kind: str, subject: str = "", **detail: object) -> None:
        """Write an entry.

        It is in the database when this returns: a killed program loses none. When the disk refuses, what is read is
        shown nevertheless, and the entry is kept in memory and written as soon as the disk takes it.

        Args:
            kind: One of `KINDS`.
            subject: What it concerns, such as the id of a case.
            **detail: The details that the kind names.

        Raises:
            KeyError: There is no such kind.
            ValueError: The details are others than the kind's.
        """
        self.settle()
        self._write([_event(kind, subject, detail)])

    def record_each(self, kind: str, subjects: Iterable[str], **detail: object) -> None:
        """Write an entry for each of several subjects, together; see `record`."""
        self.settle()
        self._write([_event(kind, subject, detail) for subject in subjects])

    def read(self, kind: str, subjects: Iterable[str] = ("",), **detail: object) -> None:
        """Write that something was read, unless it was written a few minutes ago.

        Args:
            kind: One of `KINDS`.
            subjects: What was read, an entry for each.
            **detail: The details that the kind names.
        """
        self.settle()
        events = [_event(kind, subject, detail) for subject in dict.fromkeys(subjects)]
        fresh = [event for event in events if self._is_new(event.kind, event.subject, event.detail)]
        if fresh:
            self._write(fresh)

    def listed(self, narrowed: Mapping[str, object], count: Callable[[], int]) -> None:
        """Write that a list of cases was shown or searched, unless it was a few minutes ago.

        Words are written once they are settled, not with every letter: when nothing more is typed for two seconds,
        when something else is recorded, or when the vault is closed.

        Args:
            narrowed: What narrows the list, by the names in `kinds.FILTER`.
            count: Tells how many cases it has; called when an entry is to be written.
        """
        words = _clean(str(narrowed.get("words") or ""))
        narrowed = {**narrowed, "words": words}
        key = chain.detail_text(narrowed)
        if not words:
            if self._is_new(KINDS["list_shown"], "", key):
                self._write([_event("list_shown", "", {**narrowed, "hits": count()})])
            return
        with self._lock:
            before = self._typed
        if before is not None and not (words.startswith(before.words) or before.words.startswith(words)):
            self.settle()
        if self._was_lately(KINDS["search"], "", key):
            return
        event = _event("search", "", {**narrowed, "hits": count()})
        with self._lock:
            self._typed = _Typed(words, key, event, time.monotonic() + SETTLED_SECONDS)
        self._wake()

    def audit_read(self, query: AuditQuery, count: Callable[[], int]) -> None:
        """Write that entries of the audit were shown, unless they were a few minutes ago.

        Args:
            query: Which entries.
            count: Tells how many there are.
        """
        chosen = narrowed(query)
        self.settle()
        if self._is_new(KINDS["audit_shown"], "", chain.detail_text(chosen)):
            self.record("audit_shown", filter=chosen, hits=count())

    def flush(self) -> None:
        """Make everything recorded durable, and note the end of the chain outside the database."""
        self.settle()
        self._make_durable()

    def close(self) -> None:
        """Write what waits and stop; the store is closed after this."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if self._wrote:
            self.record("closed")
        self.flush()

    def _was_lately(self, kind: Kind, subject: str, key: str) -> bool:
        now = time.monotonic()
        with self._lock:
            return any(
                now - self._lately.get((known, subject, key), -QUIET_SECONDS) < QUIET_SECONDS
                for known in (kind.id, kind.part_of)
            )

    def _is_new(self, kind: Kind, subject: str, key: str) -> bool:
        """Whether this was not read lately; from now on it was."""
        if self._was_lately(kind, subject, key):
            return False
        now = time.monotonic()
        with self._lock:
            if len(self._lately) >= _MOST_KEPT:
                self._lately = {kept: then for kept, then in self._lately.items() if now - then < QUIET_SECONDS}
            self._lately[kind.id, subject, key] = now
        return True

    def settle(self) -> None:
        """Write the words that were typed into the search last."""
        with self._lock:
            typed, self._typed = self._typed, None
        if typed is not None and self._is_new(typed.event.kind, "", typed.key):
            self._write([typed.event])

    def _write(self, events: list[_Event]) -> None:
        durable = any(event.kind.durable for event in events)
        with self._lock:
            self._kept += events
        self._commit(durable=durable)
        self._wake()

    def _make_durable(self) -> None:
        if self._loose:
            self._commit(durable=True)

    def _commit(self, *, durable: bool) -> None:
        """Append what waits; when the disk refuses, it waits on: who needs a case then still sees it."""
        with self._committing:
            with self._lock:
                events, self._kept = self._kept, []
            try:
                with self._store.write(durable=durable) as connection:
                    end, cut = self._append(connection, events)
                    if durable:
                        # A commit that changes nothing writes nothing, and then makes nothing before it durable.
                        connection.execute(_TOUCH, (_FLUSHED, end[0]))
            except BaseException as problem:
                with self._lock:
                    self._kept = [*events, *self._kept][-_MOST_KEPT:]
                self._loose = True
                if not isinstance(problem, Failure):
                    raise
                _logger.warning("entries of the audit wait: %s", problem.code)
                return
            self._end, self.cut = end, cut or self.cut
            self._wrote = self._wrote or bool(events)
            self._loose = not durable
            if durable:
                self._note(end)

    def _append(self, connection: Connection, events: list[_Event]) -> tuple[tuple[int, bytes], Cut | None]:
        """Append entries, after one that tells of what is missing if the end is not the one that was written last."""
        number, previous = end_of(connection)
        cut = None
        if self._end is not None and (number, previous) != self._end:
            cut = Cut(self._end[0], number)
            events = [_event("audit_cut", "", {"expected": cut.expected, "found": cut.found}), *events]
        return _append(connection, self._device, self._person, events), cut

    def _note(self, end: tuple[int, bytes]) -> None:
        try:
            self._keeper.note_audit(*end)
        except Failure as problem:
            # An older end is a safe one: it only notices less.
            _logger.warning("the end of the audit was not noted: %s", problem.code)

    def _wake(self) -> None:
        """See to it that what is loose becomes durable, and that typed words are written."""
        with self._lock:
            if self._timer is not None or self._closed or not (self._loose or self._typed):
                return
            self._timer = threading.Timer(DURABLE_SECONDS, self._tick)
            self._timer.daemon = True
            self._timer.start()

    def _tick(self) -> None:
        try:
            with self._lock:
                settled = self._typed is not None and time.monotonic() >= self._typed.due
            if settled:
                self.settle()
            self._make_durable()
        except Exception as bug:  # noqa: BLE001 - nobody waits for this thread
            _logger.error("the audit was not flushed: %s", whereabouts(bug))  # noqa: TRY400 - a traceback may hold data
        with self._lock:
            self._timer = None
        self._wake()

    def _notice_cut(self) -> None:
        """Compare the chain with what was noted outside the database, and write down for good what is missing."""
        kept = self._keeper.audit
        with self._store.read() as connection:
            end = end_of(connection)
            row = connection.execute("SELECT hash FROM audit WHERE id = ?", (kept[0] if kept else 0,)).fetchone()
        if kept is None or (row is not None and bytes(row[0]) == kept[1]):
            self._end = end
        else:
            self._end = kept
            self._commit(durable=True)


def append(connection: Connection, device: bytes, person: bytes, kind: str, **detail: object) -> tuple[int, bytes]:
    """Append one entry to the audit of a database that nobody else has open; return the end of the chain.

    Args:
        connection: Inside a write transaction that the caller commits.
        device: The 16-byte id of the device.
        person: The 16-byte id of the person whose seat it is.
        kind: One of `KINDS`.
        **detail: The details that the kind names.
    """
    return _append(connection, device, person, [_event(kind, "", detail)])


def _append(connection: Connection, device: bytes, person: bytes, events: list[_Event]) -> tuple[int, bytes]:
    number, previous = end_of(connection)
    author = _author(connection, device, person) if events else 0
    for event in events:
        number += 1
        texts = (event.origin, event.kind.id, event.subject, event.detail)
        previous = chain.hash_of(Link(number, event.time_ms, device, person, *texts), previous)
        connection.execute(_INSERT, (number, event.time_ms, author, *texts, previous))
    return number, previous


def _event(kind_id: str, subject: str, detail: Mapping[str, object]) -> _Event:
    kind = KINDS[kind_id]
    if set(detail) != set(kind.details):
        raise ValueError(f"details of {kind_id}: {sorted(kind.details)}")
    return _Event(kind, subject, chain.detail_text(detail), time.time_ns() // 1_000_000, origin())


def _clean(text: str) -> str:
    """Return text without what is no letter of any script, which JSON could not hold."""
    return text.strip().encode("utf-8", "replace").decode()


def end_of(connection: Connection) -> tuple[int, bytes]:
    """Return how many entries the chain has and the hash of the last."""
    row = connection.execute("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    return (row[0], bytes(row[1])) if row else (0, chain.NO_HASH)


def _author(connection: Connection, device: bytes, person: bytes) -> int:
    row = connection.execute("SELECT id FROM audit_author WHERE device = ? AND person = ?", (device, person)).fetchone()
    if row is None:
        cursor = connection.execute("INSERT INTO audit_author (device, person) VALUES (?, ?)", (device, person))
        return int(cursor.lastrowid or 0)
    return int(row[0])
