"""A short help: the keys, on one page."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from sync.messages import _
from ui import theme
from ui.widgets import button, caption, heading, key_hint, label, title

if TYPE_CHECKING:
    from ui.desk import Desk


def key_groups() -> list[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
    """Return headings, each with pairs of what is done and by which keys."""
    return [
        (
            _("Go to"),
            [
                (_("Today"), ("Ctrl+1",)),
                (_("Cases"), ("Ctrl+2",)),
                (_("Exchange"), ("Ctrl+6",)),
                (_("Conflicts"), ("F9",)),
                (_("Find anything"), ("Ctrl+F",)),
                (_("Back"), ("Alt+Left",)),
                (_("Next area of the screen"), ("F6",)),
            ],
        ),
        (
            _("Work"),
            [
                (_("New case"), ("F7", "Ctrl+N")),
                (_("Register or save"), ("F8", "Ctrl+Return")),
                (_("Edit a case"), ("F2",)),
                (_("Open what is chosen"), ("Return",)),
                (_("Add files to a case"), ("Ctrl+Shift+A",)),
                (_("Exchange now"), ("F5",)),
            ],
        ),
        (
            _("Program"),
            [
                (_("All actions"), ("Ctrl+K",)),
                (_("Menu"), ("F10",)),
                (_("Lock the desk"), ("Ctrl+L", "F12")),
                (_("Keys"), ("F1",)),
            ],
        ),
    ]


class Help(QDialog):
    """The keys of the desk.

    Args:
        parent: The desk.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Keys"))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_L)
        column.setSpacing(theme.SPACE_M)
        column.addWidget(title(_("Everything by keyboard"), self))
        columns = QHBoxLayout()
        columns.setSpacing(theme.SPACE_XXL)
        groups = key_groups()
        columns.addWidget(_Group(*groups[0], self), 0, Qt.AlignmentFlag.AlignTop)
        right = QVBoxLayout()
        right.setSpacing(theme.SPACE_L)
        for group in groups[1:]:
            right.addWidget(_Group(*group, self))
        right.addStretch(1)
        columns.addLayout(right)
        column.addLayout(columns)
        column.addWidget(
            caption(_("With the Ukrainian layout the same keys work; the letters need not be switched."), self)
        )
        close = button(_("Close"), "", "primary", self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)


class _Group(QWidget):
    def __init__(self, name: str, rows: list[tuple[str, tuple[str, ...]]], parent: QWidget) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_XL)
        grid.setVerticalSpacing(theme.SPACE_S)
        grid.setColumnStretch(0, 1)
        grid.addWidget(heading(name, self), 0, 0, 1, 2)
        for number, (text, keys) in enumerate(rows, 1):
            grid.addWidget(label(text, parent=self), number, 0)
            line = QHBoxLayout()
            line.setSpacing(theme.SPACE_XS)
            line.addStretch(1)
            for key in keys:
                line.addWidget(key_hint(key, self))
            grid.addLayout(line, number, 1)


def show_help(desk: "Desk") -> None:
    """Show the keys over the desk."""
    Help(desk).open()
