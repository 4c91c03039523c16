"""Conflicts: every field that two people changed at the same time, and the one key that settles it."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.cases.words import field_label
from desktop_app.conflicts import Conflict
from desktop_app.kits.model import FieldType, Value
from desktop_app.workspace import ChangeEvent
from sync.errors import Failure
from sync.messages import _, ngettext
from ui import theme
from ui.cases.case_form import fill_holder, scroll_holder
from ui.cases.two_lines import TwoLines, two_line_item
from ui.conflicts.comparison import Comparison, in_order
from ui.conflicts.value_editor import ValueEditor
from ui.context import DeskContext
from ui.forms.flow import FlowRow
from ui.page import Page
from ui.widgets import EmptyState, button, label, title

_LIST_WIDTH, _LIST_WIDEST = 280, 340
_DIGITS = frozenset("123456789")
_TEXTS = {FieldType.TEXT, FieldType.LONG_TEXT}


class ConflictsPage(Page):
    """The list left, the values of one conflict right."""

    page_id = "conflicts"
    icon_name = "conflict"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._conflicts: Sequence[Conflict] = ()
        self._wanted_case = ""
        self._busy = False
        self._go_on = False
        self._undoable = False
        self.list = QListWidget(self)
        self.list.setAccessibleName(_("Conflicts"))
        self.list.setFixedWidth(min(theme.scaled(_LIST_WIDTH), _LIST_WIDEST))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(TwoLines(self.list))
        self.comparison = Comparison()
        self.editor = ValueEditor()
        self.undo = button(_("Undo  (Ctrl+Z)"), "undo", parent=self)
        self.edit = button(_("Edit…  (F2)"), "edit", parent=self)
        self.both = button(_("Keep both"), "copy", parent=self)
        self.open = button(_("Open the case"), "case", "quiet", self)
        self._head = title(self.title(), self)
        self._field = label("", "lead", parent=self, wrap=True)
        self._subject = label("", role="muted", parent=self, wrap=True)
        hint = _("When two people change the same field at the same time, both values wait here.")
        self._empty = EmptyState("ok", _("No conflicts."), hint, self)
        # The editor's place is known only after the layout has made room for it.
        self._reveal = QTimer(self)
        self._reveal.setSingleShot(True)
        self._reveal.setInterval(0)
        self._build()
        self._connect()

    def title(self) -> str:
        """Return the name of the page."""
        return _("Conflicts")

    def open_target(self, target: str) -> None:
        """Stand on the conflict of a case."""
        self._wanted_case = target

    def activate(self) -> None:
        """Load the conflicts."""
        self.context.run(self.context.workspace.conflicts.list, self._take)

    def refresh(self, event: ChangeEvent) -> None:  # noqa: ARG002 - any change may begin or end a conflict
        """Load the conflicts again; what is being edited stays."""
        self.activate()

    def focus_first(self) -> None:
        """Put the focus where one key settles the first conflict."""
        self.list.setFocus()
        if not self._conflicts and self._undoable:
            self.undo.setFocus()
        # The conflicts may still be on their way.
        self._go_on = not self._conflicts

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: 1 takes mine, 2 takes theirs."""
        if not self._took(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802
        """Qt: take the digits from the list, which would look for items that begin with them."""
        return event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._took(event)

    def current(self) -> Conflict | None:
        """Return the conflict shown."""
        row = self.list.currentRow()
        return self._conflicts[row] if 0 <= row < len(self._conflicts) else None

    # Own

    def _build(self) -> None:
        buttons = FlowRow(gap=theme.SPACE_S)
        buttons.add(self.edit, self.both, self.open)
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(self._field)
        column.addWidget(self._subject)
        self._area = QScrollArea(right)
        holder = scroll_holder(self._area)
        values = QWidget(holder)
        inner = QVBoxLayout(values)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.SPACE_M)
        inner.addWidget(self.comparison)
        inner.addWidget(buttons)
        inner.addWidget(self.editor)
        inner.addStretch(1)
        fill_holder(holder, values)
        column.addWidget(self._area, 1)
        both = QWidget(self)
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_L)
        row.addWidget(self.list)
        row.addWidget(right, 1)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(both)
        self._stack.addWidget(self._empty)
        self._both = both
        top = QHBoxLayout()
        top.addWidget(self._head, 1)
        top.addWidget(self.undo)
        page = QVBoxLayout(self)
        page.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        page.setSpacing(theme.SPACE_M)
        page.addLayout(top)
        page.addWidget(self._stack, 1)
        self.undo.hide()
        self.editor.hide()

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(self._show)
        self.list.installEventFilter(self)
        self.list.itemActivated.connect(self._to_values)
        self.comparison.taken.connect(self._resolve)
        self.edit.clicked.connect(self._edit)
        self.both.clicked.connect(self._keep_both)
        self.open.clicked.connect(self._open)
        self.undo.clicked.connect(self._undo_last)
        self.editor.chosen.connect(self._resolve)
        self._reveal.timeout.connect(self._show_editor)
        self.editor.left.connect(self._leave_editor)
        for keys, slot in (("F2", self._edit), ("Ctrl+Z", self._undo_last), ("Ctrl+Я", self._undo_last)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    def _take(self, conflicts: Sequence[Conflict]) -> None:
        before = self.current()
        row = max(self.list.currentRow(), 0)
        self._conflicts = conflicts
        # Without its signals: choosing the same conflict again would close an editor in which somebody types.
        blocker = QSignalBlocker(self.list)
        self.list.clear()
        for conflict in conflicts:
            name = field_label(conflict.kit, conflict.field)
            two_line_item(self.list, name, f"{conflict.number} · {conflict.title}", "conflict")
        self.list.setCurrentRow(self._row_to_show(before, row))
        blocker.unblock()
        self._head.setText(_heading(len(conflicts)))
        self._stack.setCurrentWidget(self._both if conflicts else self._empty)
        if key_of(before) != key_of(self.current()) or self.editor.isHidden():
            self._show()
        self.undo.setVisible(self._undoable)
        if self._go_on and (conflicts or self._undoable):
            self.focus_first()
        self._go_on = False

    def _row_to_show(self, before: Conflict | None, row: int) -> int:
        wanted, self._wanted_case = self._wanted_case, ""
        for place, conflict in enumerate(self._conflicts):
            if wanted and conflict.case_id == wanted:
                return place
        for place, conflict in enumerate(self._conflicts):
            if not wanted and before is not None and key_of(conflict) == key_of(before):
                return place
        return min(row, len(self._conflicts) - 1)

    def _show(self) -> None:
        conflict = self.current()
        self.editor.hide()
        if conflict is None:
            return
        self._field.setText(field_label(conflict.kit, conflict.field))
        self._subject.setText(f"{conflict.number} · {conflict.title}")
        self.comparison.show_conflict(conflict)
        # The columns are made anew for each conflict, after the buttons below them.
        order: list[QWidget] = [self.list, *self.comparison.buttons, self.edit, self.both, self.open]
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)
        own = conflict.field.startswith("_")
        self.edit.setVisible(not own)
        self.both.setVisible(not own and conflict.kit.field(conflict.field).type in _TEXTS)

    def _took(self, event: QKeyEvent) -> bool:
        conflict = self.current()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if conflict is None or not plain or not self.editor.isHidden() or event.text() not in _DIGITS:
            return False
        siblings = in_order(conflict.siblings)[int(event.text()) - 1 :]
        if siblings:
            self._resolve(siblings[0].value)
        return bool(siblings)

    def _to_values(self) -> None:
        for each in self.comparison.buttons[:1]:
            each.setFocus(Qt.FocusReason.TabFocusReason)

    def _resolve(self, value: Value) -> None:
        conflict = self.current()
        if conflict is not None and not self._busy:
            self._write(
                partial(
                    self.context.workspace.conflicts.resolve, conflict.case_id, conflict.field, value, conflict.siblings
                )
            )

    def _keep_both(self) -> None:
        conflict = self.current()
        if conflict is not None and not self._busy:
            self._write(
                partial(self.context.workspace.conflicts.keep_both, conflict.case_id, conflict.field, conflict.siblings)
            )

    def _write(self, job: "partial[None]") -> None:
        self._busy = True
        self.context.run(job, self._resolved, self._refused)

    def _resolved(self, _result: object) -> None:
        self._busy, self._undoable, self._go_on = False, True, True
        self.editor.hide()
        self.activate()

    def _refused(self, failure: Failure) -> None:
        self._busy = False
        if not self.editor.isHidden():
            self.editor.show_problem(failure.message)
        else:
            self.context.show_failure(failure)
            self.activate()

    def _undo_last(self) -> None:
        if self._undoable and not self._busy:
            self._busy = True
            self.context.run(self.context.workspace.conflicts.undo_last, self._undone, self._refused)

    def _undone(self, undone: bool) -> None:  # noqa: FBT001 - what the facade returns
        self._busy, self._undoable, self._go_on = False, False, True
        if undone:
            self.context.show_message(_("Undone: the field has the value again that it had before."), "ok")
        self.activate()

    def _edit(self) -> None:
        conflict = self.current()
        if conflict is None or conflict.field.startswith("_"):
            return
        self.editor.begin(conflict.kit.field(conflict.field), in_order(conflict.siblings)[0].value)
        self._reveal.start()

    def _show_editor(self) -> None:
        self._area.ensureWidgetVisible(self.editor, 0, theme.SPACE_M)

    def _leave_editor(self) -> None:
        self.editor.hide()
        self.edit.setFocus()

    def _open(self) -> None:
        conflict = self.current()
        if conflict is not None:
            self.context.open_case(conflict.case_id)


def key_of(conflict: Conflict | None) -> tuple[str, str]:
    """Return what tells one conflict from another."""
    return (conflict.case_id, conflict.field) if conflict else ("", "")


def _heading(count: int) -> str:
    if not count:
        return _("Conflicts")
    return ngettext("{number} conflict", "{number} conflicts", count).format(number=count)
