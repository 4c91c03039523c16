"""What may happen: each step draws from a seed of its own, so that leaving one out changes no other one's choices."""

from collections.abc import Callable
from contextlib import suppress

from sync import caretaking, enrolment, frames
from sync.bundle import export_bundle, import_bundle
from sync.changes import Change, Value
from sync.crypto import Signer
from sync.errors import Refused, Unreachable
from sync.ids import new_id
from sync.linkgraph import tips
from sync.membership import ADMINISTRATOR
from sync.replica import Heads
from tests.simulation.network import Server
from tests.simulation.seat import Seat
from tests.simulation.store import PowerCut
from tests.simulation.world import World

Action = Callable[[World], None]
FIELDS = ("subject", "phone", "stage", "note")
_YEAR_NS = 365 * 86_400 * 10**9
_MOST_SEATS = 8
_MOST_RECORDS = 30


def _value(world: World) -> Value:
    """Mostly something that nobody else writes; sometimes what others write too."""
    draw = world.chance.random
    return draw.choice(["так", "", None, 3, ["а", 1]]) if draw.random() < 0.15 else f"v{draw.randrange(10**12)}"


def _record(world: World) -> bytes:
    draw = world.chance.random
    if not world.records or (len(world.records) < _MOST_RECORDS and draw.random() < 0.2):
        world.records.append(new_id())
    return draw.choice(world.records)


def _displayed(seat: Seat, record: bytes) -> dict[str, tuple[tuple[int, bytes], ...]]:
    return {name: tuple(dot for dot, _value in current) for name, current in seat.shown(record).items()}


def _write(world: World, seat: Seat, changes: list[Change]) -> None:
    applied = seat.write(world.unit, changes)
    world.say(f"  {seat.name}: {len(changes)} changes{'' if applied else ', the power went'}")


def edit(world: World) -> None:
    seat, draw = world.seat(), world.chance.random
    for _time in range(draw.choice([1, 1, 1, 3])):
        record = _record(world)
        names = draw.sample(FIELDS, draw.randint(1, 3))
        shown = _displayed(seat, record)
        _write(world, seat, [Change("case", record, {name: _value(world) for name in names}, _only(shown, names))])


def edit_one_field(world: World) -> None:
    """Several edits of one field by several people who do not see each other."""
    draw, record, name = world.chance.random, _record(world), world.chance.random.choice(FIELDS)
    for seat in draw.sample(world.seats, min(len(world.seats), 3)):
        world.at_work(seat)
        shown = _displayed(seat, record)
        _write(world, seat, [Change("case", record, {name: _value(world)}, _only(shown, [name]))])


def open_form(world: World) -> None:
    seat, record = world.seat(), _record(world)
    seat.forms.append((record, _displayed(seat, record)))


def save_form(world: World) -> None:
    """What was displayed may be old by now; only what was displayed is replaced."""
    draw = world.chance.random
    seat = world.at_work(draw.choice([seat for seat in world.seats if seat.forms] or [world.founder]))
    if not seat.forms:
        return
    record, shown = seat.forms.pop(draw.randrange(len(seat.forms)))
    names = draw.sample(FIELDS, draw.randint(1, 3))
    _write(world, seat, [Change("case", record, {name: _value(world) for name in names}, _only(shown, names))])


def bulk(world: World) -> None:
    seat, draw = world.seat(), world.chance.random
    chosen = [_record(world) for _ in range(draw.choice([5, 40]))]
    records = list(dict.fromkeys(chosen + [new_id() for _ in range(draw.choice([0, 0, 3]))]))
    names = draw.sample(FIELDS, 2)
    changes = [
        Change("case", record, {name: _value(world) for name in names}, _only(_displayed(seat, record), names))
        for record in records
    ]
    _write(world, seat, changes)


def huge_bulk(world: World) -> None:
    """More than goes into one frame."""
    seat = world.seat()
    changes = [Change("case", new_id(), {"subject": f"v{number}"}) for number in range(2_010)]
    _write(world, seat, changes)


