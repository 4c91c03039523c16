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
    dialog = _begun(parent, text)
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
    dialog = _begun(parent, text)
    dialog.fileSelected.connect(chosen)
    return dialog


def _begun(parent: QWidget, text: str) -> QFileDialog:
    dialog = QFileDialog(parent, text, _start())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.filesSelected.connect(_keep_folder)
    return dialog


_last: list[str] = []
"""The folder in which something was chosen last; forgotten with the process."""


def _keep_folder(paths: list[str]) -> None:
    _last[:] = [str(Path(path).parent) for path in paths[:1]]


def _start() -> str:
    """Return where a dialog opens: where something was chosen last, or else the person's documents.

    The folder in which the program was started says nothing, and one on a stick may be gone.
    """
    places = QStandardPaths.StandardLocation
    proper = map(QStandardPaths.writableLocation, (places.DocumentsLocation, places.HomeLocation))
    return next((place for place in (*_last, *proper) if Path(place).is_dir()), "")
