"""Who stands behind which hub: visits to those that come into sight, each once, and again later when nobody answers."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from sync.errors import Failure, Unreachable
from sync.log import Log

if TYPE_CHECKING:
    from sync.client import Met

_FIRST_PAUSE, _LONGEST_PAUSE = 3.0, 120.0


class Meetings:
    """Remembers who was met where.

    Args:
        log: The vault's log; whoever is no member any more is not known any more either.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._met: dict[str, Met] = {}
        self._again: dict[str, tuple[float, int]] = {}

    def known(self, place: str) -> "Met | None":
        """Return who was met at a place, as long as they are a member.

        Args:
            place: The id that a hub announces, or the address that was typed.
        """
        met = self._met.get(place)
        members = self._log.membership
        if met is None or met.device not in members.devices or met.device in members.revocations:
            return None
        return met

    def forget(self, place: str) -> None:
        """Visit a place anew, without waiting."""
        self._met.pop(place, None)
        self._again.pop(place, None)

    def visit(
        self, places: Mapping[str, tuple[str, ...]], cancelled: Callable[[], bool]
    ) -> Iterator[tuple[str, "Met | Failure"]]:
        """Visit the places where nobody was met yet and whose time has come.

        Args:
            places: Their addresses.
            cancelled: Asked in between.
        """
        from sync.client import meet

        for place in set(self._met) - set(places):
            self.forget(place)
        for place, urls in places.items():
            when, tries = self._again.get(place, (0.0, 0))
            if cancelled() or place in self._met or time.monotonic() < when:
                continue
            try:
                met = meet(urls, self._log.common_keys(), self._log.membership, cancelled)
            except Failure as failure:
                pause = (
                    min(_FIRST_PAUSE * 2**tries, _LONGEST_PAUSE) if isinstance(failure, Unreachable) else _LONGEST_PAUSE
                )
                self._again[place] = (time.monotonic() + pause, tries + 1)
                yield place, failure
                continue
            self._met[place] = met
            self._again.pop(place, None)
            yield place, met
