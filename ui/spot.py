"""The spot where a person is on the desk, close enough to bring them back to the same letter."""

from collections.abc import Iterator
from contextlib import suppress

import msgspec
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QTextEdit,
    QWidget,
)

from desktop_app.cases.model import Draft
from ui.forms.form import FormView
from ui.worker import Worker

# How often the page may come to rest before what still lacks is given up: rows ask for rows, filters for a list.
_ATTEMPTS = 4


class Spot(msgspec.Struct):
    """Where somebody is, and what they typed that nothing else keeps.

    Widgets are named by the way to them from the root: class and number among their like, as the same page built anew
    has them again.

    Args:
        page_id: The page in view.
        target: What it shows, see ``Page.place``.
        trail: The way back.
        focus: The widget with the focus.
        caret: Anchor and position of its caret.
        inputs: Lines of text, ticks and choices outside the forms of cases, which keep drafts.
        rows: The current row of each list.
        scrolled: How far each area is scrolled.
        unwritten: Drafts that the disk refused.
    """

    page_id: str = "today"
    target: str = ""
    trail: list[tuple[str, str]] = []
    focus: str = ""
    caret: tuple[int, int] | None = None
    inputs: dict[str, str | int] = {}
    rows: dict[str, int] = {}
    scrolled: dict[str, int] = {}
    unwritten: tuple[Draft, ...] = ()

    def pack(self) -> bytes:
        """Return the spot as bytes, to be sealed."""
        return msgspec.json.encode(self)

    @classmethod
    def unpack(cls, data: bytes) -> "Spot":
        """Read what `pack` wrote.

        Raises:
            msgspec.MsgspecError: It is something else.
        """
        return msgspec.json.decode(data, type=cls)

    def note(self, root: QWidget) -> None:
        """Note everything that is in view under a widget.

        Args:
            root: What will be built anew.
        """
        for widget in _kept(root):
            held = _held(widget)
            if held is not None:
                self.inputs[_way(widget, root)] = held
        for area in root.findChildren(QAbstractScrollArea):
            if area.isVisible():
                self.scrolled[_way(area, root)] = area.verticalScrollBar().value()
                if isinstance(area, QAbstractItemView) and area.currentIndex().isValid():
                    self.rows[_way(area, root)] = area.currentIndex().row()
        focused = QApplication.focusWidget()
        if focused is not None and root.isAncestorOf(focused):
            self.focus, self.caret = _way(focused, root), _caret(focused)


class Return(QObject):
    """Brings a person back to their spot, step by step as the page loads.

    Args:
        spot: Where they were.
        root: What was built anew.
        worker: Its jobs; each time they are done there may be more to put right.
    """

    def __init__(self, spot: Spot, root: QWidget, worker: Worker) -> None:
        super().__init__(root)
        self._spot = spot
        self._root = root
        self._worker = worker
        self._left = _ATTEMPTS
        worker.idle.connect(self._go_on)
        self._go_on()

    def _go_on(self) -> None:
        # A moment later: what the last job brought has its place and size by then.
        QTimer.singleShot(0, self, self._try)

    def _try(self) -> None:
        if self._worker.busy or not self._left:
            return
        self._left -= 1
        spot = self._spot
        asked = self._fill_in()
        for way, row in spot.rows.items():
            view = _at(way, self._root)
            if isinstance(view, QAbstractItemView) and row < view.model().rowCount():
                view.setCurrentIndex(view.model().index(row, max(view.currentIndex().column(), 0)))
        self._take_focus()
        for way, value in spot.scrolled.items():
            area = _at(way, self._root)
            if isinstance(area, QAbstractScrollArea):
                area.verticalScrollBar().setValue(value)
        if not self._left or not (asked or self._lacking()):
            self._worker.idle.disconnect(self._go_on)
            self.deleteLater()
        elif not self._worker.busy:
            self._go_on()

    def _fill_in(self) -> bool:
        """Put typed text back; return whether any was missing until now."""
        changed = False
        for way, held in self._spot.inputs.items():
            widget = _at(way, self._root)
            if widget is not None and _held(widget) != held:
                _put(widget, held)
                changed = True
        return changed

    def _take_focus(self) -> None:
        focused = _at(self._spot.focus, self._root)
        if focused is not None and focused.isVisible():
            focused.setFocus()
            if self._spot.caret is not None:
                _set_caret(focused, self._spot.caret)

    def _lacking(self) -> bool:
        """Whether something can't be found or doesn't hold its place yet."""
        spot = self._spot
        areas = ((_at(way, self._root), value) for way, value in spot.scrolled.items() if value)
        if any(isinstance(area, QAbstractScrollArea) and area.verticalScrollBar().value() != at for area, at in areas):
            return True
        ways = [*spot.inputs, *([spot.focus] if spot.focus else [])]
        return any(_at(way, self._root) is None for way in ways)


