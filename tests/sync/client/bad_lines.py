"""A TCP proxy of the tests' own for lines as they are in villages: slow, late, cut, half open, dribbling."""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class BadLine:
    """Forwards to a server's address, badly.

    Args:
        url: Where the server is.
        latency: Seconds that every part is late, each way.
        rate: Bytes a second, each way; 0 for any number.
        cut_after: Each connection breaks after so many bytes, whichever way they went; 0 for never.
        dribble: Parts of so many bytes.
        half_open: Connections are taken, and nothing ever comes of them.

    Attributes:
        up: All that went to the server.
        down: How many bytes came from it.
        connections: How many there were.
    """

    def __init__(
        self,
        url: str,
        *,
        latency: float = 0,
        rate: float = 0,
        cut_after: int = 0,
        dribble: int = 4096,
        half_open: bool = False,
    ) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._latency, self._rate, self._cut_after = latency, rate, cut_after
        self._dribble, self._half_open = dribble, half_open
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.up = bytearray()
        self.down = self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for end in self._open:
            _hang_up(end)
        for thread in self._threads:
            thread.join()
        for end in self._open:
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            with self._lock:
                self.connections += 1
            if self._half_open:
                continue
            server = socket.create_connection(self._target)
            self._open.append(server)
            left = [self._cut_after or 2**62]
            for ends in ((client, server), (server, client)):
                thread = threading.Thread(target=self._pump, args=(*ends, left), kwargs={"up": ends[0] is client})
                self._threads.append(thread)
                thread.start()

    def _pump(self, source: socket.socket, target: socket.socket, left: list[int], *, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(min(self._dribble, max(left[0], 1))):
                time.sleep(self._latency + (len(data) / self._rate if self._rate else 0))
                with self._lock:
                    left[0] -= len(data)
                    if up:
                        self.up += data
                    else:
                        self.down += len(data)
                target.sendall(data)
                if left[0] <= 0:
                    break
        _hang_up(source)
        _hang_up(target)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
