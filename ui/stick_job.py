"""Exchange by sticks: one at a time, when a person asks, or by itself where that is allowed; and who is plugged in."""

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.sizes import size_words
from desktop_app.sticks import StickPlace, StickResult, StickService
from desktop_app.sticks import warnings as warnings_of
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _, ngettext
from ui.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.stick import Progress

_LOOK_MS = 4_000


class StickJob(QObject):
    """Runs the exchange by a stick beside everything else, and notices what is plugged in.

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
    found = Signal(object)
    offered = Signal(object)

    _stepped = Signal(object)

    def __init__(self, workspace: Workspace, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._service: StickService = workspace.sticks
        self._worker = worker
        self._stop = threading.Event()
        self._looking = False
        self._known: set[Path] = set()
        self._asked = False
        self.running = False
        # Steps are told on the worker; the queued signal brings them to the screen's thread.
        self._stepped.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)

    @property
    def asked(self) -> bool:
        """Whether something runs because a person wants it."""
        return self.running and self._asked

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def watch(self) -> None:
        """From now on, notice sticks that are plugged in."""
        self._timer.start(_LOOK_MS)
        self.look()

    def look(self) -> None:
        """See what is plugged in; it is told by ``found``, and a known stick that has come by ``offered``."""
        if self._looking or self.running or self._stop.is_set():
            return
        self._looking = True
        self._worker.run(self._service.plugged_in, self._show_found, self._not_known, aside=True)

    def start(self, folder: Path) -> None:
        """Exchange because a person asked.

        Args:
            folder: The stick, or a folder on it.
        """
        self._begin(folder, asked=True)

    def stop(self) -> None:
        """Stop what runs; what was done until then stays."""
        self._stop.set()

    def end(self) -> None:
        """Stop it, and begin nothing more."""
        self._timer.stop()
        self._stop.set()

    def _begin(self, folder: Path, *, asked: bool) -> None:
        if self.running:
            return
        self.running, self._asked = True, asked
        self._stop.clear()
        self.started.emit()
        job = partial(_exchange, self._service, folder, self._stepped.emit, self._stop.is_set)
        self._worker.run(job, self._succeeded, self._failed, aside=True)

    def _show_found(self, places: list[StickPlace]) -> None:
        self._looking = False
        come = [place for place in places if place.known and place.folder not in self._known]
        self._known = {place.folder for place in places if place.known}
        self.found.emit(places)
        if come and not self.running and not self._stop.is_set():
            self._worker.run(partial(_allowed, self._service, come[0]), self._offer, self._not_known)

    def _offer(self, offer: tuple[StickPlace, bool]) -> None:
        place, by_itself = offer
        if by_itself:
            self._begin(place.folder, asked=False)
        else:
            self.offered.emit(place)

    def _succeeded(self, result: StickResult) -> None:
        self.running = False
        self._known |= {place for place in [self._service.place] if place is not None}
        self.succeeded.emit(result)
        self._end()

    def _failed(self, failure: Failure) -> None:
        self.running = False
        self.failed.emit(failure)
        self._end()

    def _end(self) -> None:
        if self._timer.isActive():
            self._stop.clear()
        self.ended.emit()
        self.look()

    def _not_known(self, _failure: Failure) -> None:
        self._looking = False

    def _tell(self, progress: "Progress") -> None:
        if self.running:
            self.progressed.emit(progress)


def _exchange(
    service: StickService, folder: Path, tell: "Callable[[Progress], None]", is_stopped: "Callable[[], bool]"
) -> StickResult:
    from sync.stick import Watcher

    return service.exchange(folder, Watcher(tell, is_stopped))


def _allowed(service: StickService, place: StickPlace) -> tuple[StickPlace, bool]:
    return place, service.by_itself


def result_words(result: StickResult, *, stopped: bool) -> str:
    """Return what an exchange by a stick has done, in plain sentences.

    Args:
        result: What the vault says.
        stopped: A person stopped it.
    """
    found = []
    if result.changes:
        words = ngettext("Taken in: {count} change.", "Taken in: {count} changes.", result.changes)
        found.append(words.format(count=result.changes))
    elif not result.waiting:
        found.append(_("There was nothing new on the stick."))
    if result.sent:
        words = ngettext(
            "Written for the others: {count} packet ({size}).",
            "Written for the others: {count} packets ({size}).",
            result.sent,
        )
        found.append(words.format(count=result.sent, size=size_words(result.bytes_written)))
    elif result.complete:
        found.append(_("All that is here is on the stick or with the others already."))
    if result.chunks_received or result.chunks_sent:
        words = _("Parts of attached files: {received} taken in, {sent} written.")
        found.append(words.format(received=result.chunks_received, sent=result.chunks_sent))
    if stopped:
        found.append(_("Stopped. What was exchanged stays; the rest goes next time."))
    else:
        found.append(_("You can take the stick out now."))
    return " ".join(found)


def told(result: StickResult, *, stopped: bool) -> tuple[str, str]:
    """Return all that is said of an exchange, and whether it is ``ok`` or a ``warn``."""
    found = warnings_of(result)
    return " ".join([result_words(result, stopped=stopped), *found]), "warn" if found else "ok"
