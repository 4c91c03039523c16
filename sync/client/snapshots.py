"""Snapshots on their way to and from a server, and the log behind them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync import behind, chunkwire, snapshot_keeping, snapshot_states, snapshot_wire, snapshots, wire
from sync.chunkwire import GetReply, GetRequest, PutReply, PutRequest
from sync.client import failures
from sync.crypto import sha256
from sync.log import Log
from sync.snapshot_keeping import Made, NotTaken
from sync.snapshot_wire import HistoryReply, HistoryRequest, SnapshotsReply, SnapshotsRequest
from sync.snapshots import BadSnapshot, Snapshot

if TYPE_CHECKING:
    from sync.client.channel import Channel

_BUDGET = 4 * 2**20
_FEWEST_RECORDS = 500
"""So few cases come as fast frame by frame."""
FEWEST_CHANGES = 5_000
"""After so few changes nobody gains much by a new snapshot."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A snapshot as a server has it.

    Args:
        snapshot: What names it.
        votes: What devices say of its state.
        whole: Whether the server has all its parts.
    """

    snapshot: Snapshot
    votes: list[bytes]
    whole: bool

    def signers(self) -> set[bytes]:
        """Return the devices that say that this is the state, as far as they say who they are."""
        found = {self.snapshot.manifest.device}
        for data in self.votes:
            with suppress(BadSnapshot):
                found.add(snapshots.read_vote(data).device)
        return found


class SnapshotExchange:
    """Deals with one server about snapshots.

    Args:
        log: This device's log.
        channel: A connection to the server.
        key: The key that it must have.
        cancelled: Asked between requests.
    """

    def __init__(self, log: Log, channel: "Channel", key: bytes, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._log = log
        self._channel = channel
        self._key = key
        self._cancelled = cancelled

    def begin(self) -> int:
        """Take snapshots of the units of which this device has nothing yet from others; return how many records came.

        Whatever goes wrong with a snapshot, the log itself comes afterwards as if there were none.
        """
        records = 0
        for unit in new_units(self._log):
            for offered in self._offered([unit]):
                large = offered.snapshot.manifest.records >= _FEWEST_RECORDS
                if offered.whole and large and not self._objection(offered):
                    with suppress(BadSnapshot):
                        records += self._take(offered.snapshot)
                        break
        return records

    def _objection(self, offered: Offered) -> str:
        return snapshot_keeping.objection(self._log, offered.snapshot, offered.votes)

    def _offered(self, units: list[bytes]) -> list[Offered]:
        request = SnapshotsRequest(wire.VERSION, self._log.community, [], [], units)
        found = []
        for body, votes, whole in self._ask_snapshots(request).snapshots:
            with suppress(BadSnapshot):
                found.append(Offered(snapshots.parse(body), votes, whole))
        return found

    def _ask_snapshots(self, request: SnapshotsRequest) -> SnapshotsReply:
        return self._channel.ask(self._log, self._key, snapshot_wire.SNAPSHOTS_PATH, request, SnapshotsReply)

    def _take(self, snapshot: Snapshot) -> int:
        """Get the parts that are not here yet, each kept as soon as it has come, and take the snapshot."""
        missing = snapshot_keeping.begin(self._log, snapshot)
        names = {snapshot.manifest.parts[number][1]: number for number in missing}
        while names:
            if self._cancelled():
                raise failures.Cancelled
            came = self._get(list(names)[: chunkwire.MAX_WANTED])
            for part in came:
                snapshot_keeping.add_part(self._log, snapshot, names.pop(sha256(part)), part)
        return snapshot_keeping.take(self._log, snapshot)

    def _get(self, names: list[bytes]) -> list[bytes]:
        """Return the first of some chunks, whole ones only.

        Raises:
            BadSnapshot: The server has not the first of them, or gives something else.
        """
        came: list[bytes] = []
        begun = b""
        while not came:
            request = GetRequest(
                wire.VERSION, self._log.community, [(names[0], len(begun)), *((name, 0) for name in names[1:])], _BUDGET
            )
            reply = self._channel.ask(self._log, self._key, chunkwire.GET_PATH, request, GetReply)
            if not reply.parts or not reply.parts[0][1]:
                raise BadSnapshot("the server has not the part")
            for name, (size, part) in zip(names, reply.parts, strict=False):
                whole = begun + part if name == names[0] else part
                if len(whole) < size:
                    begun = whole if name == names[0] else b""
                    break
                if sha256(whole) != name:
                    raise BadSnapshot("not the part asked for")
                came.append(whole)
        return came

    def give(self, made: Made) -> bool:
        """Give a snapshot that this device made; return False when the server does not take it."""
        request = SnapshotsRequest(wire.VERSION, self._log.community, [made.snapshot.body], [], [])
        if self._ask_snapshots(request).refused:
            return False
        batch: list[bytes] = []
        for number, part in enumerate(made.parts, start=1):
            batch.append(part)
            last = number == len(made.parts)
            if last or sum(map(len, batch)) + snapshots.MAX_PART_BYTES > _BUDGET or len(batch) == chunkwire.MAX_CARRIED:
                put = PutRequest(wire.VERSION, self._log.community, batch, last=False)
                if self._channel.ask(self._log, self._key, chunkwire.PUT_PATH, put, PutReply).refused:
                    return False
                batch = []
        return True

    def confirm(self) -> int:
        """Compare the newest snapshots that too few have confirmed with the log here; return how many were confirmed.

        A false one is remembered with the device that made it.
        """
        votes = []
        for unit in whole_units(self._log):
            newest = next((offered for offered in self._offered([unit]) if offered.whole), None)
            if newest is None or self._log.device in newest.signers() or len(newest.signers()) > 1:
                continue
            try:
                vote = snapshot_keeping.confirm(self._log, newest.snapshot)
            except BadSnapshot:
                snapshot_keeping.remember_false(self._log, newest.snapshot)
                continue
            if vote is not None:
                votes.append(vote.pack())
        if votes:
            self._ask_snapshots(SnapshotsRequest(wire.VERSION, self._log.community, [], votes, []))
        return len(votes)

    def make_due(self, fewest: int = FEWEST_CHANGES) -> int:
        """Make and give snapshots of the units in which much has changed since the newest; return how many.

        Args:
            fewest: How many changes are much; 0 makes one in any case.
        """
        made = 0
        for unit in whole_units(self._log):
            newest = next((offered for offered in self._offered([unit]) if offered.whole), None)
            changed = snapshot_keeping.changes_since(self._log, unit, newest.snapshot if newest else None)
            at_least = max(fewest, newest.snapshot.manifest.records // 2 if newest and fewest else 0)
            if changed and changed >= at_least and not self._cancelled():
                with suppress(NotTaken):
                    made += self.give(snapshot_keeping.make(self._log, unit))
        return made

    def fetch(self, records: Sequence[bytes] | None = None) -> bool:
        """Fetch frames behind snapshots, and compare each snapshot with the log once that is whole.

        Args:
            records: Only the frames that touched these records; by default all.

        Returns:
            Whether nothing is lacking any more.

        Raises:
            Cancelled: The person does not want to wait for the rest.
        """
        done = True
        for snapshot in snapshot_keeping.units_behind(self._log):
            unit = snapshot.manifest.unit
            while wanted := self._wanted(unit, records):
                if self._cancelled():
                    raise failures.Cancelled
                request = HistoryRequest(
                    wire.VERSION, self._log.community, unit, wanted[: snapshot_wire.MAX_RANGES], _BUDGET
                )
                reply = self._channel.ask(self._log, self._key, snapshot_wire.HISTORY_PATH, request, HistoryReply)
                self._log.apply(reply.frames)
                if self._wanted(unit, records) == wanted:
                    done = False
                    if reply.frames and self._forked(unit):
                        snapshot_keeping.abandon(self._log, snapshot)
                    break
            else:
                snapshot_keeping.finish(self._log, snapshot)
        return done

    def _wanted(self, unit: bytes, records: Sequence[bytes] | None) -> list[snapshot_wire.Range]:
        with self._log.store.read() as connection:
            if records is None:
                return [(chain, *ends) for chain, ends in sorted(behind.gaps(connection, unit).items())]
            missing = {place for record in records for place in behind.of_record(connection, record, unit).missing}
        return [(incarnation, seq, seq) for incarnation, seq in sorted(missing)]

    def _forked(self, unit: bytes) -> bool:
        """Whether frames of a unit wait because they do not go together with what its snapshot says."""
        with self._log.store.read() as connection:
            row = connection.execute(
                "SELECT 1 FROM waiting w JOIN unit u ON u.uuid = w.unit JOIN incarnation i ON i.uuid = w.incarnation"
                " JOIN floor f ON f.unit = u.id AND f.incarnation = i.id AND w.seq <= f.seq"
                " WHERE w.unit = ? AND w.reason = 'fork' LIMIT 1",
                (unit,),
            ).fetchone()
        return row is not None


def whole_units(log: Log) -> list[bytes]:
    """Return the units with cases that this device reads and whose whole log is here."""
    with log.store.read() as connection:
        return [unit for unit in _units(log) if snapshot_states.is_whole(connection, unit)]


def new_units(log: Log) -> list[bytes]:
    """Return the units with cases that this device reads and of which nothing has come from others yet."""
    with log.store.read() as connection:
        return [
            unit
            for unit in _units(log)
            if all(chain.device == log.device for chain in snapshot_states.chains_now(connection, unit))
        ]


def _units(log: Log) -> list[bytes]:
    return sorted(log.me.units - {log.membership.common_unit})
