"""Backups of the open vault: one at a time, made when they are due and when somebody asks."""

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.backup.plan import Place
from desktop_app.backup.service import BackupService, BackupStatus
from desktop_app.workspace import Workspace
from sync.errors import Failure
from ui.worker import Worker

if TYPE_CHECKING:
    from desktop_app.backup.drill import Drill
    from desktop_app.backup.making import Made
    from desktop_app.backup.watch import Progress
    from desktop_app.backup.ways import Way

_MINUTE_MS = 60_000
_FIRST_LOOK_MS = 15_000


class BackupJob(QObject):
    """Runs backups and restores for practice beside everything else, tells how far they are, and can stop them.

    Args:
        workspace: The open vault.
        worker: Where it runs.
        parent: The desk's context.
    """

    started = Signal()
    progressed = Signal(object)
    succeeded = Signal(object)
    proved = Signal(object)
    failed = Signal(object)
    ended = Signal()
    status_changed = Signal(object)

    _stepped = Signal(object)

    def __init__(self, workspace: Workspace, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._service: BackupService = workspace.backups
        self._worker = worker
        self._stop = threading.Event()
        self._looking = False
        self._told: set[str] = set()
        self._waiting: list[Path] = []
        self._asked = False
        self.running = False
        self.trying = False
        # Steps are told on the worker; the queued signal brings them to the screen's thread.
        self._stepped.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._minute = QTimer(self)
        self._minute.timeout.connect(self.look)
        self._minute.start(_MINUTE_MS)
        self._first = QTimer(self)
        self._first.setSingleShot(True)
        self._first.timeout.connect(self.look)
        self._first.start(_FIRST_LOOK_MS)

    @property
    def asked(self) -> bool:
        """Whether something runs because a person wants it."""
        return self.running and self._asked

    def renew(self) -> None:
        """Ask for the status; it is told by ``status_changed``."""
        self._worker.run(self._service.status, self._show_status, self._not_known)

    def look(self) -> None:
        """See which places are there and due, and begin with them; costs a look at each folder."""
        if self.running or self._looking:
            return
        self._looking = True
        self._worker.run(self._service.due, self._found, self._not_known, aside=True)

    def start(self, targets: list[Path]) -> None:
        """Make backups that a person asked for, one after another.

        Args:
            targets: Files or folders.
        """
        if not self.running and targets:
            self._begin(targets, asked=True)

    def drill(self, file: Path, way: "Way") -> None:
        """Prove a backup by a restore for practice.

        Args:
            file: The backup.
            way: What the person has.
        """
        if self.running:
            return
        self._asked = self.trying = True
        self._open_run()
        job = partial(_drill, self._service, file, way, self._stepped.emit, self._stop.is_set)
        self._worker.run(job, self._proved, self._failed, aside=True)

    def cancel(self) -> None:
        """Stop between two blocks; the backup before stays in force."""
        self._waiting = []
        self._minute.stop()
        self._first.stop()
        self._stop.set()

    def stop(self) -> None:
        """Stop what is running because a person wants it; the plan goes on."""
        self._waiting = []
        self._stop.set()

    def _begin(self, targets: list[Path], *, asked: bool) -> None:
        self._asked, self.trying = asked, False
        self._waiting = list(targets)
        self._open_run()
        self._next()

    def _open_run(self) -> None:
        self.running = True
        self._stop.clear()
        self.started.emit()

    def _next(self) -> None:
        target = self._waiting.pop(0)
        job = partial(_back_up, self._service, target, self._asked, self._stepped.emit, self._stop.is_set)
        self._worker.run(job, self._made, self._failed, aside=True)

    def _found(self, places: list[Place]) -> None:
        self._looking = False
        if places and not self.running and not self._stop.is_set():
            self._begin([Path(place.path) for place in places], asked=False)
        elif not places:
            self.renew()

    def _made(self, made: "Made") -> None:
        self._told.clear()
        if self._asked or made.notices:
            self.succeeded.emit(made)
        if self._waiting:
            self._next()
        else:
            self._end()

    def _proved(self, drill: "Drill") -> None:
        self.proved.emit(drill)
        self._end()

    def _failed(self, failure: Failure) -> None:
        # What fails by itself again and again is told once; the status goes on showing it.
        if self._asked or (failure.code != "stopped" and failure.code not in self._told):
            self.failed.emit(failure)
        self._told.add(failure.code)
        if self._waiting and not self._stop.is_set():
            self._next()
        else:
            self._end()

    def _end(self) -> None:
        self.running = False
        self._asked = False
        self._stop.clear()
        self.ended.emit()
        self.renew()

    def _show_status(self, status: BackupStatus) -> None:
        self.status_changed.emit(status)

    def _not_known(self, _failure: Failure) -> None:
        self._looking = False

    def _tell(self, progress: "Progress") -> None:
        if self.running:
            self.progressed.emit(progress)


def _back_up(service: BackupService, target: Path, asked: bool, tell: "Tell", is_stopped: "Asked") -> "Made":  # noqa: FBT001
    from desktop_app.backup.watch import Watch

    return service.back_up(target, Watch(tell, is_stopped), check_all=asked)


def _drill(service: BackupService, file: Path, way: "Way", tell: "Tell", is_stopped: "Asked") -> "Drill":
    from desktop_app.backup.watch import Watch

    return service.drill(file, way, Watch(tell, is_stopped))


if TYPE_CHECKING:
    from collections.abc import Callable

    Tell = Callable[[Progress], None]
    Asked = Callable[[], bool]
