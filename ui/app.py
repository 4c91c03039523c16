"""Start the desk: application, look, window, and what happens when something unforeseen goes wrong."""

import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QMessageBox

from desktop_app import hardening
from desktop_app.cli import output
from desktop_app.doorbell import ring
from desktop_app.running import Running
from desktop_app.settings import Settings
from sync.messages import _, set_language
from ui import icons, theme
from ui.fonts import load_fonts, translate_qt
from ui.look import Look
from ui.window import Window


def run_desk(argv: list[str]) -> int:
    """Open the desk and stay until its window is closed.

    Args:
        argv: The folder of a vault to offer first, or nothing.

    Returns:
        The exit code.
    """
    settings = Settings.load()
    app = make_application(settings)
    if _is_open(argv, settings):
        output.tell(_("This vault is open already; its window has come to the front."))
        return 0
    running = Running()
    cut_off = running.begin()
    window = Window(settings)
    guard = Guard(window)
    sys.excepthook = guard.caught
    qInstallMessageHandler(guard.heard)
    window.begin(argv[0] if argv else "", cut_off=cut_off)
    window.show()
    window.watch()
    code = app.exec()
    qInstallMessageHandler(None)
    running.end()
    return code


def _is_open(argv: list[str], settings: Settings) -> bool:
    """Bring the window of the vault that is meant to the front: the one that is named, or the only one there is."""
    named = argv[:1] or [known.folder for known in settings.vaults]
    return len(named) == 1 and ring(Path(named[0]))


def make_application(settings: Settings) -> QApplication:
    """Return the application in the look that the settings ask for.

    Args:
        settings: Language, theme and text size.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication(["sprava"])
    app.setApplicationName("sprava")
    app.setApplicationDisplayName("Sprava")
    app.setDesktopFileName("sprava")
    look = Look.of(settings)
    set_language(look.language)
    load_fonts()
    translate_qt(app, look.language)
    theme.apply(app, look.theme, look.text_scale)
    app.setWindowIcon(icons.app_icon())
    return app


class Guard(QObject):
    """Says calmly that something unforeseen happened; work goes on.

    Args:
        window: Where it's said.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._shown: QMessageBox | None = None

    def caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Take an exception that nobody expected; the place of ``sys.excepthook``.

        Only where it happened is written down, never the message nor any value: either may hold what a citizen said.
        """
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        del error
        self._say(kind.__name__, hardening.report(kind, trace))

    def heard(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        """Take a message of Qt; the place of its own handler.

        What Qt complains about may hold what is on the screen, so its words are written only while there was no vault.
        """
        if kind in {QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg}:
            return
        words = message if not self._window.had_vault or kind == QtMsgType.QtFatalMsg else ""
        print(f"Qt, {kind.name.removeprefix('Qt').removesuffix('Msg')}, {context.category}: {words}", file=sys.stderr)

    def _say(self, kind: str, place: str) -> None:
        text = _("Something unforeseen happened. What you typed is kept, and you can go on.")
        if self._window.context is not None and self._window.lock is None:
            self._window.context.show_message(text, "warn")
            return
        if self._shown is not None:
            return
        self._shown = QMessageBox(QMessageBox.Icon.Warning, _("Sprava"), text, parent=self._window)
        self._shown.setInformativeText(f"{kind} · {place}")
        self._shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._shown.finished.connect(self._closed)
        self._shown.open()

    def _closed(self) -> None:
        self._shown = None
