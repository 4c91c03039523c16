"""Language, theme and text size: what they are, and the menu that changes them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.settings import Settings
from sync.messages import _, system_language
from ui import icons, theme

# A language is named in itself, so that whoever needs it can find it.
LANGUAGES = {"uk": "Українська", "en": "English"}


@dataclass(frozen=True, slots=True)
class Look:
    """How the program looks.

    Args:
        language: ``uk`` or ``en``.
        theme: ``light``, ``dark``, or None for what the system prefers.
        text_scale: One of ``theme.SCALES``.
    """

    language: str
    theme: str | None
    text_scale: int

    @classmethod
    def of(cls, settings: Settings) -> "Look":
        """Return the look that the settings ask for."""
        return cls(settings.language or system_language(), settings.theme, settings.text_scale)

    def keep(self, settings: Settings) -> None:
        """Put the look into the settings and save them.

        Raises:
            OSError: The settings can't be written.
        """
        settings.language, settings.theme, settings.text_scale = self.language, self.theme, self.text_scale
        settings.save()


def variants(look: Look) -> list[tuple[str, str, list[tuple[str, Look]]]]:
    """Return every other look there is: icon, heading, and pairs of name and look.

    Args:
        look: The present one.
    """
    themes = [("light", _("Light")), ("dark", _("Dark")), (None, _("As the system"))]
    return [
        ("language", _("Language"), [(name, replace(look, language=code)) for code, name in LANGUAGES.items()]),
        ("theme", _("Theme"), [(name, replace(look, theme=code)) for code, name in themes]),
        (
            "textsize",
            _("Text size"),
            [(f"{percent} %", replace(look, text_scale=percent)) for percent in theme.SCALES],
        ),
    ]


def look_menu(look: Look, choose: Callable[[Look], object], parent: QWidget) -> QMenu:
    """Return a menu with a submenu each for language, theme and text size.

    Args:
        look: The present one; it's ticked.
        choose: Told the look that a person picks.
        parent: Who owns the menu.
    """
    menu = QMenu(parent)
    add_look_menus(menu, look, choose)
    return menu


def add_look_menus(menu: QMenu, look: Look, choose: Callable[[Look], object]) -> None:
    """Add the three submenus to a menu; the arguments are those of ``look_menu``."""
    for icon, heading, choices in variants(look):
        submenu = menu.addMenu(icons.icon(icon), heading)
        group = QActionGroup(submenu)
        for name, other in choices:
            action = QAction(name, submenu)
            action.setCheckable(True)
            action.setChecked(other == look)
            action.setData(other)
            group.addAction(action)
            submenu.addAction(action)
        group.triggered.connect(partial(_choose, choose))


def _choose(choose: Callable[[Look], object], action: QAction) -> None:
    choose(action.data())
