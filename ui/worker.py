"""Work off the screen's thread, and the way its results come back."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal, Slot

from sync.errors import Failure
from sync.messages import _

T = TypeVar("T")
Done = Callable[[Any], None]
Failed = Callable[[Failure], None]
_GRACE_SECONDS = 1.0
"""How long a long job that was told to stop may take to end by itself, before its vault is closed under it."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    ticket: int
    value: Any = None
    failure: Failure | None = None
    bug: BaseException | None = None


def receiver_of(callback: Callable[..., None]) -> QObject:
    """Return the object whose bound method a result is delivered to.

    Args:
        callback: A bound method of a QObject, or a ``partial`` of one.

    Raises:
        TypeError: It's anything else, so nobody could tell whether its widgets still live.
    """
    while isinstance(callback, partial):
        callback = callback.func
    owner = getattr(callback, "__self__", None)
    if not isinstance(owner, QObject):
        raise TypeError("results go to bound methods of QObjects: others would run on the worker or keep widgets alive")
    return owner


class Worker(QObject):
    """Runs jobs off the screen's thread and hands over what comes of them.

    Short jobs on the data share one thread, so two writes never overtake each other. Long ones (exchange, import, key
    derivation) go aside, so that pages keep loading meanwhile.

    Args:
        parent: Who owns the worker.
    """

    idle = Signal()
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="desk-data")
        self._aside = ThreadPoolExecutor(2, thread_name_prefix="desk-aside")
        # Receivers stay here, on the screen's thread: a widget must never die on a worker with the last reference.
        self._receivers: dict[int, tuple[Done, Failed]] = {}
        self._long: set[Future[None]] = set()
        self._tickets = 0
        self._closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(self, job: Callable[[], Any], done: Done, failed: Failed, *, aside: bool = False) -> None:
        """Run a job; hand its result, or its expected failure, to the screen's thread if the receiver still lives.

        Args:
            job: What to do; it must touch no widget.
            done: A bound method of a QObject that takes the result.
            failed: A bound method of a QObject that takes a ``Failure``. A bug gives it one that says no more than
                that it happened, so that no screen waits for ever, and is then raised on the screen's thread.
            aside: The job is long; run it beside the data jobs.

        Raises:
            TypeError: A receiver isn't a bound method of a QObject.
        """
        receiver_of(done), receiver_of(failed)
        if self._closed:
            return
        self._tickets += 1
        self._receivers[self._tickets] = (done, failed)
        if aside:
            self._long = {future for future in self._long if not future.done()}
            self._long.add(self._aside.submit(self._work, self._tickets, job))
        else:
            self._lane.submit(self._work, self._tickets, job)

    def settle(self, last: Callable[[], T]) -> T:
        """Wait for all data jobs given so far, and for one more; only where nothing can go on before.

        Args:
            last: What is done when those are done.

        Returns:
            What it returns.
        """
        return self._lane.submit(last).result()

    @property
    def busy(self) -> bool:
        """Whether any outcome is still to be delivered."""
        return bool(self._receivers)

    def close(self) -> None:
        """Finish the data jobs and the long ones under way, drop those that have not begun, deliver nothing more."""
        self.end()()
        self._aside.shutdown(wait=True)

    def end(self) -> Callable[[], None]:
        """Deliver nothing more from now on.

        Returns:
            What waits for the data jobs given before, and for a moment for the long ones; to be called on any thread.
        """
        self._closed = True
        self._receivers.clear()
        return partial(_finish, self._lane, self._aside, set(self._long))

    def _work(self, ticket: int, job: Callable[[], Any]) -> None:
        try:
            outcome = _Outcome(ticket, job())
        except Failure as failure:
            outcome = _Outcome(ticket, failure=failure)
        except BaseException as bug:  # noqa: BLE001 - raised again on the screen's thread
            outcome = _Outcome(ticket, bug=bug)
        if not self._closed:
            self._arrived.emit(outcome)

    @Slot(object)
    def _deliver(self, outcome: _Outcome) -> None:
        receivers = self._receivers.pop(outcome.ticket, None)
        try:
            if receivers and not self._closed:
                _hand_over(outcome, *receivers)
        finally:
            if not self._receivers:
                self.idle.emit()


def _finish(lane: ThreadPoolExecutor, aside: ThreadPoolExecutor, long: set[Future[None]]) -> None:
    lane.shutdown(wait=True)
    aside.shutdown(wait=False, cancel_futures=True)
    wait(long, _GRACE_SECONDS)


def _hand_over(outcome: _Outcome, done: Done, failed: Failed) -> None:
    failure = outcome.failure
    if outcome.bug is not None:
        failure = Failure("unforeseen", _("Something unforeseen happened. What you typed is kept, and you can go on."))
    if failure is not None:
        if shiboken6.isValid(receiver_of(failed)):
            failed(failure)
        if outcome.bug is not None:
            raise outcome.bug
    elif shiboken6.isValid(receiver_of(done)):
        done(outcome.value)
