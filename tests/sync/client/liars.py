"""Servers that were taken over: the real store and the real key, and answers bent on purpose."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from sync import wire
from sync.server.exchange import Exchange
from sync.server.key import load_or_make
from sync.server.limits import Limits
from sync.server.sqlite_store import SqliteStore
from sync.wire import Reply, Request

Lie = Callable[[Request, Reply], "Reply | bytes"]


class Liar:
    """An HTTP server over a server's data folder.

    Args:
        data: The folder of a stopped server.
        lie: Bends each reply; bytes are sent in its place, signed.
    """

    def __init__(self, data: Path, lie: Lie) -> None:
        data.mkdir(exist_ok=True)
        signer = load_or_make(data / "server.key")
        self._store = SqliteStore(data / "server.db")
        exchange = Exchange(self._store, signer, Limits())
        store = self._store

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == wire.HELLO_PATH:
                    message = wire.encode(wire.Hello(wire.VERSION, signer.public_key, store.epoch))
                    nonce = body
                elif self.path != wire.EXCHANGE_PATH:  # as an older server, which knows nothing else
                    nonce = wire.open_request(body)[0].nonce
                    self._send(404, wire.encode(wire.Problem(wire.VERSION, "not_found")), nonce)
                    return
                else:
                    envelope, request = wire.open_request(body)
                    nonce = envelope.nonce
                    honest = exchange.answer(envelope, request, recognised=False, room=wire.MAX_ROUND_BYTES)
                    bent = lie(wire.decode(Request, request), honest)
                    message = bent if isinstance(bent, bytes) else wire.encode(bent)
                self._send(200, message, nonce)

            def _send(self, status: int, message: bytes, nonce: bytes) -> None:
                answer = wire.sign_reply(signer, nonce=nonce, status=status, message=message)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = False
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self.key = signer.public_key
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._store.close()


class Stranger:
    """Something else that speaks HTTP: it answers everything alike.

    Args:
        answer: All bytes of the answer.
    """

    def __init__(self, answer: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    self.wfile.write(answer)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = False
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
