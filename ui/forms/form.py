"""A form made from a kit: every field an editor, shown and required as the kit says, while it's filled in."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktop_app.kits import validation, values
from desktop_app.kits.expressions import Expression
from desktop_app.kits.model import Field, FieldType, Kit
from sync.errors import FieldProblem, Refused
from ui.forms.choices import RADIO_LIMIT, ChecksEditor, ComboEditor, RadioEditor
from ui.forms.date_editor import DateEditor
from ui.forms.editors import Editor, LineEditor, LongTextEditor, ShownEditor
from ui.forms.rows import FieldRow, SectionView

_SETTLE_MS = 150
# Average characters on one line of the form.
_TWO_COLUMNS = 70
_SHOWN_ONLY = {FieldType.CALCULATED, FieldType.NOTE}
_EDITORS: Mapping[FieldType, type[Editor]] = {
    FieldType.LONG_TEXT: LongTextEditor,
    FieldType.CHOICE: RadioEditor,
    FieldType.YES_NO: RadioEditor,
    FieldType.MULTIPLE_CHOICE: ChecksEditor,
    FieldType.CALCULATED: ShownEditor,
    FieldType.NOTE: ShownEditor,
}


def local_now() -> datetime:
    """Return the local moment: what a clerk's "today" means."""
    return datetime.now().astimezone()


def two_columns_fit(view: QWidget) -> bool:
    """Return whether two columns of fields leave each enough room at the text size in use."""
    return view.width() >= _TWO_COLUMNS * view.fontMetrics().averageCharWidth()