def resolve(world: World) -> None:
    seat, draw = world.seat(), world.chance.random
    conflicts = [
        (record, name, current)
        for record in world.records
        for name, current in seat.shown(record).items()
        if len(current) > 1
    ]
    if conflicts:
        record, name, current = draw.choice(conflicts)
        value = draw.choice(current)[1] if draw.random() < 0.7 else _value(world)
        dots = tuple(dot for dot, _value in current)
        _write(world, seat, [Change("case", record, {name: value}, {name: dots})])


def delete(world: World) -> None:
    seat, record = world.seat(), _record(world)
    _write(world, seat, [Change("case", record, {"deleted": True}, _only(_displayed(seat, record), ["deleted"]))])


def undo(world: World) -> None:
    """Put back what a field had before."""
    seat, draw, record = world.seat(), world.chance.random, _record(world)
    with seat.store.read() as connection:
        history = seat.log.history(connection, record)
    if not history:
        return
    name = draw.choice(sorted(history[-1].fields))
    before = [written.fields[name] for written in history[:-1] if name in written.fields]
    value = before[-1] if before else None
    _write(world, seat, [Change("case", record, {name: value}, _only(_displayed(seat, record), [name]))])


def _only(
    shown: dict[str, tuple[tuple[int, bytes], ...]], names: list[str]
) -> dict[str, tuple[tuple[int, bytes], ...]]:
    return {name: shown[name] for name in names if name in shown}


def talk(world: World, seat: Seat, server: Server, faulty: float, *, new_server: bool = False) -> str:
    """Exchange with a server; whatever comes of it, it is one of the things that a person may be told."""
    world.at_work(seat)
    try:
        outcome = world.exchange(seat, server, faulty, new_server=new_server)
    except PowerCut:
        seat.open()
        return "the power went"
    except (Unreachable, Refused) as failure:
        return failure.code
    if outcome.disputed:
        seat.log.check_own_chain(_heads_of(server))
    return f"sent {outcome.sent}, received {outcome.received}"


def _heads_of(server: Server) -> Heads:
    heads: Heads = {}
    for unit, incarnation, seq, hash_ in server.database.execute("SELECT unit, incarnation, seq, hash FROM chains"):
        heads.setdefault(unit, {})[incarnation] = (seq, hash_)
    return heads


def sync(world: World) -> None:
    draw, seat = world.chance.random, world.seat()
    server = draw.choice(world.servers)
    if seat.offline:
        return
    faulty = draw.choice([0, 0, 0.2, 0.6])
    said = talk(world, seat, server, faulty)
    if said == "wrong_server":
        assert server.replaced, "a server that was never replaced is called another one"
        said += ", " + talk(world, seat, server, faulty, new_server=True)
    allowed = {"wrong_server", "server_away", "connection_lost", "not_a_server", "server_misbehaves", "the power went"}
    code = said.rsplit(", ", maxsplit=1)[-1]
    honest = not faulty and code in allowed - {"the power went"}
    assert not honest, f"an honest server on a good line: {said}"
    world.say(f"  {seat.name} with {server.url}: {said}")


