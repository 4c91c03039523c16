"""Messages for people, in Ukrainian or English, through gettext."""

import gettext
import locale
import os

import resources

DOMAIN = "sprava"
LANGUAGES = ("uk", "en")


def system_language() -> str:
    """Return the language the system asks for: ``uk`` unless it names another one."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value and value.split(".")[0] not in {"C", "POSIX"}:
            return "uk" if value.startswith(("uk", "ru")) else "en"
    system = locale.getlocale()[0] or ""
    return "en" if system.lower().startswith("en") else "uk"


class _Catalog:
    def __init__(self) -> None:
        self.language = ""
        self.translations: gettext.NullTranslations = gettext.NullTranslations()

    def select(self, language: str) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"no such language: {language}")
        self.language = language
        self.translations = (
            gettext.NullTranslations()
            if language == "en"
            else gettext.translation(DOMAIN, resources.path("locale"), [language], fallback=False)
        )

    def current(self) -> gettext.NullTranslations:
        if not self.language:
            self.select(system_language())
        return self.translations


_catalog = _Catalog()


def set_language(language: str) -> None:
    """Choose the language of all messages from now on.

    Args:
        language: ``uk`` or ``en``.

    Raises:
        ValueError: The language is neither.
    """
    _catalog.select(language)


def language() -> str:
    """Return the language of the messages, ``uk`` or ``en``."""
    _catalog.current()
    return _catalog.language


def _(message: str) -> str:
    """Return a message in the chosen language."""
    return _catalog.current().gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the plural form that fits a number, in the chosen language."""
    return _catalog.current().ngettext(singular, plural, number)


def N_(message: str) -> str:  # noqa: N802 - the name that gettext tools know
    """Mark a constant for translation at the place where it is shown."""
    return message
