"""The locked desk: the vault is closed, and the pass phrase opens it again where the person was."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from desktop_app.opening import open_workspace
from desktop_app.settings import KnownVault
from desktop_app.workspace import Workspace
from sync.crypto import CryptoError
from sync.errors import Failure, Refused
from sync.messages import _, ngettext
from ui import stick_row, theme
from ui.gate import Gate
from ui.look import Look
from ui.passphrase_field import PassphraseField
from ui.patience import Patience, seconds_left
from ui.spot import Spot
from ui.stick_row import StickRow
from ui.widgets import Elided, button, icon_label, label
from ui.worker import Worker

_SPOT_LABEL = "spot"


@dataclass(frozen=True, slots=True)
class Reopened:
    """A vault opened after the lock, and where its person was."""

    workspace: Workspace
    spot: Spot


@dataclass(slots=True)
class Parked:
    """A vault that is closed while its desk is locked; what is sealed is read and written on the worker alone.

    Args:
        known: Where it is, and what it's called.
        sealed: The spot of its person, under a key that is gone from memory.
        unwritten: How many drafts are in it because the disk refused them.
    """

    known: KnownVault
    sealed: bytes | None = None
    unwritten: int = 0


class Lock(Gate):
    """Asks for the pass phrase of a vault that was closed when the desk was locked.

    What stands here is what the list of vaults knows anyway: the community's name and the folder.

    Args:
        parked: The vault.
        worker: Opens it off the screen's thread.
        look: The present look.
        parent: The window.
    """

    unlocked = Signal(object)
    leave_wanted = Signal()
    recovery_wanted = Signal()

    def __init__(self, parked: Parked, worker: Worker, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.parked = parked
        self._worker = worker
        self.passphrase = PassphraseField(_("Pass phrase"), self)
        self.problem = label("", role="error", parent=self, wrap=True)
        self.unwritten = label("", role="warn", parent=self, wrap=True)
        self.open = button(_("Unlock"), "", "primary", self)
        self.leave = button(_("Close this vault"), "", "quiet", self)
        self.forgotten = button(_("Forgot the pass phrase"), "", "quiet", self)
        self.patience = Patience(self.open, self)
        self.stick = StickRow(self)
        self._busy = QProgressBar(self)
        self._build()
        self.passphrase.line.returnPressed.connect(self.unlock)
        self.open.clicked.connect(self.unlock)
        self.leave.clicked.connect(self.leave_wanted)
        self.forgotten.clicked.connect(self.recovery_wanted)
        self.put_look_last()

    def focus_first(self) -> None:
        """Put the focus on the pass phrase."""
        self.passphrase.setFocus()

    def show_unwritten(self) -> None:
        """Say that something typed waits here because the disk refused it; known once the vault is closed."""
        number = self.parked.unwritten
        words = ngettext(
            "{number} draft couldn't be written to the disk. It waits here, encrypted, until you unlock: don't switch "
            "the computer off.",
            "{number} drafts couldn't be written to the disk. They wait here, encrypted, until you unlock: don't "
            "switch the computer off.",
            number,
        )
        self.unwritten.setText(words.format(number=number))
        self.unwritten.setVisible(number > 0)

    def unlock(self) -> None:
        """Open the vault with what was typed."""
        if not self.open.isEnabled():
            return
        if not self.passphrase.text():
            self._refuse(_("Type the pass phrase of this vault."))
            return
        self._set_busy(busy=True)
        # On the same thread as the closing, so that it never comes before its end.
        job = partial(reopen, self.parked, self.passphrase.text(), self.stick.path)
        self._worker.run(job, self._right, self._wrong)

    def _build(self) -> None:
        column = self.content
        column.addStretch(1)
        column.addWidget(icon_label("lock", "accent", self, theme.scaled(40)))
        column.addWidget(label(_("The desk is locked"), "hero", parent=self))
        column.addWidget(label(self.parked.known.label, "title", parent=self, wrap=True))
        folder = Elided("small", "muted", self)
        folder.setText(self.parked.known.folder)
        column.addWidget(folder)
        words = _("Your work is kept and the vault is closed. The pass phrase brings you back to the same place.")
        column.addWidget(label(words, "", "muted", self, wrap=True))
        column.addWidget(self.unwritten)
        self.show_unwritten()
        column.addSpacing(theme.SPACE_S)
        prompt = label(_("Pass phrase"), "strong", parent=self)
        prompt.setBuddy(self.passphrase.line)
        column.addWidget(prompt)
        column.addWidget(self.passphrase)
        column.addWidget(self.problem)
        column.addWidget(self.stick)
        column.addWidget(self.patience)
        self.problem.hide()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName(_("Opening the vault"))
        keep = self._busy.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._busy.setSizePolicy(keep)
        self._busy.hide()
        row = QHBoxLayout()
        self.open.setMinimumWidth(theme.scaled(140))
        row.addWidget(self.open)
        row.addWidget(self.forgotten)
        row.addWidget(self._busy, 1)
        column.addLayout(row)
        column.addSpacing(theme.SPACE_L)
        column.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(2)

    def _right(self, reopened: Reopened) -> None:
        self.passphrase.clear()
        self._set_busy(busy=False)
        self.unlocked.emit(reopened)

    def _wrong(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self._refuse(failure.message)
        if failure.code in stick_row.MISSING:
            self.stick.show()
        if failure.code in {"wrong_passphrase", "too_many_tries"}:
            self._worker.run(partial(seconds_left, self.parked.known.folder), self.patience.wait, self._wrong)

    def _refuse(self, message: str) -> None:
        self.problem.setText(message)
        self.problem.show()
        self.passphrase.setFocus()
        self.passphrase.line.selectAll()

    def _set_busy(self, *, busy: bool) -> None:
        self.problem.hide()
        self._busy.setVisible(busy)
        for widget in (self.open, self.forgotten, self.leave, self.passphrase):
            widget.setEnabled(not busy)


def put_away(finish: Callable[[], None], workspace: Workspace, parked: Parked | None, spot: Spot) -> None:
    """Close a vault; runs on a worker.

    Args:
        finish: Waits until nobody works at the vault any more.
        workspace: The vault.
        parked: Given the spot of its person, sealed, when they want to come back there.
        spot: Where they are.
    """
    finish()
    try:
        if parked is not None:
            parked.unwritten = workspace.drafts.write_again()
            spot.unwritten = workspace.drafts.unwritten
            parked.sealed = workspace.store.seal(_SPOT_LABEL, spot.pack())
    finally:
        workspace.close()


def reopen(parked: Parked, passphrase: str, stick: str = "") -> Reopened:
    """Open a vault again; runs on a worker.

    Args:
        parked: The vault.
        passphrase: What was typed.
        stick: The key file on a stick that was chosen, or nothing.

    Raises:
        Failure: It doesn't open, or another vault lies in its place and something unwritten would be lost.
    """
    workspace = open_workspace(Path(parked.known.folder), passphrase, stick=stick_row.stick_of(stick))
    sealed = parked.sealed
    try:
        spot = Spot() if sealed is None else Spot.unpack(workspace.store.unseal(_SPOT_LABEL, sealed))
    except (CryptoError, msgspec.MsgspecError):
        # Another vault lies in the folder now: its own desk begins where every desk does.
        spot = Spot()
        if parked.unwritten:
            workspace.close()
            raise Refused(
                "another_vault",
                _(
                    "Another vault lies in this folder now. What you typed and the disk refused waits here for the "
                    "first one: put its folder back and unlock once more."
                ),
            ) from None
    workspace.drafts.hold(spot.unwritten)
    return Reopened(workspace, spot)
