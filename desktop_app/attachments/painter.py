"""The child process that reads images and PDF files, which may be hostile, and gives back nothing but pixels.

It is started without any key, holds one file at a time, writes no file, and is killed when it takes too long.
What it says over its pipes is in `painting`, on the other side.
"""

import io
import struct
import sys
from contextlib import suppress
from typing import Any, BinaryIO, Protocol

import msgspec

from desktop_app import hardening

LENGTH = struct.Struct(">I")
MAX_PIXELS = 100_000_000
MAX_DRAWN_PIXELS = 24_000_000
MAX_PAGES = 10_000
_MEMORY_BYTES = 2 * 2**30
_OPEN_FILES = 64
_PICTURE_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
PDF = "pdf"


class TooLarge(Exception):
    """A picture of more pixels than are ever read."""


class _Opened(Protocol):
    """A file that was understood."""

    pages: int

    def draw(self, page: int, width: int, height: int) -> tuple[int, int, bytes]:
        """Return width, height and RGB bytes of a page that fits into a room."""


class _Picture:
    """An image; each frame of a TIFF is a page."""

    def __init__(self, data: bytes) -> None:
        from PIL import Image

        # Anything larger raises instead of warning.
        Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
        self._data = data
        image = self._image()
        self.pages = min(MAX_PAGES, getattr(image, "n_frames", 1) if image.format == "TIFF" else 1)

    def _image(self, page: int = 0) -> Any:  # noqa: ANN401 - an image of a library that is imported when wanted
        """Open the image anew: one that was once read small stays small."""
        from PIL import Image

        image = Image.open(io.BytesIO(self._data), formats=_PICTURE_FORMATS)
        if page:
            image.seek(page)
        if image.width * image.height > MAX_PIXELS:
            raise TooLarge
        return image

    def draw(self, page: int, width: int, height: int) -> tuple[int, int, bytes]:
        from PIL import Image, ImageOps

        image = self._image(page)
        if image.format == "JPEG":
            # It reads no more of the picture than the room needs; the room may lie across.
            side = max(width, height)
            image.draft("RGB", (side, side))
        upright = ImageOps.exif_transpose(image)
        if upright.mode != "RGB":
            coloured = upright.convert("RGBA")
            upright = Image.new("RGB", coloured.size, "white")
            upright.paste(coloured, mask=coloured.getchannel("A"))
        factor = _fitting(upright.width, upright.height, width, height)
        if factor < 1:
            size = (max(1, int(upright.width * factor)), max(1, int(upright.height * factor)))
            upright = upright.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        return upright.width, upright.height, upright.tobytes()


class _Pages:
    """A PDF file."""

    def __init__(self, data: bytes) -> None:
        import pypdfium2

        self._document = pypdfium2.PdfDocument(data)
        self.pages = min(MAX_PAGES, len(self._document))
        if not self.pages:
            raise ValueError("a PDF without pages")

    def draw(self, page: int, width: int, height: int) -> tuple[int, int, bytes]:
        opened = self._document[page]
        try:
            wide, high = opened.get_size()
            factor = _fitting(max(wide, 1), max(high, 1), width, height)
            bitmap = opened.render(scale=factor, rev_byteorder=True, may_draw_forms=False)
            picture = bitmap.to_pil().convert("RGB")
            return picture.width, picture.height, picture.tobytes()
        finally:
            opened.close()


def _fitting(wide: float, high: float, width: int, height: int) -> float:
    """Return by how much a page is enlarged to fit into a room, and into what is drawn at most."""
    return float(min(width / wide, height / high, (MAX_DRAWN_PIXELS / (wide * high)) ** 0.5))


def serve() -> int:
    """Answer requests over standard input and output until the other side goes."""
    _limit_oneself()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    opened: _Opened | None = None
    while (request := _read_request(requests)) is not None:
        pixels = b""
        try:
            if request["do"] == "open":
                opened = None
                data = _exactly(requests, request["size"])
                opened = _Pages(data) if request["kind"] == PDF else _Picture(data)
                del data
                answer: dict[str, Any] = {"pages": opened.pages}
            elif opened is None or not 0 <= request["page"] < opened.pages:
                answer = {"problem": "no_page"}
            else:
                width, height, pixels = opened.draw(request["page"], request["width"], request["height"])
                answer = {"width": width, "height": height}
        except Exception as error:  # noqa: BLE001 - whatever a hostile file makes the libraries raise
            answer, pixels = {"problem": _problem_of(error)}, b""
        head = msgspec.json.encode(answer)
        answers.write(LENGTH.pack(len(head)) + head)
        answers.write(pixels)
        answers.flush()
    return 0


def _problem_of(error: Exception) -> str:
    name = type(error).__name__
    if isinstance(error, TooLarge | MemoryError) or name.startswith("DecompressionBomb"):
        return "too_large"
    return "password" if "password" in str(error).lower() else "unreadable"


def _read_request(stream: BinaryIO) -> dict[str, Any] | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    request: dict[str, Any] = msgspec.json.decode(_exactly(stream, length))
    return request


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        sys.exit(1)
    return data


def _limit_oneself() -> None:
    """Bound memory, let no file be written and nobody else read this process, where the system can do that."""
    hardening.harden()  # not inherited, and a hostile file that ends the child must not leave a core either
    with suppress(ImportError):
        import resource

        for what, most in (
            (resource.RLIMIT_AS, _MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, _OPEN_FILES),
        ):
            with suppress(OSError, ValueError):
                resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(serve())
