"""Snapshots as one opened log deals with them: made, confirmed, taken, and compared with the log behind them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sync import behind, crypto, rebuilding, snapshot_blocks, snapshot_checking, snapshot_loading, snapshots
from sync import snapshot_states as states
from sync.log import Log
from sync.replica import Applied
from sync.snapshot_blocks import TooLarge
from sync.snapshots import BadSnapshot, Chain, Manifest, Snapshot, Vote
from sync.sqlcipher import Connection

_FALSE = "false-snapshot"


class NotTaken(Exception):
    """A snapshot is not to be taken; the argument is the reason, a machine word."""


@dataclass(frozen=True, slots=True)
class Made:
    """A snapshot that this device made.

    Args:
        snapshot: What names it.
        parts: Its parts.
    """

    snapshot: Snapshot
    parts: list[bytes]


@dataclass(frozen=True, slots=True)
class Found:
    """What the log behind a snapshot gave.

    Args:
        unit: 16-byte id of the unit.
        device: 16-byte id of the device that made the snapshot.
        true: Whether the snapshot was what the log gives; if it was not, everything was built anew from the log.
    """

    unit: bytes
    device: bytes
    true: bool


def make(log: Log, unit: bytes) -> Made:
    """Make a snapshot of a unit as it stands now.

    Args:
        log: The log.
        unit: The 16-byte id.

    Raises:
        NotTaken: This vault has not the whole log of the unit ("behind"), not its key ("key"), nothing in it
            ("nothing"), or a record larger than fits ("large").
    """
    with log.store.read() as connection:
        if not states.is_whole(connection, unit):
            raise NotTaken("behind")
        chains = states.chains_now(connection, unit)
        key = connection.execute(
            "SELECT k.epoch, k.key FROM epoch_key k JOIN unit u ON u.id = k.unit WHERE u.uuid = ? AND k.newest", (unit,)
        ).fetchone()
        if key is None:
            raise NotTaken("key")
        if not chains:
            raise NotTaken("nothing")
        time_ms = time.time_ns() // 1_000_000
        begun = Manifest(log.community, unit, log.device, key[0], time_ms, 0, b"", tuple(chains), ())
        try:
            return _sealed(log, begun, key[1], connection)
        except TooLarge as error:
            raise NotTaken("large") from error


def _sealed(log: Log, begun: Manifest, key: bytes, connection: Connection) -> Made:
    places = {chain.incarnation: place for place, chain in enumerate(begun.chains)}
    hashes: list[bytes] = []
    parts: list[bytes] = []
    records = 0
    for block in states.blocks(connection, begun.unit, begun.chains, log.projector):
        data = snapshot_blocks.encode(block, places)
        hashes.append(crypto.sha256(data))
        parts.append(snapshots.seal_part(snapshot_blocks.pack(block, data, places), key, begun, len(parts)))
        records += len(block.entries)
        if len(parts[-1]) > snapshots.MAX_PART_BYTES or len(parts) > snapshots.MAX_PARTS:
            raise TooLarge
    manifest = Manifest(
        begun.community,
        begun.unit,
        begun.device,
        begun.epoch,
        begun.time_ms,
        records,
        snapshots.state_hash(begun.community, begun.unit, begun.chains, hashes),
        begun.chains,
        tuple((len(part), crypto.sha256(part)) for part in parts),
    )
    return Made(snapshots.build(manifest, key, log.signer), parts)


def confirm(log: Log, snapshot: Snapshot) -> Vote | None:
    """Compare a snapshot of another device with the log here, and sign that they agree.

    Args:
        log: The log.
        snapshot: The snapshot; what it says is not believed.

    Returns:
        None when this log can't tell: it has not come that far, or does not go back to the beginning.

    Raises:
        BadSnapshot: The log here gives another state.
    """
    manifest = snapshot.manifest
    with log.store.read() as connection:
        try:
            chains = states.chains_at(connection, manifest.unit, manifest.chains)
            found = states.hash_of(connection, manifest.unit, chains, log.community)
        except (states.NotWhole, TooLarge):
            return None
    if found != manifest.state:
        raise BadSnapshot("the log gives another state")
    return snapshots.vote(manifest, log.device, log.signer)


def objection(log: Log, snapshot: Snapshot, votes: Sequence[bytes]) -> str:
    """Say why a snapshot is not to be taken, a machine word; empty when it is.

    Args:
        log: The log.
        snapshot: The snapshot.
        votes: What devices said of its state.
    """
    reason = snapshot_loading.objection(log.membership, snapshot, votes, log.device)
    if reason:
        return reason
    with log.store.read() as connection:
        unit, epoch = snapshot.manifest.unit, snapshot.manifest.epoch
        key = connection.execute(
            "SELECT 1 FROM epoch_key k JOIN unit u ON u.id = k.unit WHERE u.uuid = ? AND k.epoch = ?", (unit, epoch)
        ).fetchone()
        if key is None:
            return "key"
        ends = {chain.incarnation: (chain.seq, chain.hash) for chain in snapshot.manifest.chains}
        return _no_gain(states.chains_now(connection, unit), ends)


def _no_gain(now: list[Chain], ends: dict[bytes, tuple[int, bytes]]) -> str:
    """Say whether what is here already forbids to begin anew from a snapshot, or makes that needless."""
    gained = sum(seq for seq, _hash in ends.values())
    for chain in now:
        seq, hash_ = ends.get(chain.incarnation, (0, b""))
        if chain.seq == seq and chain.hash != hash_:
            return "fork"
        gained -= min(seq, chain.seq)
    return "" if gained else "known"


def begin(log: Log, snapshot: Snapshot) -> list[int]:
    """Note that a snapshot is to be taken, and return which of its parts are not here yet.

    Args:
        log: The log.
        snapshot: One without an objection. An unfinished one of the same unit makes room for it.
    """
    with log.store.write() as connection:
        row = connection.execute(
            "SELECT hash FROM snapshot WHERE unit = ? AND NOT taken", (snapshot.manifest.unit,)
        ).fetchone()
        if row is not None and row[0] != snapshot.hash:
            connection.execute("DELETE FROM snapshot_part WHERE snapshot = ?", row)
            connection.execute("DELETE FROM snapshot WHERE unit = ?", (snapshot.manifest.unit,))
        connection.execute(
            "INSERT OR IGNORE INTO snapshot (unit, hash, body, taken) VALUES (?, ?, ?, 0)",
            (snapshot.manifest.unit, snapshot.hash, snapshot.body),
        )
        here = {
            number
            for (number,) in connection.execute("SELECT number FROM snapshot_part WHERE snapshot = ?", (snapshot.hash,))
        }
    return [number for number in range(len(snapshot.manifest.parts)) if number not in here]


def add_part(log: Log, snapshot: Snapshot, number: int, part: bytes) -> None:
    """Keep one part of a snapshot that is being taken.

    Raises:
        BadSnapshot: It is not the part that the snapshot names.
    """
    if not snapshots.check_part(snapshot.manifest, number, part):
        raise BadSnapshot("not the part that the snapshot names")
    with log.store.write() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO snapshot_part (snapshot, number, body) VALUES (?, ?, ?)",
            (snapshot.hash, number, part),
        )


def take(log: Log, snapshot: Snapshot) -> int:
    """Let this vault's state of a unit begin with a snapshot, all parts of which are here.

    What this vault has beyond it is played again on top of it.

    Args:
        log: The log.
        snapshot: The snapshot.

    Returns:
        How many records it brought.

    Raises:
        BadSnapshot: It does not hold what was signed; it is forgotten, and nothing else was changed.
    """
    try:
        with log.store.write() as connection:
            records = _take(log, connection, snapshot)
    except BadSnapshot:
        with log.store.write() as connection:
            connection.execute("DELETE FROM snapshot WHERE hash = ? AND NOT taken", (snapshot.hash,))
            connection.execute("DELETE FROM snapshot_part WHERE snapshot = ?", (snapshot.hash,))
        raise
    log.tell(Applied(frames=1, changes=records, records=frozenset({("", snapshot.manifest.unit)})))
    return records


def _take(log: Log, connection: Connection, snapshot: Snapshot) -> int:
    unit = snapshot.manifest.unit
    if connection.execute("UPDATE snapshot SET taken = 1 WHERE hash = ?", (snapshot.hash,)).rowcount != 1:
        raise BadSnapshot("it was not begun")
    if not states.chains_now(connection, unit):
        return snapshot_loading.load(connection, snapshot, log.projector)
    if rebuilding.rebuild(connection, log.membership, log.projector):
        raise BadSnapshot("what is here does not go together with it")
    return snapshot.manifest.records


def units_behind(log: Log) -> list[Snapshot]:
    """Return the snapshots in place of the beginning of this vault's logs."""
    with log.store.read() as connection:
        return snapshot_loading.taken(connection)


