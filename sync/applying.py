"""Applying frames: verify, open, merge and project a batch inside one transaction."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from sync import behind, changes, frames, named
from sync.changes import BadPayload, Batch
from sync.frames import BadFrame, Frame, Header, UnknownVersion
from sync.keyring import Keyring, NoKey
from sync.membership import Membership
from sync.merging import Merger, Touched
from sync.replica import Applied
from sync.sqlcipher import Connection
from sync.states import Incarnations

CHANGES_AT_ONCE = 2_000
_LONG_FRAME_BYTES, _BYTES_OF_A_CHANGE = 4_096, 60
"""What a frame of many changes has at least, and each of them in it; a wrong guess only costs time."""
MAX_LEAP = 2**32
"""How far a frame's counter may be ahead of all that is known here; else one device could use up all counters."""


class Store(Protocol):
    """Where the log lives: an opened vault, or a test's database."""

    def write(self) -> AbstractContextManager[Connection]:
        """Return a write transaction; leaving it normally commits durably, an exception rolls back."""

    def read(self) -> AbstractContextManager[Connection]:
        """Return a consistent view to read from."""


class Projector(Protocol):
    """What keeps the tables that screens read in step with the log."""

    def project(self, connection: Connection, touched: Sequence[Touched]) -> None:
        """Bring the tables up to date for some records, inside the log's own transaction."""

    def expect(self, connection: Connection, changes: int) -> None:
        """Prepare for about so many changes in this transaction; `settle` follows when all were projected."""

    def settle(self, connection: Connection) -> None:
        """Finish what was prepared for."""

    def latest(self, connection: Connection, rows: Sequence[int]) -> dict[int, tuple[int, bytes]]:
        """Return the author's clock and the incarnation of the latest change of some records, as far as is shown."""

    def empty(self, connection: Connection) -> None:
        """Empty the tables, inside the log's own transaction; all records are projected anew after that."""


@dataclass
class Tally:
    """What applying frames did so far; `Applied` says what each means."""

    frames: int = 0
    changes: int = 0
    records: set[tuple[str, bytes]] = field(default_factory=set)
    conflicts: int = 0
    waiting: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    refused: int = 0


@dataclass(slots=True)
class Head:
    """The end of one chain: its last frame, and the largest counter in it."""

    seq: int
    hash: bytes
    counter: int
    told: int


class Wait(Exception):
    """A frame can't be applied now; the argument is the reason, a machine word."""


class Elsewhere(Wait):
    """A frame of a unit that this device does not read: whoever carried it here has it for others."""


_FOLLOWS = ("gap", "key", "ahead", "unreadable")
"""Reasons that frames can do away with."""
_DECIDED = ("unconfirmed", "revoked", "rejected", "right")
"""Reasons that the members decide on."""


