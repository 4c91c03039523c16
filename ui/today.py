"""Today: what a clerk needs to see when the day begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from PySide6.QtCore import QDate, QLocale, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.backup.service import BackupStatus
from desktop_app.belonging import belonging_words, heading_of
from desktop_app.cases.model import CaseRow, Draft, Today
from desktop_app.kits.model import Kit, text
from desktop_app.members import Due
from desktop_app.recovery import RecoveryState
from desktop_app.workspace import ChangeEvent, Workspace
from sync.errors import Failure
from sync.messages import _, language, ngettext
from ui import theme
from ui.backup_words import late_words
from ui.cases.states import State, due_state
from ui.context import DeskContext
from ui.page import Page
from ui.people.words import WAITING, due_words
from ui.row_list import Row, RowList
from ui.status_bar import when_words
from ui.widgets import Card, button, icon_label, label, scrolled

_ROWS = 6
_TWO_COLUMNS = 880
_OVERDUE_TARGET = "overdue:"


@dataclass(frozen=True, slots=True)
class _Loaded:
    today: Today
    kits: Mapping[str, Kit]
    conflicts: int
    unit: str
    recovery: RecoveryState | None
    backup: BackupStatus
    due: Due
    standing: str


def _load(workspace: Workspace) -> _Loaded:
    kits = {kit.id: kit for kit in workspace.kits()}
    recovery = None if workspace.is_example else workspace.recovery.state()
    return _Loaded(
        workspace.cases.today(),
        kits,
        workspace.conflicts.count(),
        workspace.unit.name,
        recovery,
        workspace.backups.status(),
        workspace.members.due(),
        belonging_words(workspace.log),
    )


class Section(Card):
    """One list on the page, with its count and a way to the whole of it.

    Args:
        name: Its heading.
        calm: What it says when there is nothing.
        parent: The page.
    """

    def __init__(self, name: str, calm: str, parent: QWidget) -> None:
        super().__init__(name, parent)
        # The words of the rows stand below the heading; the rows themselves reach further, for the ring around them.
        self.body.setContentsMargins(theme.SPACE_S, theme.SPACE_M, theme.SPACE_S, theme.SPACE_S)
        self.head.setContentsMargins(theme.SPACE_S, 0, 0, 0)
        self.count = label("", "", "muted", self)
        self.all = button(_("Show all"), "", "quiet", self)
        self.all.setAccessibleName(_("Show all: {name}").format(name=name))
        self.all.hide()
        self.head.insertWidget(1, self.count)
        self.head.addWidget(self.all)
        self.rows = RowList(name, self)
        self._calm = label(calm, "", "muted", self, wrap=True)
        self._calm.setContentsMargins(theme.SPACE_S, 0, 0, theme.SPACE_S)
        self.body.addWidget(self.rows)
        self.body.addWidget(self._calm)
        self._loaded: list[Row] = []
        self._unfolded = False

    def show_rows(self, rows: list[Row], total: int | None) -> None:
        """Show the first rows of a list.

        Args:
            rows: All that were loaded.
            total: How many there are in all; None where nobody counts.
        """
        self._loaded = rows
        self.count.setText(str(total) if total else "")
        self._show()

    def unfold(self) -> None:
        """Show every row that was loaded, and go to the first that was hidden."""
        self._unfolded = True
        self._show()
        self.rows.setFocus()
        self.rows.mark(self._loaded[_ROWS].key)

    def _show(self) -> None:
        rows = self._loaded if self._unfolded else self._loaded[:_ROWS]
        self.rows.show_rows(rows)
        self.rows.setVisible(bool(rows))
        self._calm.setVisible(not rows)
        self.all.setVisible(len(rows) < len(self._loaded))


class TodayPage(Page):
    """Overdue, due soon, what came from others, one's own recent cases, drafts and conflicts."""

    page_id = "today"
    icon_name = "today"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._has_cases = False
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._date = label("", "title", parent=self)
        self._summary = label("", "", "muted", self)
        self.conflicts = _ConflictNote(self)
        self.standing = _StandingNote(self)
        self.people = _PeopleNote(self)
        self.recovery = _RecoveryNote(self)
        self.backup = _BackupNote(self)
        self.overdue = Section(_("Overdue"), _("Nothing is overdue."), self)
        self.due_soon = Section(_("Due soon"), _("Nothing is due in the next days."), self)
        self.from_others = Section(_("New from others"), _("Nothing new has come from others."), self)
        self.recent = Section(_("Your latest"), _("Cases that you register or change appear here."), self)
        self.drafts = Section(_("Drafts"), _("No work is half done."), self)
        self._build()
        self._connect()

    def title(self) -> str:
        """Return the name of the page."""
        return _("Today")

    def activate(self) -> None:
        """Load everything anew."""
        self._date.setText(date_words(datetime.now().astimezone()))
        self.context.run(partial(_load, self.context.workspace), self._show, self._barred)

    def refresh(self, event: ChangeEvent) -> None:  # noqa: ARG002 - any change may concern the day
        """Load everything anew; the focus stays in its list."""
        self.activate()

    def focus_first(self) -> None:
        """Put the focus on the most urgent row, once rows are there."""
        lists = [section.rows for section in self._sections() if section.rows.count()]
        if lists:
            lists[0].setFocus()
        else:
            self.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Qt: two columns where each has room for whole names, else one."""
        super().resizeEvent(event)
        wide = self.width() >= theme.scaled(_TWO_COLUMNS)
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        self._columns.setDirection(direction)

    def _sections(self) -> list[Section]:
        return [self.overdue, self.due_soon, self.from_others, self.recent, self.drafts]

    def _build(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_XL)
        column.setSpacing(theme.SPACE_M)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_M)
        head.addWidget(self._date)
        head.addWidget(self._summary, 1, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(head)
        column.addWidget(self.standing)
        column.addWidget(self.people)
        column.addWidget(self.conflicts)
        column.addWidget(self.recovery)
        column.addWidget(self.backup)
        self._columns.setSpacing(theme.SPACE_M)
        left, right = QVBoxLayout(), QVBoxLayout()
        for side, sections in (
            (left, (self.overdue, self.due_soon)),
            (right, (self.from_others, self.recent, self.drafts)),
        ):
            side.setSpacing(theme.SPACE_M)
            for section in sections:
                side.addWidget(section)
            side.addStretch(1)
            self._columns.addLayout(side, 1)
        column.addLayout(self._columns)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(inner, self))

    def _connect(self) -> None:
        context = self.context
        for section in (self.overdue, self.due_soon, self.from_others, self.recent):
            section.rows.opened.connect(context.open_case)
        self.drafts.rows.opened.connect(self._open_draft)
        self.overdue.all.clicked.connect(partial(context.show_page, "cases", _OVERDUE_TARGET))
        for section in (self.due_soon, self.from_others, self.recent, self.drafts):
            section.all.clicked.connect(section.unfold)
        self.conflicts.open.clicked.connect(partial(context.open_conflicts, ""))
        self.standing.open.clicked.connect(partial(context.show_page, "exchange"))
        self.people.open.clicked.connect(partial(context.show_page, "people", WAITING))
        self.recovery.open.clicked.connect(partial(context.show_page, "administration", "recovery"))
        self.backup.open.clicked.connect(partial(context.show_page, "administration", "backup"))
        context.backup.status_changed.connect(self._show_backup)
        context.exchange.ended.connect(self.activate)

    def _open_draft(self, draft_id: str) -> None:
        self.context.new_case(draft_id)

    def _show(self, loaded: _Loaded) -> None:
        today = loaded.today
        self.overdue.show_rows(_case_rows(today.overdue), today.overdue_total)
        self.due_soon.show_rows(_case_rows(today.due_soon), today.due_soon_total)
        self.from_others.show_rows(_case_rows(today.from_others), None)
        self.recent.show_rows(_case_rows(today.recent), None)
        self.drafts.show_rows([_draft_row(draft, loaded.kits) for draft in today.drafts], len(today.drafts))
        self.conflicts.show_count(loaded.conflicts)
        refusal = self.context.exchange.refusal
        self.standing.show_words(loaded.standing or (refusal.message if refusal else ""))
        self.people.show_due(loaded.due)
        self.recovery.show_state(loaded.recovery)
        self._has_cases = bool(today.open_total or today.recent or today.from_others)
        self._show_backup(loaded.backup)
        self._summary.setText(
            ngettext("{count} case in work", "{count} cases in work", today.open_total).format(count=today.open_total)
        )
        # The page held the focus for rows to come; if the person has gone elsewhere, it stays there.
        if self.hasFocus():
            self.focus_first()

    def _barred(self, failure: Failure) -> None:
        """Say what stands in the way; whoever was turned away while the desk is open has nothing else to see."""
        if failure.code == "not_a_member":
            self.standing.show_words(failure.message)
        else:
            self.context.show_failure(failure)

    def _show_backup(self, status: BackupStatus) -> None:
        self.backup.show_status(status, has_cases=self._has_cases)


class _Note(QFrame):
    """One line that something waits, and the way to it; absent when nothing does.

    Args:
        icon: What it is about.
        hint: What stands behind it in quiet words.
        action: What its button says.
        name: The same for a screen reader, in full.
        parent: The page.
    """

    def __init__(self, icon: str, hint: str, action: str, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_S, theme.SPACE_S, theme.SPACE_S)
        row.setSpacing(theme.SPACE_M)
        row.addWidget(icon_label(icon, "warn", self))
        self.words = label("", "strong", "warn", self)
        row.addWidget(self.words)
        self.hint = label(hint, "", "muted", self, wrap=True)
        row.addWidget(self.hint, 1)
        self.open = button(action, "forward", parent=self)
        self.open.setAccessibleName(name)
        row.addWidget(self.open)
        self.hide()


class _ConflictNote(_Note):
    def __init__(self, parent: QWidget) -> None:
        hint = _("Both versions are kept until you choose.")
        super().__init__("conflict", hint, _("Review"), _("Review the conflicts"), parent)

    def show_count(self, count: int) -> None:
        words = ngettext("{count} conflict waits for you", "{count} conflicts wait for you", count)
        self.words.setText(words.format(count=count))
        self.setVisible(count > 0)


class _StandingNote(_Note):
    def __init__(self, parent: QWidget) -> None:
        super().__init__("lock", "", _("Look"), _("Look at the exchange"), parent)

    def show_words(self, words: str) -> None:
        heading, rest = heading_of(words)
        self.words.setText(heading)
        self.hint.setText(rest)
        self.setVisible(bool(words))


class _PeopleNote(_Note):
    def __init__(self, parent: QWidget) -> None:
        super().__init__("community", "", _("Look"), _("Look at people and devices"), parent)

    def show_due(self, due: Due) -> None:
        hint = _("Compare the code by voice before you let it in.") if due.entering else ""
        self.words.setText(due_words(due))
        self.hint.setText(hint or _("Somebody wrote them without the right to."))
        self.setVisible(bool(due.entering or due.undecided))


class _RecoveryNote(_Note):
    def __init__(self, parent: QWidget) -> None:
        hint = _("Without it nobody can replace a forgotten pass phrase.")
        super().__init__("shield", hint, _("Make it"), _("Make the recovery sheet"), parent)

    def show_state(self, state: RecoveryState | None) -> None:
        unread = state is not None and state.exists and state.made_on is not None and not state.confirmed
        self.words.setText(_("The recovery sheet was not read back") if unread else _("There is no recovery sheet"))
        self.open.setText(_("Check it") if unread else _("Make it"))
        self.open.setAccessibleName(_("Check the recovery sheet") if unread else _("Make the recovery sheet"))
        self.setVisible(state is not None and (unread or not state.exists))


class _BackupNote(_Note):
    def __init__(self, parent: QWidget) -> None:
        super().__init__("saved", "", _("Look"), _("Look at the backups"), parent)

    def show_status(self, status: BackupStatus, *, has_cases: bool) -> None:
        words, hint = late_words(status)
        # A vault in which nothing has been registered yet has nothing to lose.
        self.setVisible(bool(words) and (has_cases or status.last_good is not None))
        self.words.setText(words)
        self.hint.setText(hint)


def _case_rows(rows: list[CaseRow]) -> list[Row]:
    today = datetime.now().astimezone().date()
    return [_case_row(row, due_state(row.due_on, today, soon=row.due_soon, final=row.final)) for row in rows]


def _case_row(row: CaseRow, state: State) -> Row:
    title = row.title or row.person or row.number
    detail = "  ·  ".join(filter(None, (row.number, row.person if row.person != title else "")))
    return Row(row.id, title, detail, state)


def _draft_row(draft: Draft, kits: Mapping[str, Kit]) -> Row:
    kit = kits.get(draft.kit_id)
    name = text(kit.title) if kit else draft.kit_id
    first = str(draft.values.get(kit.title_field, "") or draft.values.get(kit.person_field or "", "")) if kit else ""
    saved = _("kept {when}").format(when=when_words(draft.saved_at))
    return Row(draft.id, first or name, f"{name}  ·  {saved}" if first else saved, State("muted", "draft", _("Draft")))


def date_words(moment: datetime) -> str:
    """Return a day with its weekday, as it's written in a letter."""
    locale = QLocale(QLocale.Language.Ukrainian if language() == "uk" else QLocale.Language.English)
    words = locale.toString(QDate(moment.year, moment.month, moment.day), "dddd, d MMMM")
    return words[:1].upper() + words[1:]
