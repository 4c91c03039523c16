"""The audit: who saw whose data and what was done to the vault, from the newest down."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.audit.exporting import export
from desktop_app.cases.model import CaseView
from desktop_app.workspace import ChangeEvent
from sync.messages import _, ngettext
from ui import theme
from ui.actions import Action
from ui.audit.filters import AuditFilters
from ui.audit.grid import AuditGrid
from ui.audit.model import AuditTableModel, entry_words
from ui.context import DeskContext
from ui.files import ask_save
from ui.forms.form import local_now
from ui.page import Page
from ui.widgets import EmptyState, button, caption, label, title


class AuditPage(Page):
    """The entries that this person may see."""

    page_id = "audit"
    icon_name = "eye"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._target = ""
        self._asked = False
        self.filters = AuditFilters(self)
        self.model = AuditTableModel(context, self)
        self.grid = AuditGrid(self.model, self)
        self.detail = label("", "small", "muted", self, wrap=True)
        self.report = button(_("Access report"), "person", parent=self)
        self.save = button(_("Write as a table…"), "export", parent=self)
        self._nothing = EmptyState("eye", _("No entry fits these filters."), parent=self, action=_("Clear filters"))
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self._nothing)
        self._assemble()
        self._connect()

    def title(self) -> str:
        """Return the name of the page."""
        return _("Audit")

    def open_target(self, target: str) -> None:
        """Look at one case.

        Args:
            target: The id of the case.
        """
        self._target = target

    def place(self) -> str:
        """Return the case that is looked at."""
        return self.filters.case_id

    def activate(self) -> None:
        """Ask for the entries."""
        self.context.run(self.context.workspace.audit_log.people, self._take_people)
        target, self._target = self._target, ""
        if target and target != self.filters.case_id:
            self._look_for(target)
        else:
            self._ask()

    def refresh(self, event: ChangeEvent) -> None:
        """Changes of cases are none of the audit's."""

    def focus_first(self) -> None:
        """Put the focus on the entries."""
        self.grid.setFocus()

    def commands(self) -> Sequence[Action]:
        """Return what can be done with the audit."""
        actions = [Action("audit-export", self.save.text(), self._ask_where, "export", (), _("csv table"))]
        if self.context.workspace.audit_log.sees_all:
            actions.append(Action("access-report", self.report.text(), self._open_report, "person"))
        return actions

    def write_to(self, path: str) -> None:
        """Write the entries that are listed into a table.

        Args:
            path: The file.
        """
        job = partial(export, self.context.workspace.audit_log, self.model.query, Path(path))
        self.context.run(job, self._written, aside=True)

    # Own

    def _assemble(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_S)
        head.addWidget(title(_("Audit"), self))
        head.addStretch(1)
        head.addWidget(self.report)
        head.addWidget(self.save)
        sees_all = self.context.workspace.audit_log.sees_all
        self.report.setVisible(sees_all)
        words = (
            _("What was seen and done on this computer, by everybody whose entries are here.")
            if sees_all
            else _("What you have seen and done on this computer.")
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        column.addLayout(head)
        column.addWidget(caption(words, self))
        column.addWidget(self.filters)
        column.addWidget(self._stack, 1)
        column.addWidget(self.detail)

    def _connect(self) -> None:
        self.filters.changed.connect(self._ask)
        self.filters.case_typed.connect(self._look_for)
        self.grid.case_opened.connect(self.context.open_case)
        self.grid.selectionModel().currentRowChanged.connect(self._show_detail)
        self.model.loaded.connect(self._loaded)
        self._nothing.asked.connect(self.filters.clear)
        self.report.clicked.connect(self._open_report)
        self.save.clicked.connect(self._ask_where)

    def _take_people(self, people: Sequence[tuple[str, str]]) -> None:
        self.filters.set_people(people)
        self.grid.show_people(shown=len(people) > 1)

    def _ask(self) -> None:
        self.model.set_query(self.filters.query(local_now().date()))

    def _look_for(self, ref: str) -> None:
        self.context.run(partial(self.context.workspace.cases.peek, ref), self._found)

    def _found(self, view: CaseView) -> None:
        self.filters.show_case(view.id, view.number)

    def _loaded(self) -> None:
        total = self.model.total
        self.filters.show_count(total)
        self.save.setEnabled(total > 0)
        self._stack.setCurrentWidget(self.grid if total else self._nothing)
        if total:
            self.grid.setCurrentIndex(self.model.index(0, 0))
        self._show_detail()

    def _show_detail(self) -> None:
        index = self.grid.currentIndex()
        entry = self.model.row_at(index.row()) if index.isValid() and self.model.total else None
        self.detail.setText(entry_words(entry) if entry else "")

    def _open_report(self) -> None:
        self.context.show_page("access_report", self.filters.case_id)

    def _ask_where(self) -> None:
        name = f"audit-{local_now():%Y-%m-%d}.csv"
        words = _("Write the audit as a readable table: it is not encrypted")
        ask_save(self, words, _("Table ({pattern})").format(pattern="*.csv"), name, self.write_to)

    def _written(self, count: int) -> None:
        words = ngettext(
            "{count} entry is written. The file is not encrypted: delete it when it is not needed.",
            "{count} entries are written. The file is not encrypted: delete it when it is not needed.",
            count,
        )
        self.context.show_message(words.format(count=count), "warn")