def pull(world: World) -> None:
    """From another device, in any order, some of it twice and some not at all."""
    seat, draw = world.seat(), world.chance.random
    others = world.others(seat)
    if not others:
        return
    other = draw.choice(others)
    bodies = other.log.frames_missing(seat.log.heads() if draw.random() < 0.5 else {}, 2**30)
    links = other.log.links()
    match draw.randrange(4):
        case 0:
            bodies = draw.sample(bodies, len(bodies))
        case 1:
            bodies = draw.sample(bodies, len(bodies) // 2) * 2
        case 2:
            bodies, links = bodies[::2], []
    applied = seat.take(bodies, links)
    world.say(f"  {seat.name} from {other.name}: {applied.frames if applied else 'the power went'}")


def write_stick(world: World) -> None:
    seat, draw = world.seat(), world.chance.random
    path = world.folder / f"{len(world.trace)}.sprava"
    known = draw.choice(world.seats).log.heads() if draw.random() < 0.5 else None
    with suppress(PowerCut):
        export_bundle(seat.log, path, known)
        world.sticks.append(path)
        return
    seat.open()


def read_stick(world: World) -> None:
    if not world.sticks:
        return
    seat = world.seat()
    stick = world.chance.random.choice(world.sticks)
    try:
        applied = import_bundle(seat.log, stick)
        world.say(f"  {seat.name} from {stick.name}: {applied.frames}")
    except PowerCut:
        seat.open()


def lose_stick(world: World) -> None:
    if world.sticks:
        world.sticks.remove(world.chance.random.choice(world.sticks))


def forge(world: World) -> None:
    """What nobody of the community has written never gets in."""
    draw, seat = world.chance.random, world.seat()
    bodies = draw.choice(world.seats).frames()
    if not bodies:
        return
    frame = frames.parse(draw.choice(bodies))
    place = draw.randrange(len(frame.body))
    flipped = frame.body[:place] + bytes([frame.body[place] ^ 1 << draw.randrange(8)]) + frame.body[place + 1 :]
    stranger = frames.build(frame.header, b"forged", bytes(32), Signer.generate()).body
    cut = frame.body[: draw.randrange(len(frame.body))]
    before = seat.applied_frames()
    link = draw.choice(seat.log.links())
    spot = draw.randrange(len(link))
    bent = link[:spot] + bytes([link[spot] ^ 1 << draw.randrange(8)]) + link[spot + 1 :]
    known = tips(seat.log.membership.links.values())
    if seat.take([flipped, stranger, cut], [bent]) is None:
        return
    assert seat.applied_frames() == before, "something forged got in"
    assert tips(seat.log.membership.links.values()) == known, "a forged link got in"


def lose_power(world: World) -> None:
    """The computer goes off at some statement of its next write."""
    seat, draw = world.seat(), world.chance.random
    seat.store.cut_in = draw.choice([1, 2, 3, draw.randint(1, 30), draw.randint(1, 300)])


def restart(world: World) -> None:
    world.seat().open()


def keep_copy(world: World) -> None:
    world.seat().keep_copy()


def put_back(world: World) -> None:
    """An old backup of a vault takes the place of the vault."""
    draw = world.chance.random
    having = [seat for seat in world.seats if seat.kept]
    if not having:
        return
    seat = world.at_work(draw.choice(having))
    seat.put_back(draw.randrange(len(seat.kept)))
    world.endanger(seat)
    world.say(f"  {seat.name} is set back")


def clone(world: World) -> None:
    if len(world.seats) < _MOST_SEATS:
        seat = world.seat()
        twin = seat.clone(f"{seat.name}'{len(world.seats)}")
        world.seats.append(twin)
        world.say(f"  {twin.name} is a copy of {seat.name}")


def partition(world: World) -> None:
    seat = world.seat()
    seat.offline = not seat.offline


def jump_clock(world: World) -> None:
    seat = world.seat()
    seat.wrong_by = world.chance.random.choice([0, 10 * _YEAR_NS, -3 * _YEAR_NS, 3_600 * 10**9])


def keep_server(world: World) -> None:
    world.chance.random.choice(world.servers).keep_copy()


def set_server_back(world: World) -> None:
    server = world.chance.random.choice(world.servers)
    if server.kept:
        server.put_back(world.chance.random.randrange(len(server.kept)))


def empty_server(world: World) -> None:
    world.chance.random.choice(world.servers).empty()


def replace_server(world: World) -> None:
    world.chance.random.choice(world.servers).replace()


def _administrators(world: World) -> list[Seat]:
    found = []
    for seat in world.seats:
        me = seat.log.membership.devices.get(seat.log.device)
        if me is not None and me.role == ADMINISTRATOR and not seat.log.is_revoked:
            found.append(seat)
    return found


def revoke(world: World) -> None:
    """Somebody is put out; never the founder, so that somebody stays."""
    draw = world.chance.random
    administrator = world.at_work(draw.choice(_administrators(world)))
    members = administrator.log.membership
    there = sorted(members.devices.keys() - members.revocations.keys() - {administrator.log.device})
    there = [device for device in there if device != world.founder.log.device]
    if len(there) < 2:
        return
    device = draw.choice(there)
    try:
        caretaking.revoke(administrator.log, device)
        world.say(f"  {administrator.name} puts out {device.hex()[:6]}")
    except PowerCut:
        administrator.open()


def judge(world: World) -> None:
    draw = world.chance.random
    administrator = world.at_work(draw.choice(_administrators(world)))
    revoked = sorted(administrator.log.membership.revocations)
    if not revoked:
        return
    try:
        caretaking.judge(administrator.log, draw.choice(revoked), accept=draw.random() < 0.7)
    except PowerCut:
        administrator.open()


def assign(world: World) -> None:
    """Somebody gets another role in the unit, perhaps one that does not write; what it writes offline then waits."""
    draw = world.chance.random
    administrator = world.at_work(draw.choice(_administrators(world)))
    members = administrator.log.membership
    there = sorted(members.devices.keys() - members.revocations.keys() - {world.founder.log.device})
    if not there:
        return
    device, role = draw.choice(there), draw.choice(["clerk", "head", "auditor"])
    try:
        with suppress(PermissionError):
            caretaking.assign(administrator.log, device, {world.unit: role})
            world.say(f"  {administrator.name} makes {device.hex()[:6]} {role}")
    except PowerCut:
        administrator.open()


def invite(world: World) -> None:
    draw = world.chance.random
    if len(world.seats) >= _MOST_SEATS:
        return
    administrator = world.at_work(draw.choice(_administrators(world)))
    role = draw.choice([ADMINISTRATOR, "clerk", "head"])
    try:
        contents = enrolment.invite(administrator.log, role, [world.unit], None)
    except PowerCut:
        administrator.open()
        return
    world.invitations.append(enrolment.write_invitation(contents))


def join(world: World) -> None:
    """Somebody uses an invitation, perhaps long after it was made."""
    if world.invitations and len(world.seats) < _MOST_SEATS:
        seat = world.join(world.invitations.pop(world.chance.random.randrange(len(world.invitations))))
        world.say(f"  {seat.name} joins")


STEPS: dict[str, tuple[int, Action]] = {
    "edit": (20, edit),
    "edit_one_field": (6, edit_one_field),
    "open_form": (4, open_form),
    "save_form": (4, save_form),
    "bulk": (2, bulk),
    "resolve": (5, resolve),
    "delete": (2, delete),
    "undo": (3, undo),
    "sync": (16, sync),
    "pull": (10, pull),
    "write_stick": (3, write_stick),
    "read_stick": (3, read_stick),
    "lose_stick": (1, lose_stick),
    "forge": (2, forge),
    "lose_power": (4, lose_power),
    "restart": (1, restart),
    "keep_copy": (2, keep_copy),
    "put_back": (2, put_back),
    "clone": (1, clone),
    "partition": (2, partition),
    "jump_clock": (2, jump_clock),
    "keep_server": (1, keep_server),
    "set_server_back": (1, set_server_back),
    "empty_server": (1, empty_server),
    "replace_server": (1, replace_server),
    "revoke": (1, revoke),
    "judge": (1, judge),
    "assign": (1, assign),
    "invite": (1, invite),
    "join": (2, join),
}
"""Each step and how often it is drawn."""
LARGE_STEPS: dict[str, tuple[int, Action]] = {**STEPS, "huge_bulk": (1, huge_bulk)}
