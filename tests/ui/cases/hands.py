"""Hands that press keys and count them, and the shapes of what the fixtures of the case screens give."""

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app.workspace import Workspace

Wait = Callable[[Callable[[], object]], None]
Carry = Callable[[Workspace, Workspace], None]
Show = Callable[..., QWidget]
ChooseLook = Callable[[str, int], None]


@dataclass
class Hands:
    """Presses keys where the focus is, and counts those that aren't text."""

    app: QApplication
    presses: int = 0
    log: list[str] = field(default_factory=list)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.presses += 1
        self.log.append(key.name)
        QTest.keyClick(self._target(), key, modifiers)

    def type(self, text: str) -> None:
        for letter in text:
            target = self._target()
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                event = QKeyEvent(kind, Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier, letter)
                QApplication.sendEvent(target, event)

    def _target(self) -> QWidget:
        self.app.processEvents()
        target = self.app.focusWidget()
        assert target is not None, "nothing has the focus"
        return target
