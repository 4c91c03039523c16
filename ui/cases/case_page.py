"""One case: read it, change it, move it on, and see who did what."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.attachments.model import FileEntry
from desktop_app.cases.model import CaseView, Draft, HistoryEntry
from desktop_app.workspace import ChangeEvent, Workspace
from sync.errors import Failure
from sync.messages import _
from ui import keys, theme
from ui.actions import Action
from ui.attachments.card import ADD_KEYS, FilesCard
from ui.cases.case_form import fill_holder, scroll_holder
from ui.cases.case_header import CaseHead
from ui.cases.details import DetailsPane
from ui.cases.edit_form import EditForm
from ui.cases.editing import change_words, changed_fields, still_seen
from ui.cases.where import NOWHERE, Where, WhereAsked, load_where
from ui.context import DeskContext
from ui.forms.drafts import EDIT_DRAFT, DraftKeeper
from ui.forms.form import local_now
from ui.forms.reader import ReadView
from ui.page import Page
from ui.widgets import EmptyState, MessageBar

EDIT_TARGET = "/edit"
SAVE_KEYS = ("Ctrl+Return", "Ctrl+Enter", "F8")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A case as a worker read it."""

    view: CaseView
    history: Sequence[HistoryEntry]
    draft: Draft | None
    files: Sequence[FileEntry]
    older: bool = False
    where: Where = NOWHERE


