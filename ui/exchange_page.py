"""Exchange: how it stands in one sentence, the server, the stick, one more device, and this one."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from desktop_app.attachments.exchanging import Standing
from desktop_app.attachments.trip import FileProgress
from desktop_app.attachments.whereabouts import InAdvance
from desktop_app.belonging import belonging_words
from desktop_app.exchange import ExchangeStatus
from desktop_app.exchange_watch import Reach
from desktop_app.sizes import size_words
from desktop_app.workspace import ChangeEvent, VaultInfo, Workspace
from sync.errors import Failure
from sync.messages import _
from ui import icons, theme
from ui.bundle_card import BundleCard
from ui.context import DeskContext
from ui.exchange_files import FilesExchangeCard
from ui.exchange_state import ExchangeState, barred, state_of
from ui.invite_card import InviteCard
from ui.page import Page
from ui.stick_card import StickCard
from ui.ways_card import WaysCard
from ui.widgets import Card, Elided, button, icon_label, label, scrolled, title

if TYPE_CHECKING:
    from sync.client import Progress

_THOUSANDTHS = 1_000


@dataclass(frozen=True, slots=True)
class _Loaded:
    status: ExchangeStatus
    info: VaultInfo
    folder: str
    standing: Standing
    in_advance: InAdvance
    belonging: str


def _load(workspace: Workspace) -> _Loaded:
    exchange = workspace.exchange
    return _Loaded(
        exchange.status(),
        workspace.info(),
        str(workspace.folder),
        exchange.files.standing(),
        exchange.files.in_advance,
        belonging_words(workspace.log),
    )


class ExchangePage(Page):
    """The screen about the exchange with the others."""

    page_id = "exchange"
    icon_name = "exchange"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.server = ServerCard(context, self)
        self.ways = WaysCard(context, self)
        self.stick = StickCard(context, self)
        self.files = FilesExchangeCard(context, self)
        self.invite = InviteCard(context, self)
        self.bundles = BundleCard(context, self)
        self.device = DeviceCard(self)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_XL)
        column.setSpacing(theme.SPACE_M)
        column.addWidget(title(_("Exchange"), self))
        column.addWidget(self.server)
        column.addWidget(self.ways)
        grid = QHBoxLayout()
        grid.setSpacing(theme.SPACE_M)
        left, right = QVBoxLayout(), QVBoxLayout()
        for side, cards in ((left, (self.stick, self.files)), (right, (self.invite, self.bundles, self.device))):
            side.setSpacing(theme.SPACE_M)
            for card in cards:
                side.addWidget(card)
            side.addStretch(1)
            grid.addLayout(side, 1)
        column.addLayout(grid)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(inner, self))
        context.exchange.ended.connect(self.activate)
        context.exchange.reached.connect(self._reached)

    def title(self) -> str:
        """Return the name of the page."""
        return _("Exchange")

    def activate(self) -> None:
        """Load the state anew."""
        self.context.run(partial(_load, self.context.workspace), self._show, self._barred)
        self.invite.load()
        self.stick.load()
        self.ways.load()

    def _reached(self, _reach: Reach) -> None:
        self.context.run(partial(_load, self.context.workspace), self._show, self._barred)
        self.ways.load()

    def refresh(self, event: ChangeEvent) -> None:  # noqa: ARG002 - any change waits to be exchanged
        """Load the state anew."""
        self.context.run(partial(_load, self.context.workspace), self._show, self._barred)

    def focus_first(self) -> None:
        """Put the focus on what is done here most: exchanging, or first of all naming the server."""
        self.server.focus_first()

    def _barred(self, failure: Failure) -> None:
        if failure.code == "not_a_member":
            self.server.show_state(barred(failure.message))
        else:
            self.context.show_failure(failure)

    def _show(self, loaded: _Loaded) -> None:
        self.server.show_belonging(loaded.belonging)
        self.server.show_status(loaded.status)
        self.device.show_info(loaded.info, loaded.folder)
        self.files.show_files(loaded.standing, loaded.in_advance)


class ServerCard(Card):
    """The state in one sentence, the exchange itself, and the server's address.

    Args:
        context: The vault and the exchange.
        parent: The page.
    """

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._context = context
        self._job = context.exchange
        self._belonging = ""
        self._icon = icon_label("offline", "muted", self, theme.scaled(32))
        self.state = label("", "lead", parent=self, wrap=True)
        self.detail = label("", "", "muted", self, wrap=True)
        self.sync = button(_("Exchange now"), "sync", "primary", self)
        self.cancel = button(_("Stop"), "close", parent=self)
        self.progress = QProgressBar(self)
        self.progress.setAccessibleName(_("How far the exchange is"))
        self.progress.setTextVisible(False)
        self._count = label("", "small", "muted", self)
        self.address = QLineEdit(self)
        self.address.setAccessibleName(_("Address of the server"))
        self.address.setPlaceholderText("https://sprava.example.org")
        self.address.setMinimumHeight(theme.scaled(32))
        self.keep = button(_("Save"), parent=self)
        self.keep.setAccessibleName(_("Save the address of the server"))
        self._build()
        self._connect()
        self._show_running(running=self._job.running)

    def focus_first(self) -> None:
        """Put the focus on the exchange, or on the address where none is known."""
        (self.sync if self.address.text() and self.sync.isEnabled() else self.address).setFocus()

    def show_belonging(self, words: str) -> None:
        """Know whether this device still belongs to the community.

        Args:
            words: From `belonging_words`.
        """
        self._belonging = words

    def show_status(self, status: ExchangeStatus) -> None:
        """Show a state.

        Args:
            status: What the vault says.
        """
        refusal = self._job.refusal
        words = self._belonging or (refusal.message if refusal else "")
        self.show_state(barred(words) if words else state_of(status))
        self.sync.setEnabled(status.server is not None or status.office.waiting is not None or status.office.reached)
        if not self.address.isModified():
            self.address.setText(status.server or "")

    def show_state(self, state: ExchangeState) -> None:
        """Say how the exchange stands.

        Args:
            state: The sentence, and what goes with it.
        """
        self._icon.setPixmap(icons.pixmap(state.icon, state.role, theme.scaled(32), self.devicePixelRatioF()))
        self.state.setText(state.sentence)
        self.detail.setText(state.detail)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_L)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.state)
        words.addWidget(self.detail)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        head.addWidget(self.sync, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignTop)
        self.body.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
        self.body.setSpacing(theme.SPACE_M)
        self.body.addLayout(head)
        moving = QHBoxLayout()
        moving.setSpacing(theme.SPACE_M)
        moving.addWidget(self.progress, 1)
        moving.addWidget(self._count)
        self.body.addLayout(moving)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        prompt = label(_("Server"), parent=self)
        prompt.setBuddy(self.address)
        row.addWidget(prompt)
        row.addWidget(self.address, 1)
        row.addWidget(self.keep)
        self.body.addLayout(row)

    def _connect(self) -> None:
        self.sync.clicked.connect(self._start)
        self.cancel.clicked.connect(self._stop)
        self.keep.clicked.connect(self._keep)
        self.address.returnPressed.connect(self._keep)
        self._job.started.connect(partial(self._show_running, running=True))
        self._job.progressed.connect(self._progressed)
        self._job.ended.connect(self._ended)

    def _start(self) -> None:
        self._job.start()

    def _stop(self) -> None:
        self._job.cancel()
        self._count.setText(_("Stopping; what was exchanged stays."))

    def _keep(self) -> None:
        exchange = self._context.workspace.exchange
        self._context.run(partial(exchange.set_server, self.address.text().strip() or None), self._kept)

    def _kept(self, _nothing: None) -> None:
        self.address.setModified(False)
        self._context.show_message(_("The server's address is saved."), "ok")
        self._context.run(self._context.workspace.exchange.status, self._ready)

    def _ready(self, status: ExchangeStatus) -> None:
        self.show_status(status)
        self.focus_first()

    def _progressed(self, progress: "Progress | FileProgress") -> None:
        done, total = progress.sent + progress.received, max(progress.total, 1)
        files = isinstance(progress, FileProgress)
        self.progress.setRange(0, _THOUSANDTHS)  # bytes would not fit into what Qt counts with
        self.progress.setValue(_THOUSANDTHS * done // total)
        words = _("Files: {done} of {total}") if files else _("{done} of {total}")
        shown = size_words if files else str
        self._count.setText(words.format(done=shown(done), total=shown(progress.total)))

    def _ended(self) -> None:
        had_focus = self.cancel.hasFocus()
        self._show_running(running=False)
        if had_focus:
            self.sync.setFocus()

    def _show_running(self, *, running: bool) -> None:
        had_focus = self.sync.hasFocus()
        self.progress.setRange(0, 0)
        self._count.setText(_("Reaching the server…"))
        for widget in (self.progress, self._count, self.cancel):
            widget.setVisible(running)
        self.sync.setVisible(not running)
        if running and had_focus:
            self.cancel.setFocus()


class DeviceCard(Card):
    """What this computer is to the community.

    Args:
        parent: The page.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("This computer"), parent)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.SPACE_L)
        self._grid.setVerticalSpacing(theme.SPACE_XS)
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self._values: dict[str, QLabel] = {}
        for name, words in (
            ("person", _("Person")),
            ("units", _("Units")),
            ("device", _("Device")),
            ("code", _("Code")),
            ("cases", _("Cases")),
            ("size", _("Size")),
            ("folder", _("Folder")),
        ):
            self._add(name, words)

    def show_info(self, info: VaultInfo, folder: str) -> None:
        """Show what the vault says of itself.

        Args:
            info: Names, counts and sizes.
            folder: Where the vault lies.
        """
        texts = {
            "person": info.person,
            "units": ", ".join(info.units),
            "device": info.device,
            "code": info.code,
            "cases": str(info.cases),
            "size": size_words(info.bytes_on_disk),
            "folder": folder,
        }
        for name, words in texts.items():
            self._values[name].setText(words)

    def _add(self, name: str, words: str) -> None:
        row = self._grid.rowCount()
        value = Elided(parent=self) if name == "folder" else label("", parent=self, wrap=True)
        self._grid.addWidget(label(words, "", "muted", self), row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, row, 1)
        self._values[name] = value
