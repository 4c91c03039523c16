"""A third value for a field in conflict: typed under the two that clash."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.kits import values
from desktop_app.kits.model import Field, Value
from sync.errors import Refused
from sync.messages import _
from ui import theme
from ui.forms.form import make_editor
from ui.forms.rows import FieldRow
from ui.widgets import button

_SAVING = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class ValueEditor(QFrame):
    """One field with Save and Cancel."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.row: FieldRow | None = None
        self._place = QVBoxLayout()
        self.save = button(_("Save  (Ctrl+Enter)"), "ok", "primary", self)
        self.cancel = button(_("Cancel  (Esc)"), parent=self)
        buttons = QHBoxLayout()
        buttons.addWidget(self.save)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        column.setSpacing(theme.SPACE_M)
        column.addLayout(self._place)
        column.addLayout(buttons)
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self.left)

    def begin(self, field: Field, value: Value) -> None:
        """Show the editor of a field, filled in.

        Args:
            field: The field in conflict.
            value: What to begin with.
        """
        if self.row is not None:
            self._place.removeWidget(self.row)
            self.row.deleteLater()
        self.row = FieldRow(field, make_editor, self)
        self.row.set_required(required=False)
        self.row.editor.set_raw(value)
        self._place.addWidget(self.row)
        self.show()
        for target in self.row.editor.focus_targets()[:1]:
            target.setFocus(Qt.FocusReason.TabFocusReason)

    def show_problem(self, message: str) -> None:
        """Say why the value was refused."""
        if self.row is not None:
            self.row.set_problem(message)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Enter saves from a line, Ctrl+Enter from anywhere, Esc leaves."""
        if event.key() in _SAVING:
            self._save()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _save(self) -> None:
        if self.row is None:
            return
        try:
            value = values.parse(self.row.field, self.row.editor.raw())
        except Refused as refusal:
            self.row.set_problem(refusal.message)
            return
        self.chosen.emit(value)