def _kept(root: QWidget) -> Iterator[QWidget]:
    """Give the inputs in view whose content nothing else keeps; never a pass phrase."""
    inside: set[QWidget] = set()
    for widget in root.findChildren(QWidget):
        parent = widget.parentWidget()
        # A case form keeps a draft; the lines inside a combo box or a number belong to it.
        if parent in inside or isinstance(widget, FormView):
            inside.add(widget)
        elif isinstance(widget, QComboBox):
            inside.add(widget)
            yield from (widget,) if widget.isVisible() else ()
        elif widget.isVisible() and isinstance(
            widget, QLineEdit | QPlainTextEdit | QTextEdit | QCheckBox | QRadioButton
        ):
            yield widget


def _held(widget: QWidget) -> str | int | None:
    match widget:
        case QLineEdit():
            hidden = widget.echoMode() != QLineEdit.EchoMode.Normal or widget.property("secret")
            return None if hidden or widget.isReadOnly() else widget.text()
        case QPlainTextEdit() | QTextEdit():
            return None if widget.isReadOnly() or widget.property("secret") else widget.toPlainText()
        case QCheckBox() | QRadioButton():
            return int(widget.isChecked())
        case QComboBox():
            return widget.currentIndex()
    return None


def _put(widget: QWidget, held: str | int) -> None:
    match widget, held:
        case QLineEdit(), str():
            widget.setText(held)
            widget.setModified(True)
        case ((QPlainTextEdit() | QTextEdit()), str()):
            widget.setPlainText(held)
            widget.document().setModified(True)
        case ((QCheckBox() | QRadioButton()), int()):
            widget.setChecked(bool(held))
        case QComboBox(), int() if held < widget.count():
            widget.setCurrentIndex(held)


def _caret(widget: QWidget) -> tuple[int, int] | None:
    if isinstance(widget, QLineEdit):
        if widget.hasSelectedText():
            ends = widget.selectionStart(), widget.selectionEnd()
            return ends if widget.cursorPosition() == ends[1] else ends[::-1]
        return widget.cursorPosition(), widget.cursorPosition()
    if isinstance(widget, QPlainTextEdit | QTextEdit):
        return widget.textCursor().anchor(), widget.textCursor().position()
    return None


def _set_caret(widget: QWidget, caret: tuple[int, int]) -> None:
    anchor, position = caret
    if isinstance(widget, QLineEdit):
        widget.setCursorPosition(position)
        if anchor != position:
            widget.setSelection(anchor, position - anchor)
    elif isinstance(widget, QPlainTextEdit | QTextEdit):
        end = len(widget.toPlainText())
        cursor = widget.textCursor()
        cursor.setPosition(min(anchor, end))
        cursor.setPosition(min(position, end), QTextCursor.MoveMode.KeepAnchor)
        widget.setTextCursor(cursor)


def _way(widget: QWidget, root: QWidget) -> str:
    """Return the way from the root to a widget."""
    steps: list[str] = []
    at: QWidget | None = widget
    while at is not None and at is not root:
        steps.append(_step(at))
        at = at.parentWidget()
    return "/".join(reversed(steps))


def _step(widget: QWidget) -> str:
    parent = widget.parentWidget()
    like = [child for child in parent.children() if type(child) is type(widget)] if parent is not None else [widget]
    return f"{type(widget).__name__}:{like.index(widget)}"


def _at(way: str, root: QWidget) -> QWidget | None:
    """Return what stands at the end of a way, or None when the page has no such thing (yet)."""
    at = root
    for step in way.split("/") if way else ():
        kind, _colon, number = step.rpartition(":")
        like = [child for child in at.children() if type(child).__name__ == kind and isinstance(child, QWidget)]
        with suppress(ValueError, IndexError):
            at = like[int(number)]
            continue
        return None
    return at if way else None
