"""What an operator may say when starting a server; the defaults suit an office."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sync.server.limits import Limits


@dataclass(frozen=True, slots=True)
class Options:
    """How a server serves.

    Args:
        database: ``postgresql://...``; without it, the data lie in the server's folder.
        files: Where chunks of files lie: a folder, or ``s3://BUCKET/PREFIX``; by default a folder in the server's own.
        files_endpoint: The address of a store that speaks S3 and is not Amazon's.
        admits_first: Serve the first community that comes to an empty store; all others need an admission code.
        limits: How much it allows.
        proxies: Addresses or networks of proxies that are believed whom they speak for.
        monitors: Addresses or networks that may read ``/metrics``.
        log: Write lines of JSON to standard error.
        introductions: Gives what an office hub shows of the device behind it; nobody's device stands behind others.
    """

    database: str | None = None
    files: str | None = None
    files_endpoint: str | None = None
    admits_first: bool = True
    limits: Limits = field(default_factory=Limits)
    proxies: tuple[str, ...] = ()
    monitors: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    log: bool = False
    introductions: Callable[[], list[bytes]] = list
