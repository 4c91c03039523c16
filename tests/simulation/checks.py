"""Quiet comes: everything that is left reaches everybody, and then the promises of docs/reliability.md are checked."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from sync import caretaking, digest, named, rebuilding
from sync.bundle import export_bundle, import_bundle
from sync.membership import Membership
from sync.sqlcipher import Connection
from tests.simulation import projection
from tests.simulation.oracle import Frame, Written
from tests.simulation.seat import Seat
from tests.simulation.steps import talk
from tests.simulation.world import World

_ROUNDS = 12
_HISTORIES = 40
_WAITING = {"revoked", "rejected", "right"}


def settle(world: World) -> list[Seat]:
    """Let every device reach the others in one way until nothing changes; return the members that are left."""
    for seat in world.seats:
        seat.offline = False
        if seat.store.cut_in is not None:
            seat.open()
    carry = world.chance.random.choice([_by_server, _by_hand, _by_stick])
    world.say(f"quiet, {carry.__name__}")
    before: list[str] = []
    for _round in range(_ROUNDS):
        carry(world)
        _decide(world)
        present, states = members(world), [_state(seat) for seat in world.seats]
        if states == before and len({_state(seat) for seat in present}) == 1:
            return present
        before = states
    for seat in world.seats:
        world.say(
            f"  {seat.name}: waiting {seat.log.waiting()}, refused {Counter(seat.log.membership.refused.values())}"
        )
        for row in seat.rows("SELECT unit, incarnation, seq, hash FROM head ORDER BY unit, incarnation"):
            world.say(f"    {row[0]} {row[1]} {row[2]} {row[3].hex()[:8]}")
    raise AssertionError("the devices do not come to the same")


def members(world: World) -> list[Seat]:
    """The devices that the founder's counts as members and that are not put out."""
    known = world.founder.log.membership
    found = []
    for seat in world.seats:
        device = known.devices.get(seat.log.device)
        mine = device is not None and device.entry.sign_key == seat.log.signer.public_key
        if mine and seat.log.device not in known.revocations:
            found.append(seat)
    return found


def _wrote_without_right(world: World, seat: Seat) -> bool:
    """Whether a device shows what it wrote without the right to; the others do not."""
    known, own = world.founder.log.membership, seat.log.device
    return any(
        written.device == own and not _stands(known, own, written.frame)
        for written in world.oracle.written
        if written.frame[1] in _own_chains(seat)
    )


def _stands(known: Membership, device: bytes, frame: Frame) -> bool:
    """Whether a frame counts: its author had the right, and to all before it in its chain."""
    unit, incarnation, last = frame
    return not any(known.may_stand(device, unit, incarnation, seq) for seq in range(1, last + 1))


def _own_chains(seat: Seat) -> set[bytes]:
    return {uuid for (uuid,) in seat.rows("SELECT uuid FROM incarnation WHERE device = ?", seat.log.device)}


def _state(seat: Seat) -> str:
    return repr(
        (sorted((unit, sorted(chains.items())) for unit, chains in seat.log.heads().items()), seat.log.membership.tips)
    )


def _by_server(world: World) -> None:
    for seat in world.seats:
        if talk(world, seat, world.servers[0], 0) == "wrong_server":
            talk(world, seat, world.servers[0], 0, new_server=True)


def _by_hand(world: World) -> None:
    for seat in world.seats:
        for other in world.others(seat):
            world.at_work(seat)
            seat.take(other.log.frames_missing(seat.log.heads(), 2**40), other.log.links())


def _by_stick(world: World) -> None:
    for seat in world.seats:
        path = world.folder / f"last-{seat.name}.sprava"
        export_bundle(world.at_work(seat).log, path)
        for other in world.others(seat):
            import_bundle(world.at_work(other).log, path)


def _decide(world: World) -> None:
    """The founder lets in whoever came with an invitation."""
    founder = world.at_work(world.founder)
    for enrolment in founder.log.membership.pending:
        with suppress(PermissionError):
            caretaking.confirm(founder.log, enrolment.link)


def check(world: World) -> None:
    """Settle, and check that all is as promised."""
    present = [seat for seat in settle(world) if not _wrote_without_right(world, seat)]
    known = world.founder.log.membership
    held = {
        (unit, incarnation, seq)
        for unit, incarnation, seq in world.founder.rows(
            "SELECT u.uuid, i.uuid, f.seq FROM frame f JOIN unit u ON u.id = f.unit"
            " JOIN incarnation i ON i.id = f.incarnation"
        )
    }

    def counts(written: Written) -> bool:
        if written.device not in known.devices:
            return False
        if not _stands(known, written.device, written.frame):
            return False
        return written.frame in held or written.frame not in world.oracle.at_risk

    digests = {seat.digest([world.unit, known.common_unit]) for seat in present}
    assert len(digests) == 1, "digests differ"
    histories = [_check_seat(world, seat, counts) for seat in present]
    assert len({repr(sorted(history.items())) for history in histories}) == 1, "histories differ"
    _check_own_work(world)
    for seat in present:
        _check_kept(world, seat)


