"""What somebody typed and the disk refuses: it's said, tried again, and not thrown away without asking."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget

from desktop_app.drafts import DraftService
from sync.errors import Failure
from sync.messages import _, ngettext
from ui.worker import Worker

_AGAIN_MS = 10_000


class Unwritten(QObject):
    """Says that what is typed can't be written, and tries again until it can.

    Args:
        drafts: Keeps it in memory until then.
        worker: Where writing is tried.
        show: Shows a sentence above the page, of a kind.
        parent: The desk's context.
    """

    def __init__(
        self, drafts: DraftService, worker: Worker, show: Callable[[str, str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._drafts = drafts
        self._worker = worker
        self._show = show
        self._timer = QTimer(self)
        self._timer.setInterval(_AGAIN_MS)
        self._timer.timeout.connect(self.try_again)

    def begin(self) -> None:
        """Say what came back from a lock and still is in memory alone."""
        if self._drafts.unwritten:
            self._tell(_("The disk still refuses what you typed before the lock."))

    def say(self, failure: Failure) -> None:
        """Say why a draft isn't written, and that it's kept nevertheless."""
        self._tell(failure.message)

    def try_again(self) -> None:
        """Try now to write what waits."""
        self._worker.run(self._drafts.write_again, self._tried, self._refused)

    def _tell(self, reason: str) -> None:
        held = _(
            "What you typed isn't lost: it stays in memory, through a lock as well, and is written when it can be."
        )
        self._show(f"{reason} {held}".strip(), "warn")
        self._timer.start()

    def _tried(self, left: int) -> None:
        if not left and self._timer.isActive():
            self._timer.stop()
            self._show(_("What you typed has been written to the disk now."), "ok")

    def _refused(self, _failure: Failure) -> None:
        """It's tried again soon, and was said already."""


class LeavingQuestion(QMessageBox):
    """Asks whether to leave although something typed would be lost with the vault.

    Args:
        number: How many drafts there are.
        leave: Leaves all the same.
        try_again: Leaves if they can be written now; None where the desk must be unlocked before that.
        parent: The window.
    """

    def __init__(
        self,
        number: int,
        leave: Callable[[], object],
        try_again: Callable[[], object] | None,
        parent: QWidget,
    ) -> None:
        text = ngettext(
            "{number} draft can't be written to the disk. If the vault is closed now, what you typed there is lost.",
            "{number} drafts can't be written to the disk. If the vault is closed now, what you typed there is lost.",
            number,
        ).format(number=number)
        super().__init__(QMessageBox.Icon.Warning, _("Not everything is saved"), text, parent=parent)
        self._window = parent
        self._leave = leave
        self._try_again = try_again
        if try_again is None:
            advice = _("It waits here, encrypted, until you unlock the desk. Everything saved before is intact.")
        else:
            advice = _("Free some space on the disk and try again. Everything saved before is intact.")
        self.setInformativeText(advice)
        self.stay = self.addButton(_("Stay"), QMessageBox.ButtonRole.RejectRole)
        self.again = None
        if try_again is not None:
            self.again = self.addButton(_("Try again"), QMessageBox.ButtonRole.AcceptRole)
        self.lose = self.addButton(_("Close and lose it"), QMessageBox.ButtonRole.DestructiveRole)
        self.setDefaultButton(self.stay)
        self.setEscapeButton(self.stay)
        self.buttonClicked.connect(self._answered)

    def _answered(self, chosen: QAbstractButton) -> None:
        # When the question itself is gone: what follows may close the window that it stands on.
        if chosen is self.lose:
            QTimer.singleShot(0, self._window, self._leave)
        elif chosen is self.again and self._try_again is not None:
            QTimer.singleShot(0, self._window, self._try_again)
