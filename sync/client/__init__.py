"""The device's side of the exchange with a server."""

from sync.client.rounds import Progress, SyncOutcome, sync_with

__all__ = ["Progress", "SyncOutcome", "sync_with"]
