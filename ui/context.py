"""What the desk hands to each of its pages: the data, the worker, and the ways to other pages."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from desktop_app.settings import Settings
from desktop_app.workspace import ChangeEvent, Workspace
from sync.errors import Failure
from ui.attachments.job import FilesJob
from ui.backup_job import BackupJob
from ui.exchange_job import ExchangeJob
from ui.network import NetworkSense
from ui.stick_job import StickJob
from ui.unwritten import Unwritten
from ui.worker import Worker

T = TypeVar("T")


class DeskContext(QObject):
    """The desk of one open vault, as its pages see it.

    Args:
        workspace: The open vault.
        settings: What this person chose for this computer.
        parent: Who owns the context.
    """

    cases_changed = Signal(object)
    message_shown = Signal(str, str)
    page_wanted = Signal(str, str)
    search_wanted = Signal(str)
    search_shown = Signal(str)
    auto_lock_changed = Signal(int)
    lock_wanted = Signal()
    repair_wanted = Signal()

    _written = Signal(object)

    def __init__(self, workspace: Workspace, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.settings = settings
        self.worker = Worker(self)
        self._begun: set[object] = set()
        self.exchange = ExchangeJob(workspace, self.worker, self)
        self.network = NetworkSense(workspace.ways, self)
        self.backup = BackupJob(workspace, self.worker, self)
        self.sticks = StickJob(workspace, self.worker, self)
        self.files = FilesJob(workspace, self.worker, self)
        self.unwritten = Unwritten(workspace.drafts, self.worker, self.show_message, self)
        self.files.stopped.connect(self.show_message)
        self.exchange.not_serving.connect(self.show_failure)
        # The workspace calls back on the thread that wrote; the queued signal brings it here.
        self._written.connect(self._announce, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = workspace.subscribe(self._written.emit)

    def run(
        self,
        job: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Failure], None] | None = None,
        *,
        aside: bool = False,
    ) -> None:
        """Run a job on a worker and deliver its outcome on the screen's thread.

        Args:
            job: What to do; it must touch no widget. Data jobs run one after another in the order given.
            done: A bound method of a QObject (or a ``partial`` of one) that takes the result; not called if the
                object is gone by then.
            failed: The same for an expected failure; by default its sentence appears in the message bar.
            aside: The job takes long (exchange, import); run it beside the data jobs.

        Raises:
            TypeError: A receiver isn't a bound method of a QObject.
        """
        receive: Callable[[Any], None] = done
        if aside:
            ticket = object()
            self._begun.add(ticket)
            job = partial(self._counted, ticket, job)
        self.worker.run(job, receive, failed or self.show_failure, aside=aside)

    @property
    def own_work(self) -> bool:
        """Whether something long runs that a person has begun and may walk away from until it's done."""
        return bool(self._begun) or self.files.running or self.backup.asked or self.exchange.asked or self.sticks.asked

    def show_message(self, text: str, kind: str = "info") -> None:
        """Show one calm sentence above the page; it stays until it's closed or replaced.

        Args:
            text: The sentence.
            kind: ``info``, ``ok``, ``warn`` or ``error``.
        """
        self.message_shown.emit(text, kind)

    def show_failure(self, failure: Failure) -> None:
        """Show what an expected failure says."""
        self.message_shown.emit(failure.message, "error")

    def show_page(self, page_id: str, target: str = "") -> None:
        """Bring a page into view.

        Args:
            page_id: Which page.
            target: What on it, see ``Page.open_target``.
        """
        self.page_wanted.emit(page_id, target)

    def open_case(self, case_id: str) -> None:
        """Bring one case into view."""
        self.show_page("case", case_id)

    def new_case(self, draft_id: str = "") -> None:
        """Begin a case, or go on with a draft."""
        self.show_page("new_case", draft_id)

    def open_conflicts(self, case_id: str = "") -> None:
        """Bring the conflicts into view, at one case if it's given."""
        self.show_page("conflicts", case_id)

    def search(self, text: str) -> None:
        """Show the cases that hold some words; empty for no words."""
        self.search_wanted.emit(text)

    def go_back(self) -> None:
        """Return to the page that was in view before this one."""
        self.show_page("")

    def close(self) -> None:
        """Stop listening and working; the workspace stays open."""
        self.end()
        self.exchange.finish()
        self.worker.close()

    def end(self) -> Callable[[], None]:
        """Stop listening, and tell long work to stop; the workspace stays open.

        Returns:
            What waits until the work has ended, see `Worker.end`.
        """
        self.exchange.end()
        self.backup.cancel()
        self.sticks.end()
        self.files.close()
        self._unsubscribe()
        return partial(_finish, self.exchange.finish, self.worker.end())

    def _counted(self, ticket: object, job: Callable[[], T]) -> T:
        try:
            return job()
        finally:
            self._begun.discard(ticket)

    @Slot(object)
    def _announce(self, event: ChangeEvent) -> None:
        self.cases_changed.emit(event)
        self.exchange.changed()


def _finish(*steps: Callable[[], None]) -> None:
    for step in steps:
        step()
