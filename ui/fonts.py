"""The font that ships with the program, and Qt's own words in the person's language."""

from PySide6.QtCore import QLibraryInfo, QTranslator
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication

import resources
from ui.qt_words import QtWords

_FILES = ("Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf")
_QT_WORDS = "qt-words"


def load_fonts() -> None:
    """Make the shipped font known to Qt, so that every letter looks the same on every computer.

    Raises:
        RuntimeError: A font file is missing or damaged; the installation is broken.
    """
    for name in _FILES:
        if QFontDatabase.addApplicationFont(str(resources.path("fonts", name))) < 0:
            raise RuntimeError(f"the font {name} can't be loaded")


def translate_qt(app: QApplication, language: str) -> None:
    """Let Qt's own dialogs speak the person's language; English is built in.

    Args:
        app: The application; it owns the translator.
        language: ``uk`` or ``en``.

    Raises:
        RuntimeError: Qt came without the translation; the installation is broken.
    """
    for old in app.findChildren(QTranslator, _QT_WORDS):
        app.removeTranslator(old)
        old.deleteLater()
    if language == "en":
        return
    translator = QTranslator(app)
    translator.setObjectName(_QT_WORDS)
    if not translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        raise RuntimeError(f"Qt has no words for the language {language}")
    app.installTranslator(translator)
    own = QtWords(app)
    own.setObjectName(_QT_WORDS)
    app.installTranslator(own)  # asked first
