"""Whether a snapshot was what the log behind it gives, once all of that is here."""

from collections.abc import Sequence

from sync import schema, snapshot_states, sqlcipher
from sync.applying import Applier
from sync.membership import Membership
from sync.merging import Touched
from sync.snapshots import Snapshot
from sync.sqlcipher import Connection

_CHUNK = 500


class _Nobody:
    """Shows nothing."""

    def project(self, connection: Connection, touched: Sequence[Touched]) -> None: ...
    def expect(self, connection: Connection, changes: int) -> None: ...
    def settle(self, connection: Connection) -> None: ...
    def latest(self, connection: Connection, rows: Sequence[int]) -> dict[int, tuple[int, bytes]]:
        del connection, rows
        return {}

    def empty(self, connection: Connection) -> None: ...


def holds(connection: Connection, members: Membership, snapshot: Snapshot) -> bool:
    """Say whether the log behind a snapshot, all of which is here, gives the state that was signed.

    It is played in memory alone.

    Args:
        connection: A transaction to read in.
        members: The members.
        snapshot: The snapshot that this vault's state of the unit began with.
    """
    unit = snapshot.manifest.unit
    again = sqlcipher.connect_in_memory()
    try:
        schema.create(again)
        again.execute("BEGIN")
        for table in ("local", "unit", "epoch_key"):
            for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - the names above
                marks = ",".join("?" * len(row))
                again.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - only question marks
        applier = Applier(again, members, _Nobody(), settled=True)
        cursor = connection.execute(
            "SELECT f.body FROM frame f JOIN floor l ON l.unit = f.unit AND l.incarnation = f.incarnation"
            " JOIN unit u ON u.id = f.unit WHERE u.uuid = ? AND f.seq <= l.seq ORDER BY f.incarnation, f.seq",
            (unit,),
        )
        while bodies := cursor.fetchmany(_CHUNK):
            applier.take([body for (body,) in bodies])
        applier.finish()
        chains = snapshot_states.chains_now(again, unit)
        ends = [(chain.incarnation, chain.seq, chain.hash) for chain in chains]
        if ends != [(chain.incarnation, chain.seq, chain.hash) for chain in snapshot.manifest.chains]:
            return False
        found = snapshot_states.hash_of(again, unit, chains, snapshot.manifest.community)
        return found == snapshot.manifest.state
    finally:
        again.close()
