"""The questions about files: in the person's language to the last word, and they open in a folder that is there."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QMessageBox,
    QTreeView,
    QWidget,
)

from desktop_app.settings import Settings
from sync.messages import set_language
from ui import files
from ui.app import make_application

LATIN = re.compile(r"[A-Za-z]{2,}")


class Asker(QWidget):
    """Asks, and keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[object] = []

    def take(self, path: object) -> None:
        self.told.append(path)


@pytest.fixture
def asker(app: QApplication) -> Iterator[Asker]:
    made = Asker()
    files._last.clear()
    yield made
    files._last.clear()
    made.deleteLater()
    app.processEvents()


QUESTIONS: list[tuple[str, Callable[[Asker], QFileDialog]]] = [
    ("Відкрити", lambda asker: files.ask_open(asker, "Який файл?", "Файли (*.х)", asker.take)),
    ("Відкрити", lambda asker: files.ask_open_many(asker, "Які файли?", asker.take)),
    ("Зберегти", lambda asker: files.ask_save(asker, "Куди?", "Файли (*.х)", "файл.х", asker.take)),
    ("Відкрити", lambda asker: files.ask_folder(asker, "Яка папка?", asker.take)),
]


@pytest.mark.parametrize(("accept", "ask"), QUESTIONS, ids=["open", "many", "save", "folder"])
def test_they_are_ukrainian_to_the_last_word(
    app: QApplication, asker: Asker, tmp_path: Path, accept: str, ask: Callable[[Asker], QFileDialog]
) -> None:
    make_application(Settings(language="uk", theme="light"))
    dialog = ask(asker)
    dialog.setDirectory(str(tmp_path))
    app.processEvents()
    box = dialog.findChild(QDialogButtonBox)
    assert box is not None
    assert {plain(button) for button in box.buttons()} == {accept, "Скасувати"}
    said = [plain(label) for label in dialog.findChildren(QLabel)]
    said += [word for button in dialog.findChildren(QAbstractButton) for word in (plain(button), button.toolTip())]
    said += [action.text() for action in dialog.actions()]
    tree = dialog.findChild(QTreeView)
    assert tree is not None
    model = tree.model()
    across = Qt.Orientation.Horizontal
    said += [str(model.headerData(column, across) or "") for column in range(model.columnCount())]
    assert not [words for words in said if LATIN.search(words)]
    assert not [words for words in said if "'" in words], "the apostrophe is ’"
    assert {"Шукати в:", "Назва"} <= set(said)
    dialog.close()


def test_other_questions_of_qt_are_ukrainian_too_and_english_stays_english(app: QApplication) -> None:
    for language, wanted in (("uk", {"Так", "Ні", "Скасувати"}), ("en", {"Yes", "No", "Cancel"})):
        make_application(Settings(language=language, theme="light"))
        question = QMessageBox()
        buttons = QMessageBox.StandardButton
        question.setStandardButtons(buttons.Yes | buttons.No | buttons.Cancel)
        assert {plain(button) for button in question.buttons()} == wanted
        question.deleteLater()
    make_application(Settings(language="uk", theme="light"))
    set_language("uk")
    app.processEvents()


def test_they_open_where_something_was_chosen_last_or_in_the_documents_if_that_is_gone(
    asker: Asker, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "лист.txt").write_text("x")
    documents = asked(asker).directory().path()
    dialog = asked(asker)
    dialog.filesSelected.emit([str(stick / "лист.txt")])
    assert asked(asker).directory().path() == str(stick)
    (stick / "лист.txt").unlink()
    stick.rmdir()
    assert asked(asker).directory().path() == documents
    assert Path(documents).is_dir()


def asked(asker: Asker) -> QFileDialog:
    dialog = files.ask_open(asker, "Який файл?", "Файли (*.txt)", asker.take)
    dialog.hide()
    return dialog


def plain(widget: QLabel | QAbstractButton) -> str:
    """Return what is written on it, without the mark of the key that leads there."""
    return widget.text().replace("&", "")
