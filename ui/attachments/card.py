"""The files of a case: a list to open them from, and every way to bring one in."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.attachments.model import FileEntry, FileState
from desktop_app.attachments.painting import Painter, Picture, can_show
from desktop_app.sizes import size_words
from sync.errors import Failure
from sync.messages import _, ngettext
from ui import keys, theme
from ui.actions import Action
from ui.attachments.pixels import can_fetch, icon_of, pixmap_of, state_of, whereabouts_of
from ui.attachments.progress import JobRow
from ui.cases.timeline import moment_words
from ui.context import DeskContext
from ui.files import ask_open_many
from ui.forms.form import local_now
from ui.row_list import Row, RowList
from ui.widgets import Elided, button, caption, heading, scrolled
from ui.worker import Worker

_ROWS_IN_VIEW = {100: 3, 125: 3, 150: 2}
"""At each text size: the timeline below needs room as well."""
ADD_KEYS = "Ctrl+Shift+A"


class FilesCard(QWidget):
    """Lists, adds and removes the files of one case.

    Args:
        context: The vault and its workers.
        parent: The pane.
    """

    opened = Signal(str)

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._case_id = ""
        self.entries: Sequence[FileEntry] = ()
        self._pictures: dict[str, QPixmap] = {}
        self._tried: set[str] = set()
        self._painter: Painter | None = None
        self._worker: Worker | None = None
        self.add = button(_("Add…"), "attach", "quiet", self)
        self.add.setAccessibleName(_("Add files"))
        self.add.setToolTip(keys.shown(ADD_KEYS))
        self.fetch = button("", "import", "quiet", self)
        self.list = RowList(_("Files"), self)
        self.area = scrolled(self.list, self)
        self.none = caption(_("None yet. Drop files here, or paste them with {keys}.").format(keys="Ctrl+V"), self)
        self.undone = Elided("small", parent=self)
        self.undo = button(_("Undo  (Ctrl+Z)"), "undo", "quiet", self)
        self.progress = JobRow(context.files, self)
        self._build()
        self._connect()

    def show_files(self, case_id: str, entries: Sequence[FileEntry]) -> None:
        """Show the files of a case.

        Args:
            case_id: The case.
            entries: Its files, the newest first.
        """
        if case_id != self._case_id:
            self._pictures.clear()
            self._tried.clear()
        self._case_id, self.entries = case_id, entries
        self._show_rows()
        self._show_undo()
        self._draw_next()

    def take(self, data: QMimeData) -> bool:
        """Add what was dropped or pasted.

        Args:
            data: Files or a picture.

        Returns:
            Whether there was something to add.
        """
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if paths:
            self._context.files.add(self._case_id, paths)
        elif data.hasImage():
            picture = data.imageData()
            if isinstance(picture, QImage) and not picture.isNull():
                name = _("Picture {moment}.png").format(moment=f"{datetime.now().astimezone():%Y-%m-%d %H.%M.%S}")
                self._context.files.add_picture(self._case_id, picture, name)
                return True
        return bool(paths)

    def paste(self) -> None:
        """Add what the clipboard holds."""
        if not self.take(QGuiApplication.clipboard().mimeData()):
            words = _("The clipboard holds neither a file nor a picture. Copy one and paste it again.")
            self._context.show_message(words, "warn")

    def choose(self) -> None:
        """Ask which files to add."""
        ask_open_many(self, _("Add files to the case"), self._chosen)

    def commands(self) -> list[Action]:
        """Return what can be done with the files, for the palette."""
        opening = [
            Action(f"file-{entry.id}", _("Open the file {name}").format(name=entry.name), self._opener(entry), "file")
            for entry in self.entries
        ]
        away = sum(map(can_fetch, self.entries))
        words = ngettext("Fetch {count} file from the server", "Fetch {count} files from the server", away).format(
            count=away
        )
        fetching = [Action("fetch-files", words, self._fetch_all, "import", (), _("download server"))] if away else []
        removing = []
        row = self.list.current() if self.list.hasFocus() else None
        if row is not None:
            words = _("Remove the file {name}").format(name=row.title)
            removing.append(Action("remove-file", words, self._remove_marked, "remove", ("Del",)))
        return [
            Action("add-files", _("Add files"), self.choose, "attach", (ADD_KEYS,), _("attach scan photo document")),
            Action("paste-file", _("Paste into the files"), self.paste, "attach", (), _("clipboard picture")),
            *fetching,
            *removing,
            *opening,
        ]

    def leave(self) -> None:
        """Let go of all pictures, and of the child that draws them."""
        painter, worker, self._painter, self._worker = self._painter, self._worker, None, None
        if painter is not None:
            painter.close()
        if worker is not None:
            worker.close()
            worker.deleteLater()
        self._pictures.clear()
        self._tried.clear()

    # Own

    def _build(self) -> None:
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.viewport().setAutoFillBackground(False)
        self.undo.hide()
        self.undone.hide()
        head = QHBoxLayout()
        self._heading = heading(_("Files"), self)
        head.addWidget(self._heading)
        head.addStretch(1)
        head.addWidget(self.add)
        last = QHBoxLayout()
        last.setSpacing(theme.SPACE_S)
        last.addWidget(self.undone, 1)
        last.addWidget(self.undo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_XS)
        column.addLayout(head)
        column.addWidget(self.none)
        column.addWidget(self.area)
        column.addWidget(self.fetch, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(last)
        column.addWidget(self.progress)

    def _connect(self) -> None:
        self.add.clicked.connect(self.choose)
        self.fetch.clicked.connect(self._fetch_all)
        self.undo.clicked.connect(self._undo)
        self.list.opened.connect(self.opened)
        for sequence, slot in (("Ctrl+V", self.paste), ("Del", self._remove_marked), ("Ctrl+Z", self._undo)):
            keys.bind_within(self, [sequence], slot)
        self._context.files.removed.connect(self._removed)

    def _show_rows(self) -> None:
        now = local_now()
        self.list.show_rows(
            [
                Row(
                    entry.id,
                    entry.name,
                    _detail(entry, now),
                    state_of(entry),
                    icon_of(entry),
                    self._pictures.get(entry.id),
                    tile=True,
                )
                for entry in self.entries
            ]
        )
        count = len(self.entries)
        self._heading.setText(_("Files · {count}").format(count=count) if count else _("Files"))
        away = sum(map(can_fetch, self.entries))
        self.fetch.setText(
            ngettext("Fetch {count} file from the server", "Fetch {count} files from the server", away).format(
                count=away
            )
        )
        self.fetch.setVisible(bool(away))
        self.none.setVisible(not count)
        self.area.setVisible(bool(count))
        if count:
            high = self.list.height() // count
            self.area.setFixedHeight(high * min(count, _ROWS_IN_VIEW[theme.scale()]) + 2)

    def _show_undo(self) -> None:
        last = self._context.files.last_removed
        shown = last is not None and last.case == self._case_id
        if last is not None and shown:
            self.undone.setText(_("Removed: {name}").format(name=last.name))
        self.undone.setVisible(shown)
        self.undo.setVisible(shown)

    def _draw_next(self) -> None:
        """Ask for the picture of the next file that has none; one after another, beside everything else."""
        wanted = next(
            (
                entry
                for entry in self.entries
                if entry.id not in self._tried and entry.state is FileState.HERE and can_show(entry.type, entry.size)
            ),
            None,
        )
        if wanted is None or not self.isVisible():
            return
        self._tried.add(wanted.id)
        self._painter = self._painter or Painter()
        self._worker = self._worker or Worker(self)
        job = partial(self._context.workspace.files.thumbnail, wanted.id, self._painter)
        self._worker.run(job, partial(self._drawn, wanted.id), self._not_drawn)

    def _drawn(self, file_id: str, picture: Picture | None) -> None:
        if picture is not None and self._painter is not None:
            self._pictures[file_id] = pixmap_of(picture)
            self._show_rows()
        self._draw_next()
        if self._worker is not None and not self._worker.busy and self._painter is not None:
            self._painter.close()
            self._painter = None

    def _not_drawn(self, _failure: Failure) -> None:
        """The icon stays; opening the file tells what is wrong with it."""

    def _opener(self, entry: FileEntry) -> "partial[None]":
        return partial(self.opened.emit, entry.id)

    def _chosen(self, paths: list[str]) -> None:
        self._context.files.add(self._case_id, [Path(path) for path in paths])

    def _fetch_all(self) -> None:
        self._context.files.fetch([entry for entry in self.entries if can_fetch(entry)])

    def _remove_marked(self) -> None:
        row = self.list.current()
        if row is not None and self.list.hasFocus():
            self._context.files.remove(row.key)

    def _removed(self, entry: FileEntry) -> None:
        if entry.case == self._case_id:
            self._show_undo()
            self.undo.setFocus()

    def _undo(self) -> None:
        if not self.undo.isHidden():
            self.list.setFocus()
            self._context.files.undo()


def _detail(entry: FileEntry, now: datetime) -> str:
    """Return the second line of a file: who added it and when; first of all who has it, where nobody else does."""
    size, when = size_words(entry.size), moment_words(entry.when, now)
    whose = whereabouts_of(entry)
    return " · ".join((whose, size, when) if whose else (size, entry.person, when))
