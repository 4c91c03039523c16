"""Tells the servers on one PostgreSQL database of what the others took in: LISTEN and NOTIFY.

A notification inside a transaction would make all commits wait for each other, so what is new is told a moment after
it was stored, and that of a moment together. What gets lost on the way is noticed when the devices ask again.
"""

import queue
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress

import msgspec
import psycopg
from psycopg import sql

from sync.server.postgres_pool import Connection, connect
from sync.server.store import News

_CHANNEL = "sprava_news"
_LONGEST = 7_900
_PAUSE_SECONDS = 0.05
_RETRY_SECONDS = 2.0
_LOOK_SECONDS = 1.0
_ATTEMPTS = 2


class _Told(msgspec.Struct, array_like=True):
    server: str
    community: bytes
    device: bytes
    units: list[bytes]
    links: bool


class Wire:
    """Sends and hears what is new, on two connections of its own.

    Args:
        url: Where the database is.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = secrets.token_hex(8)
        self._queue: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.up = False

    def start(self, heard: Callable[[News], None]) -> None:
        """Begin to hear and to send.

        Args:
            heard: Called with what other servers tell.
        """
        for target, arguments in ((self._hear, (heard,)), (self._send, ())):
            thread = threading.Thread(target=target, args=arguments, name="sprava-news", daemon=True)
            thread.start()
            self._threads.append(thread)

    def send(self, news: News) -> None:
        """Tell the others, soon."""
        if self._threads:
            self._queue.put(news)

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _hear(self, heard: Callable[[News], None]) -> None:
        while not self._stop.is_set():
            with suppress(psycopg.Error), connect(self._url, autocommit=True) as connection:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(_CHANNEL)))
                self.up = True
                while not self._stop.is_set():
                    for notice in connection.notifies(timeout=_LOOK_SECONDS):
                        news = self._read(notice.payload)
                        if news is not None:
                            heard(news)
                        if self._stop.is_set():
                            break
            self.up = False
            self._stop.wait(_RETRY_SECONDS)

    def _read(self, payload: str) -> News | None:
        try:
            told = msgspec.json.decode(payload, type=_Told)
        except msgspec.MsgspecError:
            return None
        if told.server == self._name:
            return None
        return News(told.community, told.device, frozenset(told.units), told.links)

    def _send(self) -> None:
        connection: Connection | None = None
        while together := self._collect():
            for _attempt in range(_ATTEMPTS):  # the database may have been restarted since the last time
                with suppress(psycopg.Error):
                    connection = connection or connect(self._url, autocommit=True)
                    _tell(connection, together)
                    break
                if connection is not None:
                    connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _collect(self) -> set[str]:
        """Wait for something to tell and gather what there is a moment later; nothing when it is time to stop."""
        first = self._queue.get()
        self._stop.wait(_PAUSE_SECONDS)
        found = [first]
        with suppress(queue.Empty):
            while True:
                found.append(self._queue.get_nowait())
        return set() if None in found else {self._payload(news) for news in found if news is not None}

    def _payload(self, news: News) -> str:
        units = sorted(news.units)
        told = _Told(self._name, news.community, news.device, units, news.links)
        text = msgspec.json.encode(told).decode()
        if len(text) <= _LONGEST:
            return text
        return msgspec.json.encode(_Told(self._name, news.community, news.device, [], links=True)).decode()


def _tell(connection: Connection, payloads: set[str]) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL synchronous_commit = off")  # nothing is stored by this
        for payload in payloads:
            connection.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, payload))
