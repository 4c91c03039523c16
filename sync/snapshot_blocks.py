"""The merged state of a unit in blocks of bounded size, the same bytes on every device (docs/formats/snapshot.md)."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

import msgspec
import zstandard

from sync.changes import MAX_TIME_MS, Dot, Value
from sync.ids import ID_BYTES
from sync.merge import State

VERSION = 1
MAX_RECORDS = 2_048
MAX_LETTERS = 2**18
MAX_BLOCK_BYTES = 64 * 2**20
"""How much one block may unpack to; checked before anything is unpacked."""

_NOTHING_WRITTEN: Dot = (0, b"")

Place = tuple[bytes, int]
"""A frame of a unit: 16-byte incarnation and number."""
Early = tuple[bytes, str, int, bytes]
"""A value that was replaced and has not come yet: record, field, counter and incarnation."""


class BadBlock(Exception):
    """Bytes that are not a block."""


class TooLarge(Exception):
    """A record has so much in it that no block may hold it."""


@dataclass(slots=True)
class Entry:
    """One record.

    Args:
        collection: What kind of record.
        record: Its 16-byte id.
        state: Its merged state.
        frames: The frames that touched it, sorted.
        time_ms: The author's clock at its latest change, or 0; it is no part of the state.
        incarnation: The incarnation that made the latest change; the same.
        times: For values that stand side by side, the clock of each author; the same.
    """

    collection: str
    record: bytes
    state: State
    frames: list[Place]
    time_ms: int = 0
    incarnation: bytes = b""
    times: list[tuple[Dot, int]] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """Some records in the order of their ids, or at the end what was replaced before it came."""

    entries: list[Entry] = field(default_factory=list)
    early: list[Early] = field(default_factory=list)


_Scalar = None | bool | int | str
_GroupForm = tuple[
    str,
    list[str],
    bytes,
    list[int],
    list[int],
    list[list[_Scalar | list[_Scalar]]],
    list[tuple[int, int, list[tuple[int, int, _Scalar | list[_Scalar]]]]],
    list[list[int]],
]


class _Form(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The MessagePack array of a block."""

    version: int
    groups: list[_GroupForm]
    early: list[tuple[bytes, str, int, bytes]]