class Applier:
    """Applies frames in one transaction.

    Args:
        connection: Inside a write transaction that the caller commits.
        membership: The members as the links known now make them.
        projector: Told of every touched record before the commit.
        settled: The frames were applied here before, so that whether their authors may write is not asked again.
    """

    def __init__(
        self, connection: Connection, membership: Membership, projector: Projector, *, settled: bool = False
    ) -> None:
        self._settled = settled
        self._keyring = Keyring.load(connection)
        self._own_device = self._keyring.device
        self._connection = connection
        self._membership = membership
        self._projector = projector
        self.incarnations = Incarnations.load(connection)
        self.units: dict[bytes, int] = {
            uuid: row for row, uuid in connection.execute("SELECT id, uuid FROM unit").fetchall()
        }
        self.heads: dict[tuple[int, int], Head] = {
            (unit, incarnation): Head(seq, hash_, counter, told)
            for unit, incarnation, seq, hash_, counter, told in connection.execute(
                "SELECT unit, incarnation, seq, hash, counter, told FROM head"
            )
        }
        self._floors = behind.floors(connection)
        self._merged = {key: head.counter for key, head in self.heads.items()}
        self._moved: set[tuple[int, int]] = set()
        self._pending: list[tuple[int, int, Batch, bytes]] = []
        self._pending_changes = 0
        self._expecting = False
        self._named: dict[named.Chain, int] = {}
        self._tally = Tally()
        (self._early_rows,) = connection.execute("SELECT count(*) FROM early").fetchone()

    @property
    def counter(self) -> int:
        """The largest Lamport counter seen so far."""
        return max((head.counter for head in self.heads.values()), default=0)

    def expect(self, bodies: Sequence[bytes]) -> None:
        """Prepare for the frames that are to come: there may be very much in them."""
        changes = sum(len(body) // _BYTES_OF_A_CHANGE if len(body) > _LONG_FRAME_BYTES else 1 for body in bodies)
        self._projector.expect(self._connection, changes)
        self._expecting = True

    def take(self, bodies: Sequence[bytes]) -> None:
        """Apply what can be applied, in any order, and keep aside what can't."""
        for body in bodies:
            self._take_one(body)
        if self._tally.frames and not self._settled:
            self._retry(_FOLLOWS)

    def take_own(self, frame: Frame, batch: Batch) -> None:
        """Apply a frame that this device has just made; its batch needs no opening."""
        self._append(frame, batch)

    def finish(self) -> Applied:
        """Write everything that is still in memory and return what happened."""
        self._flush()
        if self._expecting:
            self._projector.settle(self._connection)
        self._connection.executemany(
            "INSERT INTO head (unit, incarnation, seq, hash, counter, told) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash, counter = excluded.counter,"
            " told = excluded.told",
            [
                (*key, head.seq, head.hash, head.counter, head.told)
                for key, head in self.heads.items()
                if key in self._moved
            ],
        )
        if self._named and not self._settled:
            named.keep(self._connection, self._named)
        tally = self._tally
        return Applied(
            tally.frames,
            tally.changes,
            frozenset(tally.records),
            tally.conflicts,
            tally.waiting,
            tally.refused,
            tally.reasons,
        )

    def mark_told(self, unit: int, incarnation: int) -> None:
        """Remember that this device's next frame names the head of another chain."""
        head = self.heads[unit, incarnation]
        head.told = head.seq
        self._moved.add((unit, incarnation))

    def _take_one(self, body: bytes) -> bool:
        """Apply or keep aside one frame; tell whether the log holds it now."""
        try:
            frame = frames.parse(body)
        except UnknownVersion:
            self._refuse("version")
            return False
        except BadFrame:
            self._refuse("damaged")
            return False
        try:
            self._verify(frame)
        except (BadFrame, Wait) as error:
            if not isinstance(error, Elsewhere):
                self._refuse(str(error) if isinstance(error, Wait) else "forged")
            return False
        try:
            batch = self._open_next(frame)
        except Wait as reason:
            self._keep_aside(frame, str(reason))
            return False
        if batch is None:
            return True
        self._append(frame, batch)
        return True

    def _verify(self, frame: Frame) -> None:
        """Check community, author, unit and signature: only what passes may take up room."""
        header = frame.header
        seats = self._membership.seats(header.device)
        if header.community != self._membership.community:
            raise Wait("community")
        if not seats and self._settled:
            return  # its author was a member when it was applied
        if not seats:
            raise Wait("member")
        if header.unit not in self.units and header.device == self._own_device:
            raise Wait("unit")
        if not self._settled and header.device != self._own_device:
            seats = [seat for seat in seats if header.unit in seat.ever]
            if not seats:
                raise Wait("unit")
            if not self._reads(header):
                raise Elsewhere
        if self.incarnations.devices.get(header.incarnation, header.device) != header.device:
            raise Wait("incarnation")
        frame.signed_with(seat.entry.sign_key for seat in seats)

    def _reads(self, header: Header) -> bool:
        """Whether a frame is for this device: it reads the unit, or did when the frame's key was made."""
        if header.unit not in self.units:
            return False
        if self._own_device is None or self._keyring.holds(header):
            return True
        return any(header.unit in seat.units for seat in self._membership.seats(self._own_device))

    def _open_next(self, frame: Frame) -> Batch | None:
        """Return the opened batch of the next frame of its chain, or None when it is known already."""
        header = frame.header
        unit = self.units[header.unit]
        number = self.incarnations.numbers.get(header.incarnation, 0)
        head = self.heads.get((unit, number), Head(0, frames.NO_PREVIOUS, 0, 0))
        if header.seq <= head.seq:
            known = self._connection.execute(
                "SELECT hash FROM frame WHERE unit = ? AND incarnation = ? AND seq = ?", (unit, number, header.seq)
            ).fetchone()
            if known is None and (floor := self._floors.get((unit, number))) and header.seq <= floor.seq:
                self._keep_behind(frame, floor)
            elif known is None or known[0] != frame.hash:
                raise Wait("fork")
            return None
        if reason := self._undecided(header):
            raise Wait(reason)
        if header.seq != head.seq + 1:
            raise Wait("gap")
        if header.previous != head.hash:
            raise Wait("fork")
        try:
            batch = changes.decode(self._keyring.open(frame))
        except NoKey as error:
            raise Wait("key") from error
        except (BadFrame, BadPayload) as error:
            raise Wait("unreadable") from error
        trusted = self._settled or header.device == self._own_device
        if not trusted and (reason := contents_objection(self._membership, self.incarnations.devices, header, batch)):
            raise Wait(reason)
        if batch.counter <= head.counter or not _plausible(batch):
            raise Wait("counter")
        if batch.counter > self.counter + MAX_LEAP:
            raise Wait("ahead")
        return batch

    def _keep_behind(self, frame: Frame, floor: behind.Floor) -> None:
        """Keep a frame that only adds to the history, since a snapshot holds what it says."""
        if reason := behind.keep(self._connection, self._keyring, frame, floor):
            raise Wait(reason)
        self._tally.frames += 1

    def _undecided(self, header: Header) -> str:
        """Return why an administrator has to decide on a frame first, or nothing; a device trusts itself."""
        if self._settled or header.device == self._own_device:
            return ""
        if header.device not in self._membership.devices:
            return "unconfirmed"
        return self._membership.may_stand(header.device, header.unit, header.incarnation, header.seq)

    def _append(self, frame: Frame, batch: Batch) -> None:
        """Put a verified frame at the end of its chain and queue its changes."""
        header = frame.header
        unit = self.units[header.unit]
        number = self.incarnations.numbers.get(header.incarnation)
        if number is None:
            number = self.incarnations.add(self._connection, header.incarnation, header.device)
        count = batch.count
        row = self._connection.execute(
            "INSERT INTO frame (unit, incarnation, seq, hash, changes, body) VALUES (?, ?, ?, ?, ?, ?)",
            (unit, number, header.seq, frame.hash, count, frame.body),
        ).lastrowid
        for incarnation, seq in header.heads:
            seen = self.heads.get((unit, self.incarnations.numbers.get(incarnation, 0)))
            chain = (header.unit, incarnation)
            if (seen is None or seen.seq < seq) and self._named.get(chain, 0) < seq:
                self._named[chain] = seq
        told = self.heads[unit, number].told if (unit, number) in self.heads else 0
        self.heads[unit, number] = Head(header.seq, frame.hash, batch.counter + count - 1, told)
        self._moved.add((unit, number))
        self._tally.frames += 1
        self._tally.changes += count
        self._pending.append((unit, row, batch, header.incarnation))
        self._pending_changes += count
        if self._pending_changes >= CHANGES_AT_ONCE:
            self._flush()

    def _keep_aside(self, frame: Frame, reason: str) -> None:
        header = frame.header
        known = self._connection.execute("UPDATE waiting SET reason = ? WHERE hash = ?", (reason, frame.hash)).rowcount
        if known:
            return
        self._connection.execute(
            "INSERT INTO waiting (hash, unit, device, incarnation, seq, previous, reason, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                frame.hash,
                header.unit,
                header.device,
                header.incarnation,
                header.seq,
                header.previous,
                reason,
                frame.body,
            ),
        )
        self._tally.waiting += 1
        self._tally.reasons[reason] = self._tally.reasons.get(reason, 0) + 1

    def retry_waiting(self) -> None:
        """Try all frames kept aside again, because the members have changed."""
        self._retry((*_FOLLOWS, *_DECIDED))

    def _retry(self, reasons: Sequence[str]) -> None:
        """Try frames kept aside for some reasons again, for as long as one of them fits."""
        marks = ",".join("?" * len(reasons))
        progress = True
        while progress:
            progress = False
            rows = self._connection.execute(
                f"SELECT hash, body FROM waiting WHERE reason IN ({marks}) ORDER BY incarnation, seq",  # noqa: S608
                reasons,
            ).fetchall()
            for hash_, body in rows:
                if self._take_one(body):
                    self._connection.execute("DELETE FROM waiting WHERE hash = ?", (hash_,))
                    progress = True

    def _flush(self) -> None:
        pending, self._pending, self._pending_changes = self._pending, [], 0
        if not pending:
            return
        merger = Merger(self._connection, self.incarnations, self._merged, early=self._early_rows > 0)
        for unit, frame, batch, incarnation in pending:
            merger.load(unit, batch)
            merger.merge(unit, frame, batch, incarnation)
        self._early_rows += merger.early_added
        touched = merger.write()
        self._projector.project(self._connection, touched)
        for entry in touched:
            self._tally.records.add((entry.collection, entry.record))
            self._tally.conflicts += len(entry.state.conflicts)

    def _refuse(self, reason: str) -> None:
        self._tally.refused += 1
        self._tally.reasons[reason] = self._tally.reasons.get(reason, 0) + 1


