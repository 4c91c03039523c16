"""The recovery sheet: one page on paper, in Ukrainian and English, since whoever finds it may read either."""

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table, TableStyle

import resources
from desktop_app.documents import pdf
from desktop_app.vault.shares import Arrangement, Share, sheet_number

_WIDTH_MM = 175
_QR_MM = 52
_WORD_COLUMNS = 4
_NAME_LETTERS = 52
_TINT = HexColor("#F3F5F8")
_FACTS = ("community", "unit", "person", "made_on", "vault")
_ADVICE = ("opens", "keep", "use", "afterwards")
_ADVICE_TO_TRUSTEES = ("opens_together", "trustees", "use", "afterwards")


@dataclass(frozen=True, slots=True)
class Names:
    """Whose sheet it is, in words that a finder understands.

    Args:
        community: The name of the community.
        unit: The name of the unit.
        person: The name of the person.
    """

    community: str
    unit: str
    person: str


def recovery_sheet(share: Share, arrangement: Arrangement, names: Names, vault_id: bytes, made_on: date) -> bytes:
    """Return the PDF of one sheet; nothing of it is written to a disk.

    Args:
        share: The words.
        arrangement: One sheet, or how many of how many trustees.
        names: Whose it is.
        vault_id: The id of the vault.
        made_on: The day.
    """
    number = sheet_number(share.sheet)
    story = [
        _head(share, arrangement, number),
        Spacer(1, 5 * mm),
        _facts(share, names, vault_id, made_on),
        Spacer(1, 5 * mm),
        _words(share.words),
        Spacer(1, 7 * mm),
        _advice(arrangement),
    ]
    return pdf.document(f"{_both('title')} · {number}", story, footer=f"Sprava · {number}", numbered=False)


@functools.cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(resources.path("documents", "recovery-sheet.toml").read_text(encoding="utf-8"))


def _both(name: str, **values: object) -> str:
    text = _texts()[name]
    return f"{text['uk']} · {text['en']}".format(**values)


def _head(share: Share, arrangement: Arrangement, number: str) -> Table:
    title = _texts()["title"]
    left: list[Flowable] = [
        pdf.paragraph(title["uk"], 22, bold=True, space=0),
        pdf.paragraph(title["en"], 13, muted=True, space=0),
    ]
    right = [pdf.paragraph(_both("number"), 9, muted=True, space=0), pdf.paragraph(number, 20, bold=True, space=0)]
    if not arrangement.single:
        words = _both("trustee", place=share.place, count=arrangement.count, needed=arrangement.threshold)
        left += [Spacer(1, 2 * mm), pdf.paragraph(words, 11, bold=True, space=0)]
    table = Table([[left, right]], colWidths=[(_WIDTH_MM - 45) * mm, 45 * mm])
    table.setStyle(_plain([("LINEBELOW", (0, 0), (-1, -1), 1.5, pdf.TEXT), ("BOTTOMPADDING", (0, 0), (-1, -1), 8)]))
    return table


def _facts(share: Share, names: Names, vault_id: bytes, made_on: date) -> Table:
    mark = vault_id.hex().upper()
    values = (names.community, names.unit, names.person, f"{made_on:%d.%m.%Y}", f"{mark[:4]} {mark[4:8]}")
    rows = [
        [pdf.paragraph(_both(name), 9, muted=True, space=0), pdf.paragraph(_short(value), 10, space=0)]
        for name, value in zip(_FACTS, values, strict=True)
    ]
    inner = Table(rows, colWidths=[40 * mm, (_WIDTH_MM - _QR_MM - 48) * mm])
    inner.setStyle(_plain([("BOTTOMPADDING", (0, 0), (-1, -1), 6)]))
    code = pdf.qr(share.qr_text(vault_id), _QR_MM)
    table = Table([[inner, code]], colWidths=[(_WIDTH_MM - _QR_MM) * mm, _QR_MM * mm])
    table.setStyle(_plain([]))
    return table


def _short(name: str) -> str:
    """Return a name that leaves room for the rest of the page, however long it is."""
    return name if len(name) <= _NAME_LETTERS else name[:_NAME_LETTERS] + "…"


def _words(words: Sequence[str]) -> Table:
    rows = len(words) // _WORD_COLUMNS
    cells: list[list[Flowable]] = [[] for _row in range(rows)]
    for place, word in enumerate(words):
        cells[place % rows] += [
            pdf.paragraph(str(place + 1), 10, muted=True, space=0),
            pdf.paragraph(word, 15, bold=True, space=0),
        ]
    widths = [9 * mm, (_WIDTH_MM / _WORD_COLUMNS - 9) * mm] * _WORD_COLUMNS
    table = Table(cells, colWidths=widths)
    style: list[tuple[object, ...]] = [
        ("BACKGROUND", (0, 0), (-1, -1), _TINT),
        ("BOX", (0, 0), (-1, -1), 0.75, pdf.LINE),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
    ]
    style += [("LEFTPADDING", (column * 2, 0), (column * 2, -1), 8) for column in range(_WORD_COLUMNS)]
    style += [("LINEBEFORE", (column * 2, 0), (column * 2, -1), 0.5, pdf.LINE) for column in range(1, _WORD_COLUMNS)]
    table.setStyle(_plain(style))
    return table


def _advice(arrangement: Arrangement) -> Table:
    values = {"count": arrangement.count, "needed": arrangement.threshold}
    rows = []
    for name in _ADVICE if arrangement.single else _ADVICE_TO_TRUSTEES:
        part = _texts()[name]
        rows.append(
            [
                [
                    pdf.paragraph(part["heading"][language], 10, bold=True, space=1),
                    pdf.paragraph(part["text"][language].format(**values), 9, space=6),
                ]
                for language in ("uk", "en")
            ]
        )
    table = Table(rows, colWidths=[_WIDTH_MM / 2 * mm] * 2)
    gap, below = 5 * mm, ("BOTTOMPADDING", (0, 0), (-1, -1), 7)
    table.setStyle(_plain([("RIGHTPADDING", (0, 0), (0, -1), gap), ("LEFTPADDING", (1, 0), (1, -1), gap), below]))
    return table


def _plain(more: list[tuple[object, ...]]) -> TableStyle:
    """Return a table style without the library's own paddings."""
    bare = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    return TableStyle([*bare, ("VALIGN", (0, 0), (-1, -1), "TOP"), *more])
