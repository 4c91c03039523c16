"""A person's access report: find their cases, confirm which they are, make the document."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop_app import access_report
from desktop_app.cases.model import CaseRow
from desktop_app.cases.words import day_words
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _, ngettext
from ui import theme
from ui.actions import Action
from ui.context import DeskContext
from ui.files import ask_save
from ui.forms.form import local_now
from ui.page import Page
from ui.widgets import button, caption, label, title

_WIDTH = 860
_ID_ROLE = Qt.ItemDataRole.UserRole


class AccessReportPage(Page):
    """The way from a name to a report."""

    page_id = "access_report"
    icon_name = "person"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._target = ""
        self.words = QLineEdit(self)
        self.look = button(_("Find the cases"), "search", parent=self)
        self.rows = QListWidget(self)
        self.all = button(_("Tick all"), "check", "quiet", self)
        self.none = button(_("Tick none"), "close", "quiet", self)
        self.count = label("", role="muted", parent=self)
        self.about = QLineEdit(self)
        self.make = button(_("Make the report…"), "export", "primary", self)
        self._assemble()
        self._connect()
        self._show_count()

    def title(self) -> str:
        """Return the name of the page."""
        return _("Access report")

    def open_target(self, target: str) -> None:
        """Begin with the person of one case.

        Args:
            target: The id of the case.
        """
        self._target = target

    def activate(self) -> None:
        """Look for the person that was asked for."""
        target, self._target = self._target, ""
        if target:
            self.context.run(partial(person_of, self.context.workspace, target), self._person_known)

    def focus_first(self) -> None:
        """Put the focus on the name."""
        self.words.setFocus()

    def commands(self) -> Sequence[Action]:
        """Return the making of the report."""
        return [Action("make-report", self.make.text(), self._ask_where, "export")] if self.make.isEnabled() else []

    def chosen(self) -> list[str]:
        """Return the ids of the cases that are ticked."""
        items = [self.rows.item(place) for place in range(self.rows.count())]
        return [item.data(_ID_ROLE) for item in items if item.checkState() == Qt.CheckState.Checked]

    def write_to(self, path: str) -> None:
        """Make the report of the cases that are ticked.

        Args:
            path: The file.
        """
        self.make.setEnabled(False)
        job = partial(access_report.make, self.context.workspace, self.chosen(), self.about.text().strip(), Path(path))
        self.context.run(job, self._made, self._not_made, aside=True)

    # Own

    def _assemble(self) -> None:
        for field, name in ((self.words, _("Name, telephone or tax number")), (self.about, _("About whom"))):
            field.setAccessibleName(name)
            field.setMinimumHeight(theme.scaled(34))
        self.words.setPlaceholderText(_("Name, telephone or tax number"))
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.rows.setAccessibleName(_("Cases of the person; Space ticks"))
        inner = QWidget(self)
        inner.setMaximumWidth(theme.scaled(_WIDTH))
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(title(_("Access report"), self))
        words = _(
            "All that is held about a person, and who has read it, as a document to hand over. Find their cases, leave "
            "ticked only those that are really theirs: people of the same name are not told apart here."
        )
        column.addWidget(caption(words, self))
        column.addLayout(_row(self.words, self.look))
        column.addWidget(self.rows, 1)
        ticks = _row(self.count, self.all, self.none)
        column.addLayout(ticks)
        form = QFormLayout()
        form.setHorizontalSpacing(theme.SPACE_M)
        form.addRow(label(_("About whom"), parent=self), self.about)
        column.addLayout(form)
        last = QHBoxLayout()
        last.setSpacing(theme.SPACE_M)
        last.addWidget(caption(_("The file is not encrypted, and making it is recorded in the audit."), self), 1)
        last.addWidget(self.make)
        column.addLayout(last)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(inner, 1)
        outer.addStretch(0)

    def _connect(self) -> None:
        self.words.returnPressed.connect(self._look)
        self.look.clicked.connect(self._look)
        self.rows.itemChanged.connect(self._show_count)
        self.rows.itemActivated.connect(self._open)
        self.about.textChanged.connect(self._show_count)
        self.all.clicked.connect(partial(self._tick, Qt.CheckState.Checked))
        self.none.clicked.connect(partial(self._tick, Qt.CheckState.Unchecked))
        self.make.clicked.connect(self._ask_where)

    def _person_known(self, name: str) -> None:
        self.words.setText(name)
        self._look()

    def _look(self) -> None:
        words = self.words.text().strip()
        if words:
            job = partial(access_report.find, self.context.workspace, words)
            self.context.run(job, self._show, self._nothing)

    def _show(self, rows: Sequence[CaseRow]) -> None:
        self.rows.clear()
        for row in rows:
            received = day_words(row.received_on) if row.received_on else ""
            parts = (row.number, received, row.person, row.title)
            item = QListWidgetItem("   ".join(part for part in parts if part))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            item.setData(_ID_ROLE, row.id)
            self.rows.addItem(item)
        self.about.setText(self.words.text().strip())
        self.rows.setCurrentRow(0)
        self.rows.setFocus()
        self._show_count()

    def _nothing(self, failure: Failure) -> None:
        self.rows.clear()
        self._show_count()
        self.context.show_message(failure.message, "warn")

    def _tick(self, state: Qt.CheckState) -> None:
        for place in range(self.rows.count()):
            self.rows.item(place).setCheckState(state)

    def _show_count(self) -> None:
        total, ticked = self.rows.count(), len(self.chosen())
        words = ngettext("{ticked} of {total} case", "{ticked} of {total} cases", total)
        self.count.setText(words.format(ticked=ticked, total=total) if total else "")
        self.all.setEnabled(ticked < total)
        self.none.setEnabled(ticked > 0)
        self.make.setEnabled(ticked > 0 and bool(self.about.text().strip()))

    def _open(self, item: QListWidgetItem) -> None:
        self.context.open_case(item.data(_ID_ROLE))

    def _ask_where(self) -> None:
        name = f"{_('Access report')} {local_now():%Y-%m-%d}.pdf"
        words = _("Write the access report: it is not encrypted")
        ask_save(self, words, _("Document ({pattern})").format(pattern="*.pdf"), name, self.write_to)

    def _made(self, count: int) -> None:
        self._show_count()
        words = ngettext(
            "The report about {count} case is written. The file is not encrypted: delete it when it is handed over.",
            "The report about {count} cases is written. The file is not encrypted: delete it when it is handed over.",
            count,
        )
        self.context.show_message(words.format(count=count), "warn")

    def _not_made(self, failure: Failure) -> None:
        self._show_count()
        self.context.show_failure(failure)


def person_of(workspace: Workspace, case_id: str) -> str:
    """Return the name of the person that a case is about; runs on a worker."""
    view = workspace.cases.peek(case_id)
    return str(view.values.get(view.kit.person_field) or "")


def _row(first: QWidget, *others: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.SPACE_S)
    row.addWidget(first, 1)
    for widget in others:
        row.addWidget(widget)
    return row
