"""One field in a form: its label, its editor, its hint and what is wrong with it; and a section of them."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop_app.kits.model import Field, FieldType, Section, text
from sync.messages import _
from ui.forms.editors import Editor
from ui.widgets import caption, heading, icon_label, label

_WIDE = {FieldType.LONG_TEXT, FieldType.MULTIPLE_CHOICE, FieldType.NOTE}
_SHORT_TEXT = 300
_COLUMN_GAP = 24
_ROW_GAP = 12


def takes_a_line(field: Field) -> bool:
    """Return whether a field needs the whole width."""
    return field.type in _WIDE or (field.type is FieldType.TEXT and field.max_length > _SHORT_TEXT)


class Row(QWidget):
    """One field in a section: to be filled in or to be read."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field

    @property
    def wide(self) -> bool:
        """Whether the field takes a line of its own."""
        return takes_a_line(self.field)


class FieldRow(Row):
    """A label over an editor over a hint; a problem takes the place below the hint.

    Args:
        field: What is asked for.
        make: Makes its editor inside this row: moving a widget to another parent later costs a style look-up.
        parent: The section.
    """

    def __init__(self, field: Field, make: Callable[[Field, QWidget], Editor], parent: QWidget) -> None:
        super().__init__(field, parent)
        self.editor = editor = make(field, self)
        self.required = False
        self._problem: QWidget | None = None
        self._problem_text: QLabel | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self.label = label(text(field.label), parent=self, wrap=True)
        self._layout.addWidget(self.label)
        self._layout.addWidget(editor.widget)
        self._hint = text(field.hint) if field.hint and field.type is not FieldType.NOTE else ""
        if self._hint:
            self._layout.addWidget(caption(self._hint, self))
        self._layout.addStretch(1)
        for target in editor.focus_targets()[:1]:
            self.label.setBuddy(target)
        self._describe("")

    @property
    def problem(self) -> str:
        """What is wrong with the field, as shown; empty when nothing is."""
        if self._problem is None or self._problem_text is None or self._problem.isHidden():
            return ""
        return self._problem_text.text()

    def set_required(self, *, required: bool) -> None:
        """Mark the field as one that registration waits for."""
        self.required = required
        name = text(self.field.label)
        self.label.setText(f"{name} *" if required else name)
        self.editor.set_name(_("{label}, required").format(label=name) if required else name)

    def set_problem(self, message: str) -> None:
        """Show what is wrong, or nothing for an empty message."""
        if message and self._problem is None:
            self._build_problem()
        if self._problem is not None and self._problem_text is not None:
            self._problem_text.setText(message)
            self._problem.setVisible(bool(message))
        self.editor.set_invalid(invalid=bool(message))
        self._describe(message)

    def _build_problem(self) -> None:
        self._problem = QWidget(self)
        line = QHBoxLayout(self._problem)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(icon_label("error", "error", self._problem), 0, Qt.AlignmentFlag.AlignTop)
        self._problem_text = label("", "small", "error", self._problem, wrap=True)
        line.addWidget(self._problem_text, 1)
        # Above the stretch that takes what a taller neighbour leaves.
        self._layout.insertWidget(self._layout.count() - 1, self._problem)

    def _describe(self, problem: str) -> None:
        self.editor.set_description(". ".join(part for part in (problem, self._hint) if part))


class SectionView(QWidget):
    """A heading over the fields of one section, in one or two columns."""

    def __init__(self, section: Section, parent: QWidget) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_ROW_GAP)
        layout.addWidget(heading(text(section.label), self))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(_COLUMN_GAP)
        self._grid.setVerticalSpacing(_ROW_GAP)
        layout.addLayout(self._grid)
        self.rows: list[Row] = []

    def lay_out(self, shown: Iterable[str], columns: int) -> None:
        """Place the fields that are shown; the others take no room.

        Args:
            shown: Field ids.
            columns: 1 or 2; a wide field takes both.
        """
        wanted = set(shown)
        # Not takeAt: an item that Python holds goes on caching heights, and later problems would be painted over.
        for row in self.rows:
            self._grid.removeWidget(row)
        line, column = 0, 0
        for row in self.rows:
            visible = row.field.id in wanted
            # Setting what is so already costs a style look-up for each of hundreds of fields.
            if row.isHidden() == visible:
                row.setVisible(visible)
            if not visible:
                continue
            span = columns if row.wide else 1
            if column + span > columns:
                line, column = line + 1, 0
            self._grid.addWidget(row, line, column, 1, span)
            column += span
        for index in range(2):
            self._grid.setColumnStretch(index, 1 if index < columns else 0)
        self.setVisible(any(row.field.id in wanted for row in self.rows))
