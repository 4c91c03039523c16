"""The log: what devices write, in whatever order it arrives, adds up to the same everywhere."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import frames
from sync.changes import Change
from sync.ids import new_id
from tests.sync.replicas import Replica


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[list[Replica]]:
    founder = Replica.found(tmp_path / "a.db")
    replicas = [founder, founder.invite(tmp_path / "b.db"), founder.invite(tmp_path / "c.db")]
    founder.welcome(*replicas[1:])
    yield replicas
    for replica in replicas:
        replica.close()


def everything(replicas: list[Replica]) -> list[bytes]:
    return sorted({body for replica in replicas for body in replica.frames()})


def test_concurrent_values_of_one_field_are_both_kept_and_the_same_wins_everywhere(trio: list[Replica]) -> None:
    a, b, c = trio
    case = new_id()
    a.set(case, subject="Дах", phone="1")
    b.pull(a)
    a.set(case, subject="Дах протікає")
    b.set(case, subject="Дах зруйновано", phone="2")
    a.pull(b)
    b.pull(a)
    c.pull(b)
    assert a.values(case, "subject") == b.values(case, "subject") == c.values(case, "subject")
    assert sorted(map(str, a.values(case, "subject"))) == ["Дах зруйновано", "Дах протікає"]
    assert a.values(case, "phone") == ["2"]
    assert a.digest() == b.digest() == c.digest()


def test_resolving_replaces_all_and_is_itself_merged(trio: list[Replica]) -> None:
    a, b, c = trio
    case = new_id()
    a.set(case, subject="0")
    b.pull(a)
    a.set(case, subject="1")
    b.set(case, subject="2")
    a.pull(b)
    a.set(case, subject="3")
    b.pull(a)
    c.pull(a)
    assert b.values(case, "subject") == c.values(case, "subject") == ["3"]
    assert a.digest() == b.digest() == c.digest()


def test_a_value_that_the_form_did_not_show_is_not_overwritten(trio: list[Replica]) -> None:
    a, b, _ = trio
    case = new_id()
    a.set(case, subject="0")
    b.pull(a)
    with a.store.read() as connection:
        shown = a.log.record(connection, case)
    assert shown is not None
    b.set(case, subject="from b")
    a.pull(b)
    a.log.write(a.unit, [Change("case", case, {"subject": "typed"}, {"subject": shown.state.dots_of("subject")})])
    assert sorted(map(str, a.values(case, "subject"))) == ["from b", "typed"]


def test_history_tells_every_value_ever_written(trio: list[Replica]) -> None:
    a, b, _ = trio
    case = new_id()
    a.set(case, subject="0")
    b.pull(a)
    b.set(case, subject="1")
    a.pull(b)
    a.set(case, subject="2")
    with a.store.read() as connection:
        history = a.log.history(connection, case)
    assert [written.fields["subject"] for written in history] == ["0", "1", "2"]
    assert history[2].replaces["subject"] == (history[1].dot,)


@pytest.mark.parametrize("seed", range(40))
def test_any_order_and_any_repetition_gives_the_same(trio: list[Replica], seed: int) -> None:
    chance = random.Random(seed)
    cases = [new_id() for _ in range(3)]
    for _ in range(30):
        replica = chance.choice(trio)
        match chance.randrange(4):
            case 0:
                replica.pull(chance.choice(trio))
            case 1:
                bodies = everything(trio)
                chance.shuffle(bodies)
                replica.log.apply(bodies[: chance.randrange(len(bodies) + 1)] * 2)
            case _:
                replica.set(
                    chance.choice(cases),
                    replaces=chance.random() < 0.8,
                    **{chance.choice("xyz"): chance.randrange(4), chance.choice("xyz"): chance.randrange(4)},
                )
    bodies = everything(trio)
    for replica in trio:
        chance.shuffle(bodies)
        for start in range(0, len(bodies), 3):
            replica.log.apply(bodies[start : start + 3])
        replica.log.apply(bodies)
        assert replica.log.waiting() == {}
    assert len({replica.digest() for replica in trio}) == 1
    histories = set()
    for replica in trio:
        with replica.store.read() as connection:
            histories.add(str([replica.log.history(connection, case) for case in cases]))
            assert connection.execute("SELECT count(*) FROM early").fetchone() == (0,)
    assert len(histories) == 1


def test_forged_damaged_and_foreign_frames_change_nothing(trio: list[Replica], tmp_path: Path) -> None:
    a, b, _ = trio
    case = new_id()
    a.set(case, subject="Дах")
    (body,) = [body for body in a.frames() if frames.parse(body).header.device == a.log.device]
    before = b.digest()
    for position in range(0, len(body), 7):
        broken = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
        assert b.log.apply([broken]).frames == 0
    stranger = Replica.found(tmp_path / "stranger.db")
    stranger.set(case, subject="чуже")
    assert b.log.apply(stranger.frames()).reasons == {"community": 1}
    stranger.close()
    assert b.digest() == before
    assert b.log.apply([body]).frames == 1


def test_two_frames_with_one_number_are_a_fork_and_the_first_stays(trio: list[Replica]) -> None:
    a, b, _ = trio
    case = new_id()
    a.store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    a.set(case, subject="перше")
    b.pull(a)
    first = b.digest()
    with a.store.write() as connection:
        for table in ("touched", "record", "frame", "head"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
    a.set(case, subject="друге")
    applied = b.log.apply(a.frames())
    assert applied.frames == 0
    assert applied.reasons == {"fork": 1}
    assert b.digest() == first


def test_an_auditor_writes_nothing_that_others_accept(trio: list[Replica], tmp_path: Path) -> None:
    a, b, _ = trio
    auditor = a.invite(tmp_path / "auditor.db", "auditor")
    a.welcome(auditor, b)
    auditor.set(new_id(), subject="підробка")
    assert b.log.apply(auditor.frames()).reasons == {"right": 1}
    auditor.close()


def test_many_changes_become_several_frames_all_or_nothing(trio: list[Replica]) -> None:
    a, b, _ = trio
    a.log.write(a.unit, [Change("case", new_id(), {"subject": str(n)}) for n in range(4_500)])
    assert [len(group) for group in [a.frames()]] == [3]
    b.pull(a)
    assert a.digest() == b.digest()
    with pytest.raises(ZeroDivisionError):
        a.log.write_with(lambda _connection: (a.unit, [1 / 0]))
    assert a.digest() == b.digest()
