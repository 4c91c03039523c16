"""Checking a recovery sheet that was made earlier: its words are kept nowhere, so the sheet itself is asked for."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop_app.recovery import required
from desktop_app.recovery_reading import read_shares
from desktop_app.vault import shares
from desktop_app.vault.shares import Share
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _, ngettext
from ui import theme
from ui.context import DeskContext
from ui.files import ask_open
from ui.widgets import button, caption, label

_LINES = 3


class SheetCheck(QWidget):
    """Takes the words or the file of the sheet, and says whether it opens the vault; the sheet stays good.

    Args:
        context: The vault and its worker.
        parent: Where it stands.
    """

    confirmed = Signal()

    def __init__(self, context: DeskContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._found: list[Share] = []
        self.words = QPlainTextEdit(self)
        self.take = button(_("Check these words"), "check", parent=self)
        self.choose = button(_("Choose a file or photo…"), "folder", parent=self)
        self.state = label("", parent=self, wrap=True)
        self._build()
        self.take.clicked.connect(self.take_words)
        self.choose.clicked.connect(self._ask_file)

    def focus_first(self) -> None:
        """Put the focus on the words."""
        self.words.setFocus()

    def forget(self) -> None:
        """Forget what was typed and read."""
        self._found = []
        self.words.clear()
        self._say("", "")

    def take_words(self) -> None:
        """Read the words that were typed."""
        self._read(partial(shares.parse, self.words.toPlainText()))

    def take_file(self, path: str) -> None:
        """Read the sheet in a file.

        Args:
            path: A photo, a scan, the sheet's PDF, or a text with the words.
        """
        self._read(partial(read_shares, Path(path)))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_S)
        hint = _("Take the sheet in hand and type all its words in their order. It is only checked, not used up.")
        column.addWidget(caption(hint, self))
        self.words.setAccessibleName(_("Words of the recovery sheet"))
        self.words.setTabChangesFocus(True)
        self.words.setProperty("secret", True)  # noqa: FBT003 - Qt has no keyword for it
        self.words.setFixedHeight(self.words.fontMetrics().lineSpacing() * _LINES + theme.SPACE_XL)
        column.addWidget(self.words)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.take)
        row.addWidget(self.choose)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.state)
        self.state.hide()

    def _ask_file(self) -> None:
        kinds = _("Recovery sheet ({pattern})").format(pattern="*.pdf *.png *.jpg *.jpeg *.txt")
        ask_open(self, _("Choose the recovery sheet"), kinds, self.take_file)

    def _read(self, read: Callable[[], list[Share]]) -> None:
        self._set_busy(busy=True)
        job = partial(_check, self._context.workspace, read, tuple(self._found))
        self._context.run(job, self._checked, self._failed, aside=True)

    def _checked(self, found: list[Share]) -> None:
        self._set_busy(busy=False)
        missing = required(found)
        if not missing:
            self.forget()
            self.confirmed.emit()
            return
        self._found = found
        self.words.clear()
        words = ngettext(
            "Sheets {number}: {count} more is needed.", "Sheets {number}: {count} more are needed.", missing
        )
        self._say(words.format(number=shares.sheet_number(found[0].sheet), count=missing), "warn")
        self.focus_first()

    def _failed(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self._found = []
        self._say(failure.message, "error")
        self.focus_first()

    def _say(self, words: str, role: str) -> None:
        self.state.setText(words)
        self.state.setProperty("role", role)
        self.state.setVisible(bool(words))
        theme.repolish(self.state)

    def _set_busy(self, *, busy: bool) -> None:
        for widget in (self.words, self.take, self.choose):
            widget.setEnabled(not busy)


def _check(workspace: Workspace, read: Callable[[], list[Share]], known: tuple[Share, ...]) -> list[Share]:
    """Read one more sheet, and check them all once there are enough; runs on a worker."""
    before = {share.indices for share in known}
    found = [*known, *(share for share in read() if share.indices not in before)]
    if len({share.sheet for share in found}) > 1:
        shares.combine(found)
    if not required(found):
        workspace.recovery.check(found)
    return found
