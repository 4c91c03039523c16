"""What is being added, fetched or saved, one file after another, beside everything else."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageWriter

from desktop_app.attachments.cleaning import Cleaned
from desktop_app.attachments.exchanging import file_warnings
from desktop_app.attachments.model import FileEntry
from desktop_app.attachments.trip import FileProgress, Moved
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui.worker import Worker

_QUIET_MINUTES = 10
_AGAIN_HOURS = 12


@dataclass(frozen=True, slots=True)
class Step:
    """How far the file under way is.

    Args:
        name: Its name.
        done: How many bytes are done.
        total: Of how many.
        left: How many files wait behind it.
    """

    name: str
    done: int
    total: int
    left: int


class FilesJob(QObject):
    """Adds and saves files off the screen's thread, tells how far it is, and can be stopped.

    Args:
        workspace: The open vault.
        worker: Where it runs.
        parent: The desk's context.
    """

    started = Signal()
    stepped = Signal(object)
    added = Signal(object)
    removed = Signal(object)
    saved = Signal(str)
    fetched = Signal(str)
    failed = Signal(object)
    stopped = Signal(str)
    ended = Signal()

    _told = Signal(object)

    def __init__(self, workspace: Workspace, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files = workspace.files
        self._carrier = workspace.exchange.files
        self._worker = worker
        self._waiting: deque[tuple[str, Callable[[], Any], Callable[[Any], None]]] = deque()
        self._stop = threading.Event()
        self._fetching: set[str] = set()
        self._name = ""
        self.running = False
        self.last_removed: FileEntry | None = None
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        # The clean-up comes when the desk has been open for a while, and again on a desk that is never closed.
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.timeout.connect(self._clean)
        self._quiet.start(_QUIET_MINUTES * 60_000)

    def add(self, case_id: str, paths: Sequence[Path]) -> None:
        """Add files to a case, one after another.

        Args:
            case_id: The case.
            paths: The files.
        """
        for path in paths:
            self._queue(path.name, partial(self._add_one, case_id, path), self._added)

    def add_picture(self, case_id: str, picture: QImage, name: str) -> None:
        """Add a pasted picture to a case.

        Args:
            case_id: The case.
            picture: The picture.
            name: The name that it shall have.
        """
        self._queue(name, partial(self._add_picture, case_id, picture, name), self._added)

    def save(self, file_id: str, name: str, path: Path) -> None:
        """Save a copy that anyone can read; the person has chosen where, and was asked before one is replaced.

        Args:
            file_id: The file.
            name: Its name.
            path: Where to.
        """
        self._queue(name, partial(self._save_one, file_id, path), self._saved)

    def fetch(self, entries: Sequence[FileEntry]) -> None:
        """Get files from the server, one after another.

        Args:
            entries: The files.
        """
        for entry in entries:
            if entry.id not in self._fetching:
                self._fetching.add(entry.id)
                self._queue(entry.name, partial(self._fetch_one, entry.id), self._fetched)

    def remove(self, file_id: str) -> None:
        """Take a file out of its case; `undo` brings it back."""
        self._worker.run(partial(self._files.remove, file_id), self._removed, self._refused)

    def undo(self) -> None:
        """Bring back the file that was removed last."""
        if self.last_removed is not None:
            file, self.last_removed = self.last_removed, None
            self._worker.run(partial(self._files.restore, file.id), self._restored, self._refused)

    def cancel(self) -> None:
        """Stop what is under way and forget what waits; nothing half done stays."""
        self._waiting.clear()
        self._fetching.clear()
        self._stop.set()

    def close(self) -> None:
        """Stop everything: the desk is being left."""
        self.cancel()
        self._quiet.stop()

    # Own

    def _queue(self, name: str, job: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._waiting.append((name, job, done))
        if not self.running:
            self.running = True
            self.started.emit()
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            self.running = False
            self.ended.emit()
            return
        self._stop.clear()
        self._name, job, done = self._waiting.popleft()
        self._tell((0, 0))
        self._worker.run(job, done, self._failed, aside=True)

    def _progress(self, done: int, total: int) -> None:
        self._told.emit((done, total))

    def _tell(self, sofar: tuple[int, int]) -> None:
        if self.running:
            self.stepped.emit(Step(self._name, *sofar, len(self._waiting)))

    def _add_one(self, case_id: str, path: Path) -> FileEntry:
        return self._files.add(case_id, path, progress=self._progress, cancelled=self._stop.is_set)

    def _add_picture(self, case_id: str, picture: QImage, name: str) -> FileEntry:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(picture)
        return self._files.add_bytes(case_id, name, bytes(buffer.data().data()))

    def _save_one(self, file_id: str, path: Path) -> str:
        content = self._files.content(file_id)
        content.save(path, force=True, progress=self._progress, cancelled=self._stop.is_set)
        return path.name

    def _fetch_one(self, file_id: str) -> tuple[str, Moved]:
        return file_id, self._carrier.fetch([file_id], progress=self._came, stopped=self._stop.is_set)

    def _came(self, progress: FileProgress) -> None:
        self._progress(progress.received, progress.total)

    def _fetched(self, outcome: tuple[str, Moved]) -> None:
        file_id, moved = outcome
        self._fetching.discard(file_id)
        if not moved.complete:
            self.stopped.emit(_("Stopped. What has come of the file stays, and the rest can be fetched later."))
        elif moved.wrong:
            self._refused(Failure("wrong_chunks", " ".join(file_warnings(moved))))
        else:
            self.fetched.emit(file_id)
        self._next()

    def _added(self, entry: FileEntry) -> None:
        self.added.emit(entry)
        self._next()

    def _saved(self, name: str) -> None:
        self.saved.emit(name)
        self._next()

    def _failed(self, failure: Failure) -> None:
        if failure.code == "cancelled":
            self.stopped.emit(failure.message)
        else:
            self._refused(failure)
        self._fetching.clear()
        self._next()

    def _refused(self, failure: Failure) -> None:
        self.failed.emit(failure)

    def _removed(self, entry: FileEntry) -> None:
        self.last_removed = entry
        self.removed.emit(entry)

    def _restored(self, entry: FileEntry) -> None:
        self.added.emit(entry)

    def _clean(self) -> None:
        self._quiet.start(_AGAIN_HOURS * 3_600_000)
        if not self.running:
            self._stop.clear()
            job = partial(self._files.clean, cancelled=self._stop.is_set)
            self._worker.run(job, self._cleaned, self._not_cleaned, aside=True)

    def _cleaned(self, _cleaned: Cleaned) -> None:
        """Nobody needs to hear of it."""

    def _not_cleaned(self, _failure: Failure) -> None:
        """It is tried again another time."""
