"""Printing documents that must not lie on the disk: they go from memory to the printer."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QWidget

from ui.worker import receiver_of

_DPI = 300


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
    """Draw the pages of PDF documents; runs on a worker.

    Args:
        documents: Their bytes; our own, never a stranger's.
    """
    import pypdfium2

    pages = []
    for document in documents:
        pdf = pypdfium2.PdfDocument(document)
        for page in pdf:
            picture = page.render(scale=_DPI / 72, grayscale=True).to_pil()
            data = picture.tobytes()
            image = QImage(data, picture.width, picture.height, picture.width, QImage.Format.Format_Grayscale8)
            pages.append(image.copy())
        pdf.close()
    return pages


def _print(printer: QPrinter, pages: Sequence[QImage]) -> None:
    painter = QPainter(printer)
    for number, page in enumerate(pages):
        if number:
            printer.newPage()
        painter.drawImage(QRect(0, 0, printer.width(), printer.height()), page)
    painter.end()
