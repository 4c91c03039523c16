"""PDF documents: pages in A4, embedded fonts that hold every Ukrainian letter, text that can be found and copied."""

import functools
import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate

import resources
from sync.messages import _

PLAIN = "Inter"
BOLD = "Inter-SemiBold"
TEXT = HexColor("#1B1F24")
MUTED = HexColor("#57606A")
LINE = HexColor("#7A838D")


@functools.cache
def _register_fonts() -> None:
    for name, file in ((PLAIN, "Inter-Regular.ttf"), (BOLD, "Inter-SemiBold.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(resources.path("fonts", file))))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)


@functools.cache
def style(size: float = 10, *, bold: bool = False, muted: bool = False, space: float = 4) -> ParagraphStyle:
    """Return a style of paragraphs.

    Args:
        size: Of the letters, in points.
        bold: Whether they are semibold.
        muted: Whether they are grey.
        space: Below the paragraph, in points.
    """
    _register_fonts()
    return ParagraphStyle(
        f"{size}-{bold}-{muted}-{space}",
        fontName=BOLD if bold else PLAIN,
        fontSize=size,
        leading=size * 1.35,
        textColor=MUTED if muted else TEXT,
        spaceAfter=space,
    )


def paragraph(text: str, size: float = 10, *, bold: bool = False, muted: bool = False, space: float = 4) -> Paragraph:
    """Return a paragraph of plain text; whatever stands in it is shown as it is.

    Args:
        text: What to write; line ends are kept.
        size: Of the letters, in points.
        bold: Whether they are semibold.
        muted: Whether they are grey.
        space: Below the paragraph, in points.
    """
    return Paragraph(escape(text).replace("\n", "<br/>"), style(size, bold=bold, muted=muted, space=space))


def qr(text: str, size_mm: float = 50) -> Drawing:
    """Return a QR code.

    Args:
        text: What it says.
        size_mm: Its edge.
    """
    code = QrCodeWidget(text, barLevel="M")
    left, bottom, right, top = code.getBounds()
    edge = size_mm * mm
    drawing = Drawing(edge, edge, transform=[edge / (right - left), 0, 0, edge / (top - bottom), 0, 0])
    drawing.add(code)
    return drawing


def document(title: str, story: Sequence[Flowable], *, footer: str = "", numbered: bool = True) -> bytes:
    """Return the bytes of a PDF; nothing of it is written to a disk.

    Args:
        title: The title in the document's properties.
        story: What stands on the pages.
        footer: Stands at the foot of every page, before the page's number.
        numbered: Whether the pages have numbers.
    """
    _register_fonts()
    whole = io.BytesIO()

    def foot(canvas: Canvas, template: SimpleDocTemplate) -> None:
        canvas.setFont(PLAIN, 8)
        canvas.setFillColor(MUTED)
        canvas.drawString(template.leftMargin, 10 * mm, footer)
        if numbered:
            number = _("page {number}").format(number=canvas.getPageNumber())
            canvas.drawRightString(A4[0] - template.rightMargin, 10 * mm, number)

    template = SimpleDocTemplate(
        whole, pagesize=A4, leftMargin=20 * mm, rightMargin=15 * mm, topMargin=18 * mm, bottomMargin=20 * mm,
        title=title, author="Sprava", creator="Sprava",
    )  # fmt: skip
    template.build(list(story), onFirstPage=foot, onLaterPages=foot)
    return whole.getvalue()
