"""The one window: sign-in, first run, the desk and its lock, one at a time."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from desktop_app.settings import Settings
from desktop_app.workspace import Workspace
from sync.messages import _, set_language
from ui import theme
from ui.context import DeskContext
from ui.desk import Desk
from ui.first_run import FirstRun
from ui.first_run_steps import Answers
from ui.fonts import translate_qt
from ui.lock import Lock
from ui.look import Look
from ui.signin import SignIn
from ui.worker import Worker

_SIZE = QSize(1366, 768)
_LEAST = QSize(1024, 640)
AUTO_LOCK_MINUTES = 15


class Window(QMainWindow):
    """Holds one screen at a time, and one open vault at most.

    Args:
        settings: What this person chose for this computer.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.worker = Worker(self)
        self.context: DeskContext | None = None
        self.desk: Desk | None = None
        self.lock: Lock | None = None
        self._focused: QWidget | None = None
        self._stack = QStackedWidget(self)
        self.setCentralWidget(self._stack)
        self.setWindowTitle(_("Sprava"))
        self.setMinimumSize(_LEAST)
        self.resize(_SIZE.boundedTo(QGuiApplication.primaryScreen().availableSize()).expandedTo(_LEAST))
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(AUTO_LOCK_MINUTES * 60_000)
        self._idle.timeout.connect(self.lock_desk)

    def begin(self, folder: str = "") -> None:
        """Show the first screen: sign-in where a vault is known, else the first run.

        Args:
            folder: A vault to offer first, empty for the latest.
        """
        if folder:
            self.settings.remember_vault(Path(folder), Path(folder).name)
        if self.settings.vaults:
            self.show_sign_in()
        else:
            self.show_first_run(Answers())

    def show_sign_in(self) -> None:
        """Show the list of vaults and ask for a pass phrase."""
        screen = SignIn(self.settings, self.worker, self)
        screen.opened.connect(self.open_desk)
        screen.first_run_wanted.connect(self._begin_way)
        screen.look_wanted.connect(self.change_look)
        self._show(screen)
        screen.focus_first()

    def show_first_run(self, answers: Answers) -> None:
        """Lead to a new vault.

        Args:
            answers: What is known already.
        """
        screen = FirstRun(self.settings, self.worker, answers, self)
        screen.opened.connect(self.open_desk)
        screen.left.connect(self.show_sign_in)
        screen.look_wanted.connect(self.change_look)
        self._show(screen)
        screen.focus_first()

    def open_desk(self, workspace: Workspace) -> None:
        """Show the desk of a vault that was just opened."""
        self.settings.remember_vault(workspace.folder, workspace.community)
        self.context = DeskContext(workspace, self.settings, self)
        self._build_desk("today", "")
        for notice in workspace.notices:
            self.context.show_message(notice, "warn")
        self._idle.start()

    def change_look(self, look: Look) -> None:
        """Change language, theme or text size at once; what is on the screen is built anew in the same place."""
        before = Look.of(self.settings)
        if look == before:
            return
        look.keep(self.settings)
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            raise TypeError("no window without an application")
        set_language(look.language)
        translate_qt(app, look.language)
        theme.apply(app, look.theme, look.text_scale)
        self.setWindowTitle(_("Sprava"))
        self._rebuild()

    def lock_desk(self) -> None:
        """Hide everything until the pass phrase is typed again; drafts are kept first."""
        if self.context is None or self.desk is None or self.lock is not None:
            return
        self.desk.leave()
        self._focused = QApplication.focusWidget()
        self.lock = Lock(self.context.workspace, self.worker, Look.of(self.settings), self)
        self.lock.unlocked.connect(self._unlock)
        self.lock.leave_wanted.connect(self.close_vault)
        self.lock.look_wanted.connect(self.change_look)
        self._stack.addWidget(self.lock)
        self._stack.setCurrentWidget(self.lock)
        self.desk.set_awake(awake=False)
        self.lock.focus_first()

    def close_vault(self) -> None:
        """Close the vault and go back to sign-in."""
        self._drop_vault()
        self.show_sign_in()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Qt: keep what is half done, end the work, close the vault."""
        screen = self._stack.currentWidget()
        if isinstance(screen, FirstRun):
            screen.close_unused()
        self.hide()
        self._drop_vault()
        self.worker.close()
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Qt: keys and clicks put off the automatic lock; only the window itself is watched, so it costs nothing."""
        if event.type() in {QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress} and self._idle.isActive():
            self._idle.start()
        return super().eventFilter(watched, event)

    def watch_idleness(self) -> None:
        """Begin to notice keys and clicks; called once the window is shown."""
        handle = self.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)

    def _begin_way(self, way: str) -> None:
        self.show_first_run(Answers(way=way, step=2, begun_with_language=False))

    def _unlock(self) -> None:
        lock, self.lock = self.lock, None
        if self.desk is None or lock is None:
            return
        self.desk.set_awake(awake=True)
        self._stack.setCurrentWidget(self.desk)
        self._stack.removeWidget(lock)
        lock.deleteLater()
        self.desk.wake(self._focused)
        self._idle.start()

    def _build_desk(self, page_id: str, target: str) -> None:
        context = self.context
        if context is None:
            return
        self.desk = Desk(context, Look.of(self.settings), self)
        self.desk.lock_wanted.connect(self.lock_desk)
        self.desk.close_wanted.connect(self.close_vault)
        self.desk.quit_wanted.connect(self.close)
        self.desk.look_wanted.connect(self.change_look)
        self._show(self.desk)
        self.desk.show_page(page_id, target)

    def _rebuild(self) -> None:
        """Build what is on the screen anew, in the same place."""
        screen = self._stack.currentWidget()
        if isinstance(screen, SignIn):
            self.show_sign_in()
        elif isinstance(screen, FirstRun):
            self.show_first_run(screen.answers)
        elif self.desk is not None:
            locked = self.lock is not None
            self.desk.leave()
            page_id, target = self.desk.place()
            if self.lock is not None:
                self.lock.deleteLater()
                self.lock = None
            self._build_desk(page_id, target)
            if locked:
                self.lock_desk()

    def _drop_vault(self) -> None:
        self._idle.stop()
        if self.context is None:
            return
        if self.desk is not None:
            self.desk.leave()
        context, self.context = self.context, None
        self.desk = self.lock = self._focused = None
        context.close()
        context.workspace.close()
        context.deleteLater()

    def _show(self, screen: QWidget) -> None:
        """Put a screen in the place of all others."""
        self._stack.addWidget(screen)
        self._stack.setCurrentWidget(screen)
        others = [self._stack.widget(place) for place in range(self._stack.count())]
        for other in others:
            if other is not None and other is not screen:
                self._stack.removeWidget(other)
                other.deleteLater()
