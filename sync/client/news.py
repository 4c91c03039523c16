"""Waits for what is new at the server: one request that stays open, answered as soon as others brought something."""

import os
import queue
import threading
from collections.abc import Callable
from functools import partial

from sync import wire
from sync.client import failures
from sync.errors import Failure
from sync.pins import pinned_server
from sync.replica import Replica

_LOOK_SECONDS = 0.2


class NewsWatch:
    """What this device knows of how the server at an address stands.

    Args:
        replica: This device's log; it has exchanged with the server before.
        url: The server's address.
        key: The key that the server must have, when it is known otherwise than by its address.
        carrying: Hear of all units, to carry their frames to another server.
    """

    def __init__(self, replica: Replica, url: str, key: bytes | None = None, *, carrying: bool = False) -> None:
        self._replica = replica
        self._url = url
        self._key = key
        self._path = wire.CARRIED_NEWS_PATH if carrying else wire.NEWS_PATH
        self._token = b""

    def wait(self, cancelled: Callable[[], bool]) -> bool:
        """Wait for something new, at most about a minute.

        Args:
            cancelled: Asked several times in a second.

        Returns:
            True when others brought something; at the first time too, since nobody knows then. False when nothing came,
            or when cancelled: ask again.

        Raises:
            Unreachable: The network or the server is away.
            Refused: The server is not the right one, does not serve this community, or misbehaves.
            Misuse: The address is not one.
        """
        key = self._key or pinned_server(self._replica, self._url)
        if key is None:
            return True  # who it is, an exchange finds out
        nonce = os.urandom(wire.NONCE_BYTES)
        request = wire.NewsRequest(wire.VERSION, self._replica.community, self._token)
        body = wire.sign_request(
            self._replica.signer,
            server=key,
            community=self._replica.community,
            device=self._replica.device,
            nonce=nonce,
            message=wire.encode(request),
            path=self._path,
        )
        token = _ask_aside(partial(_ask, self._url, body, key, nonce, self._path), cancelled)
        if token is None:
            return False
        new, self._token = token != self._token, token
        return new


_Answers = queue.SimpleQueue[bytes | Failure | None]


def _ask_aside(ask: Callable[[_Answers], None], cancelled: Callable[[], bool]) -> bytes | None:
    """Ask on a thread that nobody has to wait for: a socket that waits can't be told to stop."""
    answers: _Answers = queue.SimpleQueue()
    threading.Thread(target=ask, args=(answers,), name="sprava-news", daemon=True).start()
    while not cancelled():
        try:
            answer = answers.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
        if isinstance(answer, Failure):
            raise answer
        return answer
    return None


def _ask(url: str, body: bytes, key: bytes, nonce: bytes, path: str, answers: _Answers) -> None:
    from sync.client.channel import Channel  # brings in requests

    try:
        with Channel(url, lambda: False) as channel:
            answers.put(channel.news(body, key, nonce, path))
    except failures.Problem as problem:
        # Sent again by the network: nothing is known, and the next time tells.
        answers.put(None if problem.code == "replayed" else failures.of_problem(problem, url))
    except Failure as failure:
        answers.put(failure)
