"""The office hub of a desk: its folder, its child process, and what is done when it dies or its store is damaged."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from desktop_app.office import process
from desktop_app.office.process import INTRODUCTIONS, Announce, Answer, Failing, Serving, Task
from sync import introduction
from sync.errors import Refused
from sync.files import write_durably
from sync.log import Log
from sync.messages import _

COMMAND = "hub-pipe"
"""What an installed program is started with to be the child."""
FOLDER = "hub"
PORT = 8438
_DAMAGED = "damaged_server_data"
_ASIDE = ".damaged"
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_ID_SECONDS = 24 * 3600.0
_HIDDEN = getattr(subprocess, "CREATE_NO_WINDOW", 0)


_left: dict[Path, "tuple[subprocess.Popen[bytes], Running]"] = {}
"""Hubs that go on while their vaults are locked; this process's end is theirs."""


@dataclass(frozen=True, slots=True)
class Running:
    """A hub that serves.

    Args:
        url: Where the own desk reaches it.
        address: What colleagues type who do not find it.
        port: Its port.
        key: Its 32-byte key.
        mended: Its store was damaged and was begun anew.
    """

    url: str
    address: str
    port: int
    key: bytes
    mended: bool = False


class OfficeHub:
    """Serves the office network of one vault.

    Args:
        folder: The vault's folder.
        log: The vault's log.
        cards: Addresses of the network cards to serve on; by default all.
    """

    def __init__(self, folder: Path, log: Log, cards: Sequence[str] = ()) -> None:
        self._data = folder / FOLDER
        self._log = log
        self._cards = list(cards)
        self._host = self._cards[0] if self._cards else ""
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._running: Running | None = None
        self._introduced: Sequence[bytes] = ()
        self._announced = 0.0

    @property
    def running(self) -> Running | None:
        """What serves now; None when nothing does, or when it died."""
        child = self._child
        return self._running if child is not None and child.poll() is None else None

    def start(self, port: int = PORT, *, exactly: bool = False) -> Running:
        """Serve; a damaged store is put aside, since the devices fill a new one.

        Args:
            port: The port to prefer.
            exactly: Take no other one.

        Raises:
            Refused: The port is taken, or the disk refuses.
            Damaged: The hub's key is damaged.
        """
        with self._lock:
            if (running := self.running or self._adopt()) is not None:
                self._introduce()
                return running
            self._end()
            self._introduce()
            answer, mended = self._begin(port), False
            if isinstance(answer, Failing) and answer.code == _DAMAGED:
                self._put_aside()
                answer, mended = self._begin(port), True
            if isinstance(answer, Failing) and answer.code == "port_taken" and not exactly:
                answer = self._begin(0)
            if isinstance(answer, Failing):
                raise Refused(answer.code, answer.message)
            host = self._host or "127.0.0.1"
            own = f"http://[{host}]:{answer.port}" if ":" in host else f"http://{host}:{answer.port}"
            self._running = Running(own, answer.url, answer.port, answer.key, mended)
            self._announce()
            return self._running

    def stop(self) -> None:
        """Serve no more; requests under way are finished."""
        with self._lock:
            self._adopt()
            self._end()

    def leave(self) -> None:
        """Let the hub go on while the vault is locked: it needs no key of it."""
        with self._lock:
            running, child = self.running, self._child
            if running is not None and child is not None:
                _left[self._data] = (child, running)
            self._child = self._running = None

    def _adopt(self) -> Running | None:
        left = _left.pop(self._data, None)
        if left is None:
            return None
        self._child, self._running = left
        return self.running

    def introduce(self) -> None:
        """Show the device behind the hub by the keys that members have now; announce it under another id each day."""
        with self._lock:
            if self.running is None:
                return
            if self._introduce() or time.monotonic() - self._announced > _ID_SECONDS:
                self._announce()

    def restart_if_damaged(self) -> bool:
        """Look at the store of a hub that answers that something is wrong; begin it anew if it is damaged.

        Returns:
            Whether it was.
        """
        with self._lock:
            running = self.running
            if running is None:
                return False
            self._end()
            damaged = not _is_sound(self._data / "server.db")
            if damaged:
                self._put_aside()
        self.start(running.port)
        return damaged

    def _announce(self) -> None:
        child, hub = self._child, introduction.new_hub_id()
        if child is not None and child.stdin is not None:
            said = Announce(hub, introduction.tags(self._log.common_keys(), hub))
            with suppress(OSError):  # it has just died, and is begun again
                child.stdin.write(msgspec.json.encode(said) + b"\n")
                child.stdin.flush()
            self._announced = time.monotonic()

    def _introduce(self) -> bool:
        """Write what the hub shows; say whether that was not there yet."""
        from sync.server.key import load_or_make
        from sync.server.run import KEY_FILE

        log, keys = self._log, self._log.common_keys()
        if keys == self._introduced:
            return False
        try:
            self._data.mkdir(mode=0o700, exist_ok=True)
            sealed = introduction.introduce(
                keys,
                server=load_or_make(self._data / KEY_FILE).public_key,
                community=log.community,
                device=log.device,
                signer=log.signer,
            )
            write_durably(self._data / INTRODUCTIONS, msgspec.msgpack.encode(sealed))
        except OSError as error:
            raise _unwritable(self._data, error) from error
        self._introduced = keys
        return True

    def _begin(self, port: int) -> Answer:
        child = _start()
        task = Task(str(self._data), self._host, port, self._log.community, self._cards)
        late = threading.Timer(_START_SECONDS, child.kill)
        late.daemon = True
        late.start()
        try:
            assert child.stdin is not None  # noqa: S101 - asked for when it was started
            assert child.stdout is not None  # noqa: S101 - the same
            child.stdin.write(msgspec.json.encode(task) + b"\n")
            child.stdin.flush()
            answer: Answer = msgspec.json.decode(child.stdout.readline(), type=Answer)
        except (OSError, msgspec.MsgspecError) as error:
            _stop(child)
            raise Refused(
                "hub_not_started",
                _(
                    "The office hub could not be started. The exchange with the server and all work go on as usual; "
                    "try again, or restart the program."
                ),
            ) from error
        finally:
            late.cancel()
        if isinstance(answer, Serving):
            self._child = child
        else:
            _stop(child)
        return answer

    def _end(self) -> None:
        child, self._child = self._child, None
        self._running = None
        if child is not None:
            _stop(child)

    def _put_aside(self) -> None:
        """Keep the damaged store beside the new one: whatever only it held could still be looked for."""
        try:
            for path in sorted(self._data.glob("server.db*")):
                if not path.name.endswith(_ASIDE):
                    path.replace(path.with_name(path.name + _ASIDE))
        except OSError as error:
            raise _unwritable(self._data, error) from error


def _start() -> subprocess.Popen[bytes]:
    # -P: the folder in which the program was started, such as a stick's, is no place to import from.
    frozen = getattr(sys, "frozen", False)
    own = [sys.executable, COMMAND] if frozen else [sys.executable, "-P", "-m", process.__name__]
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


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Let a child finish what is under way, not for long."""
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout is not None:
        child.stdout.close()


def _is_sound(database: Path) -> bool:
    from sqlcipher3 import dbapi2

    from sync.sqlcipher import connect

    try:
        connection = connect(database, None, read_only=True)
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        finally:
            connection.close()
    except dbapi2.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return code not in {dbapi2.SQLITE_CORRUPT, dbapi2.SQLITE_NOTADB}


def _unwritable(folder: Path, error: OSError) -> Refused:
    return Refused(
        "hub_folder",
        _("The folder of the office hub, {folder}, can't be written: {reason}. Nothing else was changed.").format(
            folder=folder, reason=error.strerror or error
        ),
    )
