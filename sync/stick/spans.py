"""Which numbers of which chains are somewhere: a few spans for each chain."""

from bisect import bisect_right
from collections.abc import Iterator

Chain = tuple[bytes, bytes]
"""A unit and an incarnation."""


class Spans:
    """A set of frames, by chain and number."""

    def __init__(self) -> None:
        self._chains: dict[Chain, list[list[int]]] = {}

    def add(self, chain: Chain, first: int, last: int) -> None:
        """Add the frames of a chain from one number to another.

        Args:
            chain: The chain.
            first: Its first frame.
            last: Its last, that one included.
        """
        spans = self._chains.setdefault(chain, [])
        if spans and spans[-1][1] < first:
            if spans[-1][1] + 1 == first:
                spans[-1][1] = last
            else:
                spans.append([first, last])
            return
        before = [span for span in spans if span[1] + 1 < first]
        after = [span for span in spans if span[0] > last + 1]
        joined = spans[len(before) : len(spans) - len(after)]
        low = min([first, *(span[0] for span in joined)])
        high = max([last, *(span[1] for span in joined)])
        spans[:] = [*before, [low, high], *after]

    def update(self, other: "Spans") -> None:
        """Add all that another set holds."""
        for chain, first, last in other:
            self.add(chain, first, last)

    def __iter__(self) -> Iterator[tuple[Chain, int, int]]:
        """Return span after span: chain, first and last number."""
        for chain, spans in self._chains.items():
            for first, last in spans:
                yield chain, first, last

    def holds(self, chain: Chain, number: int) -> bool:
        """Say whether one frame is in the set."""
        return self.end(chain, number) >= number

    def end(self, chain: Chain, number: int) -> int:
        """Return the last frame up to which all from some number on are there; less than the number if it is not."""
        spans = self._chains.get(chain, [])
        place = bisect_right(spans, number, key=lambda span: span[0]) - 1
        return spans[place][1] if place >= 0 and spans[place][1] >= number else number - 1

    def ends(self) -> Iterator[tuple[Chain, int]]:
        """Return the last frame of each chain."""
        for chain, spans in self._chains.items():
            yield chain, spans[-1][1]
