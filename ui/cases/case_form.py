"""A form with what's wrong above it, in a scroll area that follows the focus."""

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop_app.kits.model import Kit
from sync.errors import Failure, FieldProblem
from ui.forms.form import FormView, local_now
from ui.forms.rows import FieldRow
from ui.forms.summary import ProblemSummary
from ui.theme import scaled

_WIDEST = 1000
_MARGIN = 16


class CaseForm(QWidget):
    """The form of one case: a summary of problems, and the fields of the kit.

    Args:
        kit: What to ask for.
        parent: The page.
        now: The local clock.
        fresh: The case isn't registered yet.
    """

    def __init__(
        self, kit: Kit, parent: QWidget | None = None, now: Callable[[], datetime] = local_now, *, fresh: bool = False
    ) -> None:
        super().__init__(parent)
        self.area = QScrollArea(self)
        holder = scroll_holder(self.area)
        self.fields = FormView(kit, holder, now, fresh=fresh)
        self.fields.setMaximumWidth(scaled(_WIDEST))
        self.summary = ProblemSummary(self)
        fill_holder(holder, self.fields)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        self.column.addWidget(self.summary)
        self.column.addWidget(self.area, 1)
        self.summary.field_chosen.connect(self.go_to_field)
        QApplication.instance().focusChanged.connect(self._follow)  # type: ignore[union-attr]

    def show_problems(self, title: str, problems: Sequence[FieldProblem]) -> None:
        """Mark the fields, list the problems and put the focus on the list; what was typed stays.

        Args:
            title: What was not done, in one sentence.
            problems: The faulty fields.
        """
        self.fields.show_problems(problems)
        self.summary.show_problems(title, problems)

    def show_failure(self, title: str, failure: Failure) -> None:
        """Show why something was refused.

        Args:
            title: What was not done, where the failure names fields.
            failure: What was said.
        """
        self.show_problems(title if failure.fields else failure.message, failure.fields)

    def go_to_field(self, field_id: str) -> None:
        """Put the focus on a field, where the form has it."""
        if field_id in self.fields.shown:
            self.fields.focus_field(field_id)

    def _follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        row = new
        while row is not None and not isinstance(row, FieldRow):
            row = row.parentWidget()
        if row is not None and self.fields.isAncestorOf(row):
            # The whole row: a label or a problem out of sight would be missed.
            self.area.ensureWidgetVisible(row, 0, _MARGIN)


def scroll_holder(area: QScrollArea) -> QWidget:
    """Let an area scroll up and down only; return the widget in it that its content is made in.

    A form made elsewhere and put into the area afterwards would look up the style of each of its parts once more.

    Args:
        area: The scroll area.
    """
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    holder = QWidget(area)
    area.setWidget(holder)
    return holder


def fill_holder(holder: QWidget, content: QWidget, margin: int = 0) -> None:
    """Give the content of a scroll area its place.

    Args:
        holder: What ``scroll_holder`` returned.
        content: What was made in it; it's given the whole width, up to its own maximum.
        margin: The room left of and above the content.
    """
    row = QHBoxLayout(holder)
    row.setContentsMargins(margin, max(margin - 4, 4), _MARGIN, _MARGIN)
    row.addWidget(content, 1)
    row.addStretch(0)