class FormView(QWidget):
    """All fields of a kit for one case.

    Args:
        kit: What to ask for.
        parent: The page.
        now: The local clock, for "today" and for rules about dates.
        fresh: The case isn't registered yet: defaults follow what is typed, and a draft keeps everything. Otherwise a
            draft keeps only what differs from the case, so that it never brings old values back.
    """

    edited = Signal()
    place_changed = Signal()

    def __init__(
        self, kit: Kit, parent: QWidget | None = None, now: Callable[[], datetime] = local_now, *, fresh: bool = False
    ) -> None:
        super().__init__(parent)
        self.kit = kit
        self._fresh = fresh
        self._by_hand: set[str] = set()
        self._now = now
        self._rows: dict[str, FieldRow] = {}
        self._base: dict[str, object] = {}
        self._shown: frozenset[str] = frozenset()
        self._current = ""
        self._columns = 0
        self._sections = [SectionView(section, self) for section in kit.sections]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        for view, section in zip(self._sections, kit.sections, strict=True):
            for field in kit.fields:
                if field.section == section.id:
                    self._add(field, view)
            layout.addWidget(view)
        layout.addStretch(1)
        self._live = QTimer(self)
        self._live.setSingleShot(True)
        self._live.setInterval(_SETTLE_MS)
        self._live.timeout.connect(self.refresh_rules)
        QApplication.instance().focusChanged.connect(self._focus_moved)  # type: ignore[union-attr]
        self.refresh_rules()

    # What is in the form

    def set_values(self, stored: Mapping[str, object]) -> None:
        """Show the values of a case; from now on "touched" means different from these."""
        self._base = {field_id: stored.get(field_id) for field_id in self._rows}
        for field_id, row in self._rows.items():
            row.editor.set_raw(stored.get(field_id))
            row.set_problem("")
        self.refresh_rules()

    def clear(self) -> None:
        """Empty every field, the defaults too."""
        for row in self._rows.values():
            row.editor.set_raw(None)

    def fill(self, typed: Mapping[str, object]) -> None:
        """Put a draft's values over those shown, as if the person had typed them."""
        for field_id, value in typed.items():
            if row := self._rows.get(field_id):
                row.editor.set_raw(value)
        self._by_hand.update(self._rows if self._fresh else typed)
        self.refresh_rules()

    def rebase(self, stored: Mapping[str, object]) -> tuple[str, ...]:
        """Take over values that changed elsewhere, except where the person typed.

        Returns:
            The ids of the fields whose shown value changed.
        """
        touched = self.touched()
        updated = [
            field_id
            for field_id in self._rows
            if field_id not in touched and stored.get(field_id) != self._base.get(field_id)
        ]
        for field_id in updated:
            self._base[field_id] = stored.get(field_id)
            self._rows[field_id].editor.set_raw(stored.get(field_id))
        if updated:
            self.refresh_rules()
        return tuple(updated)

    def touched(self) -> frozenset[str]:
        """Return the ids of the fields that differ from what the case held when they were shown."""
        return frozenset(
            field_id
            for field_id, row in self._rows.items()
            if row.field.type not in _SHOWN_ONLY and self._value(field_id) != self._base.get(field_id)
        )

    def draft(self) -> dict[str, Any]:
        """Return what was typed, understood or not, as a draft keeps it."""
        if not self._fresh:
            return {field_id: self._rows[field_id].editor.raw() for field_id in self.touched()}
        return self._raw()

    def values(self) -> dict[str, object]:
        """Return what the fields shown hold, canonical where it's understood; None for those left or made empty."""
        typed = [row.field.id for row in self._shown_rows() if row.field.type not in _SHOWN_ONLY]
        return {field_id: self._value(field_id) for field_id in typed}

    def changes(self) -> dict[str, object]:
        """Return the touched fields with their new values, None for an emptied one."""
        touched = self.touched()
        return {field_id: self._value(field_id) for field_id in self._rows if field_id in touched & self._shown}

    # Where the person is

    def place(self) -> str:
        """Return the field and the caret, as a draft keeps them."""
        row = self._rows.get(self._current)
        return f"{self._current}:{row.editor.caret()}" if row else ""

    def go_to(self, place: str) -> None:
        """Put the focus and the caret where a draft says, or on the first field."""
        field_id, _colon, caret = place.partition(":")
        row = self._rows.get(field_id)
        if row is None or field_id not in self._shown:
            self.focus_first()
            return
        self.focus_field(field_id)
        if caret.isdecimal():
            row.editor.set_caret(int(caret))

    def focus_first(self) -> None:
        """Put the focus on the first field that can be filled in."""
        for field_id in self.kit.field_ids:
            row = self._rows.get(field_id)
            if row and field_id in self._shown and row.editor.focus_targets():
                self.focus_field(field_id)
                return

    def focus_field(self, field_id: str) -> None:
        """Put the focus on a field."""
        for target in self._rows[field_id].editor.focus_targets()[:1]:
            target.setFocus(Qt.FocusReason.TabFocusReason)

    # What is wrong

    def problems(self) -> tuple[FieldProblem, ...]:
        """Return everything that stands between this form and a registered case, in the order of the form."""
        found: dict[str, str] = {}
        for problem in validation.check(self.kit, self._raw(), self._now().date()):
            found.setdefault(problem.field, problem.message)
        return tuple(FieldProblem(field_id, message) for field_id, message in found.items())

    def show_problems(self, problems: Sequence[FieldProblem]) -> None:
        """Mark these fields, and no others."""
        messages = {problem.field: problem.message for problem in problems}
        for field_id, row in self._rows.items():
            row.set_problem(messages.get(field_id, ""))

    def problem_of(self, field_id: str) -> str:
        """Return what is shown as wrong with a field, empty when nothing is."""
        return self._rows[field_id].problem

    def editor(self, field_id: str) -> Editor:
        """Return the editor of a field."""
        return self._rows[field_id].editor

    def label(self, field_id: str) -> str:
        """Return what a field is called on the form, its id where the form has none."""
        row = self._rows.get(field_id)
        return row.label.text().removesuffix(" *") if row else field_id

    @property
    def shown(self) -> frozenset[str]:
        """The ids of the fields now shown."""
        return self._shown

    def catch_up(self) -> None:
        """Apply the rules to the last keys now, because the values are about to be taken."""
        if self._live.isActive():
            self._live.stop()
            self.refresh_rules()

    def refresh_rules(self) -> None:
        """Show, require, calculate and offer what the kit says for the values entered."""
        today = self._now().date()
        shown = validation.visible(self.kit, self._raw(), today) & self._rows.keys()
        if shown != self._shown:
            self._shown = shown
            self._lay_out()
        held = self._readable()
        if self._fresh:
            held.update(self._follow_defaults(held, today))
        held.update(self._calculate(held, today))
        for row in self._shown_rows():
            _apply_rules(row, held, today)
        self._forget_solved()

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Qt: one column where two would squeeze the labels."""
        super().resizeEvent(event)
        columns = 2 if two_columns_fit(self) else 1
        if columns != self._columns:
            self._columns = columns
            self._lay_out()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Qt: Enter in a line goes on to the next field, as clerks expect."""
        plain = event.modifiers() in {Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier}
        if plain and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.focusNextChild()
            return
        super().keyPressEvent(event)

    # Own

    def _add(self, field: Field, section: SectionView) -> None:
        row = FieldRow(field, partial(make_editor, now=self._now), section)
        row.editor.changed.connect(self._edited)
        row.set_required(required=field.required is True)
        section.rows.append(row)
        self._rows[field.id] = row

    def _edited(self) -> None:
        editor = self.sender()
        if isinstance(editor, Editor):
            self._by_hand.add(editor.field.id)
        self._live.start()
        self.edited.emit()

    def _shown_rows(self) -> list[FieldRow]:
        return [row for row in self._rows.values() if row.field.id in self._shown]

    def _lay_out(self) -> None:
        # Before the first size is known there is nothing to place.
        for section in self._sections if self._columns else ():
            section.lay_out(self._shown, self._columns)

    def _value(self, field_id: str) -> object:
        row = self._rows[field_id]
        raw = row.editor.raw()
        if raw is None or row.field.type in _SHOWN_ONLY:
            return raw
        try:
            return values.parse(row.field, raw)
        except Refused:
            return raw

    def _readable(self) -> dict[str, object]:
        """Return the values that rules may be asked about: what is shown, and understood."""
        found: dict[str, object] = {}
        for row in self._shown_rows():
            raw = row.editor.raw()
            if raw is not None and row.field.type not in _SHOWN_ONLY:
                with suppress(Refused):
                    found[row.field.id] = values.parse(row.field, raw)
        return found

    def _raw(self) -> dict[str, Any]:
        raw = {field_id: row.editor.raw() for field_id, row in self._rows.items() if row.field.type not in _SHOWN_ONLY}
        return {field_id: value for field_id, value in raw.items() if value is not None}

    def _follow_defaults(self, held: Mapping[str, object], today: date) -> dict[str, object]:
        """Fill in what the kit supposes from the other answers, in fields that nobody touched."""
        found: dict[str, object] = {}
        for row in self._shown_rows():
            if row.field.default is not None and row.field.id not in self._by_hand:
                value = values.stored(row.field.default.evaluate({**held, **found}, today))
                row.editor.set_raw(value)
                found[row.field.id] = value
        return found

    def _calculate(self, held: Mapping[str, object], today: date) -> dict[str, object]:
        found: dict[str, object] = {}
        for row in self._rows.values():
            if row.field.calculation is not None:
                value = values.stored(row.field.calculation.evaluate({**held, **found}, today))
                row.editor.set_raw(value)
                found[row.field.id] = value
        return found

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        left, entered = self._row_of(old), self._row_of(new)
        if left is not None and left is not entered:
            left.editor.settle()
            self._judge(left)
        if entered is not None:
            self._current = entered.field.id
            self.place_changed.emit()

    def _row_of(self, widget: QWidget | None) -> FieldRow | None:
        while widget is not None and not isinstance(widget, FieldRow):
            widget = widget.parentWidget()
        return widget if widget is not None and self._rows.get(widget.field.id) is widget else None

    def _judge(self, row: FieldRow) -> None:
        """Show a format hint when a field is left; an empty one is nobody's business yet."""
        if row.editor.raw() is None:
            return
        message = next((problem.message for problem in self.problems() if problem.field == row.field.id), "")
        row.set_problem(message)

    def _forget_solved(self) -> None:
        marked = [row for row in self._rows.values() if row.problem]
        if marked:
            faulty = {problem.field for problem in self.problems()}
            for row in marked:
                if row.field.id not in faulty:
                    row.set_problem("")


def make_editor(field: Field, parent: QWidget, now: Callable[[], datetime] = local_now) -> Editor:
    """Return the editor that fits a field."""
    if field.type in {FieldType.DATE, FieldType.DATETIME}:
        return DateEditor(field, parent, now)
    kind = _EDITORS.get(field.type, LineEditor)
    if kind is RadioEditor and len(field.choices) > RADIO_LIMIT:
        kind = ComboEditor
    return kind(field, parent)


def _apply_rules(row: FieldRow, held: Mapping[str, object], today: date) -> None:
    field, editor = row.field, row.editor
    if isinstance(field.required, Expression):
        required = field.required.holds(held, today)
        if required != row.required:
            row.set_required(required=required)
    if any(choice.when for choice in field.choices) and isinstance(editor, (RadioEditor, ComboEditor, ChecksEditor)):
        editor.allow([choice for choice in field.choices if choice.when is None or choice.when.holds(held, today)])
