"""Editors for fields that are typed: text, long text, numbers, money, phones, identifiers, e-mail."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QWidget

from desktop_app.kits import values
from desktop_app.kits.model import Field, FieldType, Value, text
from sync.errors import Refused
from ui.theme import repolish

_INPUT_HINTS = {
    FieldType.PHONE: Qt.InputMethodHint.ImhDialableCharactersOnly,
    FieldType.EMAIL: Qt.InputMethodHint.ImhEmailCharactersOnly,
    FieldType.INTEGER: Qt.InputMethodHint.ImhFormattedNumbersOnly,
    FieldType.DECIMAL: Qt.InputMethodHint.ImhFormattedNumbersOnly,
    FieldType.MONEY: Qt.InputMethodHint.ImhFormattedNumbersOnly,
}


class Editor(QObject):
    """One field of a form: what is typed, where the caret is, and the widget that shows it.

    ``raw()`` is what `desktop_app.kits.values.parse` takes and what a draft keeps: canonical where the typed text is
    understood, else the text itself, so that a draft never loses half a date.
    """

    changed = Signal()

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field

    @property
    def widget(self) -> QWidget:
        """The widget that goes into the form."""
        raise NotImplementedError

    def focus_targets(self) -> tuple[QWidget, ...]:
        """Return the widgets that can hold the focus; the first is where Tab arrives."""
        return (self.widget,)

    def raw(self) -> object:
        """Return what the person entered, None when nothing."""
        raise NotImplementedError

    def set_raw(self, value: object) -> None:
        """Show a value without announcing a change."""
        raise NotImplementedError

    def caret(self) -> int:
        """Return where in the text the caret is, 0 where there is none."""
        return 0

    def set_caret(self, position: int) -> None:
        """Put the caret back where it was."""

    def settle(self) -> None:
        """Rewrite what was typed in the usual format; called when the focus leaves."""

    def set_name(self, name: str) -> None:
        """Tell screen readers what the field is called."""
        for target in self.focus_targets():
            target.setAccessibleName(name)

    def set_description(self, description: str) -> None:
        """Tell screen readers what is asked for, or what is wrong."""
        for target in self.focus_targets():
            target.setAccessibleDescription(description)

    def set_invalid(self, *, invalid: bool) -> None:
        """Mark the field as one that needs another look."""
        for target in self.focus_targets():
            if bool(target.property("invalid")) != invalid:
                target.setProperty("invalid", invalid)
                repolish(target)


class LineEditor(Editor):
    """A field of one typed line."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.line = QLineEdit(parent)
        self.line.setInputMethodHints(_INPUT_HINTS.get(field.type, Qt.InputMethodHint.ImhNone))
        if field.max_length:
            self.line.setMaxLength(field.max_length)
        self.line.textEdited.connect(self._edited)

    @property
    def widget(self) -> QWidget:
        """The line."""
        return self.line

    def raw(self) -> object:
        """Return the typed line, or None."""
        return self.line.text().strip() or None

    def set_raw(self, value: object) -> None:
        """Show a value as people write it."""
        shown = self._shown(value)
        if shown != self.line.text():
            # A caret that jumps to the end while a colleague's edit arrives would be felt as theft.
            caret = self.line.cursorPosition()
            self.line.setText(shown)
            self.line.setCursorPosition(caret if self.line.hasFocus() else 0)

    def caret(self) -> int:
        """Return the position of the caret."""
        return self.line.cursorPosition()

    def set_caret(self, position: int) -> None:
        """Put the caret back."""
        self.line.setCursorPosition(position)

    def settle(self) -> None:
        """Rewrite a number or a phone in the usual format, where it is understood."""
        self.set_raw(self.raw())

    def _shown(self, value: object) -> str:
        if value is None:
            return ""
        if self.field.type in {FieldType.TEXT, FieldType.EMAIL, FieldType.IDENTIFIER}:
            return str(value)
        try:
            return values.display(self.field, values.parse(self.field, value))
        except Refused:
            return str(value)

    def _edited(self) -> None:
        self.changed.emit()


class LongTextEditor(Editor):
    """A field of many lines; Tab leaves it, Enter starts a line."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.edit = QPlainTextEdit(parent)
        self.edit.setTabChangesFocus(True)
        line = self.edit.fontMetrics().lineSpacing()
        self.edit.setFixedHeight(line * 5 + 16)
        self._silent = False
        self.edit.textChanged.connect(self._edited)

    @property
    def widget(self) -> QWidget:
        """The text box."""
        return self.edit

    def raw(self) -> object:
        """Return the typed text, or None."""
        return self.edit.toPlainText().strip() or None

    def set_raw(self, value: object) -> None:
        """Show a text."""
        shown = "" if value is None else str(value)
        if shown == self.edit.toPlainText():
            return
        caret = self.caret()
        self._silent = True
        self.edit.setPlainText(shown)
        self._silent = False
        self.set_caret(caret if self.edit.hasFocus() else 0)

    def caret(self) -> int:
        """Return the position of the caret."""
        return self.edit.textCursor().position()

    def set_caret(self, position: int) -> None:
        """Put the caret back, at the end when the text is shorter now."""
        cursor = QTextCursor(self.edit.document())
        cursor.setPosition(min(position, self.edit.document().characterCount() - 1))
        self.edit.setTextCursor(cursor)

    def _edited(self) -> None:
        if not self._silent:
            self.changed.emit()


class ShownEditor(Editor):
    """A calculated value or a note: shown, never typed."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self._value: Value = None
        self.label = QLabel(parent)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        if field.type is FieldType.NOTE:
            self.label.setText(text(field.hint) if field.hint else "")

    @property
    def widget(self) -> QWidget:
        """The label."""
        return self.label

    def focus_targets(self) -> tuple[QWidget, ...]:
        """Return nothing: there is nothing to type."""
        return ()

    def raw(self) -> object:
        """Return the calculated value."""
        return self._value

    def set_raw(self, value: object) -> None:
        """Show a calculated value."""
        if self.field.type is FieldType.CALCULATED and (value is None or isinstance(value, (bool, int, str, list))):
            self._value = value
            self.label.setText("—" if value is None else values.display(self.field, value))
