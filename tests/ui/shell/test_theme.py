"""The colours can be told apart by everyone, and every picture is there."""

import re
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontMetrics, QRawFont
from PySide6.QtWidgets import QApplication

import resources
import ui
from desktop_app.settings import Settings
from ui import icons, theme
from ui.app import make_application

_INKS = ("text", "muted", "accent", "ok", "warn", "error")
_GROUNDS = ("surface", "page", "hover", "selected", "neutral_tint", "ok_tint", "warn_tint", "error_tint")


def _light(colour: str) -> float:
    parts = [part / 255 for part in QColor(colour).toTuple()[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((_light(one), _light(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=lambda tokens: tokens.name)
def test_words_and_marks_stand_out_everywhere(tokens: theme.Tokens) -> None:
    for ink, ground in product(_INKS, _GROUNDS):
        assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5, (ink, ground)
    for ground in _GROUNDS:
        assert contrast(tokens.border, getattr(tokens, ground)) >= 3, ground
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent_hover) >= 4.5
    assert contrast(tokens.on_brand, tokens.brand) >= 4.5
    assert contrast(tokens.on_brand_muted, tokens.brand) >= 4.5


def test_the_palette_of_the_application_is_that_of_the_theme(app: QApplication) -> None:
    theme.apply(app, "dark", 150)
    try:
        assert app.palette().window().color() == QColor(theme.DARK.page)
        assert app.font().family() == theme.FAMILY
        assert app.font().pointSizeF() == 16.5
        assert "@" not in re.sub(r"/\*.*?\*/", "", app.styleSheet(), flags=re.DOTALL)
    finally:
        make_application(Settings(language="uk", theme="light"))


@pytest.mark.usefixtures("app")
def test_the_font_has_every_letter_and_all_digits_of_one_width() -> None:
    raw = QRawFont.fromFont(theme.font("body"))
    assert raw.familyName() == theme.FAMILY
    for letter in "АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯабвгґдеєжзиіїйклмнопрстуфхцчшщьюяʼ’«»№₴…—·":
        assert raw.supportsCharacter(ord(letter)), letter
    metrics = QFontMetrics(theme.font("body"))
    assert len({metrics.horizontalAdvance(digit * 10) for digit in "0123456789"}) == 1


@pytest.mark.usefixtures("app")
def test_every_icon_can_be_drawn_in_every_role() -> None:
    for file in resources.path("icons").glob("*.svg"):
        for role in ("text", "on_accent"):
            image = icons.pixmap(file.stem, role, 24).toImage()
            assert any(image.pixelColor(x, y).alpha() for x in range(24) for y in range(24)), file.name


def test_every_icon_is_used_and_every_used_one_exists() -> None:
    code = "\n".join(path.read_text("utf-8") for path in Path(ui.__file__).parent.rglob("*.py"))
    drawn = {file.stem for file in resources.path("icons").glob("*.svg")}
    for name in drawn - {"arrow-light", "arrow-dark", "check-light", "check-dark"}:
        assert f'"{name}"' in code, f"nothing shows {name}"


@pytest.mark.usefixtures("app")
def test_a_role_that_nobody_knows_is_plain_text() -> None:
    ink, _tint = theme.role_colours("nobody knows")
    assert ink == QColor(theme.tokens().text)
