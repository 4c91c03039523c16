"""How the merged state of a record is kept in its row."""

from dataclasses import dataclass

import msgspec

from sync.changes import Dot, Value
from sync.merge import State
from sync.sqlcipher import Connection

_json = msgspec.json.Encoder()
_read_fields = msgspec.json.Decoder(dict[str, Value])
_pack = msgspec.msgpack.Encoder()
_read_dots = msgspec.msgpack.Decoder(tuple[int, int, dict[str, tuple[int, int]]])
_read_siblings = msgspec.msgpack.Decoder(dict[str, list[tuple[int, int, Value]]])


@dataclass
class Incarnations:
    """Short local numbers for the 16-byte ids of incarnations, and whose each is."""

    numbers: dict[bytes, int]
    ids: dict[int, bytes]
    devices: dict[bytes, bytes]

    @classmethod
    def load(cls, connection: Connection) -> "Incarnations":
        """Read the numbers given so far."""
        rows = connection.execute("SELECT id, uuid, device FROM incarnation").fetchall()
        return cls(
            {uuid: number for number, uuid, _ in rows},
            {number: uuid for number, uuid, _ in rows},
            {uuid: device for _, uuid, device in rows},
        )

    def add(self, connection: Connection, uuid: bytes, device: bytes) -> int:
        """Give the next number to an incarnation of a device."""
        number = len(self.numbers) + 1
        connection.execute("INSERT INTO incarnation (id, uuid, device) VALUES (?, ?, ?)", (number, uuid, device))
        self.numbers[uuid], self.ids[number], self.devices[uuid] = number, uuid, device
        return number


def fields_json(state: State) -> str:
    """Return the winning values as JSON; it is kept as text, so that SQL can filter and sort by any field."""
    return _json.encode(state.fields).decode()


def dots_blob(state: State, numbers: dict[bytes, int]) -> bytearray:
    """Return the packed dots of a record: one for all fields, and the exceptions."""
    counter, incarnation = state.base
    packed = bytearray()
    _pack.encode_into(
        (counter, numbers[incarnation], {name: (dot[0], numbers[dot[1]]) for name, dot in state.dots.items()}), packed
    )
    return packed


def siblings_blob(state: State, numbers: dict[bytes, int]) -> bytearray:
    """Return the packed current values of fields that have several; nothing when no field has."""
    if not state.siblings:
        return bytearray()
    return bytearray(
        _pack.encode(
            {
                name: [(dot[0], numbers[dot[1]], value) for dot, value in values]
                for name, values in state.siblings.items()
            }
        )
    )


def read_state(fields: str, dots: bytes, siblings: bytes | None, ids: dict[int, bytes]) -> State:
    """Read a record's row back into its merged state."""
    counter, number, exceptions = _read_dots.decode(dots)

    def dot(entry_counter: int, entry_number: int) -> Dot:
        return entry_counter, ids[entry_number]

    return State(
        _read_fields.decode(fields),
        (counter, ids[number]),
        {name: dot(*entry) for name, entry in exceptions.items()},
        {}
        if siblings is None
        else {
            name: [(dot(entry_counter, entry_number), value) for entry_counter, entry_number, value in values]
            for name, values in _read_siblings.decode(siblings).items()
        },
    )
