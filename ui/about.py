"""What the program is, its version, and whose work it stands on."""

import platform
from importlib import metadata
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from sync.messages import _
from ui import icons, theme
from ui.widgets import button, caption, icon_label, label, title

if TYPE_CHECKING:
    from ui.desk import Desk


class About(QDialog):
    """Version and licences.

    Args:
        parent: The desk.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("About the program"))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_L)
        column.setSpacing(theme.SPACE_M)
        logo = icon_label("info", "text", self)
        side = theme.scaled(48)
        logo.setPixmap(icons.app_icon().pixmap(side, side))
        column.addWidget(logo)
        column.addWidget(title(_("Sprava {version}").format(version=metadata.version("sprava")), self))
        words = label(_("Offline-first case management for territorial communities."), "", "muted", self, wrap=True)
        words.setMinimumWidth(theme.scaled(420))
        column.addWidget(words)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE_L)
        grid.setColumnStretch(1, 1)
        for row, (what, licence) in enumerate(parts()):
            grid.addWidget(label(what, "small", parent=self), row, 0)
            grid.addWidget(label(licence, "small", "muted", self), row, 1)
        column.addLayout(grid)
        column.addWidget(caption(_("Free software. Nothing is sent anywhere without your action."), self))
        close = button(_("Close"), "", "primary", self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)


def parts() -> list[tuple[str, str]]:
    """Return what the program consists of, each with its licence."""
    return [
        ("Sprava", "Apache-2.0"),
        (f"Python {platform.python_version()}", "PSF-2.0"),
        (f"Qt {qVersion()}, PySide6 {metadata.version('PySide6-Essentials')}", "LGPL-3.0"),
        (f"SQLCipher, sqlcipher3 {metadata.version('sqlcipher3')}", "BSD-3-Clause, Zlib"),
        (f"cryptography {metadata.version('cryptography')}", "Apache-2.0, BSD-3-Clause"),
        (_("Inter typeface"), "OFL-1.1"),
    ]


def show_about(desk: "Desk") -> None:
    """Show version and licences over the desk."""
    About(desk).open()
