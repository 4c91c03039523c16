"""Building everything that follows from the log anew, from its frames."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from sync import changes, frames, schema, snapshot_loading
from sync.applying import Applier, Projector, contents_objection
from sync.frames import Frame
from sync.keyring import Keyring
from sync.membership import Membership
from sync.sqlcipher import Connection
from sync.states import Incarnations

_CHUNK = 500


def in_order(connection: Connection) -> Iterator[bytes]:
    """Give all frames in about the order in which they came, but each chain from its first frame on.

    Args:
        connection: A transaction to read in.
    """
    came: list[tuple[int, int]] = []
    chains: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row, unit, incarnation, seq in connection.execute("SELECT id, unit, incarnation, seq FROM frame ORDER BY id"):
        came.append((unit, incarnation))
        chains.setdefault((unit, incarnation), []).append((seq, row))
    for chain in chains.values():
        chain.sort(reverse=True)
    for place in came:
        _seq, row = chains[place].pop()
        yield connection.execute("SELECT body FROM frame WHERE id = ?", (row,)).fetchone()[0]


def rebuild(connection: Connection, members: Membership, projector: Projector) -> int:
    """Empty the tables that follow from the frames and fill them again; frames stay as they are.

    A unit whose log begins with a snapshot begins with it again.

    Args:
        connection: Inside a write transaction that the caller commits.
        members: The members.
        projector: Whose tables are filled anew too.

    Returns:
        How many frames do not hold any more; the caller undoes everything if there is one.

    Raises:
        BadSnapshot: A snapshot is not whole any more; the caller undoes everything.
    """
    bodies = list(in_order(connection))
    told = connection.execute("SELECT told, unit, incarnation FROM head").fetchall()
    projector.empty(connection)
    for table in (*schema.PROJECTED, "frame", "head"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
    snapshot_loading.load_taken(connection, projector)
    applier = Applier(connection, members, projector, settled=True)
    applier.expect(bodies)
    for start in range(0, len(bodies), _CHUNK):
        applier.take(bodies[start : start + _CHUNK])
    applier.finish()
    connection.executemany("UPDATE head SET told = ? WHERE unit = ? AND incarnation = ?", told)
    (kept,) = connection.execute("SELECT count(*) FROM frame").fetchone()
    return len(bodies) - int(kept)


def withdraw(connection: Connection, members: Membership, projector: Projector, own_device: bytes) -> None:
    """Put back among those that wait what was applied before it was known here that its author had lost the right.

    Args:
        connection: Inside a write transaction that the caller commits.
        members: The members.
        projector: Whose tables are built anew, if something was put back.
        own_device: This device, which keeps what it wrote.
    """
    keyring, devices = Keyring.load(connection), Incarnations.load(connection).devices
    lost = members.revocations.keys() | members.rights.lessened(members.common_unit)
    lost |= set(devices.values()) - members.devices.keys()
    back = [
        entry
        for device in lost - {own_device}
        for entry in _fallen(connection, partial(_objection, members, keyring, devices), device)
    ]
    if not back:
        return
    for (number, hash_, body), reason in back:
        header = frames.parse(body).header
        connection.execute(
            "INSERT INTO waiting (hash, unit, device, incarnation, seq, previous, reason, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (hash_, header.unit, header.device, header.incarnation, header.seq, header.previous, reason, body),
        )
        connection.execute("DELETE FROM touched WHERE frame = ?", (number,))
        connection.execute("DELETE FROM frame WHERE id = ?", (number,))
    if rebuild(connection, members, projector):
        raise RuntimeError("a frame that held does not hold any more")


def _fallen(
    connection: Connection, objection: Callable[[Frame], str], device: bytes
) -> Iterator[tuple[tuple[int, bytes, bytes], str]]:
    """Give the applied frames of a device that do not stand, what follows them in their chains, and why each waits.

    What a snapshot holds can't be taken out of it; that is asked again once the log behind it is whole.
    """
    rows = connection.execute(
        "SELECT f.id, f.hash, f.body FROM frame f JOIN incarnation i ON i.id = f.incarnation WHERE i.device = ?"
        " AND NOT EXISTS (SELECT 1 FROM floor l WHERE l.unit = f.unit AND l.incarnation = f.incarnation"
        " AND l.seq >= f.seq) ORDER BY f.unit, f.incarnation, f.seq",
        (device,),
    ).fetchall()
    broken: set[tuple[bytes, bytes]] = set()
    for row in rows:
        frame = frames.parse(row[2])
        chain = (frame.header.unit, frame.header.incarnation)
        reason = objection(frame) or ("gap" if chain in broken else "")
        if reason:
            broken.add(chain)
            yield row, reason


def _objection(members: Membership, keyring: Keyring, devices: Mapping[bytes, bytes], frame: Frame) -> str:
    """Return why a frame that was applied does not stand, or nothing."""
    header = frame.header
    place = (header.device, header.incarnation, header.seq)
    if header.device not in members.devices:
        return "unconfirmed"
    if reason := members.may_stand(header.device, header.unit, header.incarnation, header.seq):
        return reason
    common = header.unit == members.common_unit
    if members.may_name(*place) if common else not members.is_registrar(header.device, header.unit, *place[1:]):
        return ""
    return contents_objection(members, devices, header, changes.decode(keyring.open(frame)))
