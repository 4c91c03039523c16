"""Which frames go on a chain: the same whatever database keeps them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sync.frames import NO_PREVIOUS, Frame
from sync.replica import Head
from sync.server.store import Ingested

Chain = tuple[bytes, bytes]
"""A unit and an incarnation."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store has of the chains that some frames belong to.

    Args:
        ends: The last frame of each chain; a chain without one is not there.
        owners: The device that each incarnation belongs to.
        hashes: The frames that stand at the places of those in question, as far as there are any.
        room: How many more bytes the community may have; None for any number.
    """

    ends: dict[Chain, Head]
    owners: dict[bytes, bytes]
    hashes: dict[tuple[Chain, int], bytes]
    room: int | None


@dataclass(slots=True)
class Decision:
    """What to do with frames.

    Args:
        append: Frames that carry on their chains.
        forks: Frames that contradict a chain that is there.
        owners: The devices that new incarnations belong to.
        done: What their sender is told.
        size: Bytes in those to append.
    """

    append: dict[Chain, list[Frame]] = field(default_factory=dict)
    forks: list[Frame] = field(default_factory=list)
    owners: dict[bytes, bytes] = field(default_factory=dict)
    done: Ingested = field(default_factory=lambda: Ingested([], []))
    size: int = 0


def chain_of(frame: Frame) -> Chain:
    """Return which chain a frame belongs to."""
    return frame.header.unit, frame.header.incarnation


def by_chain(frames: Iterable[Frame]) -> dict[Chain, list[Frame]]:
    """Return frames by their chains, in the order of their numbers."""
    chains: dict[Chain, list[Frame]] = {}
    for frame in sorted(frames, key=lambda frame: frame.header.seq):
        chains.setdefault(chain_of(frame), []).append(frame)
    return chains


def decide(frames: Iterable[Frame], stored: Stored) -> Decision:
    """Sort frames into those that are taken and others.

    Args:
        frames: Verified frames.
        stored: What the store has.
    """
    decision = Decision()
    for chain, part in by_chain(frames).items():
        _decide_chain(chain, part, stored, decision)
    return decision


def _decide_chain(chain: Chain, frames: list[Frame], stored: Stored, decision: Decision) -> None:
    end, head = stored.ends.get(chain, (0, NO_PREVIOUS))
    incarnation = chain[1]
    owner = stored.owners.get(incarnation) or decision.owners.get(incarnation) or frames[0].header.device
    fitting: dict[int, Frame] = {}
    full = False
    for frame in frames:
        seq = frame.header.seq
        if frame.header.device != owner:
            decision.done.refused.append((frame.hash, "incarnation"))
        elif seq == end + len(fitting) + 1 and frame.header.previous == head:
            full = full or (stored.room is not None and decision.size + len(frame.body) > stored.room)
            if full:
                decision.done.refused.append((frame.hash, "quota"))
                continue
            fitting[seq] = frame
            head = frame.hash
            decision.size += len(frame.body)
        elif seq > end + len(fitting) + 1:
            decision.done.refused.append((frame.hash, "quota" if full else "gap"))
        elif seq in fitting and fitting[seq].hash == frame.hash:
            continue
        elif stored.hashes.get((chain, seq)) == frame.hash:
            decision.done.accepted.append(frame.hash)
        else:
            decision.done.refused.append((frame.hash, "fork"))
            if chain in stored.ends:
                decision.forks.append(frame)
    if fitting:
        decision.append[chain] = list(fitting.values())
        decision.owners.setdefault(incarnation, owner)
        decision.done.accepted.extend(frame.hash for frame in fitting.values())
