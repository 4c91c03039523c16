"""One exchange with the server at a time: when a person asks, after changes here, and when others brought something."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.attachments.trip import FileProgress
from desktop_app.exchange import SyncResult, warnings
from desktop_app.exchange_watch import Reach
from desktop_app.office.service import WaysService
from desktop_app.office.watching import WaysWatch
from desktop_app.workspace import Workspace
from sync.errors import Failure, Unreachable
from sync.messages import _
from ui.worker import Worker

if TYPE_CHECKING:
    from sync.client import Progress

_SETTLE_MS = 1_500
"""What is written within this time goes together."""

_NO = frozenset({"suspended", "not_member", "not_a_member", "not_admitted", "other_community", "revoked"})
"""What stays so until somebody decides otherwise, and is therefore shown until an exchange succeeds."""


class ExchangeJob(QObject):
    """Runs the exchange beside everything else, tells how far it is, and can be stopped between two steps.

    One that nobody asked for is quiet: it says nothing unless there is something that a person must know.

    Args:
        workspace: The open vault.
        worker: Where it runs.
        parent: The desk's context.

    Attributes:
        refusal: Why the community's server does not serve this device, or the community, until somebody decides.
    """

    started = Signal()
    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    ended = Signal()
    reached = Signal(object)
    address_missing = Signal()
    not_serving = Signal(object)

    _stepped = Signal(object)
    _due = Signal()

    def __init__(self, workspace: Workspace, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._worker = worker
        self._stop = threading.Event()
        self._closing = threading.Event()
        self._watching: threading.Thread | None = None
        self._quiet = False
        self._urgent = threading.Event()
        self._again = self._whole = False
        self._before: SyncResult | None = None
        self._told = ""
        self.refusal: Failure | None = None
        self.running = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._send_waiting)
        # Steps are told on the worker; the queued signal brings them to the screen's thread.
        self._stepped.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._due.connect(self._fetch, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Begin because a person asked; one that runs quietly goes on in the open."""
        if self.running and not self._quiet:
            return
        was_running, self._quiet = self.running, False
        if was_running:
            self.started.emit()
        else:
            self._begin(quiet=False, only_waiting=False)

    def watch(self) -> None:
        """From now on, exchange whenever there is something to exchange."""
        workspace = self._workspace
        watch = WaysWatch(
            workspace.log,
            workspace.ways,
            workspace.exchange,
            due=self._call,
            reached=self._note,
            failed=self._hub_failed,
            stopped=self._closing.is_set,
            serving_on=True,
        )
        self._watching = threading.Thread(target=watch.run, name="desk-news", daemon=True)
        self._watching.start()

    def changed(self) -> None:
        """Something was written here: send it soon."""
        if self._watching is not None and not self._settle.isActive():
            self._settle.start()

    def cancel(self) -> None:
        """Stop after the step under way; what was exchanged until then stays."""
        self._stop.set()

    def end(self) -> None:
        """Stop that, and begin nothing more; `finish` waits for it."""
        self._closing.set()
        self._settle.stop()
        self.cancel()

    def finish(self) -> None:
        """Wait until nothing watches any more; a fraction of a second."""
        if self._watching is not None:
            self._watching.join()

    @property
    def cancelled(self) -> bool:
        """Whether the exchange was asked to stop."""
        return self._stop.is_set()

    @property
    def asked(self) -> bool:
        """Whether an exchange runs because a person wants it."""
        return self.running and not self._quiet

    def _begin(self, *, quiet: bool, only_waiting: bool) -> None:
        self.running, self._quiet, self._before = True, quiet, None
        self._stop.clear()
        if not quiet:
            self.started.emit()
        self._run(only_waiting=only_waiting)

    def _run(self, *, only_waiting: bool) -> None:
        self._urgent.clear()
        stops = (self._stop.is_set, self._urgent.is_set)
        job = partial(
            _exchange, self._workspace.ways, self._stepped.emit, stops, quiet=self._quiet, only_waiting=only_waiting
        )
        self._worker.run(job, self._succeeded, self._failed, aside=True)

    def _send_waiting(self) -> None:
        whole, self._whole = self._whole, False
        self._begin_quietly(only_waiting=not whole)

    def _fetch(self) -> None:
        self._begin_quietly(only_waiting=False)

    def _begin_quietly(self, *, only_waiting: bool) -> None:
        if self._closing.is_set():
            return
        if self.running:
            self._again, self._whole = True, self._whole or not only_waiting
            self._urgent.set()  # files wait meanwhile, however large they are
        else:
            self._begin(quiet=True, only_waiting=only_waiting)

    # These run on the watching thread.
    def _call(self) -> None:
        if not self._closing.is_set():
            self._due.emit()

    def _note(self, reach: Reach) -> None:
        if not self._closing.is_set():
            self.reached.emit(reach)

    def _hub_failed(self, failure: Failure) -> None:
        if not self._closing.is_set():
            self.not_serving.emit(failure)

    def _tell(self, progress: "Progress | FileProgress") -> None:
        if self.running and not self._quiet:
            self.progressed.emit(progress)

    def _succeeded(self, result: SyncResult | None) -> None:
        if result is not None:
            result = self._before = _together(self._before, result)
            if result.files is not None and not result.files.complete and not self._stop.is_set():
                self._again = self._whole = False
                self._run(only_waiting=False)  # what was urgent goes now, and then the files go on
                return
        self.running = False
        self._told, self.refusal = "", None
        if result is not None and (not self._quiet or warnings(result)):
            self.succeeded.emit(result)
        self._end()

    def _failed(self, failure: Failure) -> None:
        self.running = False
        # What goes wrong by itself again and again is said once; being out of reach is no news at all.
        if not self._quiet or (not isinstance(failure, Unreachable) and failure.code not in {self._told, "no_server"}):
            self.failed.emit(failure)
        self._told = failure.code
        if failure.code in _NO:
            self.refusal = failure
        if failure.code == "no_server" and not self._quiet:
            self.address_missing.emit()
        self._end()

    def _end(self) -> None:
        self.ended.emit()
        if self._again:
            self._again = False
            self._settle.start()


