"""Words of Qt's own dialogs that its Ukrainian translation lacks, or writes otherwise than the rest of the program."""

from PySide6.QtCore import QTranslator

from sync.messages import N_, _

_FILES, _MODEL = "QFileDialog", "QFileSystemModel"
_KINDS, _PRINTING, _PAGE = "QAbstractFileIconProvider", "QPrintSettingsOutput", "QPageSetupWidget"
_WORDS = {
    (_FILES, N_("&Look in:")),
    (_FILES, N_("File &name:")),
    (_FILES, N_("Files of &type:")),
    (_FILES, N_("Directory:")),
    (_FILES, N_("Parent Directory")),
    (_FILES, N_("Create New Folder")),
    (_FILES, N_("&New Folder")),
    (_FILES, N_("New Folder")),
    (_FILES, N_("Show ")),
    (_MODEL, N_("Name")),
    (_MODEL, N_("Computer")),
    (_MODEL, N_("My Computer")),
    (_KINDS, N_("Drive")),
    (_KINDS, N_("Folder")),
    (_KINDS, N_("Unknown")),
    (_PRINTING, N_("Pages")),
    (_PRINTING, N_("Page &Set:")),
    (_PRINTING, N_("Double Sided Printing")),
    (_PRINTING, N_("Off")),
    (_PRINTING, N_("Long side binding")),
    (_PRINTING, N_("Short side binding")),
    (
        _PRINTING,
        N_(
            "Specify pages or ranges separated by commas. Ranges are specified by two numbers separated by a hyphen. "
            "E.g: 3,5-7,9 prints pages 3, 5, 6, 7 and 9."
        ),
    ),
    (_PAGE, N_("Page &order:")),
    (_PAGE, N_("Pages &per sheet:")),
}


class QtWords(QTranslator):
    """Takes these words from the program's own catalogue; whatever else Qt asks for, the next translator answers."""

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        """Tell Qt that there is something to ask for."""
        return False

    def translate(self, context: str, source: str, _disambiguation: str | None = None, _number: int = -1) -> str | None:
        """Return a word in the person's language, or None for a word that is not among these."""
        return _(source) if (context, source) in _WORDS else None