def finish(log: Log, snapshot: Snapshot) -> Found | None:
    """Compare a snapshot with the log behind it, once all of that is here, and let go of the snapshot.

    Args:
        log: The log.
        snapshot: One that this vault's log of a unit begins with.

    Returns:
        What came of it; None while something is lacking.
    """
    unit = snapshot.manifest.unit
    with log.store.read() as connection:
        if behind.gaps(connection, unit):
            return None
        true = snapshot_checking.holds(connection, log.membership, snapshot)
    with log.store.write() as connection:
        behind.forget(connection, snapshot)
        if not true and rebuilding.rebuild(connection, log.membership, log.projector):
            raise RuntimeError("a frame that held does not hold any more")
        rebuilding.withdraw(connection, log.membership, log.projector, log.device)
    if not true:
        remember_false(log, snapshot)
    log.tell(Applied(frames=1, records=frozenset({("", unit)})))
    return Found(unit, snapshot.manifest.device, true)


def abandon(log: Log, snapshot: Snapshot) -> None:
    """Let go of a snapshot that does not go together with the log behind it; an exchange brings all of that.

    Args:
        log: The log.
        snapshot: One that this vault's log of a unit begins with.
    """
    unit = snapshot.manifest.unit
    with log.store.write() as connection:
        behind.forget(connection, snapshot)
        forked = connection.execute("SELECT body FROM waiting WHERE unit = ? AND reason = 'fork'", (unit,)).fetchall()
        connection.execute("DELETE FROM waiting WHERE unit = ? AND reason = 'fork'", (unit,))
        rebuilding.rebuild(connection, log.membership, log.projector)  # what is behind a gap now waits for what lacks
    remember_false(log, snapshot)
    log.tell(Applied(frames=1, records=frozenset({("", unit)})))
    log.apply([body for (body,) in forked])


