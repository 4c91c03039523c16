"""Recovery sheets read back from whatever a person has: words in a file, the sheet's PDF, a photo or a scan.

What is read may come from anywhere: sizes are bounded before anything is decoded, only the formats named here are
tried, and pictures and PDF files are drawn by the child process of the viewer, which is killed when it takes too long.
"""

from collections.abc import Iterator
from pathlib import Path

from desktop_app.attachments import kinds
from desktop_app.attachments.painting import Painter, Picture
from desktop_app.vault import shares
from desktop_app.vault.shares import Share
from sync import files
from sync.errors import Refused
from sync.messages import _

_MOST_FILE_BYTES = 40 * 1024 * 1024
_MOST_TEXT_BYTES = 64 * 1024
_MOST_PAGES = shares.MOST_SHEETS
_SECONDS = 30.0
"""For all pages together: a file made to be slow may keep nobody waiting for each of them."""
_PAGE_EDGE = 2400
"""A page of A4 is drawn with about 200 points to the inch."""
_PICTURE_EDGE = 20_000
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
        with files.open_named(path) as file:
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
        return _from_pictures(kinds.PDF, data, _PAGE_EDGE)
    if data.startswith((_PNG, _JPEG)):
        return _from_pictures("image/png" if data.startswith(_PNG) else "image/jpeg", data, _PICTURE_EDGE)
    if len(data) > _MOST_TEXT_BYTES:
        raise _too_large()
    try:
        return shares.parse(data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"))
    except UnicodeError as error:
        raise _no_code() from error


def _from_pictures(kind: str, data: bytes, room: int) -> list[Share]:
    """Look for codes in pixels, which the child process drew of what a stranger may have made."""
    found = [share for picture in _drawn(kind, data, room) for share in _codes(picture)]
    if not found:
        raise _no_code()
    return found


def _drawn(kind: str, data: bytes, room: int) -> Iterator[Picture]:
    painter = Painter(_SECONDS)
    try:
        for page in range(min(painter.open(kind, len(data), [data]), _MOST_PAGES)):
            yield painter.draw(page, room, room)
    except Refused as refusal:
        raise _too_large() if refusal.code == "file_too_large" else _no_code() from refusal
    finally:
        painter.close()


def _codes(picture: Picture) -> list[Share]:
    import zxingcpp
    from PIL import Image

    image = Image.frombytes("RGB", (picture.width, picture.height), picture.pixels)
    codes = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
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
