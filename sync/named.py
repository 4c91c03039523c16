"""Frames that others had seen, by what their own frames name, and that have not come here: who keeps one back?"""

import time
from collections.abc import Mapping

import msgspec

from sync.sqlcipher import Connection

_NOTE = "note:named"
PATIENCE_MS = 15 * 60 * 1_000
"""Somebody's line may have broken between two frames; whoever sent the one sends the other within this time."""

Chain = tuple[bytes, bytes]
"""A unit and an incarnation."""


class _Named(msgspec.Struct, array_like=True):
    """The last frame of a chain that was named, since when it is known of, and at how many exchanges it lacked."""

    unit: bytes
    incarnation: bytes
    seq: int
    since_ms: int
    exchanges: int


_decoder = msgspec.msgpack.Decoder(list[_Named])


def keep(connection: Connection, named: Mapping[Chain, int]) -> None:
    """Keep in mind what frames have named that is not here.

    Args:
        connection: Inside a write transaction that the caller commits.
        named: The largest number named of each chain.
    """
    known = {(entry.unit, entry.incarnation): entry for entry in _load(connection)}
    for (unit, incarnation), seq in named.items():
        if (unit, incarnation) not in known or known[unit, incarnation].seq < seq:
            known[unit, incarnation] = _Named(unit, incarnation, seq, _now(), 0)
    _save(connection, [entry for entry in known.values() if not _is_here(connection, entry)])


def count_kept_back(connection: Connection, units: frozenset[bytes]) -> int:
    """Count, after an exchange that brought all there was, the chains of which something named has not come for long.

    Args:
        connection: Inside a write transaction that the caller commits.
        units: Those that this device reads.
    """
    before = _load(connection)
    if not before:
        return 0
    lacking = [entry for entry in before if entry.unit in units and not _is_here(connection, entry)]
    for entry in lacking:
        entry.exchanges += 1
    _save(connection, lacking)
    return sum(entry.exchanges > 1 and abs(_now() - entry.since_ms) >= PATIENCE_MS for entry in lacking)


def _is_here(connection: Connection, entry: _Named) -> bool:
    """Whether a frame is applied here, or kept aside."""
    (last,) = connection.execute(
        "SELECT max((SELECT coalesce(max(h.seq), 0) FROM head h JOIN unit u ON u.id = h.unit"
        " JOIN incarnation i ON i.id = h.incarnation WHERE u.uuid = ?1 AND i.uuid = ?2),"
        " (SELECT coalesce(max(seq), 0) FROM waiting WHERE unit = ?1 AND incarnation = ?2))",
        (entry.unit, entry.incarnation),
    ).fetchone()
    return int(last) >= entry.seq


def _load(connection: Connection) -> list[_Named]:
    row = connection.execute("SELECT value FROM local WHERE name = ?", (_NOTE,)).fetchone()
    return _decoder.decode(row[0]) if row else []


def _save(connection: Connection, entries: list[_Named]) -> None:
    connection.execute(
        "INSERT INTO local (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (_NOTE, msgspec.msgpack.encode(entries)),
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
