"""The font that ships with the program, so that every letter looks the same on every computer."""

from PySide6.QtGui import QFontDatabase

import resources

_FILES = ("Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf")


def load() -> None:
    """Make the shipped font known to Qt.

    Raises:
        RuntimeError: A font file is missing or damaged; the installation is broken.
    """
    for name in _FILES:
        if QFontDatabase.addApplicationFont(str(resources.path("fonts", name))) < 0:
            raise RuntimeError(f"the font {name} can't be loaded")
