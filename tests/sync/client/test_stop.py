"""Stopping before the first contact."""

from pathlib import Path

from sync.client import sync_with
from sync.server import RunningServer
from tests.sync.replicas import Replica


def test_a_stop_at_the_very_first_contact_is_no_error(tmp_path: Path) -> None:
    founder = Replica.found(tmp_path / "a.db")
    with RunningServer(tmp_path / "server") as server:
        outcome = sync_with(founder.log, server.url, cancelled=lambda: True)
    assert not outcome.complete
    assert (outcome.sent, outcome.received) == (0, 0)
    founder.close()
