"""What a device remembers of a server between two exchanges."""

from dataclasses import dataclass

import msgspec

from sync import wire
from sync.replica import Heads, Replica

_VERSION = 1


@dataclass(frozen=True, slots=True)
class ServerState:
    """The common ground of the last exchange.

    Args:
        epoch: 16-byte id of the life of the server's store.
        told: The heads that the server knows this device to have; None when it does not know them.
        server: The heads that the server had.
        tips: The membership tips that the server had.
    """

    epoch: bytes
    told: Heads | None
    server: Heads
    tips: tuple[bytes, ...]


class _Form(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    epoch: wire.Id
    told: list[wire.UnitHeads] | None
    server: list[wire.UnitHeads]
    tips: list[wire.Hash]


_decoder = msgspec.msgpack.Decoder(_Form)


def load(replica: Replica, key: bytes) -> ServerState | None:
    """Return what is remembered of the server with a key; None when nothing is, or in another version's form."""
    data = replica.recall(_state_name(key))
    if data is None:
        return None
    try:
        form = _decoder.decode(data)
        told = None if form.told is None else wire.unpack_heads(form.told)
        server = wire.unpack_heads(form.server)
    except (msgspec.MsgspecError, wire.BadMessage):
        return None  # a memory only saves work: without it all heads are compared again
    return ServerState(form.epoch, told, server, tuple(form.tips)) if form.version == _VERSION else None


def save(replica: Replica, key: bytes, state: ServerState) -> None:
    """Remember the common ground with a server."""
    told = None if state.told is None else wire.pack_heads(state.told)
    form = _Form(_VERSION, state.epoch, told, wire.pack_heads(state.server), list(state.tips))
    replica.remember(_state_name(key), msgspec.msgpack.encode(form))


def _state_name(key: bytes) -> str:
    return f"server-state {key.hex()}"
