"""Snapshots: whoever begins with one has the same as whoever played the whole log, whatever comes after it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sync import behind, caretaking, rebuilding, snapshot_keeping, snapshots
from sync import snapshot_states as states
from sync.changes import Change
from sync.ids import new_id
from sync.snapshot_keeping import Made, NotTaken
from sync.snapshots import BadSnapshot, Snapshot
from tests.sync.replicas import Replica

FIELDS = ("subject", "phone", "note")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Callable[[], Replica]]:
    """Founds a community; everybody's file is closed at the end."""
    made: list[Replica] = []

    def found() -> Replica:
        made.append(Replica.found(tmp_path / "founder.db"))
        return made[0]

    yield found
    for replica in made:
        replica.close()


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[list[Replica]]:
    founder = Replica.found(tmp_path / "a.db")
    replicas = [founder, *(founder.invite(tmp_path / f"{name}.db") for name in "bcd")]
    founder.welcome(*replicas[1:])
    yield replicas
    for replica in replicas:
        replica.close()


def give(made: Made, to: Replica, votes: list[bytes]) -> int:
    """Let a device take a snapshot as it travels."""
    snapshot = snapshots.parse(made.snapshot.body)
    reason = snapshot_keeping.objection(to.log, snapshot, votes)
    if reason:
        raise NotTaken(reason)
    for number in snapshot_keeping.begin(to.log, snapshot):
        snapshot_keeping.add_part(to.log, snapshot, number, made.parts[number])
    return snapshot_keeping.take(to.log, snapshot)


def vote(by: Replica, snapshot: Snapshot) -> bytes:
    found = snapshot_keeping.confirm(by.log, snapshot)
    assert found is not None
    return found.pack()


def state(of: Replica) -> bytes:
    with of.store.read() as connection:
        return states.hash_of(connection, of.unit, states.chains_now(connection, of.unit), of.log.community)


def step(chance: random.Random, replicas: list[Replica], cases: list[bytes]) -> None:
    """Do one thing that devices do: write new cases, edit with or without what others wrote in view, exchange."""
    one, other = chance.sample(replicas, 2)
    match chance.randrange(6):
        case 0:
            made = [new_id() for _ in range(chance.randrange(1, 4))]
            cases += made
            names = FIELDS[: chance.randrange(1, 4)]
            one.log.write(one.unit, [Change("case", each, dict.fromkeys(names, chance.randrange(9))) for each in made])
        case 1 | 2 | 3 if cases:
            fields = {name: chance.randrange(9) for name in chance.sample(FIELDS, chance.randrange(1, 3))}
            one.set(chance.choice(cases), replaces=chance.random() < 0.8, **fields)
        case 4:
            some = one.frames(other.log.heads())
            chance.shuffle(some)
            other.log.apply(some[: chance.randrange(len(some) + 1)])
        case _:
            one.pull(other)


@pytest.mark.parametrize("seed", range(25))
def test_a_snapshot_and_what_comes_after_it_give_what_the_whole_log_gives(trio: list[Replica], seed: int) -> None:
    chance = random.Random(seed)
    writers, new = trio[:3], trio[3]
    cases: list[bytes] = []
    for _ in range(chance.randrange(4, 30)):
        step(chance, writers, cases)
    maker, second = writers[:2]
    maker.set(new_id(), subject="щось є")
    made = snapshot_keeping.make(maker.log, maker.unit)
    if chance.random() < 0.5:  # what the new device wrote before it heard of anybody
        new.set(new_id(), subject="перша")
    for _ in range(chance.randrange(12)):  # the old ones go on, without knowing of the snapshot
        step(chance, writers, cases)
    second.pull(maker)
    assert give(made, new, [vote(second, made.snapshot)]) == made.snapshot.manifest.records
    tail = sorted({body for each in writers for body in each.frames(new.log.heads())})
    chance.shuffle(tail)
    while tail:
        some = chance.randrange(1, len(tail) + 1)
        new.log.apply(tail[:some])
        del tail[:some]
    for _round in range(2):
        for to in trio:
            for source in trio:
                to.pull(source)
    assert len({each.digest() for each in trio}) == 1
    with new.store.write() as connection:
        assert rebuilding.rebuild(connection, new.log.membership, new.log.projector) == 0
    assert new.digest() == maker.digest()
    everything = maker.frames()
    chance.shuffle(everything)
    new.log.apply(everything)
    found = snapshot_keeping.finish(new.log, made.snapshot)
    assert found is not None
    assert found.true
    assert not snapshot_keeping.units_behind(new.log)
    assert new.digest() == maker.digest()
    assert sorted(new.frames()) == sorted(maker.frames())
    assert state(new) == state(maker)
    with new.store.read() as connection, maker.store.read() as theirs:
        for case in cases:
            assert new.log.history(connection, case) == maker.log.history(theirs, case)


