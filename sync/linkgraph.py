"""Which membership links somebody lacks, worked out from the last ones they know."""

from collections.abc import Iterable, Sequence

from sync import wire
from sync.membership import Link


def tips(links: Iterable[Link]) -> list[bytes]:
    """Return the hashes of the links that nothing follows, sorted."""
    known = list(links)
    followed = {parent for link in known for parent in link.parents}
    return sorted({link.hash for link in known} - followed)


def links_beyond(links: Sequence[Link], known_tips: Iterable[bytes]) -> list[Link]:
    """Return the links that are neither among some tips nor come before one.

    Args:
        links: All, parents before children; the order stays.
        known_tips: What the other side has; hashes of unknown links tell nothing.
    """
    by_hash = {link.hash: link for link in links}
    known: set[bytes] = set()
    pending = [tip for tip in known_tips if tip in by_hash]
    while pending:
        link_hash = pending.pop()
        if link_hash not in known:
            known.add(link_hash)
            pending.extend(by_hash[link_hash].parents)
    return [link for link in links if link.hash not in known]


def fitting(links: Iterable[Link], room: int = wire.MAX_LINKS_BYTES) -> list[bytes]:
    """Return as many links as one message may carry, at least one if any; the rest follows in the next round."""
    taken: list[bytes] = []
    for link in links:
        room -= len(link.data)
        if room < 0 and taken:
            break
        taken.append(link.data)
    return taken
