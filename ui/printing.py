"""Printing documents that must not lie on the disk: they go from memory to the printer."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QWidget

from desktop_app.attachments import kinds
from desktop_app.attachments.painting import Painter
from ui.attachments.pixels import image_of
from ui.worker import receiver_of

_ROOM = (2481, 3508)
"""A page of A4 with 300 points to the inch."""


def ask_printer(parent: QWidget, pages: Sequence[QImage], done: Callable[[], None]) -> QPrintDialog:
    """Ask for a printer and print pages on it.

    Args:
        parent: The window that asks.
        pages: From `drawn`.
        done: A bound method of a QObject, called when the pages are with the printer.
    """
    receiver_of(done)
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setFullPage(True)
    dialog = QPrintDialog(printer, parent)

    def accepted() -> None:
        _print(printer, pages)
        done()

    dialog.accepted.connect(accepted)
    dialog.finished.connect(dialog.deleteLater)
    QDialog.open(dialog)  # the print dialog's own open() wants a receiver of the old kind
    return dialog


def drawn(documents: Sequence[bytes]) -> list[QImage]:
    """Draw the pages of PDF documents, by the child process that draws every PDF; runs on a worker.

    Args:
        documents: Their bytes, pages of A4.

    Raises:
        Refused: One can't be drawn; the sentence says why.
    """
    painter = Painter()
    try:
        return [
            image_of(painter.draw(page, *_ROOM))
            for document in documents
            for page in range(painter.open(kinds.PDF, len(document), [document]))
        ]
    finally:
        painter.close()


def _print(printer: QPrinter, pages: Sequence[QImage]) -> None:
    painter = QPainter(printer)
    for number, page in enumerate(pages):
        if number:
            printer.newPage()
        painter.drawImage(QRect(0, 0, printer.width(), printer.height()), page)
    painter.end()
