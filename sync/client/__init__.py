"""The device's side of the exchange with a server."""

from sync.client.carry import Carried, Server, carry
from sync.client.meeting import Met, meet
from sync.client.news import NewsWatch
from sync.client.pace import Bucket, Pace
from sync.client.rounds import Progress, SyncOutcome, sync_with

__all__ = [
    "Bucket",
    "Carried",
    "Met",
    "NewsWatch",
    "Pace",
    "Progress",
    "Server",
    "SyncOutcome",
    "carry",
    "meet",
    "sync_with",
]
