"""Units with their own keys, roles in them, and what happens to those who lose a right or lose their place."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import caretaking, digest, epochs, frames, membership, rebuilding, seat
from sync.changes import Change
from sync.crypto import Opener
from sync.frames import BadFrame
from sync.ids import new_id, random_id
from sync.log import Log
from sync.membership import ADMINISTRATOR, AUDITOR, CLERK, HEAD, REGISTRAR, Assign, Cut, Epoch, Invite, MakeUnit
from sync.rights import NOBODY
from tests.sync.replicas import FileStore, NoProjection, Replica
from tests.sync.test_revocation import keys, settle


@pytest.fixture
def four(tmp_path: Path) -> Iterator[list[Replica]]:
    """A founder, a second administrator and two clerks, who know each other."""
    founder = Replica.found(tmp_path / "a.db")
    second = founder.invite(tmp_path / "b.db", "administrator")
    clerks = [founder.invite(tmp_path / f"{name}.db") for name in "cd"]
    founder.welcome(second, *clerks)
    replicas = [founder, second, *clerks]
    yield replicas
    for replica in replicas:
        replica.close()


def role(replica: Replica, of: Replica, unit: bytes) -> str:
    return replica.log.membership.devices[of.log.device].roles.get(unit, "")


def same(replicas: list[Replica]) -> None:
    """Members are the same on all; frames, what waits and why, keys and values on all that read a unit."""
    states = [replica.log.membership for replica in replicas]
    assert len({str(sorted(state.links)) for state in states}) == 1
    for state in states:
        assert (state.devices, state.refused, state.clashes) == (
            states[0].devices,
            states[0].refused,
            states[0].clashes,
        )
    for unit in states[0].units:
        readers = [replica for replica in replicas if unit in replica.log.me.units and not replica.log.is_revoked]
        assert len({str(_of_unit(replica, unit)) for replica in readers}) <= 1


def _of_unit(replica: Replica, unit: bytes) -> tuple[object, ...]:
    with replica.store.read() as connection:
        frames_ = connection.execute(
            "SELECT f.hash FROM frame f JOIN unit u ON u.id = f.unit WHERE u.uuid = ? ORDER BY f.hash", (unit,)
        ).fetchall()
        waiting = connection.execute(
            "SELECT hash, reason FROM waiting WHERE unit = ? ORDER BY hash", (unit,)
        ).fetchall()
        values = digest.of_units(connection, [unit])
    newest = [key for of, _epoch, key in replica.log.unit_keys() if of == unit]
    return frames_, waiting, newest, sorted(key for key in keys(replica).items() if key[0][0] == unit), values


def put(replica: Replica, unit: bytes, record: bytes, **fields: object) -> None:
    """Write into a unit whatever the desk would say to it."""
    replica.log.write(unit, [Change("case", record, dict(fields), {})])


def held(replica: Replica, record: bytes) -> bool:
    with replica.store.read() as connection:
        return replica.log.record(connection, record) is not None


def forged(replica: Replica, body: membership.Body) -> bytes:
    """A link signed by a device that may have no say, as its own program would never make it."""
    members = replica.log.membership
    return membership.make(members.community, members.tips, replica.log.device, body, replica.log.signer).data


def test_a_unit_is_read_by_those_who_belong_to_it_and_by_nobody_else(four: list[Replica]) -> None:
    founder, second, inside, outside = four
    unit = caretaking.make_unit(founder.log, {second.log.device: ADMINISTRATOR, inside.log.device: CLERK})
    settle(four)
    case = new_id()
    put(inside, unit, case, subject="нове")
    settle(four)
    assert [held(replica, case) for replica in four] == [True, True, True, False]
    assert unit not in {of for of, _epoch in keys(outside)}
    assert outside.log.waiting() == {}
    frame = frames.parse(next(body for body in inside.frames() if frames.parse(body).header.unit == unit))
    for key in keys(outside).values():
        with pytest.raises(BadFrame):
            frame.open(key)
    # Whoever carries the unit's frames to a device outside has changed nothing there, and that is no fault.
    applied = outside.log.apply(founder.frames())
    assert (applied.frames, applied.waiting, applied.refused) == (0, 0, 0)


def test_whoever_comes_into_a_unit_reads_what_was_before_and_whoever_leaves_reads_nothing_later(
    four: list[Replica],
) -> None:
    founder, second, clerk, other = four
    unit = caretaking.make_unit(founder.log, {second.log.device: ADMINISTRATOR})
    before, between, after = new_id(), new_id(), new_id()
    put(founder, unit, before, subject="до")
    caretaking.assign(second.log, other.log.device, {unit: CLERK}) if held(second, before) else None
    settle(four)
    caretaking.assign(second.log, clerk.log.device, {unit: CLERK})
    settle(four)
    assert held(clerk, before)
    put(clerk, unit, between, subject="між")
    settle(four)
    caretaking.assign(second.log, clerk.log.device, {unit: NOBODY})
    settle(four)
    put(founder, unit, after, subject="після")
    settle(four)
    assert [held(clerk, case) for case in (before, between, after)] == [True, True, False]
    newest = epochs.newest(founder.log.membership, unit)
    assert (unit, newest) in keys(founder)
    assert (unit, newest) not in keys(clerk)
    assert role(clerk, clerk, unit) == ""
    same([founder, second])


def test_what_was_written_offline_under_a_right_that_was_lost_meanwhile_waits_and_is_taken_in_or_not(
    four: list[Replica],
) -> None:
    founder, second, clerk, other = four
    unit = founder.unit
    known, late, kept_out = new_id(), new_id(), new_id()
    clerk.set(known, subject="до")
    settle(four)
    clerk.set(late, subject="пізно")
    other.pull(clerk)  # it comes to one before the demotion does
    assert held(other, late)
    caretaking.assign(founder.log, clerk.log.device, {unit: AUDITOR})
    settle([founder, second, other])
    assert not held(other, late)
    founder.pull(clerk)
    settle([founder, second, other])
    same([founder, second, other])
    assert founder.log.waiting() == {"right": 1}
    caretaking.judge(second.log, clerk.log.device, accept=True)
    clerk.set(kept_out, subject="ще пізніше")
    settle(four)
    same([founder, second, other])
    assert all(held(replica, late) for replica in four)
    assert founder.log.waiting() == {"right": 1}
    caretaking.judge(founder.log, clerk.log.device, accept=False)
    settle(four)
    assert [replica.log.waiting() for replica in (founder, second, other)] == [{"rejected": 1}] * 3
    caretaking.assign(second.log, clerk.log.device, {unit: HEAD})  # what is decided against waits, whatever comes
    settle(four)
    assert not held(founder, kept_out) or founder.log.waiting() == {}
    same([founder, second, other])


def test_an_auditor_reads_and_what_it_writes_waits(four: list[Replica], tmp_path: Path) -> None:
    founder, *others = four
    auditor = founder.invite(tmp_path / "e.db", AUDITOR)
    founder.welcome(auditor)
    case, own = new_id(), new_id()
    founder.set(case, subject="справа")
    auditor.pull(founder)
    assert auditor.values(case, "subject") == ["справа"]
    put(auditor, founder.unit, own, subject="неможна")
    settle([*four, auditor])
    assert [held(replica, own) for replica in four] == [False] * 4
    assert founder.log.waiting() == {"right": 1}
    same(four)
    assert auditor.log.me.may_write_in(founder.unit) is False
    caretaking.judge(founder.log, auditor.log.device, accept=True)
    settle([*four, auditor])
    assert held(others[0], own)
    auditor.close()


def test_links_of_those_without_a_say_have_no_effect(four: list[Replica]) -> None:
    founder, second, clerk, other = four
    circle = caretaking.make_unit(other.log, {}, circle=True)
    settle(four)
    forgeries = [
        MakeUnit(random_id(), circle=False),
        Assign(clerk.log.device, founder.unit, ADMINISTRATOR, []),
        Assign(clerk.log.device, founder.log.membership.common_unit, ADMINISTRATOR, []),
        Assign(clerk.log.device, circle, CLERK, []),
        Assign(other.log.device, founder.unit, NOBODY, []),
        Epoch(founder.unit, random_id(), [], b""),
        Epoch(circle, random_id(), [], b""),
    ]
    state = str(clerk.log.membership.devices)
    for body in forgeries:
        data = forged(clerk, body)
        for replica in four:
            replica.log.apply([], [data])
            assert replica.log.membership.refused[membership.parse(data).hash] == "right"
            assert str(replica.log.membership.devices) == state
    # Nor does an administrator come into a circle by an own word, or give its key to others.
    data = forged(founder, Assign(founder.log.device, circle, HEAD, []))
    second.log.apply([], [data])
    assert second.log.membership.refused[membership.parse(data).hash] == "unit"
    settle(four)
    same(four)


def test_two_administrators_who_demote_each_other_leave_the_senior_one(four: list[Replica]) -> None:
    founder, second, clerk, _other = four
    common = founder.log.membership.common_unit
    for _attempt in range(3):
        caretaking.assign(second.log, founder.log.device, {common: CLERK})
        caretaking.assign(founder.log, second.log.device, {common: CLERK})
        settle(four)
        for replica in four:
            assert [device.entry.id for device in replica.log.membership.administrators] == [founder.log.device]
        caretaking.assign(founder.log, second.log.device, {common: ADMINISTRATOR})
        settle(four)
    caretaking.assign(second.log, clerk.log.device, {common: ADMINISTRATOR})  # its say is its own again
    settle(four)
    assert len(founder.log.membership.administrators) == 3
    same(four)


def test_the_last_administrator_stays(four: list[Replica]) -> None:
    founder, second, *_clerks = four
    common = founder.log.membership.common_unit
    caretaking.assign(founder.log, second.log.device, {common: CLERK})
    with pytest.raises(PermissionError, match="last"):
        caretaking.assign(founder.log, founder.log.device, {common: CLERK})
    caretaking.assign(founder.log, second.log.device, {common: ADMINISTRATOR})
    settle(four)
    caretaking.assign(founder.log, founder.log.device, {common: CLERK})  # both step down, knowing of the other
    caretaking.assign(second.log, second.log.device, {common: CLERK})
    settle(four)
    for replica in four:
        assert len(replica.log.membership.administrators) == 1
    same(four)


def test_late_links_of_a_demoted_administrator_have_no_effect(four: list[Replica]) -> None:
    founder, second, clerk, other = four
    base = second.log.membership
    common = base.common_unit
    caretaking.assign(founder.log, second.log.device, {common: CLERK, founder.unit: CLERK})
    for number in range(1, 12):  # some of these hashes come before that of the demotion
        body = Invite(random_id(), base.devices[founder.log.device].entry.sign_key, "clerk", [], f"2-{number}", [])
        late = membership.make(base.community, base.tips, second.log.device, body, second.log.signer)
        founder.log.apply([], [late.data])
        assert founder.log.membership.refused[late.hash] == "right"
    for body in (Assign(founder.log.device, common, CLERK, []), membership.Revoke(clerk.log.device, [])):
        late = membership.make(base.community, base.tips, second.log.device, body, second.log.signer)
        founder.log.apply([], [late.data])
    settle(four)
    assert [device.entry.id for device in other.log.membership.administrators] == [founder.log.device]
    assert founder.log.membership.revocations == {}
    same(four)


def test_of_two_words_at_once_the_one_with_fewer_rights_counts_and_is_shown(four: list[Replica]) -> None:
    founder, second, clerk, other = four
    unit = founder.unit
    caretaking.assign(founder.log, clerk.log.device, {unit: HEAD})
    caretaking.assign(second.log, clerk.log.device, {unit: AUDITOR})
    caretaking.assign(second.log, other.log.device, {unit: HEAD})
    settle(four)
    for replica in four:
        assert role(replica, clerk, unit) == AUDITOR
        assert replica.log.membership.clashes == [(clerk.log.device, unit)]
    caretaking.assign(founder.log, clerk.log.device, {unit: HEAD})
    settle(four)
    for replica in four:
        assert role(replica, clerk, unit) == HEAD
        assert replica.log.membership.clashes == []
    same(four)


def test_a_demoted_administrator_names_nothing_any_more(four: list[Replica]) -> None:
    founder, second, clerk, _other = four
    common, name = founder.log.membership.common_unit, new_id()
    second.log.write(common, [Change("unit", name, {"name": "вчасно"}, {})])
    settle(four)
    late = new_id()
    second.log.write(common, [Change("unit", late, {"name": "пізно"}, {})])
    second.log.write(common, [Change("person", second.log.me.entry.person, {"name": "Я"}, {})])
    clerk.pull(second)
    caretaking.assign(founder.log, second.log.device, {common: CLERK})
    settle([founder, clerk])
    assert held(clerk, name)
    assert not held(clerk, late)
    assert clerk.log.waiting() == {"right": 1, "gap": 1}
    caretaking.judge(founder.log, second.log.device, accept=True)
    settle(four)
    assert held(clerk, late)
    same(four)


def test_a_circle_is_kept_by_its_people_and_read_by_nobody_else(four: list[Replica]) -> None:
    founder, second, clerk, other = four
    circle = caretaking.make_unit(clerk.log, {other.log.device: HEAD}, circle=True)
    settle(four)
    case = new_id()
    put(clerk, circle, case, subject="лише ми")
    settle(four)
    assert [held(replica, case) for replica in four] == [False, False, True, True]
    caretaking.assign(other.log, second.log.device, {circle: HEAD})
    settle(four)
    assert held(second, case)
    caretaking.assign(founder.log, clerk.log.device, {circle: NOBODY})  # an administrator may only take out
    settle(four)
    later = new_id()
    put(other, circle, later, subject="без неї")
    settle(four)
    assert [held(replica, later) for replica in four] == [False, True, False, True]
    caretaking.revoke(founder.log, second.log.device)
    settle(four)
    newest = epochs.newest(other.log.membership, circle)
    assert (circle, newest) not in keys(second)
    assert (circle, newest) in keys(other)


def test_late_words_of_somebody_who_was_taken_out_of_a_circle_have_no_effect(four: list[Replica]) -> None:
    founder, second, clerk, other = four
    circle = caretaking.make_unit(clerk.log, {other.log.device: HEAD}, circle=True)
    settle(four)
    base = other.log.membership
    caretaking.assign(clerk.log, other.log.device, {circle: NOBODY})
    for victim in (founder, second, other):
        for _attempt in range(4):
            body = Assign(victim.log.device, circle, HEAD, [Cut(circle, random_id(), 1)])
            late = membership.make(base.community, base.tips, other.log.device, body, other.log.signer)
            clerk.log.apply([], [late.data])
            assert clerk.log.membership.refused[late.hash] == "right"
    settle(four)
    assert {of for of in clerk.log.membership.devices if circle in clerk.log.membership.devices[of].units} == {
        clerk.log.device
    }


def test_links_in_any_order_give_the_same_roles(four: list[Replica]) -> None:
    founder, second, clerk, other = four
    common = founder.log.membership.common_unit
    caretaking.assign(second.log, founder.log.device, {common: CLERK})
    caretaking.assign(founder.log, clerk.log.device, {founder.unit: HEAD, common: ADMINISTRATOR})
    caretaking.assign(second.log, clerk.log.device, {founder.unit: AUDITOR})
    caretaking.assign(founder.log, second.log.device, {common: AUDITOR})
    caretaking.revoke(second.log, other.log.device)
    links = {data: None for replica in four for data in replica.log.links()}
    fresh = membership.Membership.of(list(links))
    expected = (fresh.devices, fresh.refused, fresh.epochs)
    for order in itertools.islice(itertools.permutations(list(links)[-5:]), 40):
        again = membership.Membership.of([data for data in links if data not in order])
        for data in (*order, *order):
            again.add([membership.parse(data)])
        for data in links:
            again.add([membership.parse(data)])
        assert (again.devices, again.refused, again.epochs) == expected
        assert str(again.devices) == str(fresh.devices)


def test_a_registrar_writes_what_the_unit_reads_and_reads_nothing_of_it(four: list[Replica], tmp_path: Path) -> None:
    founder, _second, clerk, _other = four
    before = new_id()
    founder.set(before, subject="чужа справа")
    registrar = founder.invite(tmp_path / "r.db", REGISTRAR)
    own = new_id()
    registrar.set(own, subject="моя справа", place="село")  # offline, before anybody has confirmed it
    founder.welcome(registrar)
    everybody = [*four, registrar]
    settle(everybody)
    assert [held(replica, own) for replica in everybody] == [True] * 5
    assert [held(replica, before) for replica in everybody] == [True] * 4 + [False]
    assert {unit for unit, _epoch in keys(registrar)} == {founder.log.membership.common_unit}
    assert registrar.log.waiting() == {}
    frame = next(frame for body in registrar.frames() if (frame := frames.parse(body)).header.unit == founder.unit)
    for secret in (*keys(registrar).values(), *(opener(replica) for replica in (founder, clerk))):
        with pytest.raises(BadFrame):
            frame.open(secret) if isinstance(secret, bytes) else frame.open_own(secret)
    # It goes on with its own cases, reads them again when its tables are built anew, and hears of nobody's answer.
    registrar.set(own, subject="уточнено")
    clerk.set(own, place="місто")
    settle(everybody)
    assert founder.values(own, "subject") == ["уточнено"]
    assert registrar.values(own, "place") == ["село"]
    with registrar.store.write() as connection:
        assert rebuilding.rebuild(connection, registrar.log.membership, NoProjection()) == 0
    assert registrar.values(own, "subject") == ["уточнено"]
    with registrar.store.read() as connection:
        assert len(registrar.log.history(connection, own)) == 2
    same(everybody)
    # So it does when its database was lost, and made again from its seat and what was left of the log.
    lost = FileStore(tmp_path / "again.db")
    with registrar.store.read() as connection:
        known = seat.read(connection, lambda _note: True)
    with lost.write() as connection:
        seat.plant(connection, known, random_id())
    again = Log(lost, NoProjection())
    again.apply(registrar.frames())
    with lost.read() as connection:
        assert again.history(connection, own) == registrar.log.history(connection, own)
    lost.connection.close()
    registrar.close()


def opener(replica: Replica) -> Opener:
    return replica.log.identity.opener


def test_after_somebody_left_the_unit_what_registrars_write_is_closed_to_them(
    four: list[Replica], tmp_path: Path
) -> None:
    founder, second, clerk, _other = four
    registrar = founder.invite(tmp_path / "r.db", REGISTRAR)
    founder.welcome(registrar)
    settle([*four, registrar])
    caretaking.assign(founder.log, clerk.log.device, {founder.unit: NOBODY})
    settle([*four, registrar])
    registrar.set(new_id(), subject="без неї")
    last = frames.parse(registrar.frames()[-1])
    assert last.suite == frames.INTAKE_SUITE
    for key in keys(clerk).values():
        with pytest.raises(BadFrame):
            last.open(key)
    settle([*four, registrar])
    same([founder, second, registrar])
    registrar.close()


def test_a_clerk_who_becomes_a_registrar_changes_nothing_of_others_any_more(four: list[Replica]) -> None:
    founder, second, clerk, other = four
    case, own = new_id(), new_id()
    founder.set(case, subject="чуже")
    settle(four)
    clerk.set(case, subject="пізно, поверх чужого")
    other.pull(clerk)
    caretaking.assign(founder.log, clerk.log.device, {founder.unit: REGISTRAR})
    settle([founder, second, other])
    founder.pull(clerk)
    settle([founder, second, other])
    assert [replica.log.waiting() for replica in (founder, second, other)] == [{"right": 1}] * 3
    same([founder, second, other])
    caretaking.judge(founder.log, clerk.log.device, accept=True)
    settle(four)
    clerk.set(own, subject="нове, до канцелярії")
    settle(four)
    assert all(held(replica, own) for replica in four)
    assert frames.parse(clerk.frames()[-1]).suite == frames.INTAKE_SUITE or held(founder, own)
    same(four)


def test_what_a_registrar_forges_over_others_values_waits(four: list[Replica], tmp_path: Path) -> None:
    founder, _second, clerk, _other = four
    registrar = founder.invite(tmp_path / "r.db", REGISTRAR)
    founder.welcome(registrar)
    case = new_id()
    clerk.set(case, subject="справжнє")
    settle([*four, registrar])
    with clerk.store.read() as connection:
        known = clerk.log.record(connection, case)
    assert known is not None
    dots = known.state.dots_of("subject")  # told by somebody who knows them
    registrar.log.write(founder.unit, [Change("case", case, {"subject": "підроблене"}, {"subject": dots})])
    settle([*four, registrar])
    for replica in four:
        assert replica.values(case, "subject") == ["справжнє"]
        assert replica.log.waiting() == {"right": 1}
    registrar.close()
