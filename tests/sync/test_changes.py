"""The columnar form: what goes in comes out, and nothing else gets in."""

import contextlib
import itertools

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sync import changes
from sync.changes import MAX_CHANGES, BadPayload, Batch, Change, Group
from sync.ids import new_id

IDS = st.binary(min_size=16, max_size=16)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20)
VALUES = SCALARS | st.lists(SCALARS, max_size=4)
DOTS = st.lists(st.tuples(st.integers(1, 2**40), IDS), max_size=3).map(tuple)
NAMES = st.text(min_size=1, max_size=8)


@st.composite
def change_lists(draw: st.DrawFn) -> list[Change]:
    known = draw(st.lists(IDS, min_size=1, max_size=3))
    dots = st.lists(st.tuples(st.integers(1, 2**40), st.sampled_from(known)), max_size=3).map(tuple)
    return [
        Change(
            draw(st.sampled_from(["case", "person"])),
            draw(IDS),
            (fields := draw(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4))),
            {name: draw(dots) for name in fields if draw(st.booleans())},
        )
        for _ in range(draw(st.integers(0, 8)))
    ]


def flattened(batch: Batch) -> list[tuple[object, ...]]:
    """What a batch says, change by change in its author's order; a name without replaced dots is the same as none."""
    found: list[tuple[int, object]] = []
    for group in batch.groups:
        for index, record in enumerate(group.records):
            fields = {name: column[index] for name, column in zip(group.names, group.columns, strict=True)}
            replaces = {
                name: column[index]
                for name, column in zip(group.names, group.replaces, strict=True)
                if column is not None and column[index]
            }
            found.append((group.positions[index], (group.collection, record, repr(fields), replaces)))
    return [entry for _, entry in sorted(found, key=lambda entry: entry[0])]


@given(change_lists(), st.integers(1, 2**50), st.integers(0, changes.MAX_TIME_MS))
def test_a_batch_comes_back_as_it_was(written: list[Change], counter: int, time_ms: int) -> None:
    batch = changes.decode(changes.encode(changes.group(written, counter, time_ms)))
    assert (batch.counter, batch.time_ms, batch.count) == (counter, time_ms, len(written))
    assert flattened(batch) == [
        (
            change.collection,
            change.record,
            repr(change.fields),
            {name: dots for name, dots in change.replaces.items() if dots},
        )
        for change in written
    ]


@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(BadPayload):
        changes.decode(data)
    with pytest.raises(BadPayload):
        changes.decode(compressed(data))


@given(st.data())
def test_a_damaged_payload_is_refused_or_still_a_batch(data: st.DataObject) -> None:
    whole = bytearray(changes.encode(changes.group([Change("case", new_id(), {"a": "Дах", "b": 5})], 1, 1)))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(BadPayload):
        assert changes.decode(bytes(whole)).count <= MAX_CHANGES


def compressed(plain: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=True).compress(plain)


def form(
    version: object = 1,
    counter: object = 1,
    time_ms: object = 1,
    incarnations: object = (),
    groups: object = (),
) -> bytes:
    return compressed(msgspec.msgpack.encode((version, counter, time_ms, incarnations, groups)))


def one(value: object) -> bytes:
    return form(groups=[("case", ["a"], None, new_id(), [[value]], [None])])


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = compressed(bytes(changes.MAX_PAYLOAD_BYTES + 1))
    assert len(bomb) < 100_000
    with pytest.raises(BadPayload):
        changes.decode(bomb)


def test_a_payload_that_does_not_tell_its_size_is_refused() -> None:
    silent = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    data = silent.compress(bytes(1_000)) + silent.flush()
    with pytest.raises(BadPayload):
        changes.decode(data)


def test_a_payload_that_unpacks_to_more_than_it_says_is_refused() -> None:
    data = bytearray(compressed(bytes(200_000)))
    # A frame header of single-segment form with a 4-byte size, which begins at byte 5 (RFC 8878, 3.1.1.1).
    assert data[4] & 0xE0 == 0xA0
    data[5:9] = (500).to_bytes(4, "little")
    with pytest.raises(BadPayload):
        changes.decode(bytes(data))


