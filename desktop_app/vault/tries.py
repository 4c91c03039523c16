"""The growing delay after wrong tries (docs/formats/key-file.md, "vault.tries").

It is for the person at the desk: whoever holds a copy of the files loses nothing by deleting it, since each guess
costs them Argon2id all the same. Therefore it never gets in the way of opening: a missing, damaged or read-only
file is no error.
"""

import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sync import crypto, files
from sync.errors import Refused
from sync.messages import _, ngettext

TRIES_NAME = "vault.tries"
FREE_TRIES = 3
FIRST_SECONDS = 5
MOST_SECONDS = 300
_MAGIC = b"SPRVTRY\x00"
_VERSION = 1
_BODY = struct.Struct(">8sHIQ")
_CHECKSUM_BYTES = 8
_MOST_TRIES = 1_000
_MINUTE = 60


@dataclass(slots=True)
class _Known:
    """What this program saw itself; it goes on when the file can't be written or the clock is set."""

    count: int = 0
    until: float = 0.0


_known: dict[Path, _Known] = {}
_lock = threading.Lock()


class Tries:
    """The wrong tries at one vault.

    Args:
        folder: The vault's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._path = self._folder / TRIES_NAME

    @property
    def count(self) -> int:
        """How many tries in a row were wrong."""
        with _lock:
            return max(self._read()[0], _known.get(self._folder, _Known()).count)

    def seconds_left(self) -> int:
        """Return how long no try is taken, in whole seconds; 0 when one may be made now."""
        with _lock:
            return self._seconds_left()

    def require_patience(self) -> None:
        """Refuse a try that comes too early.

        Raises:
            Refused: So many were wrong that it is time to wait ("too_many_tries"); the sentence says how long.
        """
        seconds = self.seconds_left()
        if seconds:
            raise Refused("too_many_tries", _sentence(seconds))

    @contextmanager
    def one(self) -> Iterator[None]:
        """Guard one try: it is refused while waiting, counted when it is wrong, and a right one forgets all before.

        Raises:
            Refused: It comes too early, or whatever the block raises.
        """
        self.require_patience()
        try:
            yield
        except Refused as refusal:
            if refusal.code in {"wrong_passphrase", "wrong_recovery"}:
                self._count_one()
            raise
        self._forget()

    def _seconds_left(self) -> int:
        count, noted = self._read()
        known = _known.get(self._folder, _Known())
        left = known.until - time.monotonic()
        if count > known.count:  # counted by another program, or before this one began
            wait, now = _wait(count), time.time()
            if noted > now:  # the clock was set back: the wait begins anew, and is no longer than it was
                self._write(count, now)
                noted = now
            left = noted + wait - now
            _known[self._folder] = _Known(count, time.monotonic() + left)
        return max(0, -int(-left // 1))

    def _count_one(self) -> None:
        with _lock:
            count, _noted = self._read()
            count = min(max(count, _known.get(self._folder, _Known()).count) + 1, _MOST_TRIES)
            _known[self._folder] = _Known(count, time.monotonic() + _wait(count))
            self._write(count, time.time())

    def _forget(self) -> None:
        with _lock:
            _known.pop(self._folder, None)
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _read(self) -> tuple[int, float]:
        try:
            with files.open_own(self._path) as file:
                data = file.read(_BODY.size + _CHECKSUM_BYTES + 1)
        except OSError:
            return 0, 0.0
        body, checksum = data[: _BODY.size], data[_BODY.size :]
        if len(body) != _BODY.size or checksum != crypto.sha256(body)[:_CHECKSUM_BYTES]:
            return 0, 0.0
        magic, version, count, milliseconds = _BODY.unpack(body)
        if magic != _MAGIC or version != _VERSION:
            return 0, 0.0
        return min(count, _MOST_TRIES), milliseconds / 1000

    def _write(self, count: int, now: float) -> None:
        body = _BODY.pack(_MAGIC, _VERSION, count, max(0, int(now * 1000)))
        with suppress(OSError):
            files.write_durably(self._path, body + crypto.sha256(body)[:_CHECKSUM_BYTES])


def _wait(count: int) -> float:
    if count < FREE_TRIES:
        return 0.0
    return float(min(MOST_SECONDS, FIRST_SECONDS * 2 ** min(count - FREE_TRIES, 20)))


def _sentence(seconds: int) -> str:
    minutes = -(-seconds // _MINUTE)
    if seconds > 2 * _MINUTE:
        wait = ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)
    else:
        wait = ngettext("{count} second", "{count} seconds", seconds).format(count=seconds)
    return _("Several tries in a row were wrong. Wait {time}, then try again. Nothing was changed or deleted.").format(
        time=wait
    )
