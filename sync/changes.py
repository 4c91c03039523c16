"""Changes, and the columnar form in which many of them travel together."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import zstandard

import resources
from sync.ids import ID_BYTES

Value = None | bool | int | str | list[Any]
Dot = tuple[int, bytes]
"""When and where a value was written: a Lamport counter and the 16-byte id of the incarnation."""

VERSION = 1
MAX_CHANGES = 2_000
MAX_PAYLOAD_BYTES = 64 * 2**20
"""How much one frame may unpack to; checked before anything is unpacked."""

DICTIONARY_ID = 40_001
"""The number in zstd's own header of what was compressed with the first dictionary for small batches."""
_SMALL_BYTES = 16 * 1024

MAX_PORTION_LETTERS = 4 * 2**20
"""How much text is put into one frame of one's own: at 4 bytes a letter, well below what others take."""

MAX_COUNTER = 2**62
MAX_TIME_MS = 253_000_000_000_000
"""The year 9987: what a clock may say at most, so that every later step can count with it."""


class BadPayload(Exception):
    """An opened frame does not hold what the format says."""


@dataclass(slots=True)
class Change:
    """New values of some fields of one record.

    Args:
        collection: What kind of record, such as ``case``.
        record: The 16-byte id of the record.
        fields: The new value of each field written.
        replaces: For each field, the dots that the author saw and replaces; a missing field replaces none.
    """

    collection: str
    record: bytes
    fields: dict[str, Value]
    replaces: dict[str, tuple[Dot, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """Changes of one collection that write the same fields, held as columns.

    Args:
        collection: What kind of records.
        names: The fields written, in column order.
        positions: The place of each change in the batch; its counter is the batch's counter plus this.
        records: The 16-byte ids.
        columns: One list of values for each field.
        replaces: For each field either None, or for each change the dots replaced.
    """

    collection: str
    names: list[str]
    positions: list[int]
    records: list[bytes]
    columns: list[list[Value]]
    replaces: list[list[tuple[Dot, ...]] | None]


@dataclass(slots=True)
class Batch:
    """The changes of one frame.

    Args:
        counter: The Lamport counter of the first change; each next change has the next one.
        time_ms: The author's wall clock, milliseconds since 1970; shown to people, decides nothing.
        groups: The changes.
    """

    counter: int
    time_ms: int
    groups: list[Group]

    @property
    def count(self) -> int:
        """How many changes there are."""
        return sum(len(group.records) for group in self.groups)


def portions(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Divide changes so that each part fits into one frame that every device takes.

    Args:
        changes: Any number, in their order.
    """
    portion: list[Change] = []
    room = MAX_PORTION_LETTERS
    for change in changes:
        letters = sum(len(value) if isinstance(value, str) else 8 for value in change.fields.values())
        if portion and (len(portion) == MAX_CHANGES or letters > room):
            yield portion
            portion, room = [], MAX_PORTION_LETTERS
        portion.append(change)
        room -= letters
    if portion:
        yield portion


def group(changes: list[Change], counter: int, time_ms: int) -> Batch:
    """Arrange changes as columns, those that write the same fields together.

    Args:
        changes: At most `MAX_CHANGES`.
        counter: The Lamport counter of the first.
        time_ms: The wall clock, milliseconds since 1970.
    """
    groups: dict[tuple[str, tuple[str, ...]], Group] = {}
    for position, change in enumerate(changes):
        names = tuple(change.fields)
        found = groups.get((change.collection, names))
        if found is None:
            found = Group(change.collection, list(names), [], [], [[] for _ in names], [None] * len(names))
            groups[change.collection, names] = found
        for index, name in enumerate(names):
            found.columns[index].append(change.fields[name])
            dots = change.replaces.get(name, ())
            column = found.replaces[index]
            if dots and column is None:
                column = found.replaces[index] = [()] * len(found.records)
            if column is not None:
                column.append(dots)
        found.positions.append(position)
        found.records.append(change.record)
    return Batch(counter, time_ms, list(groups.values()))


_Scalar = None | bool | int | str
# Narrower than `Value`: whatever else a member's program may have put there would not come back the same from a row.
_GroupForm = tuple[
    str, list[str], list[int] | None, bytes, list[list[_Scalar | list[_Scalar]]], list[list[list[int]] | None]
]


class _Form(msgspec.Struct, array_like=True):
    """The MessagePack array of a batch, as docs/formats/frame.md gives it."""

    version: int
    counter: int
    time_ms: int
    incarnations: list[bytes]
    groups: list[_GroupForm]


class _Zstandard(threading.local):
    """Each thread's own contexts: making one takes longer than a small batch, and two threads can't share it."""

    def __init__(self) -> None:
        self.packer = zstandard.ZstdCompressor(level=3, write_content_size=True)
        self.unpacker = zstandard.ZstdDecompressor()
        dictionary = zstandard.ZstdCompressionDict(resources.path("compression", "frame-1.zdict").read_bytes())
        dictionary.precompute_compress(level=3)
        self.small_packer = zstandard.ZstdCompressor(level=3, write_content_size=True, dict_data=dictionary)
        self.small_unpacker = zstandard.ZstdDecompressor(dict_data=dictionary)


_zstandard = _Zstandard()
_decoder = msgspec.msgpack.Decoder(_Form)
_encoder = msgspec.msgpack.Encoder()


def encode(batch: Batch) -> bytes:
    """Return the compressed columnar form of a batch (docs/formats/frame.md)."""
    return compress(plain(batch))


def plain(batch: Batch) -> bytes:
    """Return the columnar form of a batch, not compressed."""
    known: dict[bytes, int] = {}

    def flat(dots: tuple[Dot, ...]) -> list[int]:
        numbers: list[int] = []
        for counter, incarnation in dots:
            numbers += (counter, known.setdefault(incarnation, len(known)))
        return numbers

    single = len(batch.groups) == 1
    groups: list[_GroupForm] = [
        (
            g.collection,
            g.names,
            None if single else g.positions,
            b"".join(g.records),
            g.columns,
            [None if column is None else [flat(dots) for dots in column] for column in g.replaces],
        )
        for g in batch.groups
    ]
    return _encoder.encode(_Form(VERSION, batch.counter, batch.time_ms, list(known), groups))


def compress(data: bytes) -> bytes:
    """Compress an encoded batch, a small one with the dictionary of what small batches look like."""
    packer = _zstandard.small_packer if len(data) <= _SMALL_BYTES else _zstandard.packer
    return packer.compress(data)


def _decompress(data: bytes) -> bytes:
    match zstandard.get_frame_parameters(data).dict_id:
        case 0:
            return _zstandard.unpacker.decompress(data)
        case known if known == DICTIONARY_ID:
            return _zstandard.small_unpacker.decompress(data)
        case unknown:
            raise BadPayload(f"dictionary {unknown} is not known")


def decode(data: bytes) -> Batch:
    """Read the compressed columnar form of a batch.

    Raises:
        BadPayload: It is not one, or unpacks to more than `MAX_PAYLOAD_BYTES`.
    """
    try:
        if not 0 <= zstandard.frame_content_size(data) <= MAX_PAYLOAD_BYTES:
            raise BadPayload("the payload does not tell its size, or tells too much")
        form = _decoder.decode(_decompress(data))
    except (zstandard.ZstdError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadPayload("the payload is not in the documented form") from error
    if form.version != VERSION:
        raise BadPayload(f"payload version {form.version} is not known")
    if any(len(incarnation) != ID_BYTES for incarnation in form.incarnations):
        raise BadPayload("an incarnation id has 16 bytes")
    batch = Batch(form.counter, form.time_ms, [_read_group(entry, form.incarnations) for entry in form.groups])
    places = [place for entry in batch.groups for place in entry.positions]
    if len(places) > MAX_CHANGES or sorted(places) != list(range(len(places))):
        raise BadPayload("the changes are not numbered from 0 without gaps")
    if not 1 <= batch.counter <= MAX_COUNTER or not 0 <= batch.time_ms <= MAX_TIME_MS:
        raise BadPayload("a counter or a time that no device can have come to")
    return batch


def _read_group(form: _GroupForm, incarnations: list[bytes]) -> Group:
    collection, names, positions, ids, columns, replaces = form
    count, rest = divmod(len(ids), ID_BYTES)
    if positions is None:
        positions = list(range(count))
    lengths = {len(column) for column in columns} | {len(column) for column in replaces if column is not None}
    if (
        rest
        or len(positions) != count
        or len(columns) != len(names)
        or len(replaces) != len(names)
        or len(set(names)) != len(names)
        or lengths - {count}
    ):
        raise BadPayload("columns of different lengths")
    records = [ids[start : start + ID_BYTES] for start in range(0, len(ids), ID_BYTES)]
    return Group(
        collection,
        names,
        positions,
        records,
        columns,
        [None if column is None else [_read_dots(flat, incarnations) for flat in column] for column in replaces],
    )


def _read_dots(flat: list[int], incarnations: list[bytes]) -> tuple[Dot, ...]:
    if len(flat) % 2 or any(index >= len(incarnations) or index < 0 for index in flat[1::2]):
        raise BadPayload("a replaced value names an unknown incarnation")
    return tuple((flat[place], incarnations[flat[place + 1]]) for place in range(0, len(flat), 2))
