"""A snapshot in place of the beginning of a unit's log: checked, and written into the tables in one go."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec

from sync import crypto, snapshot_blocks, snapshots
from sync.applying import Projector
from sync.membership import Device, Membership
from sync.merging import Touched, insert
from sync.snapshot_blocks import BadBlock, Block, Entry
from sync.snapshots import BadSnapshot, Chain, Manifest, Snapshot
from sync.sqlcipher import Connection
from sync.states import Incarnations

_pack = msgspec.msgpack.Encoder()
_Behind = tuple[list[int], list[tuple[int, int, int]]]
_behind = msgspec.msgpack.Decoder(_Behind)


def taken(connection: Connection) -> list[Snapshot]:
    """Return the snapshots that the units' states here begin with.

    Args:
        connection: A transaction to read in.
    """
    rows = connection.execute("SELECT body FROM snapshot WHERE taken ORDER BY unit")
    return [snapshots.parse(body) for (body,) in rows.fetchall()]


def load_taken(connection: Connection, projector: Projector) -> None:
    """Write all snapshots that this vault's log begins with into emptied tables.

    Args:
        connection: Inside a write transaction that the caller commits.
        projector: Whose tables are filled too.

    Raises:
        BadSnapshot: A part of one is missing or damaged.
    """
    for snapshot in taken(connection):
        load(connection, snapshot, projector)


def load_readable(connection: Connection, projector: Projector) -> None:
    """Write those snapshots into emptied tables that can still be read; the others are forgotten.

    What they held comes back with an exchange, as the log has it.

    Args:
        connection: Inside a write transaction that the caller commits.
        projector: Whose tables are filled too.
    """
    for hash_, body in connection.execute("SELECT hash, body FROM snapshot WHERE taken").fetchall():
        connection.execute("SAVEPOINT one_snapshot")
        try:
            load(connection, snapshots.parse(body), projector)
        except BadSnapshot:
            connection.execute("ROLLBACK TO one_snapshot")
            connection.execute("DELETE FROM snapshot WHERE hash = ?", (hash_,))
            connection.execute("DELETE FROM snapshot_part WHERE snapshot = ?", (hash_,))
        connection.execute("RELEASE one_snapshot")


def load(connection: Connection, snapshot: Snapshot, projector: Projector) -> int:
    """Write the state of a snapshot, whose parts are here, into the tables of a unit that are empty.

    Args:
        connection: Inside a write transaction that the caller commits, or undoes when this fails.
        snapshot: The snapshot, verified.
        projector: Told of every record.

    Returns:
        How many records there are.

    Raises:
        BadSnapshot: Its parts are missing, do not open, or hold another state than its makers signed.
    """
    unit, key = _key(connection, snapshot.manifest)
    manifest = snapshot.open(key)
    loading = _Loading(connection, manifest, unit, projector)
    projector.expect(connection, manifest.records)
    rows = connection.execute(
        "SELECT number, body FROM snapshot_part WHERE snapshot = ? ORDER BY number", (snapshot.hash,)
    )
    loading.take(rows, key)
    projector.settle(connection)
    return loading.records


def _key(connection: Connection, manifest: Manifest) -> tuple[int, bytes]:
    row = connection.execute(
        "SELECT u.id, k.key FROM unit u JOIN epoch_key k ON k.unit = u.id WHERE u.uuid = ? AND k.epoch = ?",
        (manifest.unit, manifest.epoch),
    ).fetchone()
    if row is None:
        raise BadSnapshot("its key is not here")
    return row[0], row[1]


class _Loading:
    def __init__(self, connection: Connection, manifest: Manifest, unit: int, projector: Projector) -> None:
        self._connection = connection
        self._manifest = manifest
        self._unit = unit
        self._projector = projector
        self._incarnations = Incarnations.load(connection)
        (self._row,) = connection.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()
        self.records = 0

    def take(self, parts: Iterable[tuple[int, bytes]], key: bytes) -> None:
        """Write every part, and see that together they are what was signed."""
        manifest = self._manifest
        self._begin_chains()
        hashes = []
        for expected, (number, part) in enumerate(parts):
            if number != expected or not snapshots.check_part(manifest, number, part):
                raise BadSnapshot("a part is missing or damaged")
            data, aside = self._unpacked(snapshots.open_part(part, key, manifest, number))
            hashes.append(crypto.sha256(data))
            self._write(data, aside)
        found = snapshots.state_hash(manifest.community, manifest.unit, manifest.chains, hashes)
        if len(hashes) != len(manifest.parts) or found != manifest.state or self.records != manifest.records:
            raise BadSnapshot("the parts do not give the state that was signed")

    def _begin_chains(self) -> None:
        for chain in self._manifest.chains:
            number = self._incarnations.numbers.get(chain.incarnation)
            if number is None:
                number = self._incarnations.add(self._connection, chain.incarnation, chain.device)
            elif self._incarnations.devices[chain.incarnation] != chain.device:
                raise BadSnapshot("a chain of another device")
            place = (self._unit, number, chain.seq, chain.hash)
            self._connection.execute("INSERT OR REPLACE INTO floor VALUES (?, ?, ?, ?)", place)
            self._connection.execute(
                "INSERT INTO head (unit, incarnation, seq, hash, counter) VALUES (?, ?, ?, ?, ?)",
                (*place, chain.counter),
            )

    @staticmethod
    def _unpacked(payload: bytes) -> tuple[bytes, bytes]:
        try:
            return snapshot_blocks.unpack(payload)
        except BadBlock as error:
            raise BadSnapshot(str(error)) from error

    def _write(self, data: bytes, aside: bytes) -> None:
        order = [chain.incarnation for chain in self._manifest.chains]
        try:
            block = snapshot_blocks.decode(data, order)
        except BadBlock as error:
            raise BadSnapshot(str(error)) from error
        snapshot_blocks.add_aside(block, aside, order)
        touched = self._insert(block)
        self._projector.project(self._connection, touched)
        self.records += len(touched)

    def _insert(self, block: Block) -> list[Touched]:
        numbers = self._incarnations.numbers
        touched = []
        for entry in block.entries:
            self._row += 1
            touched.append(_touched(self._row, self._unit, entry))
        insert(self._connection, touched, numbers)
        self._connection.executemany(
            "INSERT INTO behind (record, frames) VALUES (?, ?)",
            [
                (to.row, bytearray(_pack.encode(_behind_of(entry, numbers))))
                for to, entry in zip(touched, block.entries, strict=True)
            ],
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO early (unit, uuid, field, counter, incarnation) VALUES (?, ?, ?, ?, ?)",
            [(self._unit, *each) for each in block.early],
        )
        return touched


def _touched(row: int, unit: int, entry: Entry) -> Touched:
    made = Touched(row, entry.collection, entry.record, unit, entry.state, new=True, time_ms=entry.time_ms)
    made.incarnation = entry.incarnation
    return made


def _behind_of(entry: Entry, numbers: dict[bytes, int]) -> _Behind:
    return (
        [number for incarnation, seq in entry.frames for number in (numbers[incarnation], seq)],
        [(counter, numbers[incarnation], time_ms) for (counter, incarnation), time_ms in entry.times],
    )


def objection(members: Membership, snapshot: Snapshot, votes: Sequence[bytes], own: bytes) -> str:
    """Say why a snapshot is not to be taken, a machine word; empty when it is (docs/decisions/0020-snapshots.md).

    Args:
        members: The members as this device knows them.
        snapshot: The snapshot.
        votes: What devices said of its state, as that travels.
        own: The 16-byte id of this device, which has no say in it.
    """
    manifest = snapshot.manifest
    if manifest.community != members.community:
        return "community"
    active = {device.entry.id: device for device in members.active(manifest.unit) if device.entry.id != own}
    maker = active.get(manifest.device)
    if maker is None:
        return "maker"
    try:
        snapshot.verify(maker.entry.sign_key)
    except BadSnapshot:
        return "signature"
    signed = {manifest.device} | _confirmed(manifest, votes, active)
    if len(signed) < min(2, len(active)):
        return "votes"
    return next(filter(None, (_unfit(members, manifest.unit, chain) for chain in manifest.chains)), "")


def _confirmed(manifest: Manifest, votes: Sequence[bytes], active: dict[bytes, Device]) -> set[bytes]:
    """Return the active devices that say that their own log gives the same state."""
    found = set()
    for data in votes:
        with suppress(BadSnapshot):
            vote = snapshots.read_vote(data)
            voter = active.get(vote.device)
            if voter is not None and (vote.unit, vote.state) == (manifest.unit, manifest.state):
                vote.verify(voter.entry.sign_key)
                found.add(vote.device)
    return found


def _unfit(members: Membership, unit: bytes, chain: Chain) -> str:
    """Return why a chain must not stand as far as a snapshot has it, or nothing."""
    if chain.device not in members.devices:
        return "author"
    return members.may_stand(chain.device, unit, chain.incarnation, chain.seq)
