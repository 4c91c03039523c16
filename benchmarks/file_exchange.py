"""Attached files over HTTP on this machine: how fast they go to a server and come from it, beside plain HTTP."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from benchmarks.figures import Figures, Row, Samples, percentile, rounded
from desktop_app.attachments import chunks
from desktop_app.attachments.whereabouts import FileChoice, InAdvance
from desktop_app.cases.model import CaseQuery
from desktop_app.workspace import Workspace
from sync.messages import _

_MEGABYTES = 64
_AT_ONCE = 8 * 2**20


def measure_file_exchange(first: Workspace, second: Workspace, folder: Path, cases: int) -> Iterator[Row]:
    """Measure a large file from one device to the server, and from there to another device.

    Args:
        first: A vault that has exchanged with the server.
        second: Another device of the same unit, which has too.
        folder: Where the file to add may lie.
        cases: How many cases there are.
    """
    path = folder / "carried.bin"
    path.write_bytes(os.urandom(chunks.CHUNK_BYTES) * _MEGABYTES)
    first.exchange.sync()
    entry = first.files.add(first.cases.page(CaseQuery(), 0, 1)[0].id, path)
    path.unlink()
    second.exchange.files.choose(InAdvance(FileChoice.NONE))
    pushing, pulling = Samples(), Samples()
    with pushing.one():
        first.exchange.sync()
    second.exchange.sync()
    with pulling.one():
        second.exchange.files.fetch([entry.id])
    plain = _plain()
    title = _("Send a file of {size} MB to a server: verified, durable there").format(size=_MEGABYTES)
    yield Row("file_push", title, cases, _speed(pushing) | {"plain_http_mb_per_s": plain["up"]})
    title = _("Get a file of {size} MB from a server: verified, decrypted, durable here").format(size=_MEGABYTES)
    yield Row("file_pull", title, cases, _speed(pulling) | {"plain_http_mb_per_s": plain["down"]})


def _speed(samples: Samples) -> Figures:
    wall, cpu = percentile(samples.wall, 50), percentile(samples.cpu, 50)
    return {"mb_per_s": rounded(_MEGABYTES / wall * 1000), "both_sides_cpu_ms_per_mb": rounded(cpu / _MEGABYTES)}


def _plain() -> dict[str, float]:
    """Return how fast requests moves the same number of bytes to and from a server that does nothing with them."""
    up, down = Samples(), Samples()
    data = os.urandom(_AT_ONCE)
    with _server(data) as url, requests.Session() as session:
        for samples, ask in ((up, lambda: session.put(url, data)), (down, lambda: session.get(url).content)):
            with samples.one():
                for _request in range(_MEGABYTES * chunks.CHUNK_BYTES // _AT_ONCE):
                    ask()
    return {"up": rounded(_MEGABYTES / up.wall[0] * 1000), "down": rounded(_MEGABYTES / down.wall[0] * 1000)}


@contextmanager
def _server(data: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(b"")

        def do_GET(self) -> None:
            self._answer(data)

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
