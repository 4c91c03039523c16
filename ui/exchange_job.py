"""One exchange with the server at a time, whoever asks for it."""

import threading
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.exchange import SyncResult
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui.worker import Worker

if TYPE_CHECKING:
    from sync.client import Progress


class ExchangeJob(QObject):
    """Runs the exchange beside everything else, tells how far it is, and can be stopped between two steps.

    Args:
        workspace: The open vault.
        worker: Where it runs.
        parent: The desk's context.
    """

    started = Signal()
    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    ended = Signal()
    address_missing = Signal()

    _stepped = Signal(object)

    def __init__(self, workspace: Workspace, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._worker = worker
        self._stop = threading.Event()
        self.running = False
        # Steps are told on the worker; the queued signal brings them to the screen's thread.
        self._stepped.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Begin, unless an exchange is running already."""
        if self.running:
            return
        self.running = True
        self._stop.clear()
        self.started.emit()
        exchange = self._workspace.exchange
        job = partial(exchange.sync, progress=self._stepped.emit, cancelled=self._stop.is_set)
        self._worker.run(job, self._succeeded, self._failed, aside=True)

    def cancel(self) -> None:
        """Stop after the step under way; what was exchanged until then stays."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether the exchange was asked to stop."""
        return self._stop.is_set()

    def _tell(self, progress: "Progress") -> None:
        if self.running:
            self.progressed.emit(progress)

    def _succeeded(self, result: SyncResult) -> None:
        self.running = False
        self.succeeded.emit(result)
        self.ended.emit()

    def _failed(self, failure: Failure) -> None:
        self.running = False
        self.failed.emit(failure)
        if failure.code == "no_server":
            self.address_missing.emit()
        self.ended.emit()


def result_words(result: SyncResult, *, stopped: bool) -> str:
    """Return what an exchange has done, in one sentence.

    Args:
        result: What the vault says.
        stopped: A person stopped it.
    """
    if stopped:
        return _("Stopped. What was exchanged stays; the rest goes next time.")
    if not result.sent and not result.received:
        return _("Everything was the same already.")
    return _("Exchanged: sent {sent}, received {received}.").format(sent=result.sent, received=result.received)