@pytest.mark.parametrize(
    "data",
    [
        form(version=2),
        form(counter=0),
        form(counter=-1),
        form(counter=changes.MAX_COUNTER + 1),
        form(counter=2**64 - 1),
        form(time_ms=-1),
        form(time_ms=changes.MAX_TIME_MS + 1),
        form(time_ms=2**64 - 1),
        form(incarnations=[b"short"]),
        form(groups=[("case", ["a"], None, b"not sixteen", [[1]], [None])]),
        form(groups=[("case", ["a"], None, new_id(), [[1, 2]], [None])]),
        form(groups=[("case", ["a"], None, new_id(), [], [None])]),
        form(groups=[("case", ["a"], None, new_id(), [[1]], [])]),
        form(groups=[("case", ["a", "a"], None, new_id(), [[1], [2]], [None, None])]),
        form(groups=[("case", ["a"], [0, 1], new_id(), [[1]], [None])]),
        form(groups=[("case", ["a"], [1], new_id(), [[1]], [None])]),
        form(groups=[("case", ["a"], [0], new_id(), [[1]], [None]), ("case", ["b"], [0], new_id(), [[1]], [None])]),
        form(groups=[("case", ["a"], None, new_id(), [[1]], [[[1, 0]]])]),
        form(groups=[("case", ["a"], None, new_id(), [[1]], [[[1]]])]),
        form(incarnations=[new_id()], groups=[("case", ["a"], None, new_id(), [[1]], [[[1, -1]]])]),
        form(groups=[("case", ["a"], None, new_id() * (MAX_CHANGES + 1), [[1] * (MAX_CHANGES + 1)], [None])]),
        one(1.5),
        one(b"bytes"),
        one({"a": 1}),
        one([1.5]),
        one([b"bytes"]),
        one([[1]]),
        one([{"a": 1}]),
    ],
    # The ids in the data are new at each start; the names of the tests must not be.
    ids=itertools.count(),
)
def test_what_the_format_does_not_allow_is_refused(data: bytes) -> None:
    with pytest.raises(BadPayload):
        changes.decode(data)


@pytest.mark.parametrize("depth", [2, 100, 900, 5_000, 200_000])
def test_lists_in_lists_are_refused_at_any_depth(depth: int) -> None:
    inner = b"\x91" * depth + b"\x01"
    plain = b"\x95\x01\x01\x01\x90\x91\x96\xa4case\x91\xa1s\xc0\xc4\x10" + new_id() + b"\x91\x91" + inner + b"\x91\xc0"
    with pytest.raises(BadPayload):
        changes.decode(compressed(plain))


def test_portions_keep_the_order_and_fit_into_a_frame() -> None:
    written = [Change("case", new_id(), {"a": "ї" * 3_000}) for _ in range(MAX_CHANGES + 5)]
    parts = list(changes.portions(written))
    assert [change for part in parts for change in part] == written
    assert all(len(part) <= MAX_CHANGES for part in parts)
    assert all(sum(len(str(change.fields["a"])) for change in part) <= changes.MAX_PORTION_LETTERS for part in parts)
    assert list(changes.portions([])) == []
    huge = Change("case", new_id(), {"a": "x" * (changes.MAX_PORTION_LETTERS + 1)})
    assert [len(part) for part in changes.portions([huge, huge, written[0]])] == [1, 1, 1]


def test_columns_are_shared_by_changes_that_write_the_same() -> None:
    written = [Change("case", new_id(), {"a": n}) for n in range(3)] + [Change("case", new_id(), {"b": 1})]
    batch = changes.group(written, 5, 1)
    assert [len(entry.records) for entry in batch.groups] == [3, 1]
    assert isinstance(batch.groups[0], Group)


def test_what_was_compressed_without_the_dictionary_opens_as_before() -> None:
    batch = changes.group([Change("case", new_id(), {"subject": "Дах протікає"})], 7, 1)
    before = zstandard.ZstdCompressor(level=3, write_content_size=True).compress(changes.plain(batch))
    assert changes.decode(before) == changes.decode(changes.encode(batch)) == batch
    assert len(changes.encode(batch)) < len(before)


def test_an_unknown_dictionary_is_no_payload_that_can_be_read() -> None:
    samples: list[bytes | bytearray | memoryview] = [bytes([each % 7] * 99 + [each % 251]) * 3 for each in range(2_000)]
    other = zstandard.train_dictionary(1_024, samples, dict_id=40_002)
    data = zstandard.ZstdCompressor(dict_data=other).compress(changes.plain(changes.group([], 7, 1)))
    with pytest.raises(BadPayload, match="40002"):
        changes.decode(data)
