"""Colours, sizes and the one style sheet of the desk."""

from dataclasses import asdict, dataclass

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

import resources

FAMILY = "Inter"
SPACE_XS, SPACE_S, SPACE_M, SPACE_L, SPACE_XL, SPACE_XXL = 4, 8, 12, 16, 24, 32
SCALES = (100, 125, 150)
_POINTS = {"small": 9.5, "body": 11.0, "lead": 13.0, "title": 16.0, "hero": 20.0}
_ICON_PIXELS = 20


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as ``#rrggbb``.

    ``text``, ``muted``, ``accent``, ``ok``, ``warn`` and ``error`` are legible on ``surface``, ``page``, ``hover``,
    ``selected`` and on the three tints; ``border`` marks controls on all of them; ``line`` only parts areas.
    """

    name: str
    text: str
    muted: str
    border: str
    accent: str
    ok: str
    warn: str
    error: str
    surface: str
    page: str
    hover: str
    selected: str
    line: str
    neutral_tint: str
    ok_tint: str
    warn_tint: str
    error_tint: str
    accent_hover: str
    on_accent: str
    brand: str
    on_brand: str
    on_brand_muted: str


LIGHT = Tokens(
    name="light",
    text="#1B1F24",
    muted="#57606A",
    border="#7A838D",
    accent="#0B57A4",
    ok="#1A6B34",
    warn="#7A4B00",
    error="#B3261E",
    surface="#FFFFFF",
    page="#F3F5F8",
    hover="#EBEFF4",
    selected="#DCEAF9",
    line="#D8DDE4",
    neutral_tint="#E9EDF1",
    ok_tint="#E3F3E8",
    warn_tint="#FCEFD6",
    error_tint="#FCE8E6",
    accent_hover="#084585",
    on_accent="#FFFFFF",
    brand="#0A2E55",
    on_brand="#FFFFFF",
    on_brand_muted="#B9D4F2",
)
DARK = Tokens(
    name="dark",
    text="#E9EDF1",
    muted="#A8B1BB",
    border="#7D8793",
    accent="#7DB7F5",
    ok="#6FCF8B",
    warn="#F0B54A",
    error="#FF9A91",
    surface="#1F2328",
    page="#16191D",
    hover="#2A3038",
    selected="#1E3A5A",
    line="#343B44",
    neutral_tint="#2C323A",
    ok_tint="#1B3424",
    warn_tint="#3A2E15",
    error_tint="#442422",
    accent_hover="#9CC8F8",
    on_accent="#0E1A26",
    brand="#0D2138",
    on_brand="#F2F6FA",
    on_brand_muted="#A9C6E6",
)


@dataclass(slots=True)
class _Current:
    tokens: Tokens = LIGHT
    scale: int = 100


_current = _Current()


def tokens() -> Tokens:
    """Return the colours in use."""
    return _current.tokens


def scale() -> int:
    """Return the text size in use, in per cent."""
    return _current.scale


def points(role: str) -> float:
    """Return a text size in points at the scale in use.

    Args:
        role: ``small``, ``body``, ``lead``, ``title`` or ``hero``.
    """
    return _POINTS[role] * _current.scale / 100


def scaled(pixels: int) -> int:
    """Return a length that grows with the text, in pixels."""
    return round(pixels * _current.scale / 100)


def icon_pixels() -> int:
    """Return the side of an icon beside body text, in pixels."""
    return scaled(_ICON_PIXELS)


def font(role: str, *, strong: bool = False) -> QFont:
    """Return the font of a role, for code that paints by itself.

    Args:
        role: As for ``points``.
        strong: Semi-bold instead of regular.
    """
    result = QFont(FAMILY)
    result.setPointSizeF(points(role))
    result.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    # Digits of one width: numbers and dates stand under each other.
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def role_colours(role: str) -> tuple[QColor, QColor]:
    """Return the ink and the tint of a role.

    Args:
        role: ``ok``, ``warn``, ``error``, ``accent``, ``muted``; anything else is plain text.
    """
    now = _current.tokens
    tint = {"ok": now.ok_tint, "warn": now.warn_tint, "error": now.error_tint, "accent": now.selected}
    ink = {"ok": now.ok, "warn": now.warn, "error": now.error, "accent": now.accent, "muted": now.muted}
    return QColor(ink.get(role, now.text)), QColor(tint.get(role, now.neutral_tint))


def system_theme(app: QApplication) -> str:
    """Return the theme that the system prefers, ``light`` where it says nothing."""
    return "dark" if app.styleHints().colorScheme().name == "Dark" else "light"


def apply(app: QApplication, theme: str | None, text_scale: int) -> None:
    """Give the whole program one look.

    Args:
        app: The application.
        theme: ``light``, ``dark``, or None for what the system prefers.
        text_scale: One of ``SCALES``, in per cent.
    """
    _current.tokens = DARK if (theme or system_theme(app)) == "dark" else LIGHT
    _current.scale = text_scale if text_scale in SCALES else 100
    app.setStyle("Fusion")
    app.setPalette(_palette(_current.tokens))
    app.setFont(font("body"))
    app.setStyleSheet(_style_sheet())


def repolish(widget: QWidget) -> None:
    """Draw a widget anew after one of its properties that the style sheet asks about has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def _palette(now: Tokens) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for where, colour in {
        role.Window: now.page,
        role.WindowText: now.text,
        role.Base: now.surface,
        role.AlternateBase: now.page,
        role.Text: now.text,
        role.Button: now.surface,
        role.ButtonText: now.text,
        role.BrightText: now.error,
        role.ToolTipBase: now.surface,
        role.ToolTipText: now.text,
        role.PlaceholderText: now.muted,
        role.Highlight: now.accent,
        role.HighlightedText: now.on_accent,
        role.Link: now.accent,
        role.LinkVisited: now.accent,
        role.Light: now.surface,
        role.Midlight: now.hover,
        role.Mid: now.line,
        role.Dark: now.border,
        role.Shadow: now.border,
        role.Accent: now.accent,
    }.items():
        palette.setColor(where, QColor(colour))
    for where in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, QColor(now.muted))
    return palette


def _style_sheet() -> str:
    sheet = resources.path("themes", "desk.qss").read_text("utf-8")
    words: dict[str, str] = {name: str(value) for name, value in asdict(_current.tokens).items()}
    words |= {f"{role}_pt": f"{points(role):g}pt" for role in _POINTS}
    words |= {"family": FAMILY, "icon": f"{icon_pixels()}px", "icons": resources.path("icons").as_posix()}
    # Heights that are right for the smallest text grow with it.
    words |= {"button_high": f"{scaled(22)}px", "field_high": f"{scaled(20)}px", "word_high": f"{scaled(24)}px"}
    words |= {"check": f"check-{_current.tokens.name}", "arrow": f"arrow-{_current.tokens.name}"}
    # Longest names first: "accent" must not be replaced inside "accent_hover".
    for name in sorted(words, key=len, reverse=True):
        sheet = sheet.replace("@" + name, words[name])
    return sheet
