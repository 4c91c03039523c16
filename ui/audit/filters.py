"""The bar that narrows the audit: period, kind, person, case."""

from collections.abc import Sequence
from datetime import date, timedelta

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from desktop_app.audit import KINDS, AuditQuery, kinds
from sync.messages import _, ngettext
from ui import theme
from ui.forms.flow import FlowRow
from ui.widgets import button, label

_LEAST_CHARACTERS = 14
_CASE_WIDTH = 170


class AuditFilters(FlowRow):
    """Every filter at once; each change asks for other entries.

    Args:
        parent: The page.
    """

    changed = Signal()
    case_typed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._case_id = ""
        self.period = self._combo(_("Period"))
        self.kind = self._combo(_("What"))
        self.person = self._combo(_("Who"))
        self.case = QLineEdit(self)
        self.case.setAccessibleName(_("Number of a case"))
        self.case.setPlaceholderText(_("Number of a case"))
        self.case.setFixedWidth(theme.scaled(_CASE_WIDTH))
        self.clear_all = button(_("Clear filters"), "close", "quiet", self)
        self.count = label("", role="muted", parent=self)
        for words in periods():
            self.period.addItem(words)
        self.kind.addItem(_("Everything"), None)
        for kind in KINDS:
            self.kind.addItem(kinds.title(kind), kind)
        self.set_people(())
        self.period.currentIndexChanged.connect(self._announce)
        self.kind.currentIndexChanged.connect(self._announce)
        self.person.currentIndexChanged.connect(self._announce)
        self.case.returnPressed.connect(self._case_entered)
        self.case.textEdited.connect(self._case_edited)
        self.clear_all.clicked.connect(self.clear)
        self._show_narrowed()

    @property
    def case_id(self) -> str:
        """The id of the case that is looked at, empty for all."""
        return self._case_id

    def set_people(self, people: Sequence[tuple[str, str]]) -> None:
        """Offer these people; one alone is nothing to choose from.

        Args:
            people: Id and name of each.
        """
        chosen = self.person.currentData()
        with QSignalBlocker(self.person):
            self.person.clear()
            self.person.addItem(_("Everybody"), None)
            for identifier, name in people:
                self.person.addItem(name, identifier)
            self.person.setCurrentIndex(max(self.person.findData(chosen), 0))
        self.person.setVisible(len(people) > 1)

    def show_case(self, case_id: str, number: str) -> None:
        """Look at one case.

        Args:
            case_id: Its id, empty for all.
            number: Its number, as it's shown.
        """
        self._case_id = case_id
        self.case.setText(number)
        self._announce()

    def show_count(self, total: int) -> None:
        """Say how many entries the filters leave."""
        number = f"{total:,}".replace(",", "\u00a0")
        self.count.setText(ngettext("{number} entry", "{number} entries", total).format(number=number))

    def query(self, today: date) -> AuditQuery:
        """Return what the filters ask for.

        Args:
            today: The local day, from which periods count.
        """
        since, until = list(periods(today).values())[max(self.period.currentIndex(), 0)]
        return AuditQuery(
            kind=self.kind.currentData(),
            subject=self._case_id or None,
            person=self.person.currentData(),
            since=since,
            until=until,
        )

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        chosen = self.kind.currentData() or self.person.currentData() or self._case_id
        return bool(chosen) or self.period.currentIndex() > 0

    def clear(self) -> None:
        """Set no filter at all."""
        blockers = [QSignalBlocker(combo) for combo in (self.period, self.kind, self.person)]
        for combo in (self.period, self.kind, self.person):
            combo.setCurrentIndex(0)
        for blocker in blockers:
            blocker.unblock()
        self.show_case("", "")

    def _combo(self, name: str) -> QComboBox:
        combo = QComboBox(self)
        combo.setAccessibleName(name)
        combo.setToolTip(name)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        combo.setMinimumContentsLength(_LEAST_CHARACTERS)
        combo.setMaxVisibleItems(20)
        return combo

    def _case_entered(self) -> None:
        if self.case.text().strip():
            self.case_typed.emit(self.case.text().strip())
        elif self._case_id:
            self.show_case("", "")

    def _case_edited(self, text: str) -> None:
        if not text.strip() and self._case_id:
            self.show_case("", "")

    def _announce(self) -> None:
        self._show_narrowed()
        self.changed.emit()

    def _show_narrowed(self) -> None:
        self.clear_all.setVisible(self.narrowed)


def periods(today: date | None = None) -> dict[str, tuple[date | None, date | None]]:
    """Return the periods that are offered: what each is called, its first and its last day.

    Args:
        today: The local day; without it, only the names count.
    """
    now = today or date(2000, 1, 1)
    return {
        _("All time"): (None, None),
        _("Today"): (now, None),
        _("Yesterday"): (now - timedelta(days=1), now - timedelta(days=1)),
        _("Last 7 days"): (now - timedelta(days=6), None),
        _("Last 30 days"): (now - timedelta(days=29), None),
        _("This year"): (date(now.year, 1, 1), None),
        _("Last year"): (date(now.year - 1, 1, 1), date(now.year - 1, 12, 31)),
    }
