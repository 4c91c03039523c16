"""The order of membership links: who knew of what (docs/formats/membership.md)."""

import heapq
from collections.abc import Iterable, Mapping

from sync.links import Link

Links = Mapping[bytes, Link]


def tips(links: Links) -> tuple[bytes, ...]:
    """Return the hashes of the links that nothing follows, sorted."""
    followed = {parent for link in links.values() for parent in link.parents}
    return tuple(sorted(set(links) - followed))


def ordered(links: Links) -> list[Link]:
    """Return all links, parents before children, ties by hash."""
    children: dict[bytes, list[bytes]] = {}
    missing = {}
    for link in links.values():
        missing[link.hash] = len(set(link.parents))
        for parent in set(link.parents):
            children.setdefault(parent, []).append(link.hash)
    ready = [name for name, count in missing.items() if not count]
    heapq.heapify(ready)
    found: list[Link] = []
    while ready:
        link = links[heapq.heappop(ready)]
        found.append(link)
        for child in children.get(link.hash, ()):
            missing[child] -= 1
            if not missing[child]:
                heapq.heappush(ready, child)
    return found


def ancestors(links: Links, link: bytes) -> set[bytes]:
    """Return the hashes of a link and of all that its author knew."""
    found: set[bytes] = set()
    pending = [link]
    while pending:
        name = pending.pop()
        if name not in found and name in links:
            found.add(name)
            pending.extend(links[name].parents)
    return found


def followers(order: Iterable[Link], link: bytes) -> frozenset[bytes]:
    """Return the hashes of all links whose authors knew a link.

    Args:
        order: All links, parents before children.
        link: The hash of the link.
    """
    found: set[bytes] = set()
    for each in order:
        if link in each.parents or not found.isdisjoint(each.parents):
            found.add(each.hash)
    return frozenset(found)
