"""Pictures of the main screens with real data, for the tour and for whoever judges the look."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QMessageLogContext,
    QSize,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QWidget

from desktop_app.cases.model import CaseQuery
from desktop_app.settings import KnownVault, Settings
from desktop_app.workspace import Workspace
from sync.messages import language, set_language
from ui.app import make_application
from ui.context import DeskContext
from ui.desk import Desk
from ui.look import Look
from ui.signin import SignIn
from ui.worker import Worker

SIZE = QSize(1366, 768)
LOOKS = (("uk", "light"), ("en", "dark"))
_PATIENCE_SECONDS = 20.0
_SETTLING_SECONDS = 0.3


class NotDrawn(Exception):
    """A screen did not come to rest in time."""


def take_photographs(workspace: Workspace, folder: Path) -> list[Path]:
    """Draw the main screens of an opened vault without a display, in both languages and themes.

    Args:
        workspace: The vault; it stays open.
        folder: Where the PNG files go; made when missing.

    Returns:
        The files, in the order of the screens.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = language()
    handler = qInstallMessageHandler(_pass_on)
    try:
        return [picture for name, theme in LOOKS for picture in _in_one_look(workspace, folder, Settings(name, theme))]
    finally:
        qInstallMessageHandler(handler)
        set_language(before)


def _pass_on(_kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    """Pass Qt's warnings on, but for the one that every window without a display causes."""
    if "propagateSizeHints" not in message:
        sys.stderr.write(message + "\n")


def _in_one_look(workspace: Workspace, folder: Path, settings: Settings) -> list[Path]:
    make_application(settings)
    settings.vaults = [KnownVault(str(workspace.folder), workspace.community)]
    ending = f"{settings.language}-{settings.theme}.png"
    first = workspace.cases.page(CaseQuery(kit="appeal"), 0, 1)[0]
    pictures = []
    worker = Worker()
    sign_in = SignIn(settings, worker)
    pictures.append(_draw(sign_in, folder / f"sign-in-{ending}", lambda: worker.busy))
    _discard(sign_in)
    worker.close()
    context = DeskContext(workspace, settings)
    desk = Desk(context, Look.of(settings))
    for page, target in (
        ("today", ""),
        ("cases", ""),
        ("case", first.id),
        ("new_case", ""),
        ("conflicts", ""),
        ("exchange", ""),
    ):
        desk.show_page(page, target)
        pictures.append(_draw(desk, folder / f"{page.replace('_', '-')}-{ending}", lambda: context.worker.busy))
    desk.leave()
    context.close()
    _discard(desk)
    _discard(context)
    return pictures


def _draw(screen: QWidget, path: Path, busy: Callable[[], bool]) -> Path:
    screen.resize(SIZE)
    screen.show()
    until = time.monotonic() + _PATIENCE_SECONDS
    rest = time.monotonic() + _SETTLING_SECONDS
    while time.monotonic() < rest:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if busy():
            rest = time.monotonic() + _SETTLING_SECONDS
        if time.monotonic() > until:
            raise NotDrawn(path.stem)
    if not screen.grab().save(str(path), "PNG"):
        raise NotDrawn(path.stem)
    return path


def _discard(thing: QWidget | DeskContext) -> None:
    thing.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
