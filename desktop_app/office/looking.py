"""A look around for hubs, for a command that does not stay."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from desktop_app.office.service import WaysService

_STEP_SECONDS = 0.1


@contextmanager
def look_around(ways: WaysService, seconds: float) -> Iterator[None]:
    """Know the hubs in sight while the block runs.

    Args:
        ways: The ways of the vault.
        seconds: How long to look at most; less once a hub was met.
    """
    ways.look()
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not ways.has_hub_in_sight:
            ways.changed.wait(_STEP_SECONDS)
            ways.changed.clear()
            ways.meet(lambda: False)
        yield
    finally:
        ways.end()
