"""A row of widgets that starts a new line where they would not fit."""

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

_GAP = 12
_LINE_GAP = 8


class FlowRow(QWidget):
    """Places its children side by side at their natural width, wrapped like words; hidden ones take no room.

    Not a layout: Qt deletes the items of a layout written in Python behind its back, and the next look at them crashes.

    Args:
        parent: Where the row stands.
        gap: Between neighbours, in pixels.
    """

    def __init__(self, parent: QWidget | None = None, gap: int = _GAP) -> None:
        super().__init__(parent)
        self._gap = gap
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def add(self, *widgets: QWidget) -> None:
        """Put widgets made elsewhere at the end of the row; those made with it as their parent are in it already."""
        for widget in widgets:
            widget.setParent(self)
            widget.show()

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Qt: the height of all lines."""
        return self._place(width, apply=False)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Qt: all on one line."""
        hints = [_hint(widget) for widget in self._shown()]
        width = sum(hint.width() for hint in hints) + self._gap * max(len(hints) - 1, 0)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Qt: the widest on a line of its own."""
        least = [widget.minimumSizeHint().expandedTo(widget.minimumSize()) for widget in self._shown()]
        width = max((size.width() for size in least), default=0)
        return QSize(width, max((size.height() for size in least), default=0))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Qt: place the children anew."""
        super().resizeEvent(event)
        self._place(event.size().width(), apply=True)

    def event(self, event: QEvent) -> bool:
        """Qt: a child has changed its size, come or gone."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._place(self.width(), apply=True)
        return super().event(event)

    def _shown(self) -> list[QWidget]:
        return [child for child in self.children() if isinstance(child, QWidget) and not child.isHidden()]

    def _place(self, width: int, *, apply: bool) -> int:
        y = 0
        for number, line in enumerate(self._lines(width)):
            y += _LINE_GAP if number else 0
            tallest = max(size.height() for _widget, size in line)
            x = 0
            for widget, size in line:
                if apply:
                    widget.setGeometry(QRect(x, y + (tallest - size.height()) // 2, size.width(), size.height()))
                x += size.width() + self._gap
            y += tallest
        return y

    def _lines(self, width: int) -> list[list[tuple[QWidget, QSize]]]:
        lines: list[list[tuple[QWidget, QSize]]] = []
        used = 0
        for widget in self._shown():
            hint = _hint(widget)
            size = QSize(min(hint.width(), max(width, widget.minimumSizeHint().width())), hint.height())
            if not lines or used + self._gap + size.width() > width:
                lines.append([])
                used = size.width()
            else:
                used += self._gap + size.width()
            lines[-1].append((widget, size))
        return lines


def _hint(widget: QWidget) -> QSize:
    return widget.sizeHint().expandedTo(widget.minimumSize()).boundedTo(widget.maximumSize())
