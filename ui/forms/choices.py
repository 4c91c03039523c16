"""Editors for fields that are chosen: radio buttons, a searchable list, a list of checks."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QButtonGroup,
    QComboBox,
    QCompleter,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QWidget,
)

from desktop_app.kits.model import Choice, Field, FieldType, text
from sync.messages import _
from ui.forms.editors import Editor
from ui.forms.flow import FlowRow

RADIO_LIMIT = 4
_ROWS_SHOWN = 6
_ID = Qt.ItemDataRole.UserRole


class RadioEditor(Editor):
    """A few choices side by side: one Tab stop, arrows or the first letter choose, Delete clears."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self._box = FlowRow(parent)
        self._group = QButtonGroup(self._box)
        self._ids: list[object] = []
        self._name = ""
        for value, label in _options(field):
            button = QRadioButton(label, self._box)
            button.installEventFilter(self)
            self._group.addButton(button, len(self._ids))
            self._ids.append(value)
        self._one_tab_stop()
        self._group.idClicked.connect(self._clicked)

    @property
    def widget(self) -> QWidget:
        """The row of buttons."""
        return self._box

    def focus_targets(self) -> tuple[QWidget, ...]:
        """Return the chosen button first, then the others."""
        buttons = self._group.buttons()
        return tuple(sorted(buttons, key=lambda button: not button.isChecked()))

    def raw(self) -> object:
        """Return the chosen value, or None."""
        checked = self._group.checkedId()
        return self._ids[checked] if checked >= 0 else None

    def set_raw(self, value: object) -> None:
        """Choose a value, or none."""
        if value == self.raw() and (value is None) == (self._group.checkedId() < 0):
            return
        self._group.setExclusive(False)
        for index, button in enumerate(self._group.buttons()):
            button.setChecked(value is not None and self._ids[index] == value)
        self._group.setExclusive(True)
        self._one_tab_stop()

    def set_name(self, name: str) -> None:
        """Name each button after the field and its own words."""
        for button in self._group.buttons():
            button.setAccessibleName(f"{name}: {button.text()}")

    def allow(self, choices: Sequence[Choice]) -> None:
        """Hide the choices that other answers rule out."""
        allowed = {choice.value for choice in choices}
        for index, button in enumerate(self._group.buttons()):
            button.setVisible(self.field.type is FieldType.YES_NO or self._ids[index] in allowed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Qt: let Delete clear and a letter choose."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and self.raw() is not None:
            self.set_raw(None)
            self.changed.emit()
            return True
        letter = event.text().strip().casefold()
        if not letter or event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            return False
        return self._choose_by_letter(letter, watched)

    def _choose_by_letter(self, letter: str, current: QObject) -> bool:
        buttons = [button for button in self._group.buttons() if not button.isHidden()]
        start = next((index for index, button in enumerate(buttons) if button is current), -1) + 1
        for button in buttons[start:] + buttons[:start]:
            if button.text().casefold().startswith(letter):
                button.setFocus(Qt.FocusReason.ShortcutFocusReason)
                button.click()
                return True
        return False

    def _clicked(self) -> None:
        self._one_tab_stop()
        self.changed.emit()

    def _one_tab_stop(self) -> None:
        # Qt gives every unchecked button of a group its own Tab stop until one is checked.
        buttons = self._group.buttons()
        stop: QAbstractButton | None = self._group.checkedButton() or next(iter(buttons), None)
        for button in buttons:
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if button is stop else Qt.FocusPolicy.ClickFocus)


