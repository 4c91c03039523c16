"""The child process that serves an office: it has no key of the vault, and stores what it can't read.

It is told on standard input what to serve, answers with one line on standard output, and ends when standard input does:
a desk that was killed leaves none behind. What they say to each other is in `hub`, on the other side.
"""

import signal
import sys
from pathlib import Path
from typing import NoReturn

import msgspec

from desktop_app import hardening
from desktop_app.office.beacon import Announcement, Announcer
from sync.errors import Failure

INTRODUCTIONS = "introductions"
"""A file in the hub's folder: what it shows of the device behind it, written by the desk."""


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the desk asks for.

    Args:
        data: The hub's folder.
        host: The address to listen on; empty for all.
        port: The port; 0 for a free one.
        community: The one that is served.
        cards: Addresses of the network cards to announce it by; none for all.
    """

    data: str
    host: str
    port: int
    community: bytes
    cards: list[str]


class Announce(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the desk says later: what to announce from now on.

    Args:
        hub: The hub's id.
        tags: By which members recognise it.
    """

    hub: bytes
    tags: bytes


class Serving(msgspec.Struct, frozen=True, tag="serving"):
    """The child serves.

    Args:
        url: An address by which others reach it.
        port: The port it listens on.
        key: Its 32-byte key.
    """

    url: str
    port: int
    key: bytes


class Failing(msgspec.Struct, frozen=True, tag="failing"):
    """The child can't serve, and ends.

    Args:
        code: The failure's machine word.
        message: Its sentence.
    """

    code: str
    message: str


Answer = Serving | Failing


def serve_office() -> int:
    """Serve until standard input ends."""
    hardening.harden()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the desk, which ends this process
    signal.signal(signal.SIGTERM, _end)
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    try:
        _serve(task)
    except Failure as failure:
        _say(Failing(failure.code, failure.message))
        return 1
    return 0


def _serve(task: Task) -> None:
    from sync.server import Options, RunningServer
    from sync.server.run import open_store

    data = Path(task.data)
    store = open_store(data, None)
    try:
        with store.writing() as writer:
            writer.claim(task.community)
    finally:
        store.close()
    options = Options(introductions=lambda: _introductions(data))
    with RunningServer(data, task.host, task.port, options=options) as server:
        port = int(server.url.rsplit(":", 1)[1])
        _say(Serving(server.url, port, server.key))
        announcer = Announcer(task.cards)
        try:
            while line := sys.stdin.buffer.readline():
                said = msgspec.json.decode(line, type=Announce)
                announcer.announce(Announcement(port, said.hub, said.tags))
        finally:
            announcer.close()


def _introductions(data: Path) -> list[bytes]:
    try:
        return msgspec.msgpack.decode((data / INTRODUCTIONS).read_bytes(), type=list[bytes])
    except (OSError, msgspec.MsgspecError):
        return []  # the desk writes them before it starts the hub; without them nobody trusts it


def _say(answer: Answer) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


def _end(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(serve_office())
