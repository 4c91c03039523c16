"""One file, shown inside the program: nothing of it is written anywhere to be looked at."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.attachments import texts
from desktop_app.attachments.model import FileEntry
from desktop_app.attachments.painting import Painter, Picture
from desktop_app.sizes import size_words
from desktop_app.workspace import ChangeEvent
from sync.errors import Failure
from sync.messages import _
from ui import keys, theme
from ui.actions import Action
from ui.attachments.canvas import Canvas
from ui.attachments.loading import Opened, open_file
from ui.attachments.pixels import can_fetch, image_of
from ui.attachments.progress import JobRow
from ui.attachments.saving import SaveRow
from ui.attachments.tools import Tools
from ui.cases.timeline import moment_words
from ui.context import DeskContext
from ui.forms.form import local_now
from ui.page import Page
from ui.widgets import EmptyState, MessageBar, label
from ui.worker import Worker

SAVE_KEYS = "Ctrl+S"


class FilePage(Page):
    """The viewer. What it holds of a file is gone when the page is left, and so when the desk is locked."""

    page_id = "file"
    icon_name = "file"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.entry: FileEntry | None = None
        self.opened: Opened | None = None
        self.page = 0
        self._file_id = ""
        self._painter: Painter | None = None
        self._worker: Worker | None = None
        self._drawing = self._draw_again = False
        self._asked_for = ""
        self.tools = Tools(self)
        self.detail = label("", "small", "muted", self)
        self.bar = MessageBar(self)
        self.saving = SaveRow(self)
        self.progress = JobRow(context.files, self)
        self.canvas = Canvas(self)
        self.text = QPlainTextEdit(self)
        self.nothing = EmptyState("file", _("Opening…"), parent=self)
        self._stack = QStackedWidget(self)
        self._build()
        self._connect()

    def title(self) -> str:
        """Return the name of the file."""
        return self.entry.name if self.entry is not None else _("File")

    def open_target(self, target: str) -> None:
        """Show a file."""
        if target != self._file_id:
            self._drop()
            self._file_id, self.entry, self._asked_for = target, None, ""

    def place(self) -> str:
        """Return the file."""
        return self._file_id

    def activate(self) -> None:
        """Open the file."""
        if self._file_id and self.opened is None:
            self._say(_("Opening…"))
            self._painter = Painter()
            self._worker = Worker(self)
            job = partial(open_file, self.context.workspace, self._file_id, self._painter)
            self._worker.run(job, self._opened, self._failed)

    def leave(self) -> None:
        """Let go of everything that was read of the file."""
        self._drop()

    def refresh(self, event: ChangeEvent) -> None:
        """Try again when something came for the case and the file was not here."""
        concerned = self.entry is None or event.everything or self.entry.case in event.cases
        if concerned and self.opened is None and self._worker is None:
            self.activate()

    def focus_first(self) -> None:
        """Put the focus where a person looks."""
        shown = self._stack.currentWidget()
        (shown if shown in {self.canvas, self.text} else self.tools.back).setFocus()

    def commands(self) -> Sequence[Action]:
        """Return what can be done with the file."""
        if self.entry is None:
            return ()
        found = [
            Action("save-file", _("Save a copy…"), self.ask_to_save, "export", (SAVE_KEYS,), _("export")),
            Action("remove-file", _("Remove the file from the case"), self.remove, "remove", ("Del",)),
        ]
        if can_fetch(self.entry):
            found.append(Action("fetch-file", _("Fetch the file"), self.fetch, "import", (), _("download server")))
        if self.opened is not None and self.opened.pages:
            found += [
                Action("zoom-in", _("Larger"), partial(self.canvas.step_zoom, 1), "zoom_in", ("+",), _("zoom")),
                Action("zoom-out", _("Smaller"), partial(self.canvas.step_zoom, -1), "zoom_out", ("-",), _("zoom")),
                Action("fit", _("Fit into the window"), partial(self.canvas.set_zoom, 1.0), "fit", ("0",)),
                Action("rotate", _("Turn"), self.canvas.turn, "rotate", ("R",), _("rotate")),
            ]
        return found

    def go_to(self, page: int) -> None:
        """Show another page."""
        if self.opened is not None and 0 <= page < self.opened.pages and page != self.page:
            self.page = page
            self.canvas.verticalScrollBar().setValue(0)
            self._draw()

    def ask_to_save(self) -> None:
        """Say what a copy means, and ask where to write it."""
        if self.entry is not None:
            self.saving.ask(self.entry.name)

    def remove(self) -> None:
        """Take the file out of its case, and go back there, where it can be undone."""
        if self.entry is not None:
            self.context.files.remove(self.entry.id)
            self.context.open_case(self.entry.case)

    # Own

    def _build(self) -> None:
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.text.setAccessibleName(_("Text of the file"))
        for shown in (self.nothing, self.canvas, self.text):
            self._stack.addWidget(shown)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_S)
        head.addWidget(self.tools)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        column.addLayout(head)
        column.addWidget(self.detail)
        column.addWidget(self.bar)
        column.addWidget(self.saving)
        column.addWidget(self.progress)
        column.addWidget(self._stack, 1)

    def _connect(self) -> None:
        tools = self.tools
        tools.back.clicked.connect(self.context.go_back)
        tools.save.clicked.connect(self.ask_to_save)
        tools.remove.clicked.connect(self.remove)
        tools.larger.clicked.connect(partial(self.canvas.step_zoom, 1))
        tools.smaller.clicked.connect(partial(self.canvas.step_zoom, -1))
        tools.fit.clicked.connect(partial(self.canvas.set_zoom, 1.0))
        tools.turn.clicked.connect(self.canvas.turn)
        tools.page_wanted.connect(self._step_page)
        self.canvas.room_changed.connect(self._draw)
        self.saving.chosen.connect(self._save)
        self.context.files.saved.connect(self._saved)
        self.context.files.fetched.connect(self._fetched)
        self.context.files.failed.connect(self._not_fetched)
        self.context.files.stopped.connect(self._not_fetched)
        for sequence, slot in (
            (SAVE_KEYS, self.ask_to_save),
            ("Del", self.remove),
            ("+", partial(self.canvas.step_zoom, 1)),
            ("=", partial(self.canvas.step_zoom, 1)),
            ("-", partial(self.canvas.step_zoom, -1)),
            ("0", partial(self.canvas.set_zoom, 1.0)),
            ("R", self.canvas.turn),
            ("К", self.canvas.turn),  # the same key of the Ukrainian layout
            ("PgDown", partial(self._step_page, 1)),
            ("PgUp", partial(self._step_page, -1)),
            ("Esc", self._escape),
        ):
            keys.bind_within(self, [sequence], slot)

    def _escape(self) -> None:
        if self.saving.isVisible():
            self.saving.hide()
            self.focus_first()
        else:
            self.context.go_back()

    def _step_page(self, step: int) -> None:
        self.go_to(self.page + step)

    def _opened(self, opened: Opened) -> None:
        self.opened, self.entry, self.page = opened, opened.entry, 0
        self._show_head()
        if opened.pages:
            self._draw()
        elif opened.text is not None:
            self.text.setPlainText(texts.broken(opened.text.text))
            self._bring(self.text)
            if not opened.text.whole:
                self.bar.show_message(_("Only the beginning of this long text is shown. Save a copy to read all."))
        else:
            self._say(_("This kind of file can't be shown here. Save a copy to open it in another program."))

    def _show_head(self) -> None:
        entry = self.entry
        if entry is not None:
            self.detail.setText(
                " · ".join((size_words(entry.size), entry.person, moment_words(entry.when, local_now())))
            )
            self.tools.show_file(entry.name, self.opened.pages if self.opened is not None else 0)

    def _failed(self, failure: Failure) -> None:
        self._drop()
        self._say(failure.message)
        self.context.run(partial(self.context.workspace.files.get, self._file_id), self._named)

    def _named(self, entry: FileEntry) -> None:
        if entry.id != self._file_id:
            return
        self.entry = entry
        self._show_head()
        if can_fetch(entry) and self._asked_for != entry.id and self.isVisible():
            self._asked_for = entry.id  # once: a failure says why, and leaves it to the person
            self.fetch()

    def fetch(self) -> None:
        """Get the file from the server; it is opened as soon as it is here."""
        if self.entry is not None:
            self._say(_("The file is being fetched from the server…"))
            self.context.files.fetch([self.entry])

    def _fetched(self, file_id: str) -> None:
        if file_id == self._file_id and self.opened is None and self._worker is None:
            self.activate()

    def _not_fetched(self, words: str | Failure) -> None:
        if self.opened is None and self._worker is None and self._asked_for == self._file_id:
            self._say(words.message if isinstance(words, Failure) else words)

    def _draw(self) -> None:
        """Have the page drawn for the present room; what changes meanwhile is drawn once more."""
        painter, worker = self._painter, self._worker
        if self.opened is None or not self.opened.pages or painter is None or worker is None:
            return
        self._draw_again = self._drawing
        if not self._drawing:
            self._drawing = True
            room = self.canvas.room()
            job = partial(painter.draw, self.page, room.width(), room.height())
            worker.run(job, partial(self._drawn, self.page), self._not_drawn)

    def _drawn(self, page: int, picture: Picture) -> None:
        self._drawing = False
        if self.opened is None:
            return
        self.canvas.show_image(image_of(picture))
        self._bring(self.canvas)
        self.tools.show_page(page, self.opened.pages)
        if self._draw_again:
            self._draw()

    def _not_drawn(self, failure: Failure) -> None:
        self._drawing = False
        self._say(failure.message)

    def _say(self, words: str) -> None:
        self.nothing.say(words)
        self._bring(self.nothing)

    def _bring(self, shown: QWidget) -> None:
        before = self._stack.currentWidget()
        focused = self.tools.back.hasFocus() or (before is not None and before.hasFocus())
        self._stack.setCurrentWidget(shown)
        if focused and self.isVisible():
            self.focus_first()

    def _save(self, path: str) -> None:
        if self.entry is not None:
            self.context.files.save(self.entry.id, self.entry.name, Path(path))

    def _saved(self, name: str) -> None:
        if self.isVisible():
            words = _("Saved as {name}. This copy is not encrypted: whoever gets it can read it.")
            self.bar.show_message(words.format(name=name), "warn")

    def _drop(self) -> None:
        painter, worker, self._painter, self._worker = self._painter, self._worker, None, None
        if painter is not None:
            painter.close()
        if worker is not None:
            worker.close()
            worker.deleteLater()
        self.opened = None
        self._drawing = self._draw_again = False
        self.canvas.forget()
        self.text.clear()
        self.bar.hide()
        self.saving.hide()
