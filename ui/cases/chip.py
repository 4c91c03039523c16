"""A chip: icon, word and colour of one state, as a widget and as paint for the grid."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme, tips
from ui.cases.states import State
from ui.icons import pixmap

_PADDING = 8
_GAP = 5


def chip_width(state: State, metrics: QFontMetrics) -> int:
    """Return how wide a chip is."""
    return 2 * _PADDING + metrics.height() + _GAP + metrics.horizontalAdvance(state.word)


def paint_chip(painter: QPainter, rect: QRect, state: State, font: QFont) -> None:
    """Paint a chip at the left of a rectangle, elided where it doesn't fit.

    Args:
        painter: Where to.
        rect: The room there is.
        state: What to say.
        font: In which font.
    """
    metrics = QFontMetrics(font)
    size = metrics.height()
    width = min(chip_width(state, metrics), rect.width())
    height = min(size + 6, rect.height())
    box = QRectF(rect.x(), rect.y() + (rect.height() - height) / 2, width, height)
    ink, tint = theme.role_colours(state.role)
    side = size - 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    painter.drawRoundedRect(box, height / 2, height / 2)
    picture = pixmap(state.icon, state.role, side, painter.device().devicePixelRatioF())
    painter.drawPixmap(round(box.x()) + _PADDING, round(box.center().y() - side / 2), picture)
    painter.setPen(ink)
    painter.setFont(font)
    words = box.adjusted(_PADDING + size + _GAP, 0, -_PADDING + 2, 0).toRect()
    shown = metrics.elidedText(state.word, Qt.TextElideMode.ElideRight, words.width())
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
    painter.restore()


class Chip(QWidget):
    """One state beside other words, such as in the header of a case."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = State("", "", "")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_state(self, state: State, words: str = "") -> None:
        """Show a state.

        Args:
            state: Icon, word and colour; one without a role hides the chip.
            words: A longer sentence for the tooltip and for screen readers.
        """
        self._state = state
        self.setAccessibleName(words or state.word)
        self.setToolTip(tips.plain(words))
        self.setVisible(bool(state.role))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Qt: as wide as its word."""
        metrics = QFontMetrics(theme.font("small"))
        return QSize(chip_width(self._state, metrics), metrics.height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802
        """Qt: paint the chip."""
        if self._state.role:
            paint_chip(QPainter(self), self.rect(), self._state, theme.font("small"))
