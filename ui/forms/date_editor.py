"""The editor for dates and moments: typed first, with a calendar for those who want one."""

from collections.abc import Callable
from datetime import date, datetime

from PySide6.QtCore import QDate, QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCalendarWidget, QLineEdit, QWidget

from desktop_app.kits.model import Field, FieldType
from sync.messages import _
from ui.forms.dates import date_text, moment_text, read_date, read_moment
from ui.forms.editors import Editor
from ui.icons import icon

_OPENERS = {(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier), (Qt.Key.Key_F4, Qt.KeyboardModifier.NoModifier)}


class DateEditor(Editor):
    """A line that understands 23.11.2026, 1.3, "today" and +3; Alt+Down opens a calendar."""

    def __init__(self, field: Field, parent: QWidget, now: Callable[[], datetime]) -> None:
        super().__init__(field, parent)
        self._now = now
        self._calendar: QCalendarWidget | None = None
        self.line = QLineEdit(parent)
        self.line.setPlaceholderText(_("DD.MM.YYYY HH:MM") if self._with_time else _("DD.MM.YYYY"))
        action = self.line.addAction(icon("calendar"), QLineEdit.ActionPosition.TrailingPosition)
        action.setToolTip(_("Calendar (Alt+Down)"))
        action.triggered.connect(self._open_calendar)
        self.line.installEventFilter(self)
        self.line.textEdited.connect(self._edited)

    @property
    def widget(self) -> QWidget:
        """The line."""
        return self.line

    def raw(self) -> object:
        """Return the canonical date where the text names one, else the text."""
        typed = self.line.text().strip()
        if not typed:
            return None
        if self._with_time:
            moment = read_moment(typed, self._now())
            return f"{moment:%Y-%m-%dT%H:%M}" if moment else typed
        day = read_date(typed, self._now().date())
        return day.isoformat() if day else typed

    def set_raw(self, value: object) -> None:
        """Show a date as people write it, or the text that named none."""
        shown = self._shown(value)
        if shown != self.line.text():
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
        """Rewrite "today" or 1.3 as a whole date."""
        self.set_raw(self.raw())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802
        """Qt: open the calendar from the keyboard."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if (event.key(), modifiers) not in _OPENERS:
            return False
        self._open_calendar()
        return True

    @property
    def _with_time(self) -> bool:
        return self.field.type is FieldType.DATETIME

    def _shown(self, value: object) -> str:
        if value is None:
            return ""
        try:
            if self._with_time:
                return moment_text(datetime.fromisoformat(str(value)))
            return date_text(date.fromisoformat(str(value)))
        except ValueError:
            return str(value)

    def _open_calendar(self) -> None:
        if self._calendar is None:
            self._calendar = QCalendarWidget(self.line)
            self._calendar.setWindowFlag(Qt.WindowType.Popup)
            self._calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
            self._calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
            self._calendar.setAccessibleName(_("Calendar"))
            self._calendar.activated.connect(self._picked)
            self._calendar.clicked.connect(self._picked)
        shown = self._shown_day()
        today = self._now().date()
        self._calendar.setSelectedDate(shown if shown.isValid() else QDate(today.year, today.month, today.day))
        self._calendar.move(self.line.mapToGlobal(QPoint(0, self.line.height())))
        self._calendar.show()
        self._calendar.setFocus()

    def _picked(self, day: QDate) -> None:
        chosen = str(day.toString(Qt.DateFormat.ISODate))
        if self._with_time:
            chosen += str(self.raw())[10:] if self._shown_day().isValid() else "T00:00"
        self.set_raw(chosen)
        if self._calendar is not None:
            self._calendar.hide()
        self.line.setFocus()
        self.changed.emit()

    def _shown_day(self) -> QDate:
        return QDate.fromString(str(self.raw() or "")[:10], Qt.DateFormat.ISODate)

    def _edited(self) -> None:
        self.changed.emit()
