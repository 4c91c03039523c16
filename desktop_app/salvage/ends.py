"""How far the chains of a damaged database had come, from everything that still tells."""

from dataclasses import dataclass

from desktop_app.highwater import Contents
from desktop_app.salvage.collecting import Found
from sync.seat import Seat

_HEAD, _FRAME, _LOCAL = "head", "frame", "local"
_NEEDED = frozenset({"unit", "incarnation", "waiting"})
Chain = tuple[bytes, bytes]
"""The ids of a unit and of a life of an author's log."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What there was before.

    Args:
        chains: The number of the last frame of each chain that is known of.
        is_sure: Whether these are all, and no frame kept aside is lost either.
    """

    chains: dict[Chain, int]
    is_sure: bool


def ends_before(found: Found, seat: Seat | None, mark: Contents | None, *, in_place: bool, alone: bool) -> Ends:
    """Say how far the chains had come.

    Args:
        found: What could be read of the database.
        seat: The seat as its file has it.
        mark: The high-water mark.
        in_place: The database lay in its place, else it was put aside earlier.
        alone: There is no other device in the community whose frames could be lost.
    """
    kept, own = _heads(found)
    chains: dict[Chain, int] = {}
    for unit, incarnation, seq in [*kept, *(seat.heads if seat else ())]:
        chains[unit, incarnation] = max(seq, chains.get((unit, incarnation), 0))
    is_newest = in_place if mark is None else own is not None and own[0] == mark.incarnation and own[1] >= mark.counter
    whole = found.whole
    is_sure = bool(found.whole >= _NEEDED and whole & {_HEAD, _FRAME} and is_newest)
    is_sure = is_sure or (alone and mark is not None)
    if not is_sure:
        for frame in found.frames.values():
            header = frame.header
            for incarnation, seq in (*header.heads, (header.incarnation, header.seq - 1)):
                chains[header.unit, incarnation] = max(seq, chains.get((header.unit, incarnation), 0))
    return Ends(chains, is_sure)


def _heads(found: Found) -> tuple[list[tuple[bytes, bytes, int]], tuple[bytes, int] | None]:
    """Return the ends of chains as the database kept them, and how far its own log had come."""
    units = _ids(found, "unit")
    lives = _ids(found, "incarnation")
    own = next((row.values[1] for row in found.tables.get(_LOCAL, []) if row.values[:1] == ("incarnation",)), None)
    ends, counter = [], 0
    for row in found.tables.get(_HEAD, []):
        match row.values:
            case (int(unit), int(life), int(seq), bytes(), int(reached), int()) if unit in units and life in lives:
                ends.append((units[unit], lives[life], seq))
                if lives[life] == own:
                    counter = max(counter, reached)
    return ends, (own, counter) if isinstance(own, bytes) else None


def _ids(found: Found, table: str) -> dict[int, bytes]:
    """Return the ids of a table that numbers them."""
    numbered = {}
    for row in found.tables.get(table, []):
        if row.rowid is not None and len(row.values) > 1 and isinstance(row.values[1], bytes):
            numbered[row.rowid] = row.values[1]
    return numbered
