"""What sign-in offers when a vault is damaged: check it and mend it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.repair import Report, repair
from sync.errors import Damaged, Failure
from sync.messages import _
from ui import stick_row, theme
from ui.widgets import button, label
from ui.worker import Worker

_BEYOND_REPAIR = frozenset({"damaged_key_file", "foreign_key_file", "cannot_repair"})


class RepairOffer(QWidget):
    """A button that checks and mends a vault that isn't open, and tells what was done.

    Args:
        worker: Where it runs.
        parent: The sign-in.
    """

    wanted = Signal()
    started = Signal()
    ended = Signal()

    _stepped = Signal(str)

    def __init__(self, worker: Worker, parent: QWidget) -> None:
        super().__init__(parent)
        self._worker = worker
        self.start = button(_("Check and repair"), "shield", parent=self)
        self.told = label("", parent=self, wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(self.told)
        column.addWidget(self.start, 0, Qt.AlignmentFlag.AlignLeft)
        self.start.clicked.connect(self.wanted)
        # Steps are told on the worker; the queued signal brings them to the screen's thread.
        self._stepped.connect(self.told.setText, Qt.ConnectionType.QueuedConnection)
        self.hide()

    def offer_for(self, failure: Failure) -> None:
        """Show the button when a failure is one that a repair may mend."""
        mendable = isinstance(failure, Damaged) and failure.code not in _BEYOND_REPAIR
        self.told.hide()
        self.start.setVisible(mendable)
        self.setVisible(mendable)

    def offer(self, *, amiss: bool = True) -> None:
        """Show the button for a vault that opens.

        Args:
            amiss: Something in it was found damaged; else the person only wants to be sure.
        """
        words = _("Type the pass phrase of this vault. Every part of it is checked then; nothing is ever deleted.")
        if amiss:
            words = _("Something in this vault is amiss. Type its pass phrase, then check and repair it.")
        self._tell(words, "")
        self.start.show()
        self.show()

    def run(self, folder: Path, passphrase: str, stick: str) -> None:
        """Check and mend.

        Args:
            folder: The vault's folder.
            passphrase: Its pass phrase.
            stick: The key file on a stick that was chosen, or nothing.
        """
        self._tell("", "")
        self.started.emit()
        self._worker.run(partial(_mended, folder, passphrase, stick, self._stepped.emit), self._done, self._failed)

    def _done(self, report: Report) -> None:
        self.start.hide()
        said = [*(report.done or [_("There was nothing to mend.")]), *report.missing]
        if report.sound:
            said.append(_("The vault is whole now. Type the pass phrase and open it."))
        else:
            faulty = ", ".join(check.title for check in report.after if not check.sound)
            said.append(_("Not everything could be mended: {parts}.").format(parts=faulty))
        self._tell("\n".join(said), "ok" if report.sound and not report.missing else "warn")
        self.ended.emit()

    def _failed(self, failure: Failure) -> None:
        self._tell(failure.message, "error")
        self.ended.emit()

    def _tell(self, text: str, role: str) -> None:
        self.told.setProperty("role", role)
        self.told.style().polish(self.told)
        self.told.setText(text)
        self.told.show()


def _mended(folder: Path, passphrase: str, stick: str, progress: Callable[[str], None]) -> Report:
    return repair(folder, passphrase, stick=stick_row.stick_of(stick), progress=progress)
