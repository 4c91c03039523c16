"""The lock takes an opened file and an addition under way with it; the pass phrase brings the file back."""

from pathlib import Path

import shiboken6

from desktop_app.kits.examples import example
from tests.attachments import pictures
from tests.ui.conftest import PHRASE, Hands
from ui.attachments.page import FilePage
from ui.window import Window


def _viewer(window: Window) -> FilePage:
    assert window.desk is not None
    page = window.desk.page
    assert isinstance(page, FilePage)
    return page


def test_an_opened_file_is_gone_while_locked_and_comes_back(desk_window: Window, hands: Hands, tmp_path: Path) -> None:
    assert desk_window.desk is not None
    context = desk_window.desk.context
    workspace = context.workspace
    case = workspace.cases.register("appeal", example("appeal", 1)).id
    file = workspace.files.add_bytes(case, "лист.pdf", pictures.pdf(2))
    context.show_page("file", file.id)
    hands.wait(lambda: not _viewer(desk_window).canvas.empty)
    viewer = _viewer(desk_window)
    assert viewer._painter is not None
    child = viewer._painter._child
    assert child is not None
    large = tmp_path / "велике"
    with large.open("wb") as sparse:
        sparse.truncate(2**31)
    context.files.add(case, [large])
    hands.press("Ctrl+L")
    assert child.poll() is not None
    hands.wait(lambda: not shiboken6.isValid(viewer))
    stored = workspace.files.chunks
    hands.wait(lambda: not list(stored.folder.glob("new-*")))
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(lambda: desk_window.lock is None and desk_window.desk is not None)
    hands.wait(lambda: not _viewer(desk_window).canvas.empty)
    again = _viewer(desk_window)
    assert again.place() == file.id
    assert [entry.name for entry in again.context.workspace.files.list(case)] == ["лист.pdf"]
