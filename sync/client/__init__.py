"""The device's side of the exchange with a server."""

from sync.client.news import NewsWatch
from sync.client.rounds import Progress, SyncOutcome, sync_with

__all__ = ["NewsWatch", "Progress", "SyncOutcome", "sync_with"]
