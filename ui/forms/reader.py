"""The values of a case to be read: the same places as in the form, without editors."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_app.cases.words import shown_value
from desktop_app.kits import validation
from desktop_app.kits.model import Field, FieldType, Kit, Value, text
from sync.messages import ngettext
from ui.forms.form import local_now, two_columns_fit
from ui.forms.rows import Row, SectionView
from ui.widgets import button, caption

_EMPTY = "—"


class ReadRow(Row):
    """A label over a value; a value in conflict says so and leads to both."""

    conflict_chosen = Signal(str)

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self._value = QLabel(self)
        self._value.setWordWrap(True)
        self._value.setTextFormat(Qt.TextFormat.PlainText)
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._conflict: QPushButton | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._layout.addWidget(caption(text(field.label), self))
        self._layout.addWidget(self._value)
        self._layout.addStretch(1)

    def show_value(self, value: Value, siblings: int) -> None:
        """Show a value.

        Args:
            value: What is stored.
            siblings: How many values people wrote at the same time; 0 or 1 where they agree.
        """
        note = self.field.type is FieldType.NOTE
        self._value.setText(text(self.field.hint) if note else shown_value(self.field, value) or _EMPTY)
        if siblings > 1 and self._conflict is None:
            self._conflict = button("", "conflict", "quiet", self)
            self._conflict.clicked.connect(self._chosen)
            self._layout.insertWidget(2, self._conflict, 0, Qt.AlignmentFlag.AlignLeft)
        if self._conflict is not None:
            said = ngettext("{number} value, choose one", "{number} values, choose one", siblings)
            self._conflict.setText(said.format(number=siblings))
            self._conflict.setAccessibleName(f"{text(self.field.label)}: {self._conflict.text()}")
            self._conflict.setVisible(siblings > 1)

    @property
    def words(self) -> str:
        """The label and the value, for screen readers."""
        return f"{text(self.field.label)}: {self._value.text()}"

    def _chosen(self) -> None:
        self.conflict_chosen.emit(self.field.id)


class ReadView(QWidget):
    """All values of a case by section."""

    conflict_chosen = Signal(str)

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kit = kit
        self._columns = 0
        self._shown: frozenset[str] = frozenset()
        self._sections = [SectionView(section, self) for section in kit.sections]
        self._rows: dict[str, ReadRow] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        for view, section in zip(self._sections, kit.sections, strict=True):
            for field in kit.fields:
                if field.section == section.id:
                    row = ReadRow(field, view)
                    row.conflict_chosen.connect(self.conflict_chosen)
                    view.rows.append(row)
                    self._rows[field.id] = row
            layout.addWidget(view)
        layout.addStretch(1)

    def set_values(self, stored: Mapping[str, Value], siblings: Mapping[str, int]) -> None:
        """Show the values of a case.

        Args:
            stored: Values by field id.
            siblings: How many values people wrote at the same time, for fields in conflict.
        """
        for field_id, row in self._rows.items():
            row.show_value(stored.get(field_id), siblings.get(field_id, 0))
        # A field that the form hides now but that holds something is still part of the case.
        held = {field_id for field_id, value in stored.items() if value is not None}
        self._shown = (validation.visible(self.kit, stored, local_now().date()) | held) & self._rows.keys()
        self._lay_out()
        words = [row.words for row in self._rows.values() if row.field.id in self._shown]
        self.setAccessibleDescription("\n".join(words))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Qt: one column where two would squeeze the values."""
        super().resizeEvent(event)
        columns = 2 if two_columns_fit(self) else 1
        if columns != self._columns:
            self._columns = columns
            self._lay_out()

    def _lay_out(self) -> None:
        for section in self._sections if self._columns else ():
            section.lay_out(self._shown, self._columns)
