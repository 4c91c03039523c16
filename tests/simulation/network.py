"""The server in this process, and lines that lose, cut, repeat and garble: the real client and the real exchange."""

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sync import sqlcipher, wire
from sync.client import channel, failures, sync_with
from sync.client.channel import Channel
from sync.client.rounds import SyncOutcome
from sync.crypto import Signer
from sync.server import sqlite_store
from sync.server.answers import explain
from sync.server.exchange import Exchange
from sync.server.limits import Limits
from sync.server.sqlite_store import SqliteStore
from sync.sqlcipher import Connection
from tests.simulation.seat import Seat
from tests.simulation.store import PowerCut, copied

_LIMITS = Limits(device_rate=1e9, device_burst=10**9)
_FAULTS = ("request lost", "reply lost", "repeated", "garbled", "server down")


class Server:
    """A server whose store lives in memory.

    Args:
        name: Its address is made of it.
        empty: An empty store.
    """

    def __init__(self, name: str, empty: Connection) -> None:
        self.url = f"http://{name}.example"
        self._empty = empty
        self.kept: list[Connection] = []
        self.replaced = 0
        self.signer = Signer.generate()
        self.open(copied(empty))

    def open(self, database: Connection) -> None:
        """Start the server on a database."""
        self.database = database
        with patch.object(sqlite_store, "connect", lambda *_path, **_options: database):
            self.store = SqliteStore(Path("memory"))
        self._exchange = Exchange(self.store, self.signer, _LIMITS)

    def keep_copy(self) -> None:
        self.kept.append(copied(self.database))

    def put_back(self, number: int) -> None:
        self.open(copied(self.kept[number]))

    def empty(self) -> None:
        self.open(copied(self._empty))

    def replace(self) -> None:
        """Another server, with another key, at the same address."""
        self.signer = Signer.generate()
        self.replaced += 1
        self.empty()

    def restart(self) -> None:
        self.open(self.database)

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer as the HTTP front does."""
        nonce = bytes(wire.NONCE_BYTES)
        try:
            if path == wire.HELLO_PATH:
                nonce = body
                message: wire.Message = wire.Hello(wire.VERSION, self.signer.public_key, self.store.epoch)
            else:
                envelope, request = wire.open_request(body)
                nonce = envelope.nonce
                message = self._exchange.answer(envelope, request, recognised=False, room=wire.MAX_ROUND_BYTES)
            status = 200
        except Exception as error:
            status, code = explain(error)
            if code == "server_error":
                raise AssertionError("the server failed") from error
            message = wire.Problem(wire.VERSION, code)
        return status, wire.sign_reply(self.signer, nonce=nonce, status=status, message=wire.encode(message))


class Line(Channel):
    """A connection of the real client, on which the seed decides what becomes of each message."""

    servers: dict[str, Server]
    chance: random.Random
    faulty: float

    def _post(self, path: str, body: bytes) -> Any:  # noqa: ANN401 - the client's own class
        server = self.servers[self._url]
        fault = self.chance.choice(_FAULTS) if self.chance.random() < self.faulty else ""
        if fault in {"request lost", "server down"}:
            if fault == "server down":
                server.restart()
            raise failures.server_away(self._url)
        status, answer = server.answer(path, body)
        if fault == "repeated":
            server.answer(path, body)
        if fault == "reply lost":
            raise failures.broken_off(self._url)
        if fault == "garbled":
            place = self.chance.randrange(len(answer))
            answer = answer[:place] + bytes([answer[place] ^ 1 << self.chance.randrange(8)]) + answer[place + 1 :]
        self.traffic.round_trips += 1
        return channel._Answer(status, answer)


@contextlib.contextmanager
def connected(servers: list[Server], chance: random.Random) -> Iterator[Callable[[Seat, Server, float], SyncOutcome]]:
    """Give the real client on lines to some servers.

    Args:
        servers: Whom it reaches.
        chance: What becomes of messages.
    """

    class Here(Line):
        pass

    Here.servers = {server.url: server for server in servers}
    Here.chance = chance

    def exchange(seat: Seat, server: Server, faulty: float, *, new_server: bool = False) -> SyncOutcome:
        Here.faulty = faulty
        return sync_with(seat.log, server.url, new_server=new_server)

    with patch.object(channel, "Channel", Here):
        yield exchange  # type: ignore[misc]


def empty_store() -> Connection:
    """An empty store of a server, to be copied."""
    database = sqlcipher.connect_in_memory()
    with patch.object(sqlite_store, "connect", lambda *_path, **_options: database):
        SqliteStore(Path("memory"))
    return database


__all__ = ["PowerCut", "Server", "connected", "empty_store"]
