"""Keys that work on every keyboard layout."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

# The letters on the same keys of the Ukrainian layout: with that layout alone, Ctrl+N arrives as Ctrl+Т.
_LATIN = "qwertyuiopasdfghjklzxcvbnm"
_UKRAINIAN = "йцукенгшщзфівапролдячсмить"
_TWIN = dict(zip(_LATIN, _UKRAINIAN, strict=True))


def shown(keys: str) -> str:
    """Return keys as they stand on the keyboard."""
    # The key says Enter, whatever Qt calls it.
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText).replace("Return", "Enter")


def with_twins(keys: Sequence[str]) -> list[QKeySequence]:
    """Return key sequences, each with a letter joined by its twin on the Ukrainian layout.

    Args:
        keys: As Qt writes them.
    """
    found = []
    for sequence in keys:
        found.append(QKeySequence(sequence))
        modifier, _plus, key = sequence.rpartition("+")
        if modifier and key.lower() in _TWIN:
            found.append(QKeySequence(f"{modifier}+{_TWIN[key.lower()].upper()}"))
    return found


def bind_within(widget: QWidget, keys: Sequence[str], run: Callable[[], object]) -> QShortcut:
    """Let keys do something while the focus is in a widget.

    Args:
        widget: The owner.
        keys: As Qt writes them.
        run: What to do.
    """
    shortcut = bind(widget, keys, run)
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    return shortcut


def bind(widget: QWidget, keys: Sequence[str], run: Callable[[], object]) -> QShortcut:
    """Let keys do something while a widget's window is in use.

    Args:
        widget: The owner; its window counts.
        keys: As Qt writes them.
        run: What to do.
    """
    shortcut = QShortcut(widget)
    shortcut.setKeys(with_twins(keys))
    shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
    shortcut.setAutoRepeat(False)
    shortcut.activated.connect(run)
    # A platform that offers both readings of one key press finds the same action twice; it runs once.
    shortcut.activatedAmbiguously.connect(run)
    return shortcut