def _exchange(
    ways: WaysService,
    step: Callable[["Progress | FileProgress"], None],
    stops: tuple[Callable[[], bool], Callable[[], bool]],
    *,
    quiet: bool,
    only_waiting: bool,
) -> SyncResult | None:
    """Exchange; or only if a server can be reached and lacks something, which costs nothing to find out."""
    if only_waiting and not ways.has_waiting:
        return None
    cancelled, paused = stops
    return ways.exchange(progress=step, cancelled=cancelled, paused=paused, by_hand=not quiet)


def _together(before: SyncResult | None, result: SyncResult) -> SyncResult:
    """Return what two parts of one exchange moved, as the second one left it."""
    if before is None:
        return result
    files = result.files
    if files is not None and before.files is not None:
        sent, received = before.files.sent + files.sent, before.files.received + files.received
        files = replace(files, sent=sent, received=received)
    return replace(result, sent=before.sent + result.sent, received=before.received + result.received, files=files)


def result_words(result: SyncResult, *, stopped: bool) -> str:
    """Return what an exchange has done, in one sentence.

    Args:
        result: What the vault says.
        stopped: A person stopped it.
    """
    if stopped:
        return _("Stopped. What was exchanged stays; the rest goes next time.")
    moved = result.files
    files = (
        ""
        if moved is None or not (moved.sent or moved.received)
        else (_("Files: sent {sent}, received {received}.").format(sent=moved.sent, received=moved.received))
    )
    if not result.sent and not result.received:
        return files or _("Everything was the same already.")
    words = _("Exchanged: sent {sent}, received {received}.").format(sent=result.sent, received=result.received)
    return f"{words} {files}".rstrip()
