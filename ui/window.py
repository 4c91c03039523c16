"""The one window: sign-in, first run, the desk and its lock, one at a time."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from desktop_app import auto_lock
from desktop_app.audit import Origin, set_origin
from desktop_app.doorbell import Doorbell, ring
from desktop_app.settings import KnownVault, Settings
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _, set_language
from ui import theme
from ui.context import DeskContext
from ui.desk import Desk
from ui.first_run import FirstRun
from ui.first_run_steps import RESTORE, Answers
from ui.fonts import translate_qt
from ui.leaving import forget, leave_nothing
from ui.lock import Lock, Parked, Reopened, put_away
from ui.look import Look
from ui.presence import Presence
from ui.recover import Recover
from ui.restore import Restore
from ui.session_watch import SessionWatch
from ui.signin import SignIn
from ui.spot import Spot
from ui.unwritten import LeavingQuestion
from ui.worker import Worker

_SIZE = QSize(1366, 768)
_LEAST = QSize(1024, 640)


class Window(QMainWindow):
    """Holds one screen at a time, and one open vault at most.

    Args:
        settings: What this person chose for this computer.
    """

    _rung = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        set_origin(Origin.DESK)
        self.settings = settings
        self.worker = Worker(self)
        self.context: DeskContext | None = None
        self.desk: Desk | None = None
        self._known: KnownVault | None = None
        self._losing = False
        self._stack = QStackedWidget(self)
        self.setCentralWidget(self._stack)
        self.setWindowTitle(_("Sprava"))
        self.setMinimumSize(_LEAST)
        self.resize(_SIZE.boundedTo(QGuiApplication.primaryScreen().availableSize()).expandedTo(_LEAST))
        self._presence = Presence(self, works=self._works)
        self._session = SessionWatch(self)
        self._rung.connect(self.come_to_front, Qt.ConnectionType.QueuedConnection)
        self._doorbell = Doorbell(self._rung.emit)
        for reason in (self._presence.gone, self._presence.lock_wanted, self._session.left):
            reason.connect(self.lock_desk)

    @property
    def lock(self) -> Lock | None:
        """The lock, while the desk is locked."""
        screen = self._stack.currentWidget()
        return screen if isinstance(screen, Lock) else None

    @property
    def had_vault(self) -> bool:
        """Whether a vault was ever open in this window."""
        return self._known is not None

    def begin(self, folder: str = "", *, cut_off: bool = False) -> None:
        """Show the first screen: sign-in where a vault is known, else the first run.

        Args:
            folder: A vault to offer first, empty for the latest.
            cut_off: The desk did not end by itself last time.
        """
        if folder:
            self.settings.remember_vault(Path(folder), Path(folder).name)
        if self.settings.vaults:
            screen = self.show_sign_in()
            screen.show_cut_off(shown=cut_off)
            job = partial(ring, Path(self.settings.vaults[0].folder))
            self.worker.run(job, screen.show_open_elsewhere, screen.show_failure)
        else:
            self.show_first_run(Answers())

    def show_sign_in(self) -> SignIn:
        """Show the list of vaults and ask for a pass phrase."""
        screen = SignIn(self.settings, self.worker, self)
        screen.opened.connect(self.open_desk)
        screen.first_run_wanted.connect(self._begin_way)
        screen.recovery_wanted.connect(self.show_recovery)
        screen.look_wanted.connect(self.change_look)
        self._show(screen)
        screen.focus_first()
        return screen

    def show_first_run(self, answers: Answers) -> None:
        """Lead to a new vault.

        Args:
            answers: What is known already.
        """
        screen = FirstRun(self.settings, self.worker, answers, self)
        screen.opened.connect(self.open_desk)
        screen.left.connect(self.show_sign_in)
        screen.restore_wanted.connect(self.show_restore)
        screen.look_wanted.connect(self.change_look)
        self._show(screen)
        screen.focus_first()

    def show_recovery(self, known: KnownVault, backup: str = "") -> None:
        """Ask for the recovery sheet of a vault whose pass phrase is forgotten.

        Args:
            known: The vault.
            backup: A backup file that it's to be restored from first.
        """
        screen = Recover(known, self.worker, Look.of(self.settings), self, backup=backup)
        screen.opened.connect(self.open_desk)
        screen.left.connect(self.show_restore if backup else self.show_sign_in)
        screen.look_wanted.connect(self.change_look)
        self._show(screen)
        screen.focus_first()

    def open_desk(self, workspace: Workspace, spot: Spot | None = None) -> None:
        """Show the desk of a vault that was just opened.

        Args:
            workspace: The vault.
            spot: Where its person was when the desk was locked.
        """
        self._remember(KnownVault(str(workspace.folder), self.settings.label_of(workspace.folder)))
        self._doorbell.hang(workspace.folder)
        self.context = DeskContext(workspace, self.settings, self)
        self._build_desk(spot or Spot())
        for notice in workspace.notices:
            self.context.show_message(notice, "warn")
        self.context.unwritten.begin()
        self._presence.start(auto_lock.DEFAULT_MINUTES)
        self.context.auto_lock_changed.connect(self._presence.start)
        self.context.repair_wanted.connect(self._close_for_repair)
        self.context.run(partial(_known, workspace), self._remember)
        self.context.run(partial(auto_lock.minutes, workspace), self._presence.start)

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
        """Take everything of the vault away until the pass phrase is typed again; what is half done is kept first."""
        desk, self.desk = self.desk, None
        if desk is None or self._known is None:
            return
        # Before anything is drawn: drawing looks at the clock, and would lock once more.
        self._presence.stop()
        spot = desk.leave()
        parked = Parked(self._known)
        self._show_lock(parked)
        # Now, not when all else is done: whoever locks walks away, or somebody stands behind them.
        self.repaint()
        self._end_desk(parked, spot)

    def close_vault(self) -> None:
        """Close the vault and go back to sign-in, unless something typed would be lost and the person stays."""
        if not self._may_leave(self.close_vault):
            return
        self.show_sign_in()
        self._end_desk()

    def recover_locked(self) -> None:
        """Leave the lock for the recovery sheet, unless something typed waits there and the person stays."""
        lock = self.lock
        if lock is None or not self._may_leave(self.recover_locked):
            return
        self.show_recovery(lock.parked.known)
        self._end_desk()

    def _may_leave(self, leave: Callable[[], object]) -> bool:
        """Let the desk keep what is half done; where it can't, ask.

        Args:
            leave: Called again when the person wants to leave, or to try once more.

        Returns:
            Whether the vault can be closed now.
        """
        if self._losing:
            return True
        lock, number = self.lock, 0
        if self.desk is not None and self.context is not None:
            self.desk.leave()
            number = self.context.worker.settle(self.context.workspace.drafts.write_again)
        elif lock is not None:
            number = self.worker.settle(lambda: lock.parked.unwritten)
        if number:
            again = leave if lock is None else None
            question = LeavingQuestion(number, partial(self._lose, leave), again, self)
            question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            question.open()
        return not number

    def _remember(self, known: KnownVault) -> None:
        self.settings.remember_vault(Path(known.folder), known.label)
        self._known = known

    def _works(self) -> bool:
        return self.context is not None and self.context.own_work

    def _lose(self, leave: Callable[[], object]) -> None:
        self._losing = True
        try:
            leave()
        finally:
            self._losing = False

    def _close_for_repair(self) -> None:
        self.close_vault()
        screen = self._stack.currentWidget()
        if isinstance(screen, SignIn):
            screen.repair.offer()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Qt: keep what is half done, end the work, close the vault."""
        if not self._may_leave(self.close):
            event.ignore()
            return
        screen = self._stack.currentWidget()
        if isinstance(screen, FirstRun | Restore):
            screen.close_unused()
        self.hide()
        self._end_desk()
        self.worker.close()
        event.accept()

    def watch(self) -> None:
        """Begin to notice keys and clicks, and what the system tells of its session; called once it's shown."""
        self._presence.watch(self)
        self._presence.watch(self.windowHandle())
        self._session.begin(int(self.winId()))

    def come_to_front(self) -> None:
        """Be the window that the person sees: they asked for its vault once more."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)

    def show_restore(self) -> None:
        """Lead from a backup to an open vault."""
        screen = Restore(self.worker, Look.of(self.settings), self)
        screen.opened.connect(self.open_desk)
        screen.sheet_wanted.connect(self._restore_with_sheet)
        screen.left.connect(self.begin)
        screen.look_wanted.connect(self.change_look)
        self._show(screen)
        screen.focus_first()

    def _restore_with_sheet(self, file: str, folder: str) -> None:
        self.show_recovery(KnownVault(folder, Path(file).name), file)

    def _begin_way(self, way: str) -> None:
        if way == RESTORE:
            self.show_restore()
            return
        self.show_first_run(Answers(way=way, step=2, begun_with_language=False))

    def _unlock(self, reopened: Reopened) -> None:
        self.open_desk(reopened.workspace, reopened.spot)

    def _build_desk(self, spot: Spot) -> None:
        context = self.context
        if context is None:
            return
        self.desk = Desk(context, Look.of(self.settings), self)
        self.desk.lock_wanted.connect(self.lock_desk)
        self.desk.close_wanted.connect(self.close_vault)
        self.desk.quit_wanted.connect(self.close)
        self.desk.look_wanted.connect(self.change_look)
        self._show(self.desk)
        self.desk.come_back(spot)

    def _show_lock(self, parked: Parked) -> None:
        lock = Lock(parked, self.worker, Look.of(self.settings), self)
        lock.unlocked.connect(self._unlock)
        lock.leave_wanted.connect(self.close_vault)
        lock.recovery_wanted.connect(self.recover_locked)
        lock.look_wanted.connect(self.change_look)
        self._show(lock)
        lock.focus_first()

    def _rebuild(self) -> None:
        """Build what is on the screen anew, in the same place."""
        screen = self._stack.currentWidget()
        if isinstance(screen, SignIn):
            self.show_sign_in()
        elif isinstance(screen, FirstRun):
            self.show_first_run(screen.answers)
        elif isinstance(screen, Recover):
            self.show_recovery(screen.known, screen.backup)
        elif isinstance(screen, Restore):
            self.show_restore()
        elif isinstance(screen, Lock):
            self._show_lock(screen.parked)
        elif self.desk is not None:
            self._build_desk(self.desk.leave())

    def _end_desk(self, parked: Parked | None = None, spot: Spot | None = None) -> None:
        """Close what is open of the vault: the one way for the lock, for another vault and for the end.

        The screens of the desk are replaced already.

        Args:
            parked: Given the spot, sealed; None when nobody comes back.
            spot: Where the person is.
        """
        self._presence.stop()
        if parked is None:
            self._doorbell.take_down()
        context, self.context, self.desk = self.context, None, None
        if context is None:
            return
        in_use = QApplication.activeWindow() is not None
        leave_nothing(self)
        if in_use:
            self.activateWindow()
        job = partial(put_away, context.end(), context.workspace, parked, spot or Spot())
        self.worker.run(job, self._closed, self._not_closed)
        context.deleteLater()

    def _closed(self, _nothing: None) -> None:
        if self.lock is not None:
            self.lock.show_unwritten()
        forget()

    def _not_closed(self, _failure: Failure) -> None:
        """A bug; it's told as one, and what could be closed is."""
        forget()

    def _show(self, screen: QWidget) -> None:
        """Put a screen in the place of all others."""
        self._stack.addWidget(screen)
        self._stack.setCurrentWidget(screen)
        others = [self._stack.widget(place) for place in range(self._stack.count())]
        for other in others:
            if other is not None and other is not screen:
                self._stack.removeWidget(other)
                other.deleteLater()


def _known(workspace: Workspace) -> KnownVault:
    return KnownVault(str(workspace.folder), workspace.community)
