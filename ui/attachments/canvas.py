"""A picture or a page to look at: fitted, enlarged, turned; sharp as soon as it is drawn anew at its size."""

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPixmap, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

from sync.messages import _
from ui import theme

ZOOMS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Of the size that fits."""


class Canvas(QScrollArea):
    """Shows one image.

    Args:
        parent: The page.
    """

    room_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._grip: QPoint | None = None
        self.zoom = 1.0
        self.turns = 0
        self._sheet = QLabel(self)
        self._sheet.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWidget(self._sheet)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("The page"))

    @property
    def empty(self) -> bool:
        """Whether nothing is shown."""
        return self._image.isNull()

    def room(self) -> QSize:
        """Return the room that a picture shall fill, in device pixels, as it lies before it is turned."""
        ratio = self.devicePixelRatioF() * self.zoom
        room = self.maximumViewportSize() - QSize(theme.SPACE_S, theme.SPACE_S)
        size = QSize(max(1, round(room.width() * ratio)), max(1, round(room.height() * ratio)))
        return size.transposed() if self.turns % 2 else size

    def show_image(self, image: QImage) -> None:
        """Show a picture that was drawn for the present room."""
        self._image = image
        self._paint()

    def set_zoom(self, zoom: float) -> None:
        """Enlarge or shrink; what is there is stretched until it is drawn anew."""
        if zoom != self.zoom:
            self.zoom = zoom
            self._paint()
            self.room_changed.emit()

    def step_zoom(self, step: int) -> None:
        """Take the next larger or smaller size.

        Args:
            step: 1 or -1.
        """
        ahead = [zoom for zoom in ZOOMS if (zoom > self.zoom if step > 0 else zoom < self.zoom)]
        if ahead:
            self.set_zoom(ahead[0] if step > 0 else ahead[-1])

    def turn(self) -> None:
        """Turn by a quarter, clockwise."""
        self.turns = (self.turns + 1) % 4
        self._paint()
        self.room_changed.emit()

    def forget(self) -> None:
        """Let go of the picture, and begin the next one upright and fitted."""
        self._image = QImage()
        self.zoom, self.turns = 1.0, 0
        self._sheet.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Qt: the room is another one."""
        super().resizeEvent(event)
        if not self.empty:
            self._paint()
            self.room_changed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Qt: the wheel scrolls, with Ctrl it enlarges."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.step_zoom(1 if event.angleDelta().y() > 0 else -1)
        else:
            super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Qt: the sheet is taken hold of."""
        self._grip = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Qt: and moved."""
        if self._grip is not None:
            now = event.position().toPoint()
            for bar, way in (
                (self.horizontalScrollBar(), now.x() - self._grip.x()),
                (self.verticalScrollBar(), now.y() - self._grip.y()),
            ):
                bar.setValue(bar.value() - way)
            self._grip = now

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002, N802
        """Qt: and let go."""
        self._grip = None

    def _paint(self) -> None:
        if self.empty:
            return
        ratio = self.devicePixelRatioF()
        wanted = self._image.size().scaled(self.room(), Qt.AspectRatioMode.KeepAspectRatio)
        image = self._image
        if wanted.width() < image.width() or self._fills(wanted):
            mode = Qt.TransformationMode.SmoothTransformation
            image = image.scaled(wanted, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
        if self.turns:
            image = image.transformed(QTransform().rotate(90 * self.turns))
        sheet = QPixmap.fromImage(image)
        sheet.setDevicePixelRatio(ratio)
        self._sheet.setPixmap(sheet)
        self._sheet.resize(sheet.deviceIndependentSize().toSize())

    def _fills(self, wanted: QSize) -> bool:
        """Whether the picture is stretched: when enlarged on purpose, not a small one that merely fits."""
        return self.zoom > 1 or wanted.width() < self._image.width()
