"""Results of work come back on the screen's thread, in order, and only to those who still live."""

import sys
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import QObject

from sync.errors import Failure, Refused
from tests.ui.conftest import Hands
from ui.worker import Worker


class Receiver(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []
        self.threads: set[threading.Thread] = set()

    def done(self, value: object) -> None:
        self.threads.add(threading.current_thread())
        self.got.append(value)

    def failed(self, failure: Failure) -> None:
        self.got.append(failure.code)


@pytest.fixture
def worker(hands: Hands) -> Iterator[Worker]:
    made = Worker(hands.app)
    yield made
    made.close()


def test_results_arrive_in_order_on_the_screens_thread(worker: Worker, hands: Hands) -> None:
    receiver = Receiver()
    for number in range(200):
        worker.run(partial(int, number), receiver.done, receiver.failed)
    hands.wait(lambda: not worker.busy)
    assert receiver.got == list(range(200))
    assert receiver.threads == {threading.main_thread()}


def test_an_expected_failure_goes_where_failures_go(worker: Worker, hands: Hands) -> None:
    receiver = Receiver()

    def refuse() -> None:
        raise Refused("no", "Ні.")

    worker.run(refuse, receiver.done, receiver.failed)
    hands.wait(lambda: not worker.busy)
    assert receiver.got == ["no"]


def test_a_bug_on_the_worker_is_a_bug_on_the_screens_thread(
    worker: Worker, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: caught.append(error))
    receiver = Receiver()
    worker.run(partial(int, "not a number"), receiver.done, receiver.failed)
    hands.wait(lambda: not worker.busy)
    assert receiver.got == ["unforeseen"]
    assert [type(error) for error in caught] == [ValueError]


def test_nothing_is_delivered_to_who_is_gone(worker: Worker, hands: Hands) -> None:
    receiver = Receiver()
    gate = threading.Event()
    worker.run(gate.wait, receiver.done, receiver.failed)
    got = receiver.got
    receiver.deleteLater()
    hands.wait()
    gate.set()
    hands.wait(lambda: not worker.busy)
    assert got == []


def test_a_long_job_does_not_hold_up_the_others(worker: Worker, hands: Hands) -> None:
    receiver = Receiver()
    gate = threading.Event()
    worker.run(gate.wait, receiver.done, receiver.failed, aside=True)
    worker.run(partial(int, 7), receiver.done, receiver.failed)
    hands.wait(lambda: receiver.got == [7])
    gate.set()
    hands.wait(lambda: receiver.got == [7, True])


def test_only_bound_methods_of_objects_of_qt_receive(worker: Worker) -> None:
    receiver = Receiver()
    with pytest.raises(TypeError):
        worker.run(int, print, receiver.failed)
    with pytest.raises(TypeError):
        worker.run(int, receiver.done, lambda _failure: None)
    assert not worker.busy


def test_a_closed_worker_finishes_what_it_began_and_takes_nothing_more(hands: Hands) -> None:
    worker, receiver, written = Worker(), Receiver(), []
    worker.run(partial(written.append, "draft"), receiver.done, receiver.failed)
    worker.close()
    worker.run(partial(written.append, "late"), receiver.done, receiver.failed)
    hands.wait()
    assert written == ["draft"]
    assert receiver.got == []
