"""Starts and stops the server."""

import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

from sync import wire
from sync.errors import Misuse, Refused
from sync.files import require_ordinary
from sync.messages import _
from sync.server.key import load_or_make
from sync.server.options import Options

if TYPE_CHECKING:
    import uvicorn

    from sync.crypto import Signer
    from sync.server.blobs import Blobs
    from sync.server.hub import Hub
    from sync.server.store import Store

KEY_FILE = "server.key"
STORE_FILE = "server.db"
_GRACE_SECONDS = 10
_KEEP_ALIVE_SECONDS = 30
_START_SECONDS = 60
_MAX_PORT = 65_535
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    data: Path,
    host: str,
    port: int,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    on_started: Callable[[str, str], None] = lambda _url, _fingerprint: None,
    options: Options | None = None,
) -> None:
    """Serve until the process is told to stop (SIGTERM or SIGINT); requests in progress are finished first.

    Args:
        data: A folder for the store and the key; made when missing.
        host: The address to listen on; empty for all.
        port: The port; 0 takes a free one.
        tls_cert: A PEM certificate chain, to serve https.
        tls_key: Its PEM key.
        on_started: Called once with the address and the fingerprint of the server's key.
        options: How it serves.

    Raises:
        Misuse: The certificate or its key can't be used, or only one of them was given.
        Refused: The address or the folder can't be used.
        Damaged: The folder's files are damaged.
    """
    with _Service(data, host, port, tls_cert, tls_key, options) as service, _stopping(service.stop):
        service.run(lambda: on_started(service.url, service.fingerprint))


