"""The high-water mark: whatever happens to its file, it gives a note that was stored, or says that it has none."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.vault import Mark, MarkState
from sync.errors import Failure

KEY = bytearray(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "vault.mark"
    Mark.create(place, KEY)
    return place


def test_store_and_load(path: Path) -> None:
    mark = Mark(path, KEY)
    assert (mark.load(), mark.state) == (None, MarkState.EMPTY)
    for payload in (b"1", b"x" * 256, b"3"):
        mark.store(payload)
        again = Mark(path, KEY)
        assert (mark.load(), again.load(), again.state) == (payload, payload, MarkState.VALID)
    assert path.stat().st_size == 1024


def test_sizes(path: Path) -> None:
    for payload in (b"", b"x" * 257):
        with pytest.raises(ValueError, match="1 to 256"):
            Mark(path, KEY).store(payload)


def test_missing_and_damaged_are_told_and_mended_by_the_next_note(path: Path) -> None:
    path.write_bytes(b"")
    assert (Mark(path, KEY).load(), Mark(path, KEY).state) == (None, MarkState.DAMAGED)
    path.unlink()
    mark = Mark(path, KEY)
    assert (mark.load(), mark.state) == (None, MarkState.MISSING)
    for payload in (b"one", b"two"):
        mark.store(payload)
        assert Mark(path, KEY).load() == payload


def test_a_foreign_key_is_damage(path: Path) -> None:
    Mark(path, KEY).store(b"note")
    assert Mark(path, bytearray(32)).state is MarkState.DAMAGED


def test_the_file_shows_nothing(path: Path) -> None:
    mark = Mark(path, KEY)
    mark.store(b"frame 1234567")
    mark.store(b"frame 1234567")
    data = path.read_bytes()
    assert b"1234567" not in data
    assert data[:512] != data[512:]


def test_a_torn_write_leaves_the_note_before(path: Path) -> None:
    mark = Mark(path, KEY)
    mark.store(b"first")
    mark.store(b"second")
    before = path.read_bytes()
    mark.store(b"third")
    after = path.read_bytes()
    (start,) = {place // 512 * 512 for place in range(1024) if before[place] != after[place]}
    for cut in range(513):
        path.write_bytes(after[: start + cut] + before[start + cut :])
        assert Mark(path, KEY).load() in {b"second", b"third"}
        assert Mark(path, KEY).state is MarkState.VALID


def test_every_flipped_bit_gives_a_stored_note(path: Path) -> None:
    mark = Mark(path, KEY)
    mark.store(b"first")
    mark.store(b"second")
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        assert Mark(path, KEY).load() in {b"first", b"second"}


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=1100))
def test_garbage(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    place = tmp_path_factory.mktemp("mark") / "vault.mark"
    place.write_bytes(data)
    assert (Mark(place, KEY).load(), Mark(place, KEY).state) == (None, MarkState.DAMAGED)


def test_a_place_that_can_not_be_written(path: Path) -> None:
    mark = Mark(path, KEY)
    mark.store(b"kept")
    path.unlink()
    path.parent.rmdir()
    with pytest.raises(Failure):
        mark.store(b"lost")
    assert mark.load() == b"kept"
