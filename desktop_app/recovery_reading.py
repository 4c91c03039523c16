"""Recovery sheets read back from whatever a person has: words in a file, the sheet's PDF, a photo or a scan.

What is read may come from anywhere: sizes are bounded before anything is decoded, and only the formats named here are
tried.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.vault import shares
from desktop_app.vault.shares import Share
from sync.errors import Refused
from sync.messages import _

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_FILE_BYTES = 40 * 1024 * 1024
_MOST_TEXT_BYTES = 64 * 1024
_MOST_PIXELS = 60_000_000
_MOST_EDGE = 20_000
_PDF_PAGES = shares.MOST_SHEETS
_PDF_PIXELS = 8_000_000
_PDF_SCALE = 200 / 72
_PDF, _PNG, _JPEG = b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def read_shares(path: Path) -> list[Share]:
    """Read the sheets that a file holds.

    Args:
        path: A text with the words or the text of the QR code, a PDF, a PNG or a JPEG.

    Raises:
        Refused: The file can't be read ("unreadable_sheet"), is too large ("sheet_too_large"), shows no QR code of a
            recovery sheet ("no_recovery_code"), or its words are not right, as `shares.parse` says.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_FILE_BYTES + 1)
    except OSError as error:
        raise Refused(
            "unreadable_sheet",
            _("The file {file} can't be read: {reason}. Check its name and your rights.").format(
                file=path, reason=error.strerror
            ),
        ) from error
    return read_bytes(data)


def read_bytes(data: bytes) -> list[Share]:
    """Read the sheets that the bytes of a file hold.

    Args:
        data: As for `read_shares`.

    Raises:
        Refused: As `read_shares`.
    """
    if len(data) > _MOST_FILE_BYTES:
        raise _too_large()
    if data.startswith(_PDF):
        return _from_pdf(data)
    if data.startswith((_PNG, _JPEG)):
        return _from_picture(data)
    if len(data) > _MOST_TEXT_BYTES:
        raise _too_large()
    try:
        return shares.parse(data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"))
    except UnicodeError as error:
        raise _no_code() from error


def _from_picture(data: bytes) -> list[Share]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            width, height = picture.size
            if width * height > _MOST_PIXELS or max(width, height) > _MOST_EDGE:
                raise _too_large()
            return _in_picture(picture.convert("L"))
    except Refused:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        raise _no_code() from error


def _from_pdf(data: bytes) -> list[Share]:
    import pypdfium2

    found: list[Share] = []
    try:
        document = pypdfium2.PdfDocument(data)
        try:
            for number in range(min(len(document), _PDF_PAGES)):
                page = document[number]
                area = max(1.0, page.get_width() * page.get_height())
                scale = min(_PDF_SCALE, (_PDF_PIXELS / area) ** 0.5)
                found += _codes(page.render(scale=scale, grayscale=True).to_pil())
        finally:
            document.close()
    except (pypdfium2.PdfiumError, OSError, ValueError, MemoryError, OverflowError) as error:
        raise _no_code() from error
    if not found:
        raise _no_code()
    return found


def _in_picture(picture: "Image") -> list[Share]:
    found = _codes(picture)
    if not found:
        raise _no_code()
    return found


def _codes(picture: "Image") -> list[Share]:
    import zxingcpp

    codes = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [share for code in codes if code.text.startswith(shares.QR_PREFIX) for share in shares.parse(code.text)]


def _too_large() -> Refused:
    return Refused(
        "sheet_too_large",
        _("The file is too large for a recovery sheet. Take a smaller photo or scan, or type the words into a file."),
    )


def _no_code() -> Refused:
    return Refused(
        "no_recovery_code",
        _(
            "No recovery sheet was found in the file. Take a photo or scan on which the whole square code is sharp, or "
            "type the words into a file."
        ),
    )
