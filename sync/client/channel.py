"""One server over HTTP: signed requests, verified replies, and every failure as a sentence."""

import errno
import io
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import SKIP_HEADER, Retry

from sync import crypto, wire
from sync.client import failures
from sync.client.pace import UNLIMITED, Pace
from sync.crypto import CryptoError, Signer
from sync.errors import Failure
from sync.replica import Replica

_CONNECT_SECONDS = 20
_READ_SECONDS = 90
_HASTY_SECONDS = (3, 10)
_PART_BYTES = 64 * 1024
_ATTEMPTS = 3
_MAX_BODY_BYTES = wire.MAX_MESSAGE_BYTES + crypto.SIGNATURE_BYTES
_NO_NEEDLESS_HEADERS = dict.fromkeys(("User-Agent", "Accept-Encoding"), SKIP_HEADER)
_AWAY = frozenset({429, 502, 503, 504})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_Kind = TypeVar("_Kind", bound=wire.Message)
_OFFLINE = frozenset({errno.ENETUNREACH, errno.ENETDOWN})
"""Not EHOSTUNREACH: in the office network that is a neighbour who is away."""


@dataclass(slots=True)
class Traffic:
    """What went over the wire, HTTP headers included."""

    sent: int = 0
    received: int = 0
    round_trips: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes


