"""A TCP proxy of the tests' own: counts what passes, and cuts the line when told to."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Line:
    """Forwards to a server's address.

    Args:
        url: Where the server is.
        cut_after: Break each connection once this many bytes have passed, for the next `cuts` connections.
        cuts: How many connections to break.
        upwards: Count what goes to the server for the cut, else what comes from it.
    """

    def __init__(self, url: str, cut_after: int = 0, cuts: int = 0, *, upwards: bool = True) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._cut_after = cut_after
        self._upwards = upwards
        self._lock = threading.Lock()
        self.cuts_left = cuts
        self.up = self.down = self.connections = 0
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def total(self) -> int:
        return self.up + self.down

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            with self._lock:
                self.connections += 1
                cut = self.cuts_left > 0
                self.cuts_left -= cut
            ends = _Ends(client, server)
            for upwards in (True, False):
                room = self._cut_after if cut and upwards == self._upwards else None
                thread = threading.Thread(target=self._pump, args=(ends, room), kwargs={"upwards": upwards})
                self._threads.append(thread)
                thread.start()

    def _pump(self, ends: "_Ends", room: int | None, *, upwards: bool) -> None:
        source, target = (ends.client, ends.server) if upwards else (ends.server, ends.client)
        with contextlib.suppress(OSError):
            while data := source.recv(4096 if room is None else min(4096, room)):
                with self._lock:
                    if upwards:
                        self.up += len(data)
                    else:
                        self.down += len(data)
                target.sendall(data)
                if room is not None:
                    room -= len(data)
                    if room <= 0:
                        break
        ends.hang_up()


class _Ends:
    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self._lock = threading.Lock()
        self._users = 2

    def hang_up(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._users -= 1
            if not self._users:
                self.client.close()
                self.server.close()