def filled(trio: list[Replica]) -> tuple[list[bytes], Made]:
    """Write some cases on the first device that the second has too; return them and a snapshot by the first."""
    a, b = trio[:2]
    cases = [new_id() for _ in range(5)]
    for case in cases:
        a.set(case, subject="Дах", phone="1")
    a.set(cases[0], subject="Дах протікає")
    b.pull(a)
    b.set(cases[1], phone="2")
    a.set(cases[1], phone="3")
    a.pull(b)
    b.pull(a)
    return cases, snapshot_keeping.make(a.log, a.unit)


def test_one_device_alone_is_not_believed_when_there_are_two(trio: list[Replica]) -> None:
    a, b, _c, d = trio
    _cases, made = filled(trio)
    assert snapshot_keeping.objection(d.log, made.snapshot, []) == "votes"
    assert snapshot_keeping.objection(d.log, made.snapshot, [vote(a, made.snapshot)]) == "votes"
    forged = snapshots.vote(made.snapshot.manifest, b.log.device, a.log.signer).pack()
    own = snapshots.vote(made.snapshot.manifest, d.log.device, d.log.signer).pack()
    assert snapshot_keeping.objection(d.log, made.snapshot, [forged, own, b"", made.snapshot.body]) == "votes"
    assert not snapshot_keeping.objection(d.log, made.snapshot, [forged, vote(b, made.snapshot)])


def test_where_there_is_one_other_device_it_is_believed_alone(office: Callable[[], Replica], tmp_path: Path) -> None:
    founder = office()
    founder.set(new_id(), subject="Дах")
    new = founder.invite(tmp_path / "new.db")
    founder.welcome(new)
    assert give(snapshot_keeping.make(founder.log, founder.unit), new, []) == 1
    founder.log.apply(new.frames())
    assert new.digest() == founder.digest()
    new.close()


def test_a_part_that_is_missing_or_changed_is_not_taken(trio: list[Replica]) -> None:
    _a, b, _c, d = trio
    _cases, made = filled(trio)
    votes = [vote(b, made.snapshot)]
    before = d.digest()
    bent = bytearray(made.parts[0])
    bent[40] ^= 1
    with pytest.raises(BadSnapshot):
        give(Made(made.snapshot, [bytes(bent), *made.parts[1:]]), d, votes)
    with pytest.raises(BadSnapshot):
        snapshot_keeping.take(d.log, made.snapshot)
    assert d.digest() == before
    assert give(made, d, votes) == 5


def test_a_state_that_is_not_the_one_signed_is_not_taken(trio: list[Replica]) -> None:
    a, b, _c, d = trio
    _cases, made = filled(trio)
    votes = [vote(b, made.snapshot)]
    # The parts of another state under the hash that two devices signed: the maker lies after the others signed.
    a.set(new_id(), subject="невидане")
    other = snapshot_keeping.make(a.log, a.unit)
    with a.store.read() as connection:
        (key,) = connection.execute(
            "SELECT k.key FROM epoch_key k JOIN unit u ON u.id = k.unit WHERE u.uuid = ? AND newest", (a.unit,)
        ).fetchone()
    opened = made.snapshot.open(key)
    lie = replace(opened, parts=other.snapshot.manifest.parts, records=6)
    lying = Made(snapshots.build(lie, key, a.log.signer), other.parts)
    before = d.digest()
    with pytest.raises(BadSnapshot):
        give(lying, d, votes)
    assert d.digest() == before
    assert not snapshot_keeping.units_behind(d.log)


def false_one(trio: list[Replica]) -> Made:
    """Let the first device, whose program lies, sign a state that its log does not give."""
    a = trio[0]
    with a.store.write() as connection:
        (fields,) = connection.execute("SELECT fields FROM record WHERE id = 2").fetchone()
        connection.execute("UPDATE record SET fields = ? WHERE id = 2", (fields.replace("Дах", "Підвал"),))
    return snapshot_keeping.make(a.log, a.unit)


def test_nobody_confirms_a_false_snapshot(trio: list[Replica]) -> None:
    _cases, _made = filled(trio)
    false = false_one(trio)
    with pytest.raises(BadSnapshot):
        snapshot_keeping.confirm(trio[1].log, false.snapshot)


def test_a_false_snapshot_is_found_out_by_the_log_behind_it(trio: list[Replica]) -> None:
    a, b, c, d = trio
    cases, _made = filled(trio)
    false = false_one(trio)
    accomplice = snapshots.vote(false.snapshot.manifest, c.log.device, c.log.signer).pack()
    give(false, d, [accomplice])
    d.set(cases[2], phone="9")
    b.pull(d)
    assert d.digest() != b.digest()
    d.log.apply(b.frames())
    found = snapshot_keeping.finish(d.log, false.snapshot)
    assert found == snapshot_keeping.Found(d.unit, a.log.device, true=False)
    assert snapshot_keeping.makers_of_false_ones(d.log) == [a.log.device]
    assert d.digest() == b.digest()
    assert d.values(cases[2], "phone") == ["9"]


