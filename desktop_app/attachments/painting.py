"""Pictures of files, drawn by a child process: a hostile file can at worst end the child."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import msgspec

from desktop_app.attachments import kinds, painter
from sync.errors import Failure, Refused
from sync.messages import N_, _

COMMAND = "paint-pipe"
"""What an installed program is started with to be the child."""
MAX_BYTES = 256 * 2**20
"""A larger file is not given to the child: it would have to hold all of it."""
_SECONDS = 20.0
_BYTES_OF_PIXEL = 3
_NO_SUCH_ANSWER = 64 * 1024
_HIDDEN = getattr(subprocess, "CREATE_NO_WINDOW", 0)
_PROBLEMS = {
    "too_large": N_("The file is too large to be shown here. Save a copy to open it in another program."),
    "password": N_("The file is protected by a password and can't be shown here. Save a copy to open it."),
    "unreadable": N_("The file can't be shown: it is damaged or no such file as its name says. Save a copy of it."),
    "stopped": N_("Showing the file took too long and was stopped. Save a copy to open it in another program."),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels.

    Args:
        width: In pixels.
        height: In pixels.
        pixels: Three bytes for each: red, green, blue; line after line.
    """

    width: int
    height: int
    pixels: bytes = field(repr=False)


def can_show(kind: str, size: int) -> bool:
    """Return whether the child may draw a file of some media type and size."""
    return (kind in kinds.PICTURES or kind == kinds.PDF) and size <= MAX_BYTES


class Painter:
    """One child process; it is started when it is first needed and holds one file at a time.

    Calls wait for each other; `close` may come from any thread at any time and ends what is under way.

    Args:
        within: In how many seconds everything together has to be done that it is asked for, for a job of many pages;
            None when only each single request is bounded.
    """

    def __init__(self, within: float | None = None) -> None:
        self._within = within
        self._until: float | None = None
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def open(self, kind: str, size: int, blocks: Iterable[bytes | memoryview]) -> int:
        """Give a file to the child.

        Args:
            kind: Its media type.
            size: How many bytes come.
            blocks: The bytes, in order; they pass through and are not kept here.

        Returns:
            How many pages it has.

        Raises:
            Refused: It can't be shown; the sentence says why.
            Failure: What `blocks` raises.
        """
        if size > MAX_BYTES:
            raise _problem("too_large")
        with self._lock, self._watched() as child:
            request = {"do": "open", "kind": painter.PDF if kind == kinds.PDF else "picture", "size": size}
            assert child.stdin is not None  # noqa: S101 - asked for when it was started
            _send(child, request)
            for block in blocks:
                child.stdin.write(block)
            child.stdin.flush()
            # What the child says is checked: a hostile file may have taken it over.
            return min(max(int(_answer(child).get("pages", 1)), 1), painter.MAX_PAGES)

    def draw(self, page: int, width: int, height: int) -> Picture:
        """Draw one page of the file given last, as large as fits into a room.

        Args:
            page: From 0.
            width: Of the room, in pixels.
            height: Of the room, in pixels.

        Raises:
            Refused: It can't be shown; the sentence says why.
        """
        with self._lock, self._watched() as child:
            _send(child, {"do": "draw", "page": page, "width": max(1, width), "height": max(1, height)})
            answer = _answer(child)
            wide, high = int(answer.get("width", 0)), int(answer.get("height", 0))
            if not 0 < wide * high <= painter.MAX_DRAWN_PIXELS * 1.01 or min(wide, high) < 1:
                raise _problem("unreadable")
            return Picture(wide, high, _exactly(child, wide * high * _BYTES_OF_PIXEL))

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """End the child; all that it held of a file is gone with it."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _left(self) -> float:
        """Return how many seconds the next request may take; the whole job begins with the first one."""
        if self._within is None:
            return _SECONDS
        now = time.monotonic()
        self._until = self._until or now + self._within
        return min(_SECONDS, self._until - now)

    @contextmanager
    def _watched(self) -> Iterator[subprocess.Popen[bytes]]:
        """Give the child, and kill it when it takes too long or has died."""
        seconds = self._left()
        if self._closed or seconds <= 0:
            raise _problem("stopped")
        if self._child is None:
            self._child = _start()
        child = self._child
        late = threading.Event()

        def kill() -> None:
            late.set()
            child.kill()

        watch = threading.Timer(seconds, kill)
        watch.daemon = True
        watch.start()
        try:
            yield child
        except (OSError, EOFError, ValueError, msgspec.MsgspecError) as error:
            self._end()
            raise _problem("stopped" if late.is_set() or self._closed else "unreadable") from error
        except Failure as failure:
            # A part of the file that could not be read leaves the child waiting for it.
            if failure.code not in _CODES:
                self._end()
            raise
        finally:
            watch.cancel()


_CODES = frozenset(f"file_{name}" for name in _PROBLEMS)


def _problem(name: str) -> Refused:
    return Refused(f"file_{name}", _(_PROBLEMS[name]))


def _start() -> subprocess.Popen[bytes]:
    # -P: the folder in which the program was started, such as a stick's, is no place to import from.
    frozen = getattr(sys, "frozen", False)
    own = [sys.executable, COMMAND] if frozen else [sys.executable, "-P", "-m", painter.__name__]
    # Nothing that opens a vault goes to the child.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPRAVA_")}
    return subprocess.Popen(
        own,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        creationflags=_HIDDEN,
    )


def _send(child: subprocess.Popen[bytes], request: dict[str, object]) -> None:
    assert child.stdin is not None  # noqa: S101 - asked for when it was started
    head = msgspec.json.encode(request)
    child.stdin.write(painter.LENGTH.pack(len(head)) + head)
    child.stdin.flush()


def _answer(child: subprocess.Popen[bytes]) -> dict[str, int | str]:
    (length,) = painter.LENGTH.unpack(_exactly(child, painter.LENGTH.size))
    if length > _NO_SUCH_ANSWER:
        raise EOFError
    answer = msgspec.json.decode(_exactly(child, length), type=dict[str, int | str])
    if "problem" in answer:
        name = str(answer["problem"])
        raise _problem(name if name in _PROBLEMS else "unreadable")
    return answer


def _exactly(child: subprocess.Popen[bytes], length: int) -> bytes:
    assert child.stdout is not None  # noqa: S101 - asked for when it was started
    data = child.stdout.read(length)
    if len(data) < length:
        raise EOFError
    return data
