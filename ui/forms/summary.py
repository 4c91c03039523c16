"""What stands between a form and its registration, in one place, each line a way to its field."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sync.errors import FieldProblem
from ui import theme
from ui.widgets import icon_label, label

_SHOWN = 6


class ProblemSummary(QFrame):
    """A list of problems that takes the focus; Enter or a click goes to a field, Tab walks over them."""

    field_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("bar", "error")
        self._fields: tuple[str, ...] = ()
        self._title = label("", "strong", parent=self, wrap=True)
        # One label with links: long sentences wrap, which buttons can't.
        self.links = QLabel(self)
        self.links.setWordWrap(True)
        self.links.setTextFormat(Qt.TextFormat.RichText)
        reach = Qt.TextInteractionFlag
        self.links.setTextInteractionFlags(reach.LinksAccessibleByMouse | reach.LinksAccessibleByKeyboard)
        self.links.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.links.linkActivated.connect(self.field_chosen)
        self.setFocusProxy(self.links)
        words = QVBoxLayout()
        words.setSpacing(theme.SPACE_XS)
        words.addWidget(self._title)
        words.addWidget(self.links)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, theme.SPACE_S)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(icon_label("error", "error", self), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.hide()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it leads to."""
        return self._fields

    def show_problems(self, title: str, problems: Sequence[FieldProblem]) -> None:
        """Show what is wrong and take the focus.

        Args:
            title: What was not done, in one sentence.
            problems: The faulty fields, in the order of the form.
        """
        self._fields = tuple(problem.field for problem in problems)
        lines = [f'<a href="{escape(problem.field)}">{escape(problem.message)}</a>' for problem in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            lines.append("…")
        self._title.setText(title)
        self.links.setText("<br>".join(lines))
        self.links.setAccessibleName(" ".join([title, *(problem.message for problem in problems)]))
        self.show()
        self.links.setFocus(Qt.FocusReason.TabFocusReason)

    def clear(self) -> None:
        """Show nothing any more."""
        self._fields = ()
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Enter goes to the first field when no line was chosen."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._fields:
            self.field_chosen.emit(self._fields[0])
            return
        super().keyPressEvent(event)
