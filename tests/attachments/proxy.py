"""A server that was taken over: it passes requests on to the real one and bends what that answers, with its key."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from sync import chunkwire, wire
from sync.server import RunningServer
from sync.server.key import load_or_make

Lie = Callable[[wire.Message, wire.Message], wire.Message]
_KINDS: dict[str, tuple[type[wire.Message], type[wire.Message]]] = {
    chunkwire.MISSING_PATH: (chunkwire.MissingRequest, chunkwire.MissingReply),
    chunkwire.PUT_PATH: (chunkwire.PutRequest, chunkwire.PutReply),
    chunkwire.GET_PATH: (chunkwire.GetRequest, chunkwire.GetReply),
}


class Bending:
    """An HTTP server before the real one.

    Args:
        server: The real one.
        data: Its folder, where its key lies.
        lie: Bends each reply about chunks, given the request and the honest reply.
    """

    def __init__(self, server: RunningServer, data: Path, lie: Lie) -> None:
        signer = load_or_make(data / "server.key")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                honest = requests.post(server.url + self.path, data=body, timeout=30)
                answer = honest.content
                if self.path in _KINDS and honest.ok:
                    asked, answered = _KINDS[self.path]
                    message = wire.decode(asked, wire.open_request(body)[1])
                    bent = lie(message, wire.decode(answered, answer[64:]))
                    answer = wire.sign_reply(signer, nonce=body[16:32], status=200, message=wire.encode(bent))
                self.send_response(honest.status_code)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

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
