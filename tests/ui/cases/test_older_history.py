"""A case whose older history is not on this computer: the page says so, and fetches it when asked."""

from pathlib import Path

import pytest

from desktop_app.kits import examples
from desktop_app.opening import join_workspace
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Workspace
from sync import ids, snapshot_keeping
from sync.server import RunningServer
from tests.ui.cases.hands import Wait
from ui.cases.case_page import CasePage
from ui.context import DeskContext
from ui.desk import Desk


@pytest.fixture
def other(tmp_path: Path, workspace: Workspace, server: RunningServer) -> str:
    """A case that a colleague wrote and changed; this vault has it by a snapshot that the colleague made."""
    invitation = workspace.invite("clerk", workspace.unit.name, server.url).data
    with join_workspace(
        tmp_path / "other", "калина горить над ставом 77", invitation=invitation, person="Іван", kdf=KDF_FLOOR
    ) as ivan:
        ivan.exchange.sync()
        workspace.exchange.sync()
        ivan.exchange.sync()
        case = ivan.cases.register("appeal", examples.example("appeal", 7))
        ivan.cases.edit(case.id, {"subject": "Змінено колегою"})
        ivan.exchange.sync()
        unit = ids.from_text(ivan.unit.id)
        assert unit is not None
        made = snapshot_keeping.make(ivan.log, unit)
    assert not snapshot_keeping.objection(workspace.log, made.snapshot, [])
    for number in snapshot_keeping.begin(workspace.log, made.snapshot):
        snapshot_keeping.add_part(workspace.log, made.snapshot, number, made.parts[number])
    snapshot_keeping.take(workspace.log, made.snapshot)
    return case.id


@pytest.fixture
def server(tmp_path: Path):  # noqa: ANN201 - a generator
    with RunningServer(tmp_path / "server") as running:
        yield running


def test_it_says_so_and_fetches_it(
    other: str, desk: Desk, workspace: Workspace, context: DeskContext, wait: Wait
) -> None:
    context.open_case(other)
    wait(lambda: isinstance(desk.page, CasePage) and desk.page.view and not context.worker.busy)
    page = desk.page
    assert isinstance(page, CasePage)
    assert page.view is not None
    assert page.view.values["subject"] == "Змінено колегою"
    assert page.pane.older.isVisible()
    assert "Змінено колегою" not in page.pane.timeline.toPlainText()
    page.pane.older.click()
    wait(lambda: not page.pane.older.isVisible() and not context.worker.busy)
    assert "Змінено колегою" in page.pane.timeline.toPlainText()
    assert workspace.snapshots.missing(other) == 0
