"""Real images and PDF files, made in memory."""

import io
import struct
import zlib

from PIL import Image


def image(kind: str = "PNG", size: tuple[int, int] = (300, 200), colour: str = "#c03020", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def turned() -> bytes:
    """A JPEG whose camera was held upright: 300 wide on the disk, 200 wide to be seen; its left half is blue."""
    made = Image.new("RGB", (300, 200), "red")
    made.paste("blue", (0, 0, 150, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    made.save(out, "JPEG", exif=exif)
    return out.getvalue()


def pdf(pages: int = 3, password: str = "") -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(400, 600), encrypt=password or None)
    for number in range(pages):
        canvas.setFillColorRGB(1, number / 10, 0)
        canvas.rect(0, 0, 400, 600, fill=1)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is huge."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = zlib.compress(bytes((width * 3 + 1) * min(height, 200)))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", lines) + part(b"IEND", b"")


def slow_pdf(pages: int) -> bytes:
    """A PDF of a few kilobytes that takes minutes to draw: forms in forms, each drawn twenty times."""
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 400 600]"
    again = b"/X Do " * 20
    made = [_stream(form, b"0 0 400 600 re f")]
    for _level in range(4):
        made.append(_stream(form + b" /Resources << /XObject << /X %d 0 R >> >>" % len(made), again))
    shown = b"/Resources << /XObject << /X %d 0 R >> >> /Contents %d 0 R" % (len(made), len(made) + 1)
    made.append(_stream(b"", again))
    first, tree = len(made) + 1, len(made) + pages + 1
    made += [b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 400 600] %s >>" % (tree, shown)] * pages
    kids = b" ".join(b"%d 0 R" % number for number in range(first, tree))
    made.append(b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids))
    made.append(b"<< /Type /Catalog /Pages %d 0 R >>" % tree)
    objects = b"".join(b"%d 0 obj\n%s\nendobj\n" % numbered for numbered in enumerate(made, 1))
    return b"%%PDF-1.4\n%strailer << /Size %d /Root %d 0 R >>\n%%%%EOF\n" % (objects, len(made) + 1, len(made))


def _stream(about: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (about, len(content), content)