class _Adapter(HTTPAdapter):
    """Tries again by itself, except an exchange: what is sent again after a break is smaller."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        given = self.max_retries
        if (request.url or "").endswith(wire.EXCHANGE_PATH):
            self.max_retries = given.new(read=0)
        try:
            return super().send(request, *arguments, **options)
        finally:
            self.max_retries = given


class _SystemTrust(_Adapter):
    """Trusts the certificates that the system trusts, beside those that requests brings along."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as requests has it
        super().init_poolmanager(*arguments, ssl_context=ssl.create_default_context(), **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> urllib3.ProxyManager:  # noqa: ANN401 - the same
        manager: urllib3.ProxyManager = super().proxy_manager_for(
            proxy, ssl_context=ssl.create_default_context(), **options
        )
        return manager


def _no_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send none: requests would look for one in the person's .netrc."""
    return request


class Channel:
    """A connection to one server; use it in a ``with`` block.

    Args:
        url: The server's address, http or https.
        cancelled: Asked between the parts of a request and of a reply.
        pace: How fast bodies may go.
        hasty: Give up soon: whoever is asked is near, or not there.

    Raises:
        Misuse: The address is not one.
    """

    def __init__(self, url: str, cancelled: Callable[[], bool], pace: Pace = UNLIMITED, *, hasty: bool = False) -> None:
        self._pace = pace
        self._timeouts = _HASTY_SECONDS if hasty else (_CONNECT_SECONDS, _READ_SECONDS)
        self._url = _checked_url(url)
        self._cancelled = cancelled
        self.traffic = Traffic()
        self._session = requests.Session()
        self._session.headers.clear()
        self._session.auth = _no_password
        host = urlsplit(self._url).hostname or ""
        self._proxies = {"no_proxy": host} if host in _LOOPBACK else None  # no proxy leads to this very computer
        # What is sent twice is taken once, so a POST may be tried again too.
        retries = Retry(
            total=0 if hasty else 3,
            connect=2,
            read=2,
            status=2,
            redirect=0,
            allowed_methods=None,
            status_forcelist=_AWAY,
            backoff_factor=0.2,
            backoff_jitter=0.3,
            raise_on_status=False,
        )
        if self._url.startswith("https://"):
            self._session.mount("https://", _SystemTrust(max_retries=retries))
        else:
            self._session.mount("http://", _Adapter(max_retries=retries))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        # A line that broke leaves its error in a ring with its pool, and the session would only forget that.
        for pools in self._pools():
            for key in pools.pools.keys():  # noqa: SIM118 - it is no dictionary
                pools.pools[key].close()
        self._session.close()

    def hello(self) -> wire.Hello:
        """Ask the server who it is.

        Raises:
            Unreachable: It is away, or what answers is not a server of this program.
            Refused: It speaks another version of the protocol.
        """
        nonce = os.urandom(wire.NONCE_BYTES)
        answer = self._post(wire.HELLO_PATH, nonce)
        try:
            hello = wire.decode(wire.Hello, answer.body[crypto.SIGNATURE_BYTES :])
            wire.open_reply(answer.body, server=hello.key, nonce=nonce, status=answer.status)
        except wire.UnknownVersion as error:
            raise failures.other_version(error.version) from error
        except (wire.BadMessage, CryptoError) as error:
            raise self._somebody_else(answer) from error
        return hello

    def introduction(self, server: bytes) -> list[bytes]:
        """Ask which member's device stands behind the server; nothing when it is older than that question.

        Args:
            server: The key that the server must have.

        Raises:
            Unreachable: It is away.
            Refused: It has another key, speaks another version, or answers nonsense.
        """
        nonce = os.urandom(wire.NONCE_BYTES)
        answer = self._post(wire.INTRODUCTION_PATH, nonce)
        if answer.status == requests.codes.not_found:
            return []
        return self._read(answer, server, nonce, wire.Introductions).sealed

    def exchange(
        self, replica: Replica, server: bytes, request: wire.Request, path: str = wire.EXCHANGE_PATH
    ) -> wire.Reply:
        """Send what a device has and wants, and return the verified reply; see `ask`."""
        return self.ask(replica, server, path, request, wire.Reply)

    def ask(self, replica: Replica, server: bytes, path: str, request: wire.Message, kind: type[_Kind]) -> _Kind:
        """Send one message and return the verified reply.

        Args:
            replica: Whose message; its device signs.
            server: The key that the server must have.
            path: Where to; a carrier's requests have a path of their own.
            request: The message.
            kind: What the reply is.

        Raises:
            Problem: The server said no, in a machine word.
            Unreachable: It is away, or what answers is not a server of this program.
            Refused: It has another key, speaks another version, or answers nonsense.
        """
        message = wire.encode(request)
        for attempt in range(_ATTEMPTS):
            nonce = os.urandom(wire.NONCE_BYTES)
            body = wire.sign_request(
                replica.signer,
                server=server,
                community=replica.community,
                device=replica.device,
                nonce=nonce,
                message=message,
                path=path,
            )
            answer = self._post(path, body)
            if answer.status == requests.codes.not_found and not issubclass(kind, wire.Reply):
                raise failures.Problem("no_such_path", answer.status)  # an older server knows fewer paths
            try:
                return self._read(answer, server, nonce, kind)
            except failures.Problem as problem:
                # The connection broke and was tried again with the same nonce: this request was answered already.
                if problem.code != "replayed" or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def admit(self, replica: Replica, server: bytes, code: Signer) -> None:
        """Ask to be served, by an operator's admission code; done twice it is the same.

        Args:
            replica: Whose community.
            server: The key that the server must have.
            code: What the code stands for.

        Raises:
            Problem: The server said no, in a machine word.
            Unreachable: It is away, or what answers is not a server of this program.
            Refused: It has another key, speaks another version, or answers nonsense.
        """
        nonce = os.urandom(wire.NONCE_BYTES)
        body = wire.sign_admission(code, server=server, community=replica.community, nonce=nonce)
        self._read(self._post(wire.ADMISSION_PATH, body), server, nonce, wire.Hello)

    def news(self, body: bytes, server: bytes, nonce: bytes, path: str = wire.NEWS_PATH) -> bytes:
        """Wait until others brought something, or for a while; return the server's token.

        Args:
            body: The signed request.
            server: The key that the server must have.
            nonce: The nonce of the request.
            path: Where to; a carrier asks about all units.

        Raises:
            Problem: The server said no, in a machine word.
            Unreachable: It is away, or what answers is not a server of this program.
            Refused: It has another key, speaks another version, or answers nonsense.
        """
        return self._read(self._post(path, body), server, nonce, wire.NewsReply).token

    def _read(self, answer: _Answer, server: bytes, nonce: bytes, kind: type[_Kind]) -> _Kind:
        try:
            message = wire.open_reply(answer.body, server=server, nonce=nonce, status=answer.status)
        except CryptoError as error:
            raise self._stranger(answer, server) from error
        try:
            if answer.status == requests.codes.ok:
                return wire.decode(kind, message)
            problem = wire.decode(wire.Problem, message)
        except wire.UnknownVersion as error:
            raise failures.other_version(error.version) from error
        except wire.BadMessage as error:
            raise failures.misbehaving(self._url) from error
        raise failures.Problem(problem.code, answer.status)

    def _stranger(self, answer: _Answer, server: bytes) -> Failure:
        """Find out who answered without the right key."""
        if answer.status in _AWAY:
            return failures.server_away(self._url)
        return failures.misbehaving(self._url) if self.hello().key == server else failures.wrong_server(self._url)

    def _somebody_else(self, answer: _Answer) -> Failure:
        """A gateway in front of the server speaks for it when it is away; everybody else is somebody else."""
        away = answer.status in _AWAY
        return failures.server_away(self._url) if away else failures.not_a_server(self._url)

    def _post(self, path: str, body: bytes) -> _Answer:
        try:
            response = self._session.request(
                "POST",
                self._url + path,
                data=_Parts(body, self._pace, self._cancelled),  # each has the timeout to itself
                headers=_NO_NEEDLESS_HEADERS,
                timeout=self._timeouts,
                allow_redirects=False,
                proxies=self._proxies,
                stream=True,
            )
            with response:
                answer = _Answer(response.status_code, self._read_body(response))
                self._count(response, len(body), len(answer.body))
        except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
            raise failures.bad_certificate(self._url) from error
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.InvalidProxyURL,
        ) as error:
            raise failures.bad_url(self._url) from error
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise (failures.offline() if _is_offline(error) else failures.server_away(self._url)) from error
        except OSError as error:  # requests says so in its plainest form when a file of certificates is missing
            raise failures.no_certificates(self._url, error) from error
        return answer

    def _read_body(self, response: requests.Response) -> bytes:
        """Read a reply as it comes, never more than a message may have and never unpacked."""
        body = bytearray()
        try:
            while part := response.raw.read1(self._pace.down.part(_PART_BYTES), decode_content=False):
                body += part
                self._pace.down.take(len(part), self._cancelled)
                if len(body) > _MAX_BODY_BYTES:
                    raise failures.not_a_server(self._url)
                if self._cancelled():
                    raise failures.Cancelled
        except urllib3.exceptions.HTTPError as error:
            raise failures.broken_off(self._url) from error
        return bytes(body)

    def _pools(self) -> Iterator[urllib3.PoolManager]:
        for adapter in self._session.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                yield adapter.poolmanager
                yield from adapter.proxy_manager.values()

    def _count(self, response: requests.Response, sent: int, received: int) -> None:
        request = response.request
        host = urlsplit(self._url).netloc
        line = f"{request.method} {request.path_url} HTTP/1.1\r\nHost: {host}\r\n\r\n"
        self.traffic.sent += sent + len(line) + _headers_size(dict(request.headers))
        self.traffic.received += (
            received
            + len(f"HTTP/1.1 {response.status_code} {response.reason}\r\n\r\n")
            + _headers_size(dict(response.headers))
        )
        self.traffic.round_trips += 1


class _Parts(io.BytesIO):
    """A body that is read as fast as it may be sent."""

    def __init__(self, body: bytes, pace: Pace, cancelled: Callable[[], bool]) -> None:
        super().__init__(body)
        self._bucket = pace.up
        self._cancelled = cancelled

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(self._bucket.part(_PART_BYTES if size is None or size < 0 else size))
        self._bucket.take(len(part), self._cancelled)
        if self._cancelled():
            raise failures.Cancelled
        return part


def _headers_size(headers: dict[str, str]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers.items() if value != SKIP_HEADER)


def _is_offline(error: BaseException) -> bool:
    """Say whether this computer has no network at all, as far as the chain of causes tells."""
    seen: list[BaseException] = []
    pending: list[object] = [error]
    while pending:
        cause = pending.pop()
        if not isinstance(cause, BaseException) or cause in seen:
            continue
        seen.append(cause)
        if isinstance(cause, socket.gaierror):
            return cause.errno == socket.EAI_AGAIN
        if isinstance(cause, OSError) and cause.errno in _OFFLINE:
            return True
        pending += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return False


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise failures.bad_url(url) from error
    if not usable or parts.query or parts.fragment or parts.username:
        raise failures.bad_url(url)
    return parts.geturl().rstrip("/")
