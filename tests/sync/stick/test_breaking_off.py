"""Pulled out, killed, full, cancelled: what was done stays, and the next time goes on from there."""

import resource
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from sync import volume
from sync.errors import Damaged, Refused
from sync.stick import Options, Progress, Watcher, needs, visit
from sync.stick import folder as places
from sync.stick.giving import RESERVE_BYTES, Giving, Supply
from sync.stick.spans import Spans
from tests.sync.stick.conftest import Go, Trio, equal, volumes, write


def used(folder: Path) -> int:
    return sum(path.stat().st_size for path in volumes(folder))


SMALL = Options(volume_bytes=30_000)


def test_large_news_becomes_many_volumes(trio: Trio, go: Go, place: Path) -> None:
    first, second, _third = trio
    write(first, 40, 2_000)
    given = go(first, SMALL)
    assert given.frames == 40
    assert len(volumes(place)) >= 3
    assert max(path.stat().st_size for path in volumes(place)) <= 30_000
    assert sum(path.stat().st_size for path in volumes(place)) == given.bytes
    assert go(second).applied.frames == 40
    assert equal(first, second)


def test_a_frame_larger_than_a_volume_has_one_of_its_own(trio: Trio, go: Go, place: Path) -> None:
    write(trio[0])
    write(trio[0], letters=200_000)
    write(trio[0])
    go(trio[0], Options(volume_bytes=5_000))
    assert len(volumes(place)) == 3
    go(trio[1])
    assert equal(trio[0], trio[1])


def test_stopped_while_writing_and_while_reading(trio: Trio, go: Go, place: Path) -> None:
    first, second, _third = trio
    write(first, 40, 2_000)
    seen: list[Progress] = []
    stop = Watcher(seen.append, lambda: any(each.stage == "writing" and each.done > 50_000 for each in seen))
    given = go(first, SMALL, stop)
    assert not given.complete
    assert 0 < given.frames < 40
    assert not [path for path in place.iterdir() if path.name.endswith(".partial")]
    assert go(second).applied.frames == given.frames
    rest = go(first, SMALL)
    assert given.frames + rest.frames == 40
    taken: list[Progress] = []
    stop = Watcher(taken.append, lambda: any(each.stage == "taking" for each in taken))
    assert not go(second, None, stop).complete
    assert not equal(first, second)
    go(second)
    assert equal(first, second)
    assert all(0 <= each.done <= each.total for each in seen + taken)
    assert {each.stage for each in seen} == {"reading", "taking", "writing"}


def test_a_full_stick_carries_the_oldest_first_and_says_what_it_does_not(
    trio: Trio, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _third = trio
    write(first, 60, 2_000)
    with monkeypatch.context() as full:
        full.setattr(places, "free_bytes", lambda folder: RESERVE_BYTES + 60_000 - used(folder))
        given = go(first, Options(volume_bytes=10**6))
        assert not given.complete
        assert 0 < given.frames < 60
        assert given.left == 60 - given.frames
        assert given.left_bytes > given.left * 1_000
    assert go(second).applied.frames == given.frames  # the beginning of the chain: nothing waits
    assert go(first).frames == given.left
    go(second)
    assert equal(first, second)


@pytest.mark.skipif(sys.platform == "win32", reason="the limit that makes a disk full is Unix's")
def test_a_stick_that_is_fuller_than_it_says(trio: Trio, go: Go, place: Path) -> None:
    """The kernel itself refuses to write on, in the middle of a volume."""
    first, second, _third = trio
    write(first, 60, 2_000)
    first.store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    place.mkdir(parents=True)
    supply = Supply(first.log, needs.floor_of(first.log.heads(), [], {}), Spans())
    writer = Giving(first.log, place, 1, 10**6, Watcher())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
    try:
        writer.give(supply, first.log.links())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (writer.given.frames, writer.given.left) == (60, 0)
    assert len(volumes(place)) > 1
    go(second)
    assert equal(first, second)


def test_a_medium_that_does_not_give_back_what_was_written(
    trio: Trio, stick: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(trio[0], 3)
    settle = volume.settle

    def rot(file: BinaryIO) -> None:
        settle(file)
        file.seek(2_000)
        file.write(b"rot")
        settle(file)

    monkeypatch.setattr(volume, "settle", rot)
    with pytest.raises(Damaged) as caught:
        visit(trio[0].log, stick)
    assert caught.value.code == "bad_medium"
    assert not volumes(place)
    assert not list(place.glob(".*"))


def test_places_that_can_not_be_used(trio: Trio, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "nowhere", tmp_path / "file", Path("/proc")):
        with pytest.raises(Refused) as caught:
            visit(trio[0].log, path)
        assert caught.value.code in {"no_stick", "unwritable", "stick_gone"}


def test_pulled_out_while_reading(trio: Trio, go: Go, stick: Path, place: Path, tmp_path: Path) -> None:
    first, second, _third = trio
    write(first, 3)
    go(first)

    def pull(progress: Progress) -> None:
        if progress.stage == "taking" and stick.is_dir():
            stick.rename(tmp_path / "pocket")

    with pytest.raises(Refused) as caught:
        go(second, None, Watcher(pull))
    assert caught.value.code == "stick_gone"
    (tmp_path / "pocket").rename(stick)
    assert volumes(place)
    go(second)
    assert equal(first, second)