class ComboEditor(Editor):
    """Many choices in a list that is searched by typing any part of a word."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.combo = QComboBox(parent)
        self.combo.setEditable(True)
        self.combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.combo.setMaxVisibleItems(12)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(12)
        completer = QCompleter(self.combo.model(), self.combo)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._fill(field.choices)
        self._line = QLineEdit(self.combo)
        self.combo.setLineEdit(self._line)
        self.combo.setCompleter(completer)
        self._line.setPlaceholderText(_("Type to find"))
        self._line.textEdited.connect(self._edited)
        self.combo.activated.connect(self._edited)

    @property
    def widget(self) -> QWidget:
        """The list."""
        return self.combo

    def raw(self) -> object:
        """Return the id of the choice that the text names, else the text."""
        typed = self.combo.currentText().strip()
        if not typed:
            return None
        found = self._match(typed)
        return typed if found is None else found

    def set_raw(self, value: object) -> None:
        """Show a choice, or the text that named none."""
        index = self.combo.findData(value) if value is not None else -1
        self.combo.setCurrentIndex(index)
        if index < 0:
            self.combo.setEditText("" if value is None else str(value))
        self._line.setCursorPosition(0)

    def settle(self) -> None:
        """Complete what was typed where it names one choice."""
        self.set_raw(self.raw())

    def allow(self, choices: Sequence[Choice]) -> None:
        """Offer these choices only, because other answers rule the rest out."""
        if [choice.value for choice in choices] == [self.combo.itemData(row) for row in range(self.combo.count())]:
            return
        kept = self.raw()
        self._fill(choices)
        self.set_raw(kept)

    def _fill(self, choices: Sequence[Choice]) -> None:
        self.combo.clear()
        for choice in choices:
            self.combo.addItem(text(choice.label), choice.value)
        self.combo.setCurrentIndex(-1)

    def _match(self, typed: str) -> object:
        folded = typed.casefold()
        labels = [(self.combo.itemText(row).casefold(), self.combo.itemData(row)) for row in range(self.combo.count())]
        for label, value in labels:
            if label == folded:
                return value
        for found in (
            [value for label, value in labels if label.startswith(folded)],
            [value for label, value in labels if folded in label],
        ):
            if len(found) == 1:
                return found[0]
        return None

    def _edited(self) -> None:
        self.changed.emit()


class ChecksEditor(Editor):
    """Several choices at once: arrows walk, Space checks."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.list = QListWidget(parent)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setWordWrap(True)
        self.list.setObjectName("checks")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        for choice in field.choices:
            item = QListWidgetItem(text(choice.label), self.list)
            item.setData(_ID, choice.value)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
        self.list.setCurrentRow(0)
        row = max(self.list.sizeHintForRow(0), 28)
        self.list.setFixedHeight(row * min(len(field.choices), _ROWS_SHOWN) + 2 * self.list.frameWidth() + 4)
        self.list.itemChanged.connect(self._edited)

    @property
    def widget(self) -> QWidget:
        """The list."""
        return self.list

    def raw(self) -> object:
        """Return the ids checked, in the order of the kit, or None."""
        checked = [item.data(_ID) for item in self._items() if item.checkState() == Qt.CheckState.Checked]
        return checked or None

    def set_raw(self, value: object) -> None:
        """Check these ids and no others."""
        chosen = set(value) if isinstance(value, (list, tuple)) else set()
        self.list.blockSignals(True)  # noqa: FBT003 - Qt's own signature
        for item in self._items():
            wanted = Qt.CheckState.Checked if item.data(_ID) in chosen else Qt.CheckState.Unchecked
            item.setCheckState(wanted)
        self.list.blockSignals(False)  # noqa: FBT003
        self.list.viewport().update()

    def caret(self) -> int:
        """Return the row that the arrows stand on."""
        return self.list.currentRow()

    def set_caret(self, position: int) -> None:
        """Stand on the row again."""
        self.list.setCurrentRow(position)

    def allow(self, choices: Sequence[Choice]) -> None:
        """Hide the choices that other answers rule out."""
        allowed = {choice.value for choice in choices}
        for item in self._items():
            item.setHidden(item.data(_ID) not in allowed)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _edited(self) -> None:
        self.changed.emit()


def _options(field: Field) -> list[tuple[object, str]]:
    if field.type is FieldType.YES_NO:
        return [(True, _("Yes")), (False, _("No"))]
    return [(choice.value, text(choice.label)) for choice in field.choices]
