"""Making a recovery sheet: saved or printed, and two of its words asked back."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.recovery import Prepared, asked_back, is_word
from desktop_app.vault.shares import Arrangement
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui import theme
from ui.files import ask_save
from ui.printing import ask_printer, drawn
from ui.widgets import button, caption, icon_label, label
from ui.worker import Worker


@dataclass(frozen=True, slots=True)
class _Printed:
    prepared: Prepared
    pages: list[QImage]


class SheetMaker(QWidget):
    """Two buttons, and below them what is asked back once the sheet is on paper or in a file.

    Args:
        worker: Makes the sheet off the screen's thread.
        parent: Where it stands.
    """

    made = Signal()
    confirmed = Signal()
    failed = Signal(object)

    def __init__(self, worker: Worker, parent: QWidget) -> None:
        super().__init__(parent)
        self._worker = worker
        self._workspace: Workspace | None = None
        self._arrangement = Arrangement()
        self._prepared: Prepared | None = None
        self._printing: Prepared | None = None
        self._asked: tuple[int, ...] = ()
        self.save = button(_("Save the sheet…"), "export", parent=self)
        self.print = button(_("Print the sheet…"), "case", parent=self)
        self._back = QFrame(self)
        self._back.setProperty("tinted", "true")
        self._heading = caption("", self._back)
        self.words = [QLineEdit(self._back), QLineEdit(self._back)]
        self._prompts = [label("", parent=self._back) for _word in self.words]
        self._state = QFrame(self)
        self._state_icon = icon_label("ok", "ok", self._state)
        self._state_words = label("", "", "ok", self._state, wrap=True)
        self._build()

    def begin(self, workspace: Workspace, arrangement: Arrangement | None = None) -> None:
        """Be ready to make a sheet of a vault.

        Args:
            workspace: The vault.
            arrangement: One sheet, or how many trustees.
        """
        self._workspace, self._arrangement = workspace, arrangement or Arrangement()
        self._prepared = None
        self._back.hide()
        self._state.hide()

    def focus_first(self) -> None:
        """Put the focus on what comes next."""
        (self.words[0] if self._back.isVisibleTo(self) else self.save).setFocus()

    @property
    def is_made(self) -> bool:
        """Whether a sheet was made here and is in force."""
        return self._prepared is not None

    def save_to(self, path: str) -> None:
        """Make the sheet and write it into a new file, or one for each trustee.

        Args:
            path: The file.
        """
        if self._workspace is not None:
            self._set_busy(busy=True)
            self._worker.run(
                partial(_save, self._workspace, self._arrangement, Path(path)), self._in_force, self._refused
            )

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_M)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.save)
        row.addWidget(self.print)
        row.addStretch(1)
        column.addLayout(row)
        grid = QGridLayout(self._back)
        grid.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        grid.setHorizontalSpacing(theme.SPACE_M)
        grid.setVerticalSpacing(theme.SPACE_S)
        grid.addWidget(self._heading, 0, 0, 1, 2)
        for number, (prompt, line) in enumerate(zip(self._prompts, self.words, strict=True)):
            line.setMinimumHeight(theme.scaled(32))
            line.setProperty("secret", True)  # noqa: FBT003 - Qt has no keyword for it
            prompt.setBuddy(line)
            line.textChanged.connect(self._compare)
            line.editingFinished.connect(self._judge)
            grid.addWidget(prompt, number + 1, 0)
            grid.addWidget(line, number + 1, 1)
        grid.setColumnStretch(1, 1)
        column.addWidget(self._back)
        state = QHBoxLayout(self._state)
        state.setContentsMargins(0, 0, 0, 0)
        state.setSpacing(theme.SPACE_S)
        state.addWidget(self._state_icon)
        state.addWidget(self._state_words, 1)
        column.addWidget(self._state)
        self._back.hide()
        self._state.hide()
        self.save.clicked.connect(self._ask_where)
        self.print.clicked.connect(self._draw)

    def _ask_where(self) -> None:
        kinds = _("Recovery sheet ({pattern})").format(pattern="*.pdf")
        ask_save(self, _("Save the recovery sheet"), kinds, _("recovery-sheet") + ".pdf", self.save_to)

    def _draw(self) -> None:
        if self._workspace is not None:
            self._set_busy(busy=True)
            self._worker.run(partial(_draw, self._workspace, self._arrangement), self._choose_printer, self._refused)

    def _choose_printer(self, printed: _Printed) -> None:
        self._set_busy(busy=False)
        self._printing = printed.prepared
        ask_printer(self, printed.pages, self._printed)

    def _printed(self) -> None:
        if self._workspace is not None and self._printing is not None:
            self._set_busy(busy=True)
            job = partial(_put_in_force, self._workspace, self._printing)
            self._worker.run(job, self._in_force, self._refused)

    def _in_force(self, prepared: Prepared) -> None:
        self._set_busy(busy=False)
        self._prepared = prepared
        sheet = prepared.sheets[0]
        self._asked = asked_back(sheet)
        heading = _("Take the sheet {number} in hand and type two of its words: so it is sure that it can be read.")
        if not prepared.arrangement.single:
            heading = _("Take the first of the sheets {number} in hand and type two of its words.")
        self._heading.setText(heading.format(number=prepared.number))
        for place, prompt, line in zip(self._asked, self._prompts, self.words, strict=True):
            words = _("Word {number}").format(number=place)
            prompt.setText(words)
            line.setAccessibleName(words)
            line.clear()
        self._say("ok", _("The sheet is made and opens the vault."))
        self._back.show()
        self.words[0].setFocus()
        self.made.emit()

    def _refused(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self.failed.emit(failure)

    def _compare(self) -> None:
        if self._prepared is None or not all(self._right()):
            return
        self._back.hide()
        self._say("ok", _("The words are right. Put the sheet into a safe, and delete the file when it is printed."))
        if self._workspace is not None:
            self._worker.run(self._workspace.recovery.confirm, self._noted, self._refused)

    def _noted(self, _nothing: None) -> None:
        self.confirmed.emit()

    def _judge(self) -> None:
        if self._prepared is None or self._back.isHidden():
            return
        wrong = [line for line, right in zip(self.words, self._right(), strict=True) if line.text() and not right]
        if wrong:
            self._say("warn", _("This is another word. Compare it with the sheet."))
        else:
            self._say("ok", _("The sheet is made and opens the vault."))

    def _right(self) -> list[bool]:
        prepared = self._prepared
        if prepared is None:
            return [False]
        pairs = zip(self._asked, self.words, strict=True)
        return [is_word(prepared.sheets[0], place, line.text()) for place, line in pairs]

    def _say(self, role: str, words: str) -> None:
        self._state_icon.setPixmap(icon_label(role, role, None).pixmap())
        self._state_words.setText(words)
        self._state_words.setProperty("role", role)
        theme.repolish(self._state_words)
        self._state.show()

    def _set_busy(self, *, busy: bool) -> None:
        for widget in (self.save, self.print):
            widget.setEnabled(not busy)


def _save(workspace: Workspace, arrangement: Arrangement, path: Path) -> Prepared:
    prepared = workspace.recovery.prepare(arrangement)
    prepared.write(path)
    return _put_in_force(workspace, prepared)


def _draw(workspace: Workspace, arrangement: Arrangement) -> _Printed:
    prepared = workspace.recovery.prepare(arrangement)
    return _Printed(prepared, drawn(prepared.documents))


def _put_in_force(workspace: Workspace, prepared: Prepared) -> Prepared:
    workspace.recovery.put_in_force(prepared)
    return prepared