class _Aside(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What a screen wants to know at once and no state depends on."""

    latest: list[int]
    incarnations: list[int]
    times: list[tuple[int, int, int, int]]


class _Zstandard(threading.local):
    def __init__(self) -> None:
        self.packer = zstandard.ZstdCompressor(level=3, write_content_size=True)
        self.unpacker = zstandard.ZstdDecompressor()


_zstandard = _Zstandard()
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Form)
_aside_decoder = msgspec.msgpack.Decoder(_Aside)


def divide(entries: Iterable[Entry]) -> Iterator[Block]:
    """Divide records, which come in the order of their ids, where every other device would divide them too."""
    block, room = Block(), MAX_LETTERS
    for entry in entries:
        block.entries.append(entry)
        room -= _letters(entry.state)
        if len(block.entries) == MAX_RECORDS or room <= 0:
            yield block
            block, room = Block(), MAX_LETTERS
    if block.entries:
        yield block


def _letters(state: State) -> int:
    values = [*state.fields.values(), *(value for current in state.siblings.values() for _dot, value in current)]
    return sum(map(_weight, values))


def _weight(value: Value) -> int:
    if isinstance(value, str):
        return len(value)
    return sum(map(_weight, value)) if isinstance(value, list) else 8


def encode(block: Block, places: dict[bytes, int]) -> bytes:
    """Return the one form of a block.

    Args:
        block: The block.
        places: The place of each incarnation among the chains of the snapshot.

    Raises:
        TooLarge: It would be larger than anybody takes.
    """
    block.entries.sort(key=_kind)
    groups = [
        _group(collection, list(names), list(entries), places)
        for (collection, names), entries in groupby(block.entries, key=_kind)
    ]
    data = _encoder.encode(_Form(VERSION, groups, sorted(block.early)))
    if len(data) > MAX_BLOCK_BYTES:
        raise TooLarge
    return data


def _kind(entry: Entry) -> tuple[str, tuple[str, ...]]:
    return entry.collection, tuple(sorted(entry.state.fields))


def _group(collection: str, names: list[str], entries: list[Entry], places: dict[bytes, int]) -> _GroupForm:
    bases = [_base(entry.state) for entry in entries]
    exceptions = [
        (place, index, [(dot[0], places[dot[1]], value) for dot, value in sorted(current, key=_dot)])
        for place, (entry, base) in enumerate(zip(entries, bases, strict=True))
        if entry.state.dots or entry.state.siblings
        for index, name in enumerate(names)
        if len(current := entry.state.current(name)) > 1 or current[0][0] != base
    ]
    return (
        collection,
        names,
        b"".join(entry.record for entry in entries),
        [base[0] for base in bases],
        [places.get(base[1], 0) for base in bases],
        [[entry.state.fields[name] for entry in entries] for name in names],
        exceptions,
        [[number for incarnation, seq in entry.frames for number in (places[incarnation], seq)] for entry in entries],
    )


def _base(state: State) -> Dot:
    """Return the dot of most of the winning values, of several the smallest: a device's own base is by chance."""
    if not state.dots:
        return state.base if state.fields else _NOTHING_WRITTEN
    count = Counter(state.dots.get(name, state.base) for name in state.fields)
    most = max(count.values())
    return min(dot for dot, times in count.items() if times == most)


def _dot(entry: tuple[Dot, Value]) -> Dot:
    return entry[0]


def decode(data: bytes, incarnations: list[bytes]) -> Block:
    """Read a block.

    Args:
        data: As `encode` gives it.
        incarnations: Those of the snapshot's chains, by their place.

    Raises:
        BadBlock: It is not one.
    """
    try:
        form = _decoder.decode(data)
        if form.version != VERSION:
            raise BadBlock(f"block version {form.version} is not known")
        block = Block(early=list(form.early))
        for group in form.groups:
            _read_group(group, incarnations, block.entries)
    except (msgspec.MsgspecError, UnicodeDecodeError, IndexError, RecursionError) as error:
        raise BadBlock("not in the documented form") from error
    if any(len(record) != ID_BYTES or len(incarnation) != ID_BYTES for record, _, _, incarnation in block.early):
        raise BadBlock("an id has 16 bytes")
    return block


def _read_group(form: _GroupForm, incarnations: list[bytes], entries: list[Entry]) -> None:
    collection, names, ids, counters, bases, columns, exceptions, touched = form
    count, rest = divmod(len(ids), ID_BYTES)
    lengths = {len(counters), len(bases), len(touched), *map(len, columns)}
    if rest or lengths != {count} or len(columns) != len(names) or sorted(set(names)) != names:
        raise BadBlock("columns of different lengths")
    if min(bases, default=0) < 0 or any(len(flat) % 2 or min(flat, default=0) < 0 for flat in touched):
        raise BadBlock("a place that is none")
    start = len(entries)
    for place, values in enumerate(zip(*columns, strict=True) if names else [()] * count):
        flat = touched[place]
        state = State(dict(zip(names, values, strict=True)), (counters[place], incarnations[bases[place]]))
        frames = [(incarnations[flat[at]], flat[at + 1]) for at in range(0, len(flat), 2)]
        entries.append(Entry(collection, ids[place * ID_BYTES : (place + 1) * ID_BYTES], state, frames))
    for place, index, dots in exceptions:
        if min(place, index) < 0 or not dots or any(number < 0 for _counter, number, _value in dots):
            raise BadBlock("a place that is none")
        state, name = entries[start + place].state, names[index]
        current: list[tuple[Dot, Value]] = [((counter, incarnations[number]), value) for counter, number, value in dots]
        winner, state.fields[name] = max(current, key=_dot)
        if winner != state.base:
            state.dots[name] = winner
        if len(current) > 1:
            state.siblings[name] = sorted(current, key=_dot)


def pack(block: Block, data: bytes, places: dict[bytes, int]) -> bytes:
    """Return what a part of a snapshot seals: the block, and beside it what is no part of the state.

    Args:
        block: The block, after `encode` has put its records in order.
        data: What `encode` gave.
        places: The place of each incarnation among the chains of the snapshot.
    """
    aside = _Aside(
        [entry.time_ms for entry in block.entries],
        [places.get(entry.incarnation, 0) for entry in block.entries],
        [
            (at, counter, places.get(incarnation, 0), time_ms)
            for at, entry in enumerate(block.entries)
            for (counter, incarnation), time_ms in entry.times
        ],
    )
    packer = _zstandard.packer
    return _encoder.encode((packer.compress(data), packer.compress(_encoder.encode(aside))))


def unpack(sealed: bytes) -> tuple[bytes, bytes]:
    """Return the block and what is beside it, both unpacked.

    Raises:
        BadBlock: They are not such, or unpack to too much.
    """
    try:
        packed = msgspec.msgpack.decode(sealed, type=tuple[bytes, bytes])
        if any(not 0 <= zstandard.frame_content_size(each) <= MAX_BLOCK_BYTES for each in packed):
            raise BadBlock("it does not tell its size, or tells too much")
        return _zstandard.unpacker.decompress(packed[0]), _zstandard.unpacker.decompress(packed[1])
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise BadBlock("not in the documented form") from error


def add_aside(block: Block, aside: bytes, incarnations: list[bytes]) -> None:
    """Put into a block what is beside it; whatever does not fit is left out, since nothing depends on it."""
    try:
        form = _aside_decoder.decode(aside)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    for entry, time_ms, place in zip(block.entries, form.latest, form.incarnations, strict=False):
        if 0 < time_ms <= MAX_TIME_MS and 0 <= place < len(incarnations):
            entry.time_ms, entry.incarnation = time_ms, incarnations[place]
    for at, counter, place, time_ms in form.times:
        if 0 <= at < len(block.entries) and 0 <= place < len(incarnations) and 0 <= time_ms <= MAX_TIME_MS:
            block.entries[at].times.append(((counter, incarnations[place]), time_ms))
