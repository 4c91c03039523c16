"""Files on the desk: added in every way, shown inside the program, saved on purpose, and gone when the desk is left."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from desktop_app.kits.examples import example
from desktop_app.workspace import Workspace
from sync.messages import _
from tests.attachments import pictures
from tests.ui.cases.hands import Carry, ChooseLook, Hands, Wait
from ui.attachments.page import FilePage
from ui.cases.case_page import CasePage
from ui.desk import Desk


@pytest.fixture
def case(workspace: Workspace) -> str:
    return workspace.cases.register("appeal", example("appeal", 1)).id


def idle(desk: Desk) -> bool:
    return not desk.context.worker.busy and not desk.context.files.running


def case_page(desk: Desk, wait: Wait, case: str) -> CasePage:
    desk.show_page("case", case)
    page = desk.page
    assert isinstance(page, CasePage)
    wait(lambda: page.view is not None and page.view.id == case and idle(desk))
    return page


def file_page(desk: Desk, wait: Wait, file: str) -> FilePage:
    desk.show_page("file", file)
    page = desk.page
    assert isinstance(page, FilePage)
    wait(lambda: page.entry is not None and page.entry.id == file and idle(desk))
    wait(lambda: page._stack.currentWidget() is not page.nothing or page.nothing._words.text() != _("Opening…"))
    return page


def files_of(path: Path, *names: str) -> list[Path]:
    made = []
    for name in names:
        (path / name).write_bytes(name.encode() * 50)
        made.append(path / name)
    return made


def test_files_are_dropped_on_the_case(desk: Desk, wait: Wait, case: str, tmp_path: Path) -> None:
    page = case_page(desk, wait, case)
    assert page.files.none.isVisible()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in files_of(tmp_path, "а.txt", "б.docx")])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPointF(5, 5).toPoint(), action, data, buttons, keys)
    QApplication.sendEvent(page, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(page, QDropEvent(QPointF(5, 5), action, data, buttons, keys))
    wait(lambda: page.files.list.count() == 2 and idle(desk))
    assert [entry.name for entry in page.files.entries] == ["б.docx", "а.txt"]
    assert not page.files.none.isVisible()
    assert not page.files.progress.isVisible()
    assert "а.txt" in page.pane.timeline.toPlainText()
    assert (tmp_path / "а.txt").exists()


def test_files_are_chosen_by_keyboard_and_a_bad_one_is_told(
    desk: Desk, wait: Wait, hands: Hands, case: str, tmp_path: Path
) -> None:
    page = case_page(desk, wait, case)
    (tmp_path / "порожній").touch()
    hands.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    (dialog,) = page.findChildren(QFileDialog)
    dialog.filesSelected.emit([str(tmp_path / "порожній"), *map(str, files_of(tmp_path, "в.txt"))])
    dialog.close()
    wait(lambda: page.files.list.count() == 1 and idle(desk))
    assert "порожній" in desk.messages.text.text()


def test_a_picture_is_pasted_and_has_its_thumbnail(desk: Desk, wait: Wait, case: str) -> None:
    page = case_page(desk, wait, case)
    picture = QImage(300, 200, QImage.Format.Format_RGB32)
    picture.fill(QColor("#205080"))
    QGuiApplication.clipboard().setImage(picture)
    page.files.list.setFocus()
    page.files.paste()
    wait(lambda: page.files.list.count() == 1 and idle(desk))
    (entry,) = page.files.entries
    assert entry.type == "image/png"

    def thumbnail() -> object:
        row = page.files.list.current()
        return row is not None and row.picture

    wait(thumbnail)
    row = page.files.list.current()
    assert row is not None
    assert row.picture is not None
    assert row.picture.toImage().pixelColor(5, 5).name() == "#205080"
    QGuiApplication.clipboard().setText("лише слова")
    page.files.paste()
    wait(lambda: desk.messages.isVisible() and idle(desk))
    assert page.files.list.count() == 1


def test_removed_by_keyboard_and_undone(desk: Desk, wait: Wait, hands: Hands, case: str, workspace: Workspace) -> None:
    for name in ("а.txt", "б.txt"):
        workspace.files.add_bytes(case, name, name.encode())
    page = case_page(desk, wait, case)
    page.files.list.setFocus()
    hands.press(Qt.Key.Key_Delete)
    wait(lambda: page.files.list.count() == 1 and idle(desk))
    assert page.files.undo.hasFocus()
    assert "б.txt" in page.files.undone.text()
    hands.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: page.files.list.count() == 2 and idle(desk))
    assert not page.files.undo.isVisible()


def test_an_image_is_opened_enlarged_and_turned_by_keyboard(
    desk: Desk, wait: Wait, hands: Hands, case: str, workspace: Workspace
) -> None:
    file = workspace.files.add_bytes(case, "фото.png", pictures.image(size=(600, 300)))
    page = case_page(desk, wait, case)
    page.files.list.setFocus()
    hands.press(Qt.Key.Key_Return)
    viewer = desk.page
    assert isinstance(viewer, FilePage)
    wait(lambda: viewer.entry is not None and not viewer.canvas.empty)
    assert viewer.entry is not None
    assert viewer.entry.id == file.id
    assert viewer.tools.name.text() == "фото.png"
    wait(viewer.canvas.hasFocus)
    shown = viewer.canvas.widget().size()
    assert shown.width() > shown.height()
    hands.press(Qt.Key.Key_R)
    wait(lambda: viewer.canvas.widget().height() > viewer.canvas.widget().width())
    viewer.tools.larger.click()
    hands.press(Qt.Key.Key_Plus)
    assert viewer.canvas.zoom == 2.0
    hands.press(Qt.Key.Key_0)
    assert viewer.canvas.zoom == 1.0
    hands.press(Qt.Key.Key_Escape)
    wait(lambda: desk.page is page and idle(desk))


def test_the_pages_of_a_pdf_are_turned(desk: Desk, wait: Wait, hands: Hands, case: str, workspace: Workspace) -> None:
    file = workspace.files.add_bytes(case, "лист.pdf", pictures.pdf(3))
    viewer = file_page(desk, wait, file.id)
    wait(viewer.canvas.hasFocus)
    assert not viewer.tools.before.isEnabled()
    for key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, Qt.Key.Key_PageDown):
        hands.press(key)
    last = _("{page} of {pages}").format(page=3, pages=3)
    wait(lambda: viewer.tools.number.text() == last)
    assert not viewer.tools.after.isEnabled()


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_text_is_shown(desk: Desk, wait: Wait, case: str, workspace: Workspace, encoding: str) -> None:
    file = workspace.files.add_bytes(case, "заява.txt", "Прошу полагодити ґанок".encode(encoding))
    viewer = file_page(desk, wait, file.id)
    wait(lambda: viewer.text.toPlainText() == "Прошу полагодити ґанок")
    assert viewer.text.isVisible()
    assert viewer.text.isReadOnly()


def test_a_text_of_one_endless_line_does_not_stop_the_desk(
    desk: Desk, wait: Wait, case: str, workspace: Workspace
) -> None:
    file = workspace.files.add_bytes(case, "рядок.json", "ж".encode() * 900_000)
    viewer = file_page(desk, wait, file.id)
    wait(lambda: bool(viewer.text.toPlainText()))
    assert viewer.text.toPlainText().replace("\n", "") == "ж" * 900_000
    assert viewer.text.document().blockCount() == 900


def test_what_can_t_be_shown_or_is_not_here_is_said_calmly(
    desk: Desk, wait: Wait, case: str, workspace: Workspace, colleague: Workspace, carry: Carry
) -> None:
    other = workspace.files.add_bytes(case, "договір.docx", b"PK\x03\x04 ...")
    bad = workspace.files.add_bytes(case, "фото.png", pictures.image()[:50])
    carry(workspace, colleague)
    away = colleague.files.add_bytes(case, "далеко.pdf", pictures.pdf(1))
    carry(colleague, workspace)
    page = case_page(desk, wait, case)
    row = page.files.list.current()
    assert row is not None
    assert (row.title, row.state.word) == ("далеко.pdf", _("not here yet"))
    for file in (other, bad, away):
        viewer = file_page(desk, wait, file.id)
        assert viewer.nothing.isVisible()
        assert viewer.tools.name.text() == file.name
        assert viewer.tools.save.isVisible()


def test_a_copy_is_saved_only_after_a_warning(
    desk: Desk, wait: Wait, hands: Hands, case: str, workspace: Workspace, tmp_path: Path
) -> None:
    file = workspace.files.add_bytes(case, "заява.txt", b"text")
    viewer = file_page(desk, wait, file.id)
    hands.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    wait(viewer.saving.go_on.hasFocus)
    hands.press(Qt.Key.Key_Escape)
    assert not viewer.saving.isVisible()
    assert desk.page is viewer
    hands.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    hands.press(Qt.Key.Key_Space)
    (dialog,) = viewer.saving.findChildren(QFileDialog)
    name = dialog.findChild(QLineEdit)
    assert name is not None
    assert name.text() == "заява.txt"
    dialog.fileSelected.emit(str(tmp_path / "копія.txt"))
    dialog.close()
    wait(lambda: idle(desk) and viewer.bar.isVisible())
    assert (tmp_path / "копія.txt").read_bytes() == b"text"
    assert "копія.txt" in viewer.bar.text.text()


def test_a_large_file_can_be_stopped(desk: Desk, wait: Wait, case: str, workspace: Workspace, tmp_path: Path) -> None:
    large = tmp_path / "велике.bin"
    with large.open("wb") as sparse:
        sparse.truncate(3 * 2**30)
    page = case_page(desk, wait, case)
    steps = []
    desk.context.files.stepped.connect(steps.append)
    desk.context.files.add(case, [large, *files_of(tmp_path, "мале.txt")])
    wait(lambda: any(step.done for step in steps))
    assert page.files.progress.isVisible()
    page.files.progress.stop.click()
    wait(lambda: idle(desk))
    assert not page.files.progress.isVisible()
    assert workspace.files.list(case) == []
    assert not [path for path in workspace.files.chunks.folder.rglob("*") if path.is_file()]


def test_nothing_of_a_file_is_held_after_the_desk_is_left(
    desk: Desk, wait: Wait, case: str, workspace: Workspace
) -> None:
    picture = workspace.files.add_bytes(case, "фото.png", pictures.image())
    text = workspace.files.add_bytes(case, "заява.txt", b"text")
    viewer = file_page(desk, wait, picture.id)
    assert viewer._painter is not None
    child = viewer._painter._child
    assert child is not None
    desk.leave()
    assert child.poll() is not None
    assert viewer.canvas.empty
    assert viewer.canvas.widget().pixmap().isNull()  # type: ignore[attr-defined]
    viewer.activate()
    wait(lambda: not viewer.canvas.empty)
    viewer = file_page(desk, wait, text.id)
    wait(lambda: viewer.text.toPlainText() == "text")
    desk.leave()
    assert viewer.text.toPlainText() == ""
    page = case_page(desk, wait, case)
    wait(lambda: page.files._pictures)
    desk.leave()
    assert not page.files._pictures
    assert page.files._painter is None


def test_everything_is_in_the_palette_and_has_a_name(
    desk: Desk, wait: Wait, look: ChooseLook, case: str, workspace: Workspace
) -> None:
    look("light", 100)
    file = workspace.files.add_bytes(case, "фото.png", pictures.image())
    page = case_page(desk, wait, case)
    found = {action.id: action for action in page.commands()}
    assert {"add-files", "paste-file", f"file-{file.id}"} <= found.keys()
    viewer = file_page(desk, wait, file.id)
    assert {"save-file", "remove-file", "zoom-in", "zoom-out", "fit", "rotate"} <= {
        action.id for action in viewer.commands()
    }
    for widget in (viewer.canvas, viewer.text, page.files.list, page.files.add, viewer.tools.turn):
        assert widget.accessibleName()
