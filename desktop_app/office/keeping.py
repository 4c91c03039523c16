"""A desk without a screen: exchanges whenever there is something to exchange, until it is told to stop."""

import threading
from collections.abc import Callable

from desktop_app.exchange_watch import Reach
from desktop_app.office.watching import WaysWatch
from desktop_app.workspace import Workspace
from sync.errors import Failure, Unreachable

_LOOK_SECONDS = 0.2
_LEAST_SECONDS = 60.0


def keep_exchanging(workspace: Workspace, stopped: Callable[[], bool], tell: Callable[[str], None]) -> None:
    """Exchange by every way, serve the office if that is switched on, and return soon after being told to stop.

    Args:
        workspace: The open vault.
        stopped: Asked several times in a second.
        tell: Told the sentence of a failure that a person must know of, once.

    Raises:
        Refused: This device was revoked.
    """
    due, ending = threading.Event(), threading.Event()
    told: set[str] = set()

    def failed(failure: Failure) -> None:
        if failure.code not in told:
            tell(failure.message)
        told.add(failure.code)

    def ends() -> bool:
        return stopped() or ending.is_set()

    def noted(_reach: Reach) -> None:
        pass

    watch = WaysWatch(
        workspace.log, workspace.ways, workspace.exchange, due=due.set, reached=noted, failed=failed, stopped=ends
    )
    watching = threading.Thread(target=watch.run, name="office-ways", daemon=True)
    watching.start()
    try:
        due.set()
        waited = 0.0
        while not stopped():
            if not due.wait(_LOOK_SECONDS) and waited < _LEAST_SECONDS:
                waited += _LOOK_SECONDS
                continue
            due.clear()
            waited = 0.0
            try:
                workspace.ways.exchange(cancelled=stopped, by_hand=False)
            except Failure as failure:
                if failure.code == "revoked":
                    raise
                if not isinstance(failure, Unreachable) and failure.code != "no_server":
                    failed(failure)
    finally:
        ending.set()
        watching.join()
