"""The central server and the office hub: stores frames that it can't read and hands them on."""

from sync.server.options import Options
from sync.server.run import RunningServer, serve

__all__ = ["Options", "RunningServer", "serve"]
