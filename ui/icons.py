"""Our own line icons, drawn in the colours of the theme."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

import resources
from ui import theme

# Room between an icon and the words of its button, beyond the little that Qt leaves.
GAP = 4
_SIDES = (16, 20, 24, 30, 32, 48)


def icon(name: str, role: str = "text") -> QIcon:
    """Return an icon in the colour of a role.

    Args:
        name: The name of a file in ``resources/icons``, without ``.svg``.
        role: ``text``, ``muted``, ``accent``, ``ok``, ``warn``, ``error``, ``on_accent`` or ``on_brand``.
    """
    return _icon(name, getattr(theme.tokens(), role))


def beside_words(name: str, role: str = "text") -> QIcon:
    """Return an icon with a little room at its right, for buttons that have words too.

    Args:
        name: As for ``icon``.
        role: As for ``icon``.
    """
    return _beside_words(name, getattr(theme.tokens(), role), theme.icon_pixels())


def pixmap(name: str, role: str, side: int, ratio: float = 1.0) -> QPixmap:
    """Return an icon as a picture.

    Args:
        name: As for ``icon``.
        role: As for ``icon``.
        side: Its side, in logical pixels.
        ratio: Device pixels for each logical pixel.
    """
    return _pixmap(name, getattr(theme.tokens(), role), side, ratio)


def app_icon() -> QIcon:
    """Return the program's own icon."""
    result = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        result.addPixmap(_pixmap("sprava", "", side, 1.0))
    return result


@lru_cache(maxsize=512)
def _icon(name: str, colour: str) -> QIcon:
    result = QIcon()
    for side in _SIDES:
        for ratio in (1.0, 2.0):
            result.addPixmap(_pixmap(name, colour, side, ratio))
    return result


@lru_cache(maxsize=256)
def _beside_words(name: str, colour: str, side: int) -> QIcon:
    result = QIcon()
    for ratio in (1.0, 1.5, 2.0):
        wide = QPixmap(round((side + GAP) * ratio), round(side * ratio))
        wide.fill(Qt.GlobalColor.transparent)
        painter = QPainter(wide)
        painter.drawPixmap(0, 0, _pixmap(name, colour, round(side * ratio), 1.0))
        painter.end()
        wide.setDevicePixelRatio(ratio)
        result.addPixmap(wide)
    return result


@lru_cache(maxsize=512)
def _pixmap(name: str, colour: str, side: int, ratio: float) -> QPixmap:
    drawing = resources.path("icons", f"{name}.svg").read_bytes()
    renderer = QSvgRenderer(QByteArray(drawing.replace(b"currentColor", colour.encode())))
    result = QPixmap(round(side * ratio), round(side * ratio))
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter, QRectF(0, 0, result.width(), result.height()))
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result