class CasePage(Page):
    """The page of one case."""

    page_id = "case"
    icon_name = "case"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.view: CaseView | None = None
        self.form: EditForm | None = None
        self._case_id = ""
        self._edit_wanted = self._focus_wanted = self._came_by_file = False
        self._saving = False
        self._seen: CaseView | None = None
        self._draft: Draft | None = None
        self._keeper: DraftKeeper | None = None
        self._reader: ReadView | None = None
        self._reader_area: QScrollArea | None = None
        self.head = CaseHead(self)
        self.bar = MessageBar(self)
        self.pane = DetailsPane(self, readers=context.workspace.audit_log.sees_all)
        self.where = WhereAsked(context, self)
        self.pane.put_ways(self.where.starts)
        self.files = FilesCard(context, self.pane)
        self.pane.put_files(self.files, self.files.progress.stop)
        self._stack = QStackedWidget(self)
        self._missing = EmptyState("case", _("This case can't be shown."), parent=self, action=_("Back"))
        self._build()
        self._connect()

    def title(self) -> str:
        """Return the number of the case."""
        return self.view.number if self.view else _("Case")

    def open_target(self, target: str) -> None:
        """Show a case; ``/edit`` after its id goes on with its draft."""
        case_id = target.removesuffix(EDIT_TARGET)
        self._edit_wanted = target.endswith(EDIT_TARGET)
        if case_id and case_id != self._case_id:
            self._stop_editing(keep=True)
            self.bar.hide()
            self._case_id, self.view = case_id, None
            self._came_by_file = False

    def place(self) -> str:
        """Return the case, and that it's being edited."""
        return self._case_id + (EDIT_TARGET if self.form is not None else "")

    def activate(self) -> None:
        """Load the case."""
        self._load()

    def leave(self) -> None:
        """Keep the draft at once."""
        if self._keeper is not None:
            self._keeper.pause()
        self.files.leave()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Qt: files or a picture are dragged over the case."""
        data = event.mimeData()
        if self.view is not None and (data.hasImage() or any(url.isLocalFile() for url in data.urls())):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Qt: they are let go: they become files of the case."""
        if self.view is not None and self.files.take(event.mimeData()):
            event.acceptProposedAction()

    def refresh(self, event: ChangeEvent) -> None:
        """Load the case again when it's one of those that changed."""
        if event.everything or self._case_id in event.cases:
            self._load()

    def focus_first(self) -> None:
        """Put the focus where reading or typing goes on."""
        if self.form is not None:
            self.form.fields.go_to(self.form.fields.place())
        elif self.view is not None and self._came_by_file and self.files.entries:
            self._came_by_file = False
            self.files.list.setFocus()
        elif self.view is not None and self._reader_area is not None:
            self._reader_area.setFocus()
        else:
            self._focus_wanted = True

    def commands(self) -> Sequence[Action]:
        """Return the steps and the editing of this case, for the palette."""
        if self.view is None:
            return ()
        if self.form is not None:
            return [
                Action("save-case", _("Save the case"), self.save, "ok", SAVE_KEYS),
                Action("stop-editing", _("Stop editing, keep a draft"), self.cancel, "draft", ("Esc",)),
            ]
        readers = [
            Action("case-readers", _("Who has read this case"), self._show_readers, "eye", (), _("audit")),
            Action("access-report", _("Access report"), self._open_report, "person"),
        ]
        if not self.context.workspace.audit_log.sees_all:
            readers = []
        steps = [Action(f"step-{step.text()}", step.text(), step.click, "forward") for step in self.head.steps]
        edit = Action("edit-case", _("Edit the case"), self.edit, "edit", ("F2",))
        return [edit, *steps, *self.where.commands(), *self.files.commands(), *readers]

    def edit(self) -> None:
        """Begin to change the values, or go on with the draft."""
        if self.view is None or self.form is not None:
            return
        form = EditForm(self.view.kit, self)
        form.save_wanted.connect(self.save)
        form.cancel_wanted.connect(self.cancel)
        form.discard_wanted.connect(self._discard)
        self.form, self._seen = form, self.view
        self._stack.addWidget(form)
        self._stack.setCurrentWidget(form)
        self.where.fold()
        self.head.set_editing(editing=True)
        self.bar.hide()
        form.fields.set_values(self.view.values)
        self._keeper = DraftKeeper(self.context, EDIT_DRAFT + self.view.id, form.fields)
        if self._draft is None:
            form.fields.focus_first()
            return
        form.fields.fill(self._draft.values)
        form.fields.go_to(self._draft.focus)
        self._keeper.resume()

    def save(self) -> None:
        """Save what was changed, and nothing else."""
        if self.form is None or self.view is None or self._saving:
            return
        self.form.fields.catch_up()
        changes = self.form.fields.changes()
        if not changes:
            self._discard()
            return
        self._saving = True
        job = partial(self.context.workspace.cases.edit, self.view.id, changes, self._seen)
        self.context.run(job, self._saved, self._save_refused)

    def cancel(self) -> None:
        """Stop editing; what was typed stays as a draft."""
        if self.form is None:
            return
        if not self.form.fields.touched():
            self._discard()
            return
        self._stop_editing(keep=True)
        self.bar.show_message(_("Your changes aren't saved. They're kept as a draft: F2 goes on with them."))
        self._load()

    # Own

    def _build(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(theme.SPACE_S)
        left.addWidget(self.head)
        left.addWidget(self.bar)
        left.addWidget(self.where)
        left.addWidget(self._stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        row.setSpacing(theme.SPACE_M)
        row.addLayout(left, 1)
        row.addWidget(self.pane)
        self._stack.addWidget(self._missing)
        self._missing.hide()
        self._show_parts(shown=False)

    def _connect(self) -> None:
        self.head.back_wanted.connect(self._back)
        self.head.edit_wanted.connect(self.edit)
        self.head.move_wanted.connect(self._move)
        self.pane.readers_wanted.connect(self._show_readers)
        self.where.moved.connect(self._load)
        self.where.asking.connect(partial(self.head.set_editing, editing=True))
        self.where.folded.connect(self._show_steps)
        self.pane.older_wanted.connect(self._fetch_older)
        self._missing.asked.connect(self._back)
        self.files.opened.connect(self._open_file)
        self.setAcceptDrops(True)
        self._shortcut("F2", self.edit)
        self._shortcut("Esc", self.cancel)
        keys.bind_within(self, [ADD_KEYS], self.files.choose)
        for sequence in SAVE_KEYS:
            self._shortcut(sequence, self.save)

    def _show_steps(self) -> None:
        self.head.set_editing(editing=self.form is not None)

    def _shortcut(self, sequence: str, slot: object) -> None:
        shortcut = QShortcut(QKeySequence(sequence), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(slot)

    def _load(self) -> None:
        if self._case_id:
            job = partial(load_case, self.context.workspace, self._case_id)
            self.context.run(job, self._take, self._not_there)

    def _take(self, loaded: Loaded) -> None:
        if loaded.view.id != self._case_id:
            return
        before, self.view, self._draft = self.view, loaded.view, loaded.draft
        today = local_now().date()
        self.head.show_case(loaded.view, today, loaded.where.unit)
        self.where.show_case(loaded.view, loaded.where)
        self.pane.show_case(loaded.view, loaded.history, today, older=loaded.older)
        self._show_parts(shown=True)
        self.files.show_files(loaded.view.id, loaded.files)
        self._show_read(loaded.view)
        if self.form is not None and before is not None:
            self._overtake(before, loaded)
        elif self._edit_wanted:
            self.edit()
        elif self._focus_wanted:
            self.focus_first()
        self._edit_wanted = self._focus_wanted = False

    def _fetch_older(self) -> None:
        fetch = partial(self.context.workspace.snapshots.fetch, self._case_id)
        self.context.run(fetch, self._older_came, self._no_older, aside=True)

    def _older_came(self, done: bool) -> None:  # noqa: FBT001 - what the vault says
        if not done:
            words = _("The server has not all of it. Exchange on other devices first, then try again.")
            self.bar.show_message(words, "warn")
        self._load()

    def _no_older(self, failure: Failure) -> None:
        self.pane.older.setEnabled(True)
        self.context.show_failure(failure)

    def _show_read(self, view: CaseView) -> None:
        if self._reader is None or self._reader.kit is not view.kit:
            if self._reader_area is not None:
                self._stack.removeWidget(self._reader_area)
                self._reader_area.deleteLater()
            self._reader_area = QScrollArea(self)
            holder = scroll_holder(self._reader_area)
            self._reader = ReadView(view.kit, holder)
            self._reader.setMaximumWidth(theme.scaled(1000))
            self._reader.conflict_chosen.connect(self._open_conflicts)
            fill_holder(holder, self._reader, theme.SPACE_L)
            self._reader_area.setProperty("surface", "card")
            self._reader_area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self._reader_area.setAccessibleName(_("Values of the case"))
            self._stack.addWidget(self._reader_area)
        self._reader.set_values(view.values, {field: len(found) for field, found in view.conflicts.items()})
        if self.form is None and self._reader_area is not None:
            self._stack.setCurrentWidget(self._reader_area)

    def _overtake(self, before: CaseView, loaded: Loaded) -> None:
        assert self.form is not None  # noqa: S101 - asked by the caller
        assert self._seen is not None  # noqa: S101 - set with the form
        touched = self.form.fields.touched()
        changed = changed_fields(before, loaded.view)
        self._seen = still_seen(self._seen, loaded.view, touched)
        self.form.fields.rebase(loaded.view.values)
        words = change_words(loaded.view, changed, touched, loaded.history)
        if words and not self._saving:
            self.bar.show_message(words)

    def _saved(self, view: CaseView) -> None:
        self._saving = False
        clashed = set(self.form.fields.changes() if self.form else ()) & view.conflicts.keys()
        step = self.form.step if self.form else ""
        self._stop_editing(keep=False)
        if clashed:
            words = _("Saved. Somebody changed the same at the same time: both values are kept, F9 shows them.")
            self.bar.show_message(words, "warn")
        self.view = view
        if step:
            self._move(step)
        self._load()

    def _save_refused(self, failure: Failure) -> None:
        self._saving = False
        if self.form is not None:
            self.form.show_failure(_("Not saved yet. Please look at:"), failure)

    def _discard(self) -> None:
        self._stop_editing(keep=False)
        self._load()

    def _stop_editing(self, *, keep: bool) -> None:
        if self.form is None or self._keeper is None:
            return
        if keep:
            self._keeper.pause()
        else:
            self._draft = None
            self._keeper.discard()
        self._stack.removeWidget(self.form)
        self.form.deleteLater()
        self.form = self._keeper = self._seen = None
        self.head.set_editing(editing=False)
        self.bar.hide()
        if self._reader_area is not None:
            self._stack.setCurrentWidget(self._reader_area)
            self._reader_area.setFocus()

    def _move(self, stage: str) -> None:
        if self.view is not None:
            job = partial(self.context.workspace.cases.move, self.view.id, stage, self.view)
            self.context.run(job, self._moved, partial(self._move_refused, stage))

    def _moved(self, _view: CaseView) -> None:
        self.bar.hide()
        self._load()

    def _move_refused(self, stage: str, failure: Failure) -> None:
        if failure.fields:
            self.edit()
            if self.form is not None:
                self.form.prepare_step(stage, self.head.step_label(stage))
                self.form.show_failure(_("Before this step, please fill in:"), failure)
        else:
            self.bar.show_message(failure.message, "warn")

    def _not_there(self, failure: Failure) -> None:
        self._show_parts(shown=False)
        self._stack.setCurrentWidget(self._missing)
        self.context.show_failure(failure)

    def _show_parts(self, *, shown: bool) -> None:
        self.head.setVisible(shown)
        self.pane.setVisible(shown)

    def _open_conflicts(self) -> None:
        self.context.open_conflicts(self._case_id)

    def _open_file(self, file_id: str) -> None:
        self._came_by_file = True  # on the way back the list of files goes on where it was
        self.context.show_page("file", file_id)

    def _show_readers(self) -> None:
        self.context.show_page("audit", self._case_id)

    def _open_report(self) -> None:
        self.context.show_page("access_report", self._case_id)

    def _back(self) -> None:
        self.context.go_back()


def load_case(workspace: Workspace, case_id: str) -> Loaded:
    """Read a case with its history and its draft; runs on a worker."""
    view, history = workspace.cases.open(case_id)
    draft = workspace.drafts.get(EDIT_DRAFT + view.id)
    older = workspace.snapshots.missing(view.id) > 0
    where = load_where(workspace, view)
    return Loaded(view, history, draft, workspace.files.list(view.id), older=older, where=where)