def _check_kept(world: World, seat: Seat) -> None:
    """What somebody wrote without the right to, or has lost since, is dropped by nobody: it is applied, or it waits."""
    kept = {
        (unit, incarnation, seq)
        for unit, incarnation, seq in seat.rows(
            "SELECT u.uuid, i.uuid, f.seq FROM frame f JOIN unit u ON u.id = f.unit"
            " JOIN incarnation i ON i.id = f.incarnation"
            " UNION SELECT unit, incarnation, seq FROM waiting"
        )
    }
    dropped = world.oracle.frames() - world.oracle.at_risk - kept
    assert not dropped, f"{seat.name} has neither applied nor kept {len(dropped)} frames"


def _check_seat(world: World, seat: Seat, counts: Callable[[Written], bool]) -> Counter[object]:
    _check_waiting(world, seat)
    _check_named(world, seat)
    expected = world.oracle.expected(counts)
    shown: dict[tuple[bytes, str], dict[object, object]] = {}
    rows = seat.rows("SELECT uuid FROM record WHERE collection = 'case'")
    for (record,) in rows:
        with seat.store.read() as connection:
            known = seat.log.record(connection, record)
        assert known is not None
        for name in known.state.fields:
            current = known.state.current(name)
            shown[record, name] = dict(current)
            assert known.state.fields[name] == max(current, key=lambda entry: entry[0])[1], "another value wins"
    assert shown.keys() == expected.keys(), f"{seat.name} has other fields than were written"
    for field, values in expected.items():
        assert shown[field] == values, f"{seat.name} shows {shown[field]} and not {values}"
    early = seat.rows("SELECT uuid, field, counter, incarnation FROM early")
    gone = {(written.record, written.name, *written.dot) for written in world.oracle.written if not counts(written)}
    assert set(early) <= gone, "a value that was replaced did not come"
    _check_rebuilt(world, seat)
    return _check_histories(world, seat, counts)


def _check_waiting(world: World, seat: Seat) -> None:
    rows = seat.rows("SELECT unit, incarnation, seq, reason FROM waiting")
    broken = {(unit, incarnation) for unit, incarnation, _seq, reason in rows if reason in _WAITING}
    for unit, incarnation, seq, reason in rows:
        lost = reason == "gap" and (unit, incarnation, seq) in world.oracle.at_risk
        left = reason == "unconfirmed" or reason in _WAITING or (reason == "gap" and (unit, incarnation) in broken)
        assert lost or left, f"{seat.name} has a frame waiting: {reason}"


def _check_named(world: World, seat: Seat) -> None:
    """Whatever others had seen has come: else the person would be told that the server keeps something back."""
    connection = seat.store.connection
    for entry in named._load(connection):
        lost = any((entry.unit, entry.incarnation, seq) in world.oracle.at_risk for seq in range(1, entry.seq + 1))
        assert named._is_here(connection, entry) or lost, f"{seat.name} is told of something that does not come"


def _check_histories(world: World, seat: Seat, counts: Callable[[Written], bool]) -> Counter[object]:
    records = sorted({written.record for written in world.oracle.written})[:_HISTORIES]
    chosen = set(records)
    found: Counter[object] = Counter()
    with seat.store.read() as connection:
        for record in records:
            for written in seat.log.history(connection, record):
                for name, value in written.fields.items():
                    seen = frozenset(written.replaces.get(name, ()))
                    found[record, name, written.dot, repr(value), seen] += 1
    expected = world.oracle.history(lambda written: written.record in chosen and counts(written))
    assert found == expected, f"{seat.name} has another history: {found - expected} and not {expected - found}"
    return found


def _check_rebuilt(world: World, seat: Seat) -> None:
    """What was kept in step with every change is what the frames give when all is built anew."""
    units = sorted(seat.log.membership.units)
    connection = seat.store.connection
    before = _followed(connection, units)
    connection.execute("BEGIN IMMEDIATE")
    lost = rebuilding.rebuild(connection, seat.log.membership, seat.projector)
    after = _followed(connection, units)
    connection.execute("ROLLBACK")
    assert lost == 0, f"{seat.name}: {lost} frames do not hold any more"
    assert before == after, f"{seat.name}: what was kept in step differs from what the frames give"
    world.clock.pass_by(1)


def _followed(connection: Connection, units: list[bytes]) -> list[object]:
    return [
        digest.of_units(connection, units),
        projection.rows(connection),
        connection.execute(
            "SELECT r.uuid, f.hash FROM touched t JOIN record r ON r.id = t.record JOIN frame f ON f.id = t.frame"
            " ORDER BY r.uuid, f.hash"
        ).fetchall(),
        connection.execute("SELECT uuid, field, counter, incarnation FROM early ORDER BY 1, 2, 3, 4").fetchall(),
    ]


def _check_own_work(world: World) -> None:
    """Whatever became of a device, what it wrote itself is in its own vault."""
    for seat in world.seats:
        own = {
            (unit, incarnation, seq)
            for unit, incarnation, seq in seat.rows(
                "SELECT u.uuid, i.uuid, f.seq FROM frame f JOIN unit u ON u.id = f.unit"
                " JOIN incarnation i ON i.id = f.incarnation WHERE i.uuid = ?",
                seat.log.identity.incarnation,
            )
        }
        wrote = {
            written.frame
            for written in world.oracle.written
            if written.frame[1] == seat.log.identity.incarnation and written.frame not in world.oracle.at_risk
        }
        assert wrote <= own, f"{seat.name} lost what it wrote itself"
