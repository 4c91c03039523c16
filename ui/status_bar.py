"""The bar at the bottom: saved, online, waiting, conflicts; every word leads to what it speaks of."""

from datetime import datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop_app.backup.service import BackupStatus
from desktop_app.exchange import ExchangeStatus
from desktop_app.exchange_watch import Reach
from desktop_app.moments import date_and_time
from desktop_app.workspace import ChangeEvent
from sync.messages import _, ngettext
from ui import theme
from ui.context import DeskContext
from ui.widgets import Button, button, last_in_tab_order

_SETTLE_MS = 200
_MINUTE_MS = 60_000


class StatusBar(QFrame):
    """One line about the state of the work.

    Args:
        context: The vault, and the ways to the pages.
        parent: The desk.
    """

    counted = Signal(int)

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status_bar")
        self._context = context
        self._asking = False
        self._again = False
        self.saved = button("", "saved", "status", self)
        self.network = button("", "offline", "status", self)
        self.waiting = button("", "waiting", "status", self)
        self.conflicts = button("", "conflict", "status", self)
        self.backup = button("", "shield", "status", self)
        self.backup.hide()
        self.palette_hint = button(_("All actions · {keys}").format(keys="Ctrl+K"), "", "status", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_S, 0, theme.SPACE_S, 0)
        row.setSpacing(theme.SPACE_XS)
        for word in (self.saved, self.network, self.waiting, self.conflicts, self.backup):
            row.addWidget(word)
        row.addStretch(1)
        row.addWidget(self.palette_hint)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.renew)
        self._minute = QTimer(self)
        self._minute.timeout.connect(self.renew)
        self._minute.start(_MINUTE_MS)
        self.saved.clicked.connect(self._tell_saved)
        self.network.clicked.connect(self._show_exchange)
        self.waiting.clicked.connect(self._show_exchange)
        self.conflicts.clicked.connect(self._show_conflicts)
        self.backup.clicked.connect(self._show_backup)
        context.backup.status_changed.connect(self.show_backup)
        context.cases_changed.connect(self._changed)
        context.exchange.ended.connect(self.renew)
        context.exchange.reached.connect(self._reached)
        self.renew()
        context.backup.renew()

    def focus_first(self) -> None:
        """Put the focus on the first word."""
        self.saved.setFocus()

    def put_last(self) -> None:
        """Let Tab come here after everything else in the window, however late a page built its fields."""
        last = last_in_tab_order(self.window())
        if last is None or self.isAncestorOf(last):
            return
        for word in (self.saved, self.network, self.waiting, self.conflicts, self.backup, self.palette_hint):
            self.setTabOrder(last, word)
            last = word

    def renew(self) -> None:
        """Ask for the state; while an answer is under way, ask once more after it."""
        if self._asking:
            self._again = True
            return
        self._asking = True
        self._context.run(self._context.workspace.exchange.status, self.show_status)

    def show_status(self, status: ExchangeStatus) -> None:
        """Show a state.

        Args:
            status: What the vault says.
        """
        self._asking = False
        _say(self.saved, "saved", saved_words(status.last_saved))
        self._show_reach(status)
        waits = status.waiting or status.files
        _say(self.waiting, "waiting" if waits else "check", waiting_words(status.waiting, status.files))
        role = "warn" if status.conflicts else ""
        _say(self.conflicts, "conflict", _("Conflicts: {count}").format(count=status.conflicts), role)
        self.counted.emit(status.conflicts)
        if self._again:
            self._again = False
            self._settle.start()

    def show_backup(self, status: BackupStatus) -> None:
        """Show when the vault was last backed up; example data needs no backup."""
        self.backup.setVisible(not status.example or status.last_good is not None)
        _say(self.backup, "warn" if status.late else "shield", backup_words(status), "warn" if status.late else "")

    def _show_reach(self, status: ExchangeStatus) -> None:
        if status.reach is Reach.ONLINE or status.online:
            _say(self.network, "online", _("Online"))
        elif status.office.reached:
            _say(self.network, "online", _("Office network"))
        elif status.reach is Reach.AWAY:
            _say(self.network, "offline", _("Server away"))
        elif status.reach is Reach.WRONG:
            _say(self.network, "offline", _("Wrong server"), "warn")
        elif status.reach is Reach.NOT_SERVED:
            _say(self.network, "offline", _("Not served"), "warn")
        elif status.reach is Reach.REFUSED:
            _say(self.network, "offline", _("Server refuses"), "warn")
        else:
            _say(self.network, "offline", _("Offline"))

    def _reached(self, _reach: Reach) -> None:
        self._settle.start()

    def _changed(self, _event: ChangeEvent) -> None:
        self._settle.start()

    def _tell_saved(self) -> None:
        folder = self._context.workspace.folder
        self._context.show_message(_("All that was typed is kept, encrypted, in {folder}").format(folder=folder), "ok")

    def _show_exchange(self) -> None:
        self._context.show_page("exchange")

    def _show_backup(self) -> None:
        self._context.show_page("administration", "backup")

    def _show_conflicts(self) -> None:
        self._context.open_conflicts()


def saved_words(moment: datetime | None) -> str:
    """Return when something was last saved: the time today, the date before."""
    if moment is None:
        return _("Nothing to save yet")
    local = moment.astimezone()
    return _("Saved {when}").format(when=when_words(local))


def when_words(moment: datetime) -> str:
    """Return a moment as people say it: the time today, the day and time before."""
    local = moment.astimezone()
    today = datetime.now().astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else date_and_time(moment)


def backup_words(status: BackupStatus) -> str:
    """Return when the last good backup was made, as the bar says it."""
    good = status.last_good
    if good is None:
        return _("No backup yet")
    return _("Backup {when}").format(when=when_words(good.when))


def waiting_words(count: int, files: int = 0) -> str:
    """Return how many changes have not reached the server yet, or else how many files."""
    if files and not count:
        return ngettext("{count} file waits", "{count} files wait", files).format(count=files)
    if not count:
        return _("Nothing waits")
    return ngettext("{count} change waits", "{count} changes wait", count).format(count=count)


def _say(word: Button, icon: str, text: str, role: str = "") -> None:
    if word.text() == text and word.property("role") == role:
        return
    word.setText(text)
    word.show_icon(icon, role or "muted")
    word.setProperty("role", role)
    theme.repolish(word)