def test_history_comes_piece_by_piece_and_says_what_is_lacking(trio: list[Replica]) -> None:
    a, b, _c, d = trio
    cases, made = filled(trio)
    give(made, d, [vote(b, made.snapshot)])
    with d.store.read() as connection:
        assert d.log.history(connection, cases[0]) == []
        assert len(behind.of_record(connection, cases[0]).missing) == 2
        present = d.log.history(connection, cases[0], present=True)
        assert {name: value for each in present for name, value in each.fields.items()} == {
            "subject": "Дах протікає",
            "phone": "1",
        }
        # Whoever wrote values that stand side by side is known, and when.
        with a.store.read() as theirs:
            whole = {each.dot: each for each in a.log.history(theirs, cases[1])}
        for each in d.log.history(connection, cases[1], present=True):
            if "phone" in each.fields:
                assert (each.device, each.time_ms) == (whole[each.dot].device, whole[each.dot].time_ms)
        assert behind.gaps(connection, d.unit)
    d.set(cases[0], phone="7")
    assert snapshot_keeping.finish(d.log, made.snapshot) is None
    for body in reversed(a.frames()):
        d.log.apply([body])
    with d.store.read() as connection:
        assert not behind.of_record(connection, cases[0]).missing
        assert [each.fields for each in d.log.history(connection, cases[0])] == [
            {"subject": "Дах", "phone": "1"},
            {"subject": "Дах протікає"},
            {"phone": "7"},
        ]
    found = snapshot_keeping.finish(d.log, made.snapshot)
    assert found is not None
    assert found.true


def test_what_began_with_a_snapshot_neither_makes_nor_confirms_one(trio: list[Replica]) -> None:
    _a, b, _c, d = trio
    _cases, made = filled(trio)
    give(made, d, [vote(b, made.snapshot)])
    with pytest.raises(NotTaken, match="behind"):
        snapshot_keeping.make(d.log, d.unit)
    assert snapshot_keeping.confirm(d.log, made.snapshot) is None
    # Nor does it pretend to have what it has not: others get from it what follows the snapshot, and no more.
    d.set(new_id(), subject="нова")
    assert len(d.frames({d.unit: {}})) == len(d.frames(made_heads(made)))
    assert snapshot_keeping.objection(d.log, made.snapshot, [vote(b, made.snapshot)]) == "known"


def made_heads(made: Made) -> dict[bytes, dict[bytes, tuple[int, bytes]]]:
    manifest = made.snapshot.manifest
    return {manifest.unit: {chain.incarnation: (chain.seq, chain.hash) for chain in manifest.chains}}


def test_a_device_that_is_far_behind_begins_anew_and_plays_its_own_again(trio: list[Replica]) -> None:
    a, b, _c, d = trio
    d.pull(a)
    old = new_id()
    d.set(old, subject="давнє")
    a.pull(d)
    cases, made = filled(trio)
    d.set(old, subject="ще не надіслане")
    give(made, d, [vote(b, made.snapshot)])
    assert d.values(old, "subject") == ["ще не надіслане"]
    assert d.values(cases[0], "subject") == ["Дах протікає"]
    a.pull(d)
    assert a.digest() == d.digest()


def test_a_snapshot_of_chains_that_are_others_is_found_out_and_left(trio: list[Replica]) -> None:
    a, b, c, d = trio
    filled(trio)
    with a.store.write() as connection:  # the ends of the chains are lies too
        connection.execute("UPDATE head SET hash = CAST(x'00' || substr(hash, 2) AS BLOB) WHERE unit = 2")
    false = snapshot_keeping.make(a.log, a.unit)
    give(false, d, [snapshots.vote(false.snapshot.manifest, c.log.device, c.log.signer).pack()])
    c.pull(b)
    case = new_id()
    c.set(case, subject="з іншого пристрою")
    d.set(new_id(), subject="власне")
    d.log.apply(c.frames())
    assert d.log.waiting()["fork"] >= 1
    assert snapshot_keeping.finish(d.log, false.snapshot) is None
    snapshot_keeping.abandon(d.log, false.snapshot)
    assert snapshot_keeping.makers_of_false_ones(d.log) == [a.log.device]
    d.log.apply(c.frames())
    c.pull(d)
    assert d.digest() == c.digest()
    assert d.values(case, "subject") == ["з іншого пристрою"]
    assert not d.log.waiting()


def test_a_snapshot_whose_author_was_revoked_meanwhile_is_not_taken(trio: list[Replica]) -> None:
    a, b, c, d = trio
    c.set(new_id(), subject="до")
    a.pull(c)
    b.pull(a)
    made = snapshot_keeping.make(a.log, a.unit)
    votes = [vote(b, made.snapshot)]
    assert not snapshot_keeping.objection(d.log, made.snapshot, votes)
    lost = new_id()
    c.set(lost, subject="після")
    caretaking.revoke(a.log, c.log.device)
    for each in (b, d):
        each.log.apply([], a.log.links())
    assert not snapshot_keeping.objection(d.log, made.snapshot, votes)  # what had come by then stands
    late = snapshot_keeping.make(c.log, c.unit)
    assert snapshot_keeping.objection(d.log, late.snapshot, []) == "maker"
