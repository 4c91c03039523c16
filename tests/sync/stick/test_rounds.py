"""Devices that have no network, and one stick that goes round."""

from pathlib import Path

from sync.ids import new_id
from sync.stick import Options, look, needs
from sync.stick.statement import Statement
from tests.sync.stick.conftest import Go, Trio, equal, volumes, write


def test_one_round_and_a_half_make_three_devices_equal(trio: Trio, go: Go) -> None:
    first, second, third = trio
    for replica in trio:
        write(replica, 3)
    assert go(first).frames == 3
    assert go(second).applied.frames == 3
    taken = go(third)
    assert (taken.applied.frames, taken.applied.reasons) == (3, {"unconfirmed": 3})
    assert not taken.troubles
    for replica in trio:
        go(replica)
    assert equal(*trio)
    assert all(replica.log.is_confirmed for replica in trio)


def test_later_rounds_write_what_is_new_and_no_more(trio: Trio, go: Go, place: Path) -> None:
    first, second, third = trio
    write(first, 120, 400)
    large = go(first).bytes
    for replica in (second, third, first, second, third):
        go(replica)
    assert equal(*trio)
    before = {path.name: path.stat().st_mtime_ns for path in volumes(place)}
    assert all(go(replica).bytes == 0 for replica in trio)
    write(second)
    news = go(second)
    assert news.frames == 1
    assert news.bytes < 8_000 < large / 8
    assert go(third).applied.frames == 1
    assert go(third).bytes == 0
    assert go(first).bytes == 0
    assert equal(*trio)
    now = {path.name: path.stat().st_mtime_ns for path in volumes(place)}
    assert now.items() >= before.items()
    assert len(now) == len(before) + 1


def test_conflicts_come_round_as_by_any_other_way(trio: Trio, go: Go) -> None:
    record = new_id()
    trio[0].set(record, name="Олена")
    for replica in (*trio, *trio):
        go(replica)
    for replica, name in zip(trio, ("Марія", "Ганна", "Дарина"), strict=True):
        replica.set(record, name=name)
    for replica in (*trio, *trio):
        go(replica)
    assert equal(*trio)
    assert {len(replica.values(record, "name")) for replica in trio} == {3}


def test_a_device_that_comes_late_gets_what_was_removed(trio: Trio, go: Go, place: Path) -> None:
    first, second, third = trio
    small = Options(keep_bytes=0)
    write(first, 5)
    go(first, small)
    go(second, small)
    assert go(first, small).removed == 1
    write(second)
    go(second, small)
    come = go(third, small)
    assert come.applied.frames + come.applied.waiting == 1
    go(first, small)
    go(third, small)
    assert third.digest() == first.digest()
    go(second, small)
    assert equal(*trio)
    assert volumes(place)


def test_what_everybody_has_goes_when_there_is_too_much_and_what_one_lacks_stays(
    trio: Trio, go: Go, place: Path
) -> None:
    first, second, third = trio
    for replica in (*trio, *trio):
        go(replica)
    keep = Options(keep_bytes=20_000)
    written = 0
    for _ in range(12):
        write(first, letters=3_000)
        written += go(first, keep).bytes
        go(second, keep)
        go(second, keep)
    assert not equal(*trio)
    assert written > 40_000
    go(third, keep)
    assert equal(*trio)
    go(first, keep)
    assert sum(path.stat().st_size for path in volumes(place)) <= 20_000


def test_many_small_volumes_become_one(trio: Trio, go: Go, place: Path) -> None:
    first, second, third = trio
    few = Options(volumes=8)
    go(second, few)
    for _ in range(20):
        write(first)
        go(first, few)
        assert len(volumes(place)) <= 10
    for replica in (second, third, first, second):
        go(replica, few)
    assert equal(*trio)


def test_who_was_seen(trio: Trio, go: Go, stick: Path) -> None:
    first, second, _third = trio
    assert look(first.log, stick) is None
    write(first, 2)
    assert go(first).seen == ()
    (seen,) = go(second).seen
    assert (seen.device, seen.behind) == (first.log.device, 0)
    go(first)
    write(first, 2)
    (seen,) = look(first.log, stick) or ()
    assert (seen.device, seen.behind) == (second.log.device, 2)


def test_what_a_device_has_only_as_a_snapshot_is_left_to_others() -> None:
    unit, life = b"u" * 16, b"l" * 16

    def user(device: bytes, seq: int) -> needs.User:
        said = Statement(b"c" * 32, device, 1, 1, 0, {unit: {life: (seq, bytes(32))}})
        return needs.User(device, frozenset({unit}), needs.Known(1, said.heads), said)

    mine, begins = {unit: {life: (50, bytes(32))}}, {unit: {life: (30, bytes(32))}}
    new, old = user(b"n" * 16, 0), user(b"o" * 16, 45)
    assert needs.floor_of(mine, [new, old], begins)[unit][life][0] == 30
    assert needs.floor_of(mine, [old], begins)[unit][life][0] == 45
    assert needs.floor_of(mine, [], begins)[unit][life][0] == 30
    assert needs.floor_of(mine, [], {})[unit][life][0] == 0