def contents_objection(members: Membership, devices: Mapping[bytes, bytes], header: Header, batch: Batch) -> str:
    """Return why a frame waits because of what it holds, or nothing.

    In the common unit, everybody who is no administrator sets nothing but the own person. A registrar, who sees nobody
    else's cases, replaces nothing that others wrote.

    Args:
        members: The members.
        devices: Whose each incarnation is.
        header: The frame's header.
        batch: What it holds.
    """
    if header.unit == members.common_unit:
        records = {record for group in batch.groups for record in group.records}
        own = {members.devices[header.device].entry.person}
        return "" if records <= own or members.may_name(header.device, header.incarnation, header.seq) else "right"
    if not members.is_registrar(header.device, header.unit, header.incarnation, header.seq):
        return ""
    replaced = {
        devices.get(incarnation)
        for group in batch.groups
        for column in group.replaces
        for dots in column or ()
        for _counter, incarnation in dots
        if incarnation != header.incarnation
    }
    return "" if replaced <= {header.device} else "gap" if replaced <= {header.device, None} else "right"


def _plausible(batch: Batch) -> bool:
    """Whether every replaced dot is older than what replaces it: else two values could replace each other."""
    return all(
        counter < batch.counter + position
        for group in batch.groups
        for column in group.replaces
        if column is not None
        for position, dots in zip(group.positions, column, strict=True)
        for counter, _ in dots
    )
