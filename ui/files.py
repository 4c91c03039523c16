"""Questions about files and folders, asked without stopping the rest of the window."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.worker import receiver_of

Chosen = Callable[[str], None]


def ask_folder(parent: QWidget, text: str, chosen: Chosen) -> QFileDialog:
    """Ask for a folder that exists.

    Args:
        parent: The window that asks.
        text: What for.
        chosen: A bound method of a QObject, told the path; not called when the person thinks better of it.
    """
    dialog = _dialog(parent, text, chosen)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.open()
    return dialog


def ask_open(parent: QWidget, text: str, kinds: str, chosen: Chosen) -> QFileDialog:
    """Ask for a file that exists.

    Args:
        parent: The window that asks.
        text: What for.
        kinds: Which files to show, as Qt writes it, such as ``Invitation (*.sprava-invite)``.
        chosen: As for ``ask_folder``.
    """
    dialog = _dialog(parent, text, chosen)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilter(kinds)
    dialog.open()
    return dialog


def ask_open_many(parent: QWidget, text: str, chosen: Callable[[list[str]], None]) -> QFileDialog:
    """Ask for one file or more that exist, of any kind.

    Args:
        parent: The window that asks.
        text: What for.
        chosen: As for ``ask_folder``, told all paths.
    """
    receiver_of(chosen)
    dialog = QFileDialog(parent, text, _start())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.filesSelected.connect(chosen)
    dialog.open()
    return dialog


def ask_save(parent: QWidget, text: str, kinds: str, name: str, chosen: Chosen) -> QFileDialog:
    """Ask where to write a file; an existing one is replaced only after a question.

    Args:
        parent: The window that asks.
        text: What for.
        kinds: As for ``ask_open``; its ending is added where none is typed.
        name: The proposed name.
        chosen: As for ``ask_folder``.
    """
    dialog = _dialog(parent, text, chosen)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilter(kinds)
    dialog.setDefaultSuffix(name.rpartition(".")[2])
    dialog.selectFile(name)
    dialog.open()
    return dialog


def _dialog(parent: QWidget, text: str, chosen: Chosen) -> QFileDialog:
    receiver_of(chosen)
    dialog = QFileDialog(parent, text, _start())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(chosen)
    return dialog


def _start() -> str:
    """Return where a dialog opens: the person's documents; the folder the program was started in says nothing."""
    places = QStandardPaths.StandardLocation
    return next(
        (
            place
            for place in map(QStandardPaths.writableLocation, (places.DocumentsLocation, places.HomeLocation))
            if Path(place).is_dir()
        ),
        "",
    )