class RunningServer:
    """A server in a thread of this process: ``with RunningServer(folder) as server: ... server.url``.

    Args:
        data: A folder for the store and the key; made when missing.
        host: The address to listen on; empty for all.
        port: The port; 0 takes a free one.
        tls_cert: A PEM certificate chain, to serve https.
        tls_key: Its PEM key.
        options: How it serves.

    Raises:
        Misuse: The certificate or its key can't be used, or only one of them was given.
        Refused: The address or the folder can't be used.
        Damaged: The folder's files are damaged.
    """

    def __init__(
        self,
        data: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
        options: Options | None = None,
    ) -> None:
        self._service = _Service(data, host, port, tls_cert, tls_key, options)
        self._thread = threading.Thread(target=self._run, name="sprava-server", daemon=True)
        self._started = threading.Event()
        self._ended = threading.Event()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return self._service.url

    @property
    def key(self) -> bytes:
        """Its 32-byte public key."""
        return self._service.key

    @property
    def fingerprint(self) -> str:
        """The short form of its key."""
        return self._service.fingerprint

    def _run(self) -> None:
        try:
            self._service.run(self._started.set)
        finally:
            self._ended.set()
            self._started.set()

    def __enter__(self) -> Self:
        self._service.__enter__()
        self._thread.start()
        if not self._started.wait(_START_SECONDS) or self._ended.is_set():
            self.__exit__(None, None, None)
            raise RuntimeError("the server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._service.stop()
        self._thread.join()
        self._service.__exit__(kind, error, traceback)


class _Service:
    """A listening socket, a store and a key, and uvicorn between them."""

    def __init__(
        self,
        data: Path,
        host: str,
        port: int,
        tls_cert: Path | None,
        tls_key: Path | None,
        options: Options | None,
    ) -> None:
        if (tls_cert is None) != (tls_key is None):
            raise Misuse("tls", _("A TLS certificate and its key are given together or not at all."))
        for path in filter(None, (tls_cert, tls_key)):
            with contextlib.suppress(OSError):  # what can't be looked at is told when it is read
                require_ordinary(path)
        self._data = data
        self._address = (host, port)
        self._tls = (tls_cert, tls_key)
        self._options = options or Options()
        self._hub: Hub | None = None
        self._resources = contextlib.ExitStack()
        self._server: uvicorn.Server | None = None
        self.url = ""
        self.key = b""

    @property
    def fingerprint(self) -> str:
        return wire.fingerprint(self.key)

    def __enter__(self) -> Self:
        if self._options.log:
            from sync.server.logs import write_to_standard_error

            write_to_standard_error()
        signer, store = _open_data(self._data, self._options.database)
        self._resources.callback(store.close)
        try:
            blobs = self._open_blobs(store)
            self._listener = self._resources.enter_context(contextlib.closing(_listen(*self._address)))
            self.key = signer.public_key
            self._server = self._make_server(signer, store, blobs)
        except BaseException:
            self._resources.close()
            raise
        self.url = _url("https" if self._tls[0] else "http", self._listener)
        return self

    def __exit__(self, *_error: object) -> None:
        self._resources.close()

    def _open_blobs(self, store: "Store") -> "Blobs":
        from sync.server.blobs import open_blobs, settle
        from sync.server.store import StoreBusy, StoreFull

        blobs = open_blobs(self._data, self._options.files, self._options.files_endpoint)
        self._resources.callback(blobs.close)
        try:
            settle(store, blobs)
        except (StoreBusy, StoreFull) as error:
            raise Refused(
                "server_files",
                _("The place of the server's files can't be written now. Nothing is lost; look at it and start again."),
            ) from error
        return blobs

    def _make_server(self, signer: "Signer", store: "Store", blobs: "Blobs") -> "uvicorn.Server":
        import uvicorn

        from sync.server.app import create_app
        from sync.server.connection import MAX_HEAD_BYTES, patient_for

        limits = self._options.limits
        application, self._hub = create_app(store, blobs, signer, self._options)
        config = uvicorn.Config(
            application,
            lifespan="off",
            http=patient_for(limits),
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            limit_concurrency=limits.connections,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=bool(self._options.proxies),
            forwarded_allow_ips=list(self._options.proxies),
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ssl_certfile=self._tls[0],
            ssl_keyfile=self._tls[1],
        )
        try:
            config.load()
        except OSError as error:  # ssl.SSLError is one too
            raise Misuse(
                "tls", _("The TLS certificate or its key can't be used: {reason}").format(reason=error)
            ) from error
        return uvicorn.Server(config)

    def run(self, on_started: Callable[[], None]) -> None:
        """Answer requests until `stop` is called."""
        import asyncio

        server = self._server
        if server is None:
            raise RuntimeError("not entered")

        async def work() -> None:
            serving = asyncio.ensure_future(_serve_without_signals(server, self._listener))
            while not server.started and not serving.done():
                await asyncio.sleep(0.005)
            if server.started:
                on_started()
            await serving

        asyncio.run(work())

    def stop(self) -> None:
        """Ask for the end; may be called from another thread or a signal handler."""
        if self._server is not None:
            self._server.should_exit = True
        if self._hub is not None:
            self._hub.close()


async def _serve_without_signals(server: "uvicorn.Server", listener: socket.socket) -> None:
    """Serve; signals are ours, since uvicorn raises them again at its end and so kills the process that it stopped."""
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    await server.serve(sockets=[listener])


@contextlib.contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Stop on SIGTERM and SIGINT while the block runs; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_data(data: Path, database: str | None) -> "tuple[Signer, Store]":
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return load_or_make(data / KEY_FILE), open_store(data, database)
    except OSError as error:
        raise Refused(
            "server_data",
            _("The folder {folder} can't be used for the server's data: {reason}").format(
                folder=data, reason=error.strerror or error
            ),
        ) from error


def open_store(data: Path, database: str | None) -> "Store":
    """Open the store of a server.

    Args:
        data: The server's folder.
        database: ``postgresql://...``, when the data lie there and not in the folder.

    Raises:
        Damaged: The data are damaged.
        Refused: They can't be used now.
        Misuse: The database is given in another form.
    """
    if database is None:
        from sync.server.sqlite_store import SqliteStore

        return SqliteStore(data / STORE_FILE)
    if not database.startswith(("postgresql://", "postgres://")):
        raise Misuse("database", _("A database is given as postgresql://HOST/NAME."))
    try:
        from sync.server.postgres_store import PostgresStore
    except ImportError as error:
        raise Refused(
            "no_driver",
            _("The driver for PostgreSQL is missing. Install it with: pip install 'sprava[server]'"),
        ) from error
    return PostgresStore(database)


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _MAX_PORT:  # the system would take the rest of a division
        raise Misuse("port", _("{port} is not a port: ports go from 0 to 65535.").format(port=port))
    try:
        if not host:
            return _listen_everywhere(port)
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            if hasattr(signal, "SIGHUP"):  # on Windows the option would let two servers share a port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
        except BaseException:
            listener.close()
            raise
    except UnicodeError as error:  # an empty label of a name, or one of more than 63 letters
        raise _no_address(host, port, error) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = _("Port {port} is taken by another program. Choose another one with --port.").format(port=port)
            raise Refused("port_taken", message) from error
        raise _no_address(host, port, error) from error
    return listener


def _listen_everywhere(port: int) -> socket.socket:
    """Listen on all addresses of this computer, of both kinds where it has both."""
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, backlog=2048, dualstack_ipv6=True)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise
    return socket.create_server(("", port), backlog=2048)


def _no_address(host: str, port: int, reason: Exception) -> Refused:
    return Refused(
        "address",
        _("The server can't listen on {host}, port {port}: {reason}").format(host=host, port=port, reason=reason),
    )


def _url(scheme: str, listener: socket.socket) -> str:
    """Return an address that others can use: where all interfaces are listened on, the one that leads out."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # sends nothing: it only chooses a route
                host = probe.getsockname()[0]
            except OSError:
                host = "127.0.0.1"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