def remember_false(log: Log, snapshot: Snapshot) -> None:
    """Remember which device signed a snapshot that is not what the log gives."""
    log.remember(f"{_FALSE} {snapshot.hash.hex()}", snapshot.manifest.device)


def changes_since(log: Log, unit: bytes, snapshot: Snapshot | None) -> int:
    """Return how many changes a unit has had since a snapshot.

    Args:
        log: The log.
        unit: The 16-byte id.
        snapshot: The snapshot, or None to count all.
    """
    ends = {chain.incarnation: chain.seq for chain in snapshot.manifest.chains} if snapshot else {}
    total = 0
    with log.store.read() as connection:
        for chain in states.chains_now(connection, unit):
            (changed,) = connection.execute(
                "SELECT coalesce(sum(f.changes), 0) FROM frame f JOIN unit u ON u.id = f.unit"
                " JOIN incarnation i ON i.id = f.incarnation WHERE u.uuid = ? AND i.uuid = ? AND f.seq > ?",
                (unit, chain.incarnation, ends.get(chain.incarnation, 0)),
            ).fetchone()
            total += changed
    return total


def makers_of_false_ones(log: Log) -> list[bytes]:
    """Return the devices whose snapshots turned out not to be what the log gives."""
    return [device for _name, device in log.notes(_FALSE)]
