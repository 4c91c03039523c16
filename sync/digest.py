"""One hash over everything visible: equal on any two devices that have seen the same frames."""

import hashlib

import msgspec

from sync.merge import State
from sync.sqlcipher import Connection
from sync.states import Incarnations, read_state

_pack = msgspec.msgpack.Encoder()


def of_units(connection: Connection, units: list[bytes]) -> str:
    """Hash every record of some units with all its current values, winners and siblings alike.

    Args:
        connection: A transaction to read in.
        units: 16-byte ids.

    Returns:
        64 hexadecimal digits.
    """
    ids = Incarnations.load(connection).ids
    digest = hashlib.sha256(b"sprava/digest/1\x00")
    for unit in sorted(units):
        digest.update(unit)
        rows = connection.execute(
            "SELECT r.uuid, r.collection, r.fields, r.dots, r.siblings FROM record r JOIN unit u ON u.id = r.unit"
            " WHERE u.uuid = ? ORDER BY r.uuid",
            (unit,),
        )
        for uuid, collection, fields, dots, siblings in rows:
            digest.update(_pack.encode((uuid, collection, _canonical(read_state(fields, dots, siblings, ids)))))
    return digest.hexdigest()


def _canonical(state: State) -> list[tuple[str, list[tuple[int, bytes, object]]]]:
    return [
        (name, [(dot[0], dot[1], value) for dot, value in sorted(state.current(name), key=lambda entry: entry[0])])
        for name in sorted(state.fields)
    ]
